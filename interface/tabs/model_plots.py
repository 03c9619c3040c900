"""The plots of a model from the Hub: fetched in the background while the model is served already."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from tempfile import mkdtemp

from PIL import Image

from interface.server.storage import UploadStorage
from model.errors import VistazoError
from model.hub.plots import fetch_plots
from model.hub.resolve import ModelSource
from model.preprocessing import shown_image
from model.sandbox.pool import DecoderPool

PLOT_SIDE = 1600  # pixels of the longer side
_log = logging.getLogger("vistazo")


class FetchedPlots:
    """Fetches a repository's plots in the background, and keeps them as images that were decoded and written here.

    Args:
        source: Where the model comes from.
        decoders: Decode the plots, which are untrusted files.
        files: Where the plots are kept.
    """

    def __init__(self, source: ModelSource, decoders: DecoderPool, files: UploadStorage) -> None:
        self._source, self._decoders, self._files = source, decoders, files
        self._found: list[tuple[str, str]] = []
        self._done = threading.Event()
        threading.Thread(target=self._fetch, daemon=True, name="plots").start()

    def found(self, timeout: float = 3.0) -> list[tuple[str, str]]:
        """Return path and name of each plot; none while they are still being fetched after `timeout` seconds."""
        return self._found if self._done.wait(timeout) else []

    def _fetch(self) -> None:
        try:
            found = []
            for name, content in fetch_plots(self._source):
                try:
                    image = self._decoders.call(shown_image, content, PLOT_SIDE)
                except VistazoError:
                    continue
                self._files.folder.mkdir(parents=True, exist_ok=True)
                path = Path(mkdtemp(dir=self._files.folder)) / "plot.png"
                Image.fromarray(image).save(path)
                self._files.keep([str(path), str(path.parent)])
                found.append((str(path), name))
            self._found = found
        except Exception:
            _log.exception("the plots could not be fetched")
        finally:
            self._done.set()

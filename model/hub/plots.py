"""Fetch the plots of a repository's report, which are shown when they arrive and which nobody waits for.

They are untrusted files: the manifest, whose checksums were compared already, says which plots there are, how large
they are and what is in them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.bundle import listed_entries
from model.errors import BundleError, DamagedFileError, HubUnreachableError, ModelNotFoundError
from model.hub.contents import HubFile
from model.hub.download import fetch_file
from model.hub.resolve import ModelSource

MOST_PLOTS = 12
MAX_PLOT_BYTES = 2 * 2**20
# For each plot; after one that has not arrived by then, no further one is requested.
SECONDS = 20.0

_PLOT = re.compile(r"report/[A-Za-z0-9][\w-]{0,60}\.png", re.ASCII)


def fetch_plots(source: ModelSource) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each plot whose checksum is right; the others are left out.

    Args:
        source: Where the model came from; there are plots to fetch only where that is a repository.
    """
    if source.repository is None or source.commit is None:
        return
    for path, size, digest in _listed(source.directory):
        file = HubFile(source.repository, source.commit, path, size, frozenset({digest}))
        with tempfile.TemporaryDirectory(prefix="vistazo-plot-") as folder:
            try:
                content = fetch_file(file, SECONDS, folder=Path(folder)).read_bytes()
            except DamagedFileError:
                continue
            except (HubUnreachableError, OSError):
                return  # the next plot would not arrive either
            except ModelNotFoundError:
                continue
        yield Path(path).stem, content


def _listed(directory: Path) -> list[tuple[str, int, str]]:
    """Return path, size and SHA-256 of the plots that a bundle's manifest lists."""
    try:
        entries = listed_entries(directory)
    except (BundleError, OSError):
        return []
    found = []
    for path, entry in sorted(entries.items()):
        size, digest = (entry.get("size"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        if _PLOT.fullmatch(path) and type(size) is int and 0 < size <= MAX_PLOT_BYTES and isinstance(digest, str):
            found.append((path, size, digest))
    return found[:MOST_PLOTS]

"""The border between visitors and the program: which files they may name, what they are told."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from model.errors import BundleError, VistazoError

UNEXPECTED = "Something went wrong on our side. Try again, or try another file."
_NOT_UPLOADED = "This file was not uploaded here. Upload it and try again."

_log = logging.getLogger("vistazo")


def uploaded_file(payload: Mapping[str, Any] | None, nothing: str) -> Path:
    """Return the file that a visitor uploaded, exactly as it was sent.

    Handlers take Gradio's raw payload (`preprocess=False`) and call this. Gradio's own
    preprocessing would decode the picture with other rules, write it anew in another colour mode,
    and fail with an empty message where it is not a picture.

    Args:
        payload: A FileData or ImageData object as the browser or client sent it.
        nothing: What to say when there is no file.

    Returns:
        A path inside Gradio's upload folder.

    Raises:
        gr.Error: There is no file, or it lies elsewhere on the server's disk: a crafted API call
            may name any path.
    """
    if not payload:
        raise gr.Error(nothing, print_exception=False)
    given = payload.get("path")
    try:
        if not given or not isinstance(given, str):
            raise ValueError("no path")
        path = Path(given).resolve(strict=True)  # follows links, so that none leads out of the folder
        inside = path.is_relative_to(Path(get_upload_folder()).resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # missing, a NUL character, a loop of links
        inside = False
    if not inside:
        raise gr.Error(_NOT_UPLOADED, print_exception=False)
    return path


@contextmanager
def errors_shown() -> Iterator[None]:
    """Turn every error in the block into one that the visitor sees as a sentence.

    What visitors can put right is told in the error's own words. A broken model they cannot, and
    its message names directories; that and everything unforeseen goes to the log.
    """
    try:
        yield
    except gr.Error:
        raise
    except Exception as error:
        if isinstance(error, VistazoError) and not isinstance(error, BundleError):
            # Gradio renders the message as HTML, and it holds the file's name.
            raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
        _log.exception("a visitor's request failed")
        raise gr.Error(UNEXPECTED, print_exception=False) from error

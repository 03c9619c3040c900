"""Check the files that a call names: only what was uploaded here is opened, and only up to the size limit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from interface.i18n.language import ENGLISH, say
from interface.server.gradio_internals import upload_folder
from model.limits import limits


def uploaded_file(payload: Mapping[str, Any] | None, nothing: str, language: str = ENGLISH) -> Path:
    """Return the file that a visitor uploaded, exactly as it was sent.

    Handlers take Gradio's raw payload (`preprocess=False`) and call this. Gradio's own preprocessing would decode the
    image by other rules than training did, write it again in another colour mode, and fail with an empty message where
    it is not an image.

    Args:
        payload: A FileData or ImageData object as the browser or client sent it.
        nothing: Key of the text that says there is no file, for example "no_image".
        language: The visitor's language.

    Returns:
        A path inside Gradio's upload folder.

    Raises:
        gr.Error: There is no file, it is too large, or it lies elsewhere on the server's disk: an API call may name
            any path.
    """
    if not payload:
        raise gr.Error(say(language, nothing), print_exception=False)
    given = payload.get("path") if isinstance(payload, Mapping) else None
    try:
        if not given or not isinstance(given, str):
            raise ValueError("no path")
        path = Path(given).resolve(strict=True)  # follows links, so that none leads out of the folder
        inside = path.is_relative_to(upload_folder().resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # missing, a NUL character, a loop of links
        inside = False
    if not inside:
        raise gr.Error(say(language, "not_uploaded"), print_exception=False)
    size, most = path.stat().st_size, limits().upload_megabytes
    if size > most * 2**20:
        raise gr.Error(
            say(language, "file_too_large", name=shown_name(payload, path), size=f"{size / 2**20:.0f}", most=most),
            print_exception=False,
        )
    return path


def shown_name(payload: Mapping[str, Any], path: Path) -> str:
    """Return a file's original name without control characters and angle brackets, of at most 120 characters."""
    name = payload.get("orig_name")
    text = name if isinstance(name, str) and name else path.name
    return "".join(c for c in text if c.isprintable()).replace("<", "‹").replace(">", "›")[:120]

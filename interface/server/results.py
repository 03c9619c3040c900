"""Where result files go: into the upload folder, from which Gradio sends files and `UploadStorage` deletes them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from interface.server.gradio_internals import upload_folder


def result_folder() -> Path:
    """Return a new directory for the files of one result."""
    folder = upload_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))

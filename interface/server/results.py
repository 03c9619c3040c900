"""Where files that are made for a visitor go: into Gradio's own folder, whose clean-up removes them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gradio.utils import get_upload_folder


def result_folder() -> Path:
    """Return a new directory for one answer's files."""
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))

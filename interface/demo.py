"""Put the page together: heading, tabs, limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.batch_tab import add_batch_tab
from interface.image_tab import add_image_tab
from interface.theme import STYLE, theme
from interface.video_tab import add_video_tab
from interface.webcam_tab import add_webcam_tab
from model.classifier import Classifier
from model.hub import EMBEDDED
from model.preprocessing import PICTURE_SUFFIXES

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

# Visitors beyond this many wait outside ("Queue is full") instead of piling up in memory.
_QUEUE = 64
# Two at once keep two cores busy; the network itself answers one after the other.
_AT_ONCE = 2
# Look every ten minutes for uploads older than an hour.
_CLEAN_EVERY, _KEEP_FOR = 600, 3600
_LARGEST_UPLOAD = "200mb"
_LABELS_LISTED = 300


def build_demo(classifier: Classifier) -> gr.Blocks:
    """Return the page that serves a model, not yet launched.

    Args:
        classifier: The model.
    """
    pictures, clips = _examples(classifier.bundle.directory)
    with gr.Blocks(title="Vistazo", delete_cache=(_CLEAN_EVERY, _KEEP_FOR)) as demo:
        _add_heading(classifier.bundle.labels)
        with gr.Tab("Image", id="image"):
            add_image_tab(classifier, pictures)
        with gr.Tab("Batch", id="pictures"):
            add_batch_tab(classifier)
        with gr.Tab("Video", id="video"):
            add_video_tab(classifier, clips)
        with gr.Tab("Camera", id="camera-tab"):
            add_webcam_tab(classifier)
    return demo.queue(max_size=_QUEUE, default_concurrency_limit=_AT_ONCE)


def launch_options() -> dict[str, Any]:
    """Return what `launch` needs to know about the page, whoever launches it."""
    return {
        "theme": theme(),
        "css": STYLE,
        "max_file_size": _LARGEST_UPLOAD,
        "footer_links": ["api"],
        "run_history": False,  # a shared phone should not keep a stranger's pictures
    }


def _add_heading(labels: Sequence[str]) -> None:
    gr.Markdown(f"# Vistazo\nWhich of {len(labels):,} labels fits your picture or your clip?", elem_id="heading")
    with gr.Accordion("What this model knows", open=False):
        listed = ", ".join(labels[:_LABELS_LISTED])
        more = f", and {len(labels) - _LABELS_LISTED:,} more" if len(labels) > _LABELS_LISTED else ""
        # A text box shows plain text, whatever a stranger's labels contain.
        gr.Textbox(listed + more, show_label=False, container=False, interactive=False, elem_id="labels")


def _examples(directory: Path) -> tuple[list[Path], list[Path]]:
    """Find the pictures and clips that go with a bundle: its own, or ours for the embedded one."""
    if directory.resolve() == EMBEDDED.resolve():
        pictures, clips = _EXAMPLES / "pictures", _EXAMPLES / "clips"
    else:
        pictures = clips = directory / "examples"
    return (
        sorted(path for path in pictures.glob("*") if path.suffix.lower() in PICTURE_SUFFIXES),
        sorted(clips.glob("*.mp4")),
    )

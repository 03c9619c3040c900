"""Put the page together: heading, tabs, where the model comes from, limits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.batch_tab import add_batch_tab
from interface.image_tab import add_image_tab
from interface.theme import STYLE, theme
from interface.video_tab import add_video_tab
from interface.waiting import add_waiting, change_content, show_text
from interface.webcam_tab import add_webcam_tab
from model.classifier import Classifier
from model.hub import EMBEDDED, ModelSource
from model.loading import LoadedModel, ModelLoader, NewsCheck
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

_log = logging.getLogger("vistazo")


def build_demo(classifier: Classifier) -> gr.Blocks:
    """Return the page that serves a model, not yet launched.

    Args:
        classifier: The model.
    """
    return _page(LoadedModel(classifier, ModelSource(classifier.bundle.directory)))


def build_demo_when_loaded(loader: ModelLoader) -> gr.Blocks:
    """Return the page for a model that may still be on its way: until then it says what it waits for.

    Args:
        loader: Has been started.
    """
    if loader.model:
        return _page(loader.model)
    with _blocks() as demo:
        box = add_waiting(loader.text)
    threading.Thread(target=_follow, args=(_limited(demo), box, loader), daemon=True, name="page").start()
    return demo


def launch_options() -> dict[str, Any]:
    """Return what `launch` needs to know about the page, whoever launches it."""
    return {
        "theme": theme(),
        "css": STYLE,
        "max_file_size": _LARGEST_UPLOAD,
        "footer_links": ["api"],
        "run_history": False,  # a shared phone should not keep a stranger's pictures
    }


def _page(model: LoadedModel) -> gr.Blocks:
    with _blocks() as demo:
        _add_content(model)
    return _limited(demo)


def _follow(demo: gr.Blocks, box: gr.Textbox, loader: ModelLoader) -> None:
    """Keep a waiting page up to date, and turn it into the real one when the model is there."""
    while not demo.is_running:  # `launch` reads the page's configuration; nothing may change meanwhile
        time.sleep(0.1)
    try:
        while loader.model is None:
            text = loader.text
            _log.info(text)
            show_text(demo, box, text)
            loader.wait_for_other_text(text)
        model = loader.model
        change_content(demo, lambda: _add_content(model))
        _log.info(loader.text)
    except Exception:
        _log.exception("the waiting page could not be changed")


def _blocks() -> gr.Blocks:
    return gr.Blocks(title="Vistazo", delete_cache=(_CLEAN_EVERY, _KEEP_FOR))


def _limited(demo: gr.Blocks) -> gr.Blocks:
    return demo.queue(max_size=_QUEUE, default_concurrency_limit=_AT_ONCE)


def _add_content(model: LoadedModel) -> None:
    classifier = model.classifier
    pictures, clips = _examples(classifier.bundle.directory)
    _add_heading(classifier.bundle.labels)
    if model.source.note:
        _plain_text(model.source.note, "Note", "source-note")
    with gr.Tab("Image", id="image"):
        add_image_tab(classifier, pictures)
    with gr.Tab("Batch", id="pictures"):
        add_batch_tab(classifier)
    with gr.Tab("Video", id="video"):
        add_video_tab(classifier, clips)
    with gr.Tab("Camera", id="camera-tab"):
        add_webcam_tab(classifier)
    _add_source(model)


def _add_heading(labels: Sequence[str]) -> None:
    gr.Markdown(f"# Vistazo\nWhich of {len(labels):,} labels fits your picture or your clip?", elem_id="heading")
    with gr.Accordion("What this model knows", open=False):
        listed = ", ".join(labels[:_LABELS_LISTED])
        more = f", and {len(labels) - _LABELS_LISTED:,} more" if len(labels) > _LABELS_LISTED else ""
        _plain_text(listed + more, "Labels", "labels")


def _add_source(model: LoadedModel) -> None:
    """Say which model this is, at which commit, and when the Hub has a newer one."""
    _plain_text(f"Model: {model.source.title}", "Model", "source")
    pinned = model.source.repository is None or model.source.revision == model.source.commit
    if pinned and not model.wanted:
        return
    check = NewsCheck(model)
    news = _plain_text("", "News", "news", visible=False)

    def look() -> dict[str, Any]:
        text = check.text()
        return gr.update(value=text, visible=bool(text))

    gr.on(None, look, None, news, api_visibility="private", queue=False, show_progress="hidden")


def _plain_text(text: str, label: str, elem_id: str, visible: bool = True) -> gr.Textbox:
    """Add a text box: it shows plain text, whatever a stranger's labels or names contain."""
    return gr.Textbox(
        text, label=label, show_label=False, container=False, interactive=False, visible=visible, elem_id=elem_id
    )


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

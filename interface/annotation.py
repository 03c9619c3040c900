"""The clip with its labels drawn on it, made when a visitor asks for it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from interface.clip_reading import Reading
from interface.uploads import errors_shown
from model.annotated_clip import write_annotated_clip
from model.errors import VideoError

_MAKE = "Make the clip with labels on it"
_MAKING = "Drawing … {share:.0%}"
_NOT_READ = "There is nothing to draw yet. Read a clip first."
_SECONDS_BETWEEN = 1.0


@dataclass(frozen=True)
class AnnotatedClip:
    """The components, for those that switch them."""

    button: gr.Button
    player: gr.Video


def add_annotated_clip(remembered: gr.State) -> AnnotatedClip:
    """Add a button and a player to the page that is being built.

    Args:
        remembered: Holds the visitor's `Reading`.
    """

    def draw(reading: Reading) -> Iterator[tuple[Any, Any]]:
        with errors_shown():
            yield from annotate_clip(reading)

    button = gr.Button(_MAKE, interactive=False, elem_id="annotate")
    player = gr.Video(
        label="Clip with labels",
        visible=False,
        interactive=False,
        height=420,
        buttons=["download"],
        elem_id="annotated",
    )
    button.click(
        draw,
        remembered,
        [button, player],
        api_visibility="private",
        concurrency_id="clips",
        show_progress="minimal",
        show_progress_on=player,
    ).failure(lambda: gr.update(value=_MAKE, interactive=True), None, button, api_visibility="private", queue=False)
    return AnnotatedClip(button, player)


def annotate_clip(reading: Reading) -> Iterator[tuple[Any, Any]]:
    """Make the annotated clip where Gradio's clean-up finds it; nothing is left when the visitor leaves.

    Args:
        reading: The clip that was read last.

    Yields:
        Updates of the button, which says how far it is, and of the player.
    """
    path, record = reading.path, reading.record
    if path is None or record is None or not len(record):
        raise VideoError(_NOT_READ)
    folder = Path(tempfile.mkdtemp(dir=get_upload_folder()))
    target = folder / "annotated.mp4"
    finished = False
    try:
        yield gr.update(value=_MAKING.format(share=0), interactive=False), gr.skip()
        next_answer = time.monotonic() + _SECONDS_BETWEEN
        with contextlib.closing(write_annotated_clip(path, record, target)) as shares:
            for share in shares:
                if time.monotonic() >= next_answer:
                    yield gr.update(value=_MAKING.format(share=share)), gr.skip()
                    next_answer = time.monotonic() + _SECONDS_BETWEEN
        finished = True
        yield gr.update(value=_MAKE, interactive=True), gr.update(value=str(target), visible=True)
    finally:
        if not finished:
            shutil.rmtree(folder, ignore_errors=True)

"""The video tab: a clip in; timeline, segments, key frames and files out, while it is being read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.annotation import add_annotated_clip
from interface.clip_endpoint import Answer, answers
from interface.clip_reading import MOST_KEY_FRAMES, NEWEST_ROWS, TOP, Reading, Stretch, page_update, read_clip
from interface.timeline import add_timeline
from interface.uploads import errors_shown, uploaded_file
from model.classifier import Classifier
from model.clip_files import SEGMENT_COLUMNS, frame_columns
from model.errors import SettingsError

_NO_CLIP = "There is no clip yet. Choose one first."
_WHICH_FRAMES = "Which frames to read"
_RATE = ("Frames per second", "0 for every frame")
_START = ("From second", "0 for the start")
_END = ("To second", "0 for the end")
_KEY_FRAMES = f"Key frames: one a segment, of the {MOST_KEY_FRAMES} longest. Click to go there"
_SEGMENTS = "Segments: click one to go there"
_FRAMES = f"Frames: the newest {NEWEST_ROWS}. All of them are in the files"
_FILES = ("Frames (CSV)", "Segments (CSV)", "Everything (JSON)", "Subtitles (WebVTT)")


def add_video_tab(classifier: Classifier, examples: Sequence[Path]) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Clips to offer, may be empty.
    """

    def predict_clip(
        clip: Mapping[str, Any] | None,
        frames_per_second: float | None = 0,
        start: float | None = 0,
        end: float | None = 0,
    ) -> Iterator[Answer]:
        """Read a clip; answers with the sum over the clip, the seconds of each label, and one row a frame."""
        with errors_shown():
            path = uploaded_file(clip, _NO_CLIP)
            yield from answers(classifier, path, checked_stretch(frames_per_second, start, end))

    def read_for_page(
        clip: Mapping[str, Any] | None, rate: object, start: object, end: object, reading: Reading
    ) -> Iterator[tuple[Any, ...]]:
        with errors_shown():
            path = uploaded_file(clip, _NO_CLIP)
            name = str((clip or {}).get("orig_name") or path.name)[:200]
            for answer in read_clip(classifier, path, name, checked_stretch(rate, start, end), reading):
                yield page_update(answer)

    remembered = gr.State(Reading())
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            clip = gr.Video(
                label="Clip",
                height=320,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="clip",
            )
            with gr.Row():
                button = gr.Button("Read the clip", variant="primary", min_width=120, elem_id="read-clip")
                stop = gr.Button("Stop", min_width=80, interactive=False, elem_id="stop")
            with gr.Accordion(_WHICH_FRAMES, open=False, elem_id="which-frames"), gr.Row():
                rate, start, end = (
                    gr.Number(label=label, info=info, value=0, minimum=0, min_width=90, elem_id=name)
                    for (label, info), name in ((_RATE, "rate"), (_START, "start"), (_END, "end"))
                )
            if examples:
                gr.Examples(
                    [[str(path)] for path in examples], inputs=[clip], label="Examples", api_visibility="private"
                )
        with gr.Column(scale=3, min_width=300):
            timeline = add_timeline()
            total = gr.Label(label="Whole clip", num_top_classes=TOP, elem_id="total")
    tiles = gr.Gallery(
        label=_KEY_FRAMES,
        columns=6,
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        elem_id="key-frames",
    )
    segments = _table(_SEGMENTS, SEGMENT_COLUMNS, "segments", 320)
    with gr.Row():
        files = [
            gr.DownloadButton(label, interactive=False, size="md", min_width=140, elem_classes="clip-file")
            for label in _FILES
        ]
    with gr.Accordion(_FRAMES, open=False, elem_id="all-frames"):
        frames = _table("Frames", frame_columns(TOP), "frames", 420)
    annotated = add_annotated_clip(remembered)

    button.click(
        _begin,
        remembered,
        [button, stop, annotated.button, annotated.player],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    ).then(
        read_for_page,
        [clip, rate, start, end, remembered],
        [timeline, total, segments, frames, tiles, *files],
        api_visibility="private",
        preprocess=False,
        concurrency_id="clips",
        show_progress="minimal",
        show_progress_on=total,
    ).then(
        _end,
        remembered,
        [button, stop, annotated.button],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    stop.click(_stop, remembered, None, api_visibility="private", queue=False, show_progress="hidden")

    # Programs get all rows; the page gets the newest only, and more besides.
    seconds = _table("Seconds on screen", ["label", "seconds"], "seconds", 220, visible=False)
    gr.Button(visible=False).click(
        predict_clip,
        [clip, rate, start, end],
        [total, seconds, frames],
        api_name="predict_video",
        preprocess=False,
        concurrency_id="clips",
    )


def checked_stretch(rate: object, start: object, end: object) -> Stretch:
    """Return which frames to read; callers of the API may send anything.

    Raises:
        SettingsError: A value is no number of 0 or more, or the stretch ends before it starts.
    """
    frames_per_second = _number(rate, "Frames per second", "above 0, or 0 for every frame")
    begin = _number(start, "The start", "of seconds, 0 or more")
    stop = _number(end, "The end", "of seconds, or 0 for the end of the clip")
    if stop and stop <= begin:
        raise SettingsError(f"The end should be later than the start. Received: from {begin:g} to {stop:g} seconds.")
    return Stretch(frames_per_second or None, begin, stop or None)


def _number(value: object, name: str, allowed: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise SettingsError(f"{name} should be a number {allowed}. Received: {str(value)[:40]}.")
    return float(value)


def _begin(reading: Reading) -> tuple[Any, ...]:
    reading.stopped, reading.record, reading.path = False, None, None
    return (
        gr.update(interactive=False),
        gr.update(interactive=True),
        gr.update(interactive=False),
        gr.update(value=None, visible=False),
    )


def _stop(reading: Reading) -> None:
    reading.stopped = True


def _end(reading: Reading) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    anything = reading.record is not None and len(reading.record) > 0
    return gr.update(interactive=True), gr.update(interactive=False), gr.update(interactive=anything)


def _table(label: str, columns: Sequence[str], name: str, height: int, visible: bool = True) -> gr.Dataframe:
    words = ("label", "segment")
    return gr.Dataframe(
        label=label,
        headers=list(columns),
        datatype=["str" if column.startswith(words) else "number" for column in columns],
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=height,
        visible=visible,
        elem_id=name,
    )

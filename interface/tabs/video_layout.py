"""The components of the Video tab, and what they show."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from gradio.helpers import Examples

from interface.i18n.language import ENGLISH, say, text
from interface.rendering import asset
from interface.tabs.video_stream import TOP, ClipUpdate
from model.video.export import SEGMENT_COLUMNS, frame_columns
from model.video.record import ClipRecord

# The texts of the buttons that download what `video_stream` writes, in its order.
FILES = ("frames_csv", "segments_csv", "clip_json", "subtitles_vtt")

Shown = Component | gr.Accordion | gr.Row | gr.Column
Updates = dict[Shown, Any]


@dataclass(frozen=True)
class ReadClip:
    """A clip that has been read.

    Attributes:
        path: The clip.
        record: The predictions of its frames.
        files: The files to download, in the order of `FILES`.
        status: What was read, in words.
    """

    path: Path
    record: ClipRecord
    files: tuple[str, ...]
    status: str


@dataclass(frozen=True)
class ClipInputs:
    """The components that say what to read, and the buttons; `call` is the endpoint's, which nobody sees."""

    clip: gr.Video
    frames_per_second: gr.Number
    start: gr.Number
    end: gr.Number
    read: gr.Button
    call: gr.Button
    offered: Examples | None


@dataclass(frozen=True)
class ClipOutputs:
    """The components that show the results; `read_clip` and `key_times` keep what later events need."""

    total: gr.Label
    seconds: gr.Dataframe
    frames: gr.Dataframe
    segments: gr.Dataframe
    status: gr.Textbox
    stop: gr.Button
    timeline: gr.HTML
    details: gr.Column
    files: gr.Files
    downloads: Sequence[gr.DownloadButton]
    read_clip: gr.State
    key_frames: gr.Gallery
    key_times: gr.State
    annotate: gr.Button
    annotated: gr.Video

    def while_reading(self) -> list[Component]:
        """Return what reading changes, in the order of the endpoint's values."""
        return [
            self.total,
            self.seconds,
            self.frames,
            self.segments,
            self.status,
            self.timeline,
            self.files,
            self.read_clip,
        ]

    def after_reading(self) -> list[Shown]:
        """Return what a clip that has been read changes."""
        return [self.status, self.details, self.key_frames, self.key_times, self.annotated, *self.downloads]

    def complete(self, clip: ReadClip | None, found: Sequence[tuple[float, tuple[np.ndarray, str]]]) -> Updates:
        """Return the values for a clip that was read, with its key frames; None for one that could not be."""
        values: Updates = {
            self.details: gr.update(visible=bool(clip)),
            self.key_frames: gr.update(value=[tile for _, tile in found], visible=bool(found)),
            self.key_times: [time for time, _ in found],
            self.annotated: gr.update(value=None, visible=False),
        }
        if clip:
            values[self.status] = self.said(clip.status)
            values |= dict(zip(self.downloads, clip.files, strict=True))
        return values

    def updates(self, update: ClipUpdate, path: Path, language: str) -> Updates:
        """Return the values that show how far the reading is."""
        if update.warning:
            gr.Warning(html.escape(update.warning, quote=False))  # Gradio renders it as HTML
        values: Updates = {self.status: f"{update.status} {update.warning}".strip()}  # programs get it as it is
        if results := update.results:
            values |= {
                self.total: results.total,
                self.seconds: {"headers": second_headings(language), "data": results.seconds},
                self.frames: {"headers": frame_headings(language), "data": results.frames},
                self.segments: {"headers": segment_headings(language), "data": results.segments},
                self.timeline: results.timeline,
                self.files: list(results.files) or None,
                self.read_clip: (
                    ReadClip(path, results.record, results.files, values[self.status]) if results.files else None
                ),
            }
        return values

    @staticmethod
    def said(sentence: str, failed: bool = False) -> Any:
        """Return the value of the status: how far the reading is, or why it failed."""
        return gr.update(value=sentence, elem_classes=["failed"] if failed else [])

    def cleared(self) -> Updates:
        """Return the values for another clip, of which nothing is known yet."""
        hidden = gr.update(visible=False)
        return {
            self.total: None,
            self.seconds: None,
            self.frames: None,
            self.segments: None,
            self.status: self.said(""),
            self.stop: gr.update(interactive=False),
            self.timeline: text("timeline_empty"),
            self.details: hidden,
            self.files: None,
            self.read_clip: None,
            self.key_frames: gr.update(value=None, visible=False),
            self.key_times: [],
            self.annotated: gr.update(value=None, visible=False),
            **dict.fromkeys(self.downloads),
        }

    def started(self, language: str) -> Updates:
        """Return the values for a clip that is about to be read."""
        begun = {self.status: self.said(say(language, "reading_begins")), self.stop: gr.update(interactive=True)}
        return self.cleared() | begun


def add_components(examples: Sequence[Path]) -> tuple[ClipInputs, ClipOutputs]:
    """Add the tab's components to the page that is being built.

    Args:
        examples: Clips to offer, may be empty.
    """
    inputs = _add_inputs(examples)
    with gr.Row(elem_id="progress"):
        status = gr.Textbox(
            label=text("progress"), show_label=False, container=False, interactive=False, scale=4, elem_id="status"
        )
        stop = gr.Button(text("stop"), interactive=False, scale=0, min_width=120, elem_id="stop")
    timeline = gr.HTML(text("timeline_empty"), js_on_load=asset("timeline.js"), elem_id="timeline")
    total = gr.Label(label=text("whole_clip"), num_top_classes=TOP, visible=False)  # programs ask for it
    key_frames = gr.Gallery(
        label=text("key_frames"),
        columns=6,
        height="auto",
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        visible=False,
        elem_id="key-frames",
    )
    with gr.Column(visible=False) as details:
        with gr.Accordion(text("seconds_on_screen"), open=False, elem_id="seconds-part"):
            seconds = _table("seconds", "seconds_on_screen", second_headings(ENGLISH), ["str", "number"])
        with gr.Accordion(text("segments"), open=False, elem_id="segments-part"):
            segments = _table("segments", "segments", segment_headings(ENGLISH), ["str"] + ["number"] * 5)
        with gr.Accordion(text("frames"), open=False, elem_id="frames-part"):
            frames = _table(
                "frames",
                "frames",
                frame_headings(ENGLISH),
                ["number", "number", *["str", "number"] * TOP, "str", "str"],
            )
        with gr.Accordion(text("downloads"), open=False, elem_id="downloads"):
            with gr.Row(elem_id="clip-files"):
                downloads = [
                    gr.DownloadButton(text(name), size="md", min_width=160)  # type: ignore[arg-type]
                    for name in FILES
                ]
                annotate = gr.Button(text("annotate"), size="md", min_width=160, elem_id="annotate")
            files = gr.Files(label=text("tables"), visible=False)  # programs ask for it
            annotated = gr.Video(
                label=text("annotated"), visible=False, interactive=False, buttons=["download"], elem_id="annotated"
            )
    return inputs, ClipOutputs(
        total=total,
        seconds=seconds,
        frames=frames,
        segments=segments,
        status=status,
        stop=stop,
        timeline=timeline,
        details=details,
        files=files,
        downloads=downloads,
        read_clip=gr.State(None, time_to_live=3600),
        key_frames=key_frames,
        key_times=gr.State([], time_to_live=3600),
        annotate=annotate,
        annotated=annotated,
    )


def second_headings(language: str) -> list[str]:
    """Return the headings of the table of seconds on screen in a language."""
    return [say(language, "column_label"), say(language, "column_seconds")]


def segment_headings(language: str) -> list[str]:
    """Return the headings of the table of segments, in the order of `model.video.export.SEGMENT_COLUMNS`."""
    if language == ENGLISH:  # as in the files
        return list(SEGMENT_COLUMNS)
    return [say(language, f"column_{name}") for name in SEGMENT_COLUMNS]


def frame_headings(language: str) -> list[str]:
    """Return the headings of the table of frames, in the order of `model.video.export.frame_columns`."""
    if language == ENGLISH:
        return frame_columns(TOP)
    label, probability = say(language, "column_label"), say(language, "column_probability")
    ranks = (f"{name} {rank}" for rank in range(1, TOP + 1) for name in (label, probability))
    ends = [say(language, f"column_{name}") for name in ("segment", "verdict")]
    return [say(language, "column_index"), say(language, "column_time"), *ranks, *ends]


def _add_inputs(examples: Sequence[Path]) -> ClipInputs:
    offered = None
    with gr.Row():
        with gr.Column(scale=3):
            clip = gr.Video(
                label=text("clip"),
                height=380,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="clip",
            )
            gr.HTML(text("not_playable"), elem_id="not-playable")
        with gr.Column(scale=2):
            gr.Markdown(text("clip_hint"), elem_classes=["hint"])
            if examples:
                offered = gr.Examples(
                    [[str(path)] for path in examples],
                    inputs=[clip],
                    label=text("examples"),  # type: ignore[arg-type]
                    api_visibility="private",
                    elem_id="clip-examples",
                )
            with gr.Accordion(text("which_frames"), open=False, elem_id="which-frames"):
                rate = _number("rate", "rate_info", "rate")
                with gr.Row():
                    start = _number("from", "seconds_info", "start")
                    end = _number("to", "to_info", "end")
                read = gr.Button(text("read_clip"), interactive=False, elem_id="read-clip")
            call = gr.Button(visible=False)
    return ClipInputs(clip, rate, start, end, read, call, offered)


def _number(label: str, info: str, name: str) -> gr.Number:
    return gr.Number(label=text(label), info=text(info), value=0, minimum=0, elem_id=name)  # type: ignore[arg-type]


def _table(name: str, label: str, headings: list[str], kinds: list[str]) -> gr.Dataframe:
    return gr.Dataframe(
        label=text(label),
        headers=headings,
        datatype=kinds,  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id=name,
    )

"""The video tab: a clip in; its labels over time out, while it is being read."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.i18n.language import ENGLISH, say, text
from interface.server.requests import RequestGuard
from interface.server.results import result_folder
from interface.server.uploads import uploaded_file
from interface.tabs.timeline import SEEK
from interface.tabs.video_stream import TOP, ClipUpdate, captioned_key_frames, read_clip, stretch
from model.classifier import Classifier
from model.sandbox.pool import DecoderPool
from model.video.annotate import write_annotated_clip
from model.video.export import SEGMENT_COLUMNS, frame_columns
from model.video.record import ClipRecord

Outputs = tuple[Any, ...]
Known = tuple[Path, ClipRecord] | None

_PROGRESS = gr.Progress()
_HIDE_NOTE = "() => { document.querySelector('#not-playable')?.removeAttribute('data-shown'); }"


def add_video_tab(
    classifier: Classifier, examples: Sequence[Path], decoders: DecoderPool, guard: RequestGuard
) -> tuple[gr.Dataframe, gr.Dataframe, gr.Dataframe]:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Clips to offer, may be empty.
        decoders: Decode what visitors upload.
        guard: Serves their requests.

    Returns:
        The tables of seconds, segments and frames, whose headings have the visitor's language.
    """
    stops: dict[str, threading.Event] = {}  # of the readings under way, by session

    def predict_video(
        clip: Mapping[str, Any] | None,
        frames_per_second: float | None = 0,
        start: float | None = 0,
        end: float | None = 0,
        request: gr.Request | None = None,
    ) -> Iterator[Outputs]:
        """Read a clip; answers with the sum over it, seconds on screen, frames, segments, status, timeline, files."""
        session = str(request.session_hash) if request else ""
        stopped = stops[session] = threading.Event()
        try:
            with guard.handle(request, "predict_video") as language:
                path = uploaded_file(clip, "no_clip", language)
                wanted = stretch(frames_per_second, start, end, language)
                for answer in read_clip(classifier, path, wanted, stopped.is_set, decoders, language):
                    yield _outputs(answer, path, language)
        finally:
            if stops.get(session) is stopped:
                del stops[session]

    def stop_reading(request: gr.Request) -> None:
        if reading := stops.get(str(request.session_hash)):
            reading.set()

    def show_the_rest(known: Known, request: gr.Request | None = None) -> Outputs:
        with guard.handle(request, "key_frames", counted=False):
            found = captioned_key_frames(known[1], known[0], decoders) if known else []
            return (
                gr.update(visible=bool(known)),
                gr.update(value=[tile for _, tile in found], visible=bool(found)),
                [time for time, _ in found],
                gr.update(visible=bool(known)),
                gr.update(value=None, visible=False),
            )

    def annotate_clip(known: Known, request: gr.Request | None = None, progress: gr.Progress = _PROGRESS) -> Any:
        """Write the clip that was read with labels drawn on it."""
        with guard.handle(request, "annotate_clip") as language:
            if not known:
                raise gr.Error(say(language, "not_read"), print_exception=False)
            target = result_folder() / "annotated.mp4"
            for share in decoders.stream(write_annotated_clip, known[0], known[1], target):
                progress(share, desc=say(language, "drawing"))
            return gr.update(value=str(target), visible=True)

    with gr.Row():
        with gr.Column(scale=1):
            clip = gr.Video(
                label=text("clip"),
                height=320,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="clip",
            )
            gr.HTML(text("not_playable"), elem_id="not-playable")
            with gr.Row():
                button = gr.Button(text("read_clip"), variant="primary", elem_id="read-clip")
                stop = gr.Button(text("stop"), elem_id="stop")
            with gr.Accordion(text("which_frames"), open=False, elem_id="which-frames"):
                rate = gr.Number(
                    label=text("rate"),
                    info=text("rate_info"),  # type: ignore[arg-type]
                    value=0,
                    minimum=0,
                    elem_id="rate",
                )
                with gr.Row():
                    start = _seconds("from", "seconds_info", "start")
                    end = _seconds("to", "to_info", "end")
            if examples:
                gr.Examples(
                    [[str(path)] for path in examples],
                    inputs=[clip],
                    label=text("examples"),  # type: ignore[arg-type]
                    api_visibility="private",
                )
        with gr.Column(scale=1):
            total = gr.Label(label=text("whole_clip"), num_top_classes=TOP, elem_id="total")
            seconds = gr.Dataframe(
                label=text("seconds_on_screen"),
                headers=second_headings(ENGLISH),
                datatype=["str", "number"],
                interactive=False,
                buttons=["copy"],
                max_height=180,
                elem_id="seconds",
            )
    status = gr.Textbox(label=text("progress"), show_label=False, container=False, interactive=False, elem_id="status")
    time_line = gr.HTML(text("timeline_empty"), js_on_load=SEEK, elem_id="timeline")
    gallery = gr.Gallery(
        label=text("key_frames"),
        columns=6,
        height=210,
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        visible=False,
        elem_id="key-frames",
    )
    with gr.Accordion(text("segments"), open=False, elem_id="segments-part"):
        segments = _table("segments", segment_headings(ENGLISH), ["str"] + ["number"] * 5)
    with gr.Accordion(text("frames"), open=False, elem_id="frames-part"):
        frames = _table("frames", frame_headings(ENGLISH), ["number", "number", *["str", "number"] * TOP, "str"])
    files = gr.Files(label=text("take_home"), interactive=False, visible=False, elem_id="clip-files")
    make = gr.Button(text("annotate"), visible=False, elem_id="annotate")
    annotated = gr.Video(
        label=text("annotated"), visible=False, interactive=False, buttons=["download"], elem_id="annotated"
    )
    known, times = gr.State(None, time_to_live=3600), gr.State([], time_to_live=3600)

    reading = button.click(
        predict_video,
        [clip, rate, start, end],
        [total, seconds, frames, segments, status, time_line, files, known],
        api_name="predict_video",
        preprocess=False,
        concurrency_id="clips",
        show_progress="minimal",
        show_progress_on=total,
        trigger_mode="once",
    )
    reading.success(
        show_the_rest,
        known,
        [files, gallery, times, make, annotated],
        api_visibility="private",
        show_progress="hidden",
    )
    for event in (clip.upload, clip.clear):
        event(
            _forget,
            None,
            [total, seconds, frames, segments, status, time_line, files, known, gallery, times, make, annotated],
            api_visibility="private",
            queue=False,
            show_progress="hidden",
        )
    clip.clear(None, None, None, js=_HIDE_NOTE, api_visibility="private")
    stop.click(stop_reading, None, None, api_visibility="private", queue=False)
    make.click(
        annotate_clip,
        known,
        annotated,
        api_visibility="private",
        concurrency_id="clips",
        show_progress_on=annotated,
    )
    gallery.select(_go_to, times, clip, api_visibility="private", queue=False, show_progress="hidden")
    return seconds, segments, frames


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
    return [say(language, "column_index"), say(language, "column_time"), *ranks, say(language, "column_segment")]


def _outputs(answer: ClipUpdate, path: Path, language: str) -> Outputs:
    if answer.record is None:  # nothing is known yet but how the reading goes
        return *[gr.skip()] * 4, answer.status, *[gr.skip()] * 3
    if answer.warning:
        gr.Warning(html.escape(answer.warning, quote=False))  # Gradio renders it as HTML
    return (
        answer.total,
        {"headers": second_headings(language), "data": answer.seconds},
        {"headers": frame_headings(language), "data": answer.frames},
        {"headers": segment_headings(language), "data": answer.segments},
        f"{answer.status} {answer.warning}".strip(),
        answer.timeline,
        answer.files or None,
        (path, answer.record) if answer.files else None,
    )


def _forget() -> Outputs:
    """Empty everything: another clip is there now."""
    hidden = gr.update(value=None, visible=False)
    return (
        None,
        None,
        None,
        None,
        "",
        text("timeline_empty"),
        hidden,
        None,
        hidden,
        [],
        gr.update(visible=False),
        hidden,
    )


def _go_to(times: list[float], chosen: gr.SelectData) -> Any:
    """Move the player to the image that was clicked."""
    index = chosen.index
    return gr.update(playback_position=times[index]) if isinstance(index, int) and index < len(times) else gr.skip()


def _seconds(label: str, info: str, name: str) -> gr.Number:
    return gr.Number(label=text(label), info=text(info), value=0, minimum=0, elem_id=name)  # type: ignore[arg-type]


def _table(name: str, headings: list[str], kinds: list[str]) -> gr.Dataframe:
    return gr.Dataframe(
        label=text(name),
        headers=headings,
        datatype=kinds,  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id=name,
    )

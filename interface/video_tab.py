"""The video tab: a clip in; its labels over time out, while it is being read."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.clip_reading import FRAME_COLUMNS, TOP, ClipAnswer, captioned_key_frames, read_clip, stretch
from interface.results import result_folder
from interface.timeline import EMPTY, SEEK
from interface.uploads import errors_shown, uploaded_file
from model.annotated_clip import write_annotated_clip
from model.classifier import Classifier
from model.clip_files import SEGMENT_COLUMNS
from model.clip_record import ClipRecord

_NO_CLIP = "There is no clip yet. Choose one first."
_NOT_READ = "This clip has not been read yet. Read it first."

Outputs = tuple[Any, ...]
Known = tuple[Path, ClipRecord] | None


def add_video_tab(classifier: Classifier, examples: Sequence[Path]) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Clips to offer, may be empty.
    """
    stops: dict[str, threading.Event] = {}  # of the readings under way, by session

    def predict_clip(
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
            with errors_shown():
                path = uploaded_file(clip, _NO_CLIP)
                for answer in read_clip(classifier, path, stretch(frames_per_second, start, end), stopped.is_set):
                    yield _outputs(answer, path)
        finally:
            if stops.get(session) is stopped:
                del stops[session]

    def stop_reading(request: gr.Request) -> None:
        if reading := stops.get(str(request.session_hash)):
            reading.set()

    with gr.Row():
        with gr.Column(scale=1):
            clip = gr.Video(
                label="Clip", height=320, buttons=[], webcam_options=gr.WebcamOptions(mirror=False), elem_id="clip"
            )
            with gr.Row():
                button = gr.Button("Read the clip", variant="primary", elem_id="read-clip")
                stop = gr.Button("Stop", elem_id="stop")
            with gr.Accordion("Which frames", open=False, elem_id="which-frames"):
                rate = gr.Number(
                    label="Frames per second",
                    info="How many frames of each second to read; 0 for every frame.",
                    value=0,
                    minimum=0,
                    elem_id="rate",
                )
                with gr.Row():
                    start = gr.Number(label="From", info="Seconds.", value=0, minimum=0, elem_id="start")
                    end = gr.Number(label="To", info="Seconds; 0 for the end.", value=0, minimum=0, elem_id="end")
            if examples:
                gr.Examples(
                    [[str(path)] for path in examples], inputs=[clip], label="Examples", api_visibility="private"
                )
        with gr.Column(scale=1):
            total = gr.Label(label="Whole clip", num_top_classes=TOP, elem_id="total")
            seconds = gr.Dataframe(
                label="Seconds on screen",
                headers=["label", "seconds"],
                datatype=["str", "number"],
                interactive=False,
                buttons=["copy"],
                max_height=180,
                elem_id="seconds",
            )
    status = gr.Textbox(label="Progress", show_label=False, container=False, interactive=False, elem_id="status")
    time_line = gr.HTML(EMPTY, js_on_load=SEEK, elem_id="timeline")
    gallery = gr.Gallery(
        label="One picture of each segment; click to go there",
        columns=6,
        height=210,
        allow_preview=False,
        interactive=False,
        object_fit="cover",
        buttons=[],
        visible=False,
        elem_id="key-frames",
    )
    with gr.Accordion("Segments", open=False, elem_id="segments-part"):
        segments = _table("Segments", list(SEGMENT_COLUMNS), ["str"] + ["number"] * 5, "segments")
    with gr.Accordion("Frames", open=False, elem_id="frames-part"):
        frames = _table("Frames", FRAME_COLUMNS, ["number", "number", *["str", "number"] * TOP, "str"], "frames")
    files = gr.Files(label="To take home", interactive=False, visible=False, elem_id="clip-files")
    make = gr.Button("Make the clip with labels on it", visible=False, elem_id="annotate")
    annotated = gr.Video(
        label="The clip with labels", visible=False, interactive=False, buttons=["download"], elem_id="annotated"
    )
    known, times = gr.State(None, time_to_live=3600), gr.State([], time_to_live=3600)

    reading = button.click(
        predict_clip,
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
        _show_the_rest,
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
    stop.click(stop_reading, None, None, api_visibility="private", queue=False)
    make.click(
        _annotate_clip,
        known,
        annotated,
        api_visibility="private",
        concurrency_id="clips",
        show_progress_on=annotated,
    )
    gallery.select(_go_to, times, clip, api_visibility="private", queue=False, show_progress="hidden")


_PROGRESS = gr.Progress()


def _outputs(answer: ClipAnswer, path: Path) -> Outputs:
    if answer.warning:
        gr.Warning(html.escape(answer.warning, quote=False))  # Gradio renders it as HTML
    return (
        answer.total,
        answer.seconds,
        answer.frames,
        answer.segments,
        f"{answer.status} {answer.warning}".strip(),
        answer.timeline,
        answer.files or None,
        (path, answer.record) if answer.files else None,
    )


def _show_the_rest(known: Known) -> Outputs:
    with errors_shown():
        found = captioned_key_frames(known[1], known[0]) if known else []
        return (
            gr.update(visible=bool(known)),
            gr.update(value=[tile for _, tile in found], visible=bool(found)),
            [time for time, _ in found],
            gr.update(visible=bool(known)),
            gr.update(value=None, visible=False),
        )


def _annotate_clip(known: Known, progress: gr.Progress = _PROGRESS) -> Any:
    """Write the clip that was read with labels drawn on it."""
    with errors_shown():
        if not known:
            raise gr.Error(_NOT_READ, print_exception=False)
        target = result_folder() / "annotated.mp4"
        for share in write_annotated_clip(known[0], known[1], target):
            progress(share, desc="Drawing the labels")
        return gr.update(value=str(target), visible=True)


def _forget() -> Outputs:
    """Empty everything: another clip is there now."""
    hidden = gr.update(value=None, visible=False)
    return None, None, None, None, "", EMPTY, hidden, None, hidden, [], gr.update(visible=False), hidden


def _go_to(times: list[float], chosen: gr.SelectData) -> Any:
    """Move the player to the picture that was clicked."""
    index = chosen.index
    return gr.update(playback_position=times[index]) if isinstance(index, int) and index < len(times) else gr.skip()


def _table(label: str, headers: list[str], kinds: list[str], name: str) -> gr.Dataframe:
    return gr.Dataframe(
        label=label,
        headers=headers,
        datatype=kinds,  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id=name,
    )

"""The Video tab: a clip in; its labels over time out, while it is being read."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.i18n.language import say
from interface.server.request_guard import RequestGuard
from interface.server.results import result_folder
from interface.server.uploads import uploaded_file
from interface.tabs.video_layout import ClipInputs, ClipOutputs, Updates, add_components
from interface.tabs.video_stream import ClipRequest, captioned_key_frames, frame_range, read_clip
from model.classifier import Classifier
from model.sandbox.pool import DecoderPool
from model.video.annotate import write_annotated_clip
from model.video.record import ClipRecord

ReadClip = tuple[Path, ClipRecord] | None

_PROGRESS = gr.Progress()


def add_video_tab(
    classifier: Classifier, examples: Sequence[Path], decoders: DecoderPool, guard: RequestGuard
) -> tuple[gr.Dataframe, gr.Dataframe, gr.Dataframe]:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Clips to offer, may be empty.
        decoders: Decode the uploads.
        guard: Serves the requests.

    Returns:
        The tables of seconds, segments and frames, whose headings have the visitor's language.
    """
    inputs, outputs = add_components(examples)
    stops: dict[str, threading.Event] = {}  # of the clips that are being read, by session

    def predict_video(
        clip: Mapping[str, Any] | None,
        frames_per_second: float | None = 0,
        start: float | None = 0,
        end: float | None = 0,
        request: gr.Request | None = None,
    ) -> Iterator[Updates]:
        """Classify a clip; returns its mean prediction, label times, frames, segments, status, timeline and files."""
        session = str(request.session_hash) if request else ""
        stopped = stops[session] = threading.Event()
        try:
            with guard.handle(request, "predict_video") as language:
                path = uploaded_file(clip, "no_clip", language)
                wanted = ClipRequest(path, frame_range(frames_per_second, start, end, language), language)
                for update in read_clip(classifier, decoders, wanted, stopped.is_set):
                    yield outputs.updates(update, path, language)
        finally:
            if stops.get(session) is stopped:
                del stops[session]

    def stop_reading(request: gr.Request) -> None:
        if reading := stops.get(str(request.session_hash)):
            reading.set()

    def show_the_rest(read: ReadClip, request: gr.Request | None = None) -> Updates:
        with guard.handle(request, "key_frames", counted=False):
            found = captioned_key_frames(read[1], read[0], decoders) if read else []
            return {
                outputs.files: gr.update(visible=bool(read)),
                outputs.key_frames: gr.update(value=[tile for _, tile in found], visible=bool(found)),
                outputs.key_times: [time for time, _ in found],
                outputs.annotate: gr.update(visible=bool(read)),
                outputs.annotated: gr.update(value=None, visible=False),
            }

    def annotate_clip(read: ReadClip, request: gr.Request | None = None, progress: gr.Progress = _PROGRESS) -> Any:
        """Write the clip that was read, with its labels drawn on it."""
        with guard.handle(request, "annotate_clip") as language:
            if not read:
                raise gr.Error(say(language, "not_read"), print_exception=False)
            target = result_folder() / "annotated.mp4"
            for share in decoders.stream(write_annotated_clip, read[0], read[1], target):
                progress(share, desc=say(language, "drawing"))
            return gr.update(value=str(target), visible=True)

    reading = inputs.read.click(
        predict_video,
        [inputs.clip, inputs.frames_per_second, inputs.start, inputs.end],
        outputs.while_reading(),
        api_name="predict_video",
        preprocess=False,
        concurrency_id="clips",
        show_progress="minimal",
        show_progress_on=outputs.total,
        trigger_mode="once",
    )
    reading.success(
        show_the_rest,
        outputs.read_clip,
        outputs.after_reading(),
        api_visibility="private",
        show_progress="hidden",
    )
    inputs.stop.click(stop_reading, None, None, api_visibility="private", queue=False)
    outputs.annotate.click(
        annotate_clip,
        outputs.read_clip,
        outputs.annotated,
        api_visibility="private",
        concurrency_id="clips",
        show_progress_on=outputs.annotated,
    )
    _add_events_in_the_page(inputs, outputs)
    return outputs.seconds, outputs.segments, outputs.frames


def _add_events_in_the_page(inputs: ClipInputs, outputs: ClipOutputs) -> None:
    """Add the events that need no model: another clip clears the results, a key frame moves the player."""
    for event in (inputs.clip.upload, inputs.clip.clear):
        event(
            outputs.cleared,
            None,
            list(outputs.cleared()),
            api_visibility="private",
            queue=False,
            show_progress="hidden",
        )
    inputs.clip.clear(None, None, None, js="() => vistazo.hideNotPlayable()", api_visibility="private")
    outputs.key_frames.select(
        _go_to, outputs.key_times, inputs.clip, api_visibility="private", queue=False, show_progress="hidden"
    )


def _go_to(times: list[float], chosen: gr.SelectData) -> Any:
    """Move the player to the key frame that was clicked."""
    index = chosen.index
    return gr.update(playback_position=times[index]) if isinstance(index, int) and index < len(times) else gr.skip()

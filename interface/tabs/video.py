"""The Video tab: a clip in; its labels over time out, while it is being read."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.i18n.language import language_of, percent, say, text
from interface.server.request_guard import RequestGuard, reason_of
from interface.server.results import result_folder
from interface.server.storage import UploadStorage
from interface.server.uploads import uploaded_file
from interface.tabs.events import IN_THE_PAGE
from interface.tabs.timeline import name_of_nothing
from interface.tabs.video_layout import ClipInputs, ClipOutputs, ReadClip, Updates, add_components
from interface.tabs.video_stream import ClipRequest, background_labels, captioned_key_frames, frame_range, read_clip
from model.classifier import Classifier
from model.limits import limits
from model.sandbox.pool import DecoderPool
from model.video.annotate import write_annotated_clip

# How often the page hears of the drawing, which ends where nobody listens.
_SECONDS_BETWEEN = 1.0


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

    def read(
        clip: Mapping[str, Any] | None,
        asked: tuple[Any, Any, Any],
        request: gr.Request | None,
        stopped: threading.Event,
    ) -> Iterator[Updates]:
        with guard.handle(request, "predict_video") as language:
            path = uploaded_file(clip, "no_clip", language)
            wanted = ClipRequest(path, frame_range(*asked, language), language)
            for update in read_clip(classifier, decoders, wanted, stopped.is_set):
                yield outputs.updates(update, path, language)

    def predict_video(
        clip: Mapping[str, Any] | None,
        frames_per_second: float | None = 0,
        start: float | None = 0,
        end: float | None = 0,
        request: gr.Request | None = None,
    ) -> Iterator[Updates]:
        """Classify a clip: mean prediction, label times, frames with verdicts, segments, status, timeline and files."""
        yield from read(clip, (frames_per_second, start, end), request, threading.Event())

    def show_clip(
        clip: Mapping[str, Any] | None, frames_per_second: Any, start: Any, end: Any, request: gr.Request
    ) -> Iterator[Updates]:
        """Do the same for a visitor of the page, who is told beside the results why there are none."""
        session = str(request.session_hash)
        leave(session)
        stopped = stops[session] = threading.Event()
        try:
            for updates in read(clip, (frames_per_second, start, end), request, stopped):
                if stops.get(session) is not stopped:  # another clip has taken this one's place
                    return
                if updates.get(outputs.read_clip):  # the key frames are still to come
                    updates[outputs.status] = say(language_of(request), "nearly_done")
                yield updates
        except gr.Error as error:
            yield {outputs.status: outputs.said(reason_of(error), failed=True)}
        finally:
            if stops.get(session) is stopped:
                del stops[session]

    def leave(session: str) -> None:
        """End the reading of a clip whose results nobody waits for."""
        if reading := stops.pop(session, None):
            reading.set()

    def start_reading(request: gr.Request) -> Updates:
        leave(str(request.session_hash))
        return outputs.started(language_of(request))

    def forget_clip(request: gr.Request) -> Updates:
        leave(str(request.session_hash))
        return outputs.cleared()

    def end_reading(request: gr.Request) -> Any:
        return gr.update(interactive=str(request.session_hash) in stops)

    def stop_reading(request: gr.Request) -> None:
        if reading := stops.get(str(request.session_hash)):
            reading.set()

    def show_the_rest(read: ReadClip | None, request: gr.Request | None = None) -> Updates:
        found: list[tuple[float, tuple[np.ndarray, str]]] = []
        language = language_of(request)
        bundle = classifier.bundle
        nothing = name_of_nothing(bundle.labels_in(language), background_labels(bundle, language), language)
        with contextlib.suppress(gr.Error), guard.handle(request, "key_frames", counted=False):
            found = captioned_key_frames(read.record, read.path, decoders, nothing) if read else []
        return outputs.complete(read, found)

    def annotate_clip(read: ReadClip | None, request: gr.Request | None = None) -> Iterator[Updates]:
        """Write the clip that was read, with its labels drawn on it; the button says how far that is."""
        ready = gr.update(value=text("annotate"), interactive=True)
        try:
            with guard.handle(request, "annotate_clip") as language:
                if not read:
                    raise gr.Error(say(language, "not_read"), print_exception=False)
                target = result_folder() / "annotated.mp4"
                for share in drawn(read, target, decoders, guard.storage, language):
                    said = f"{say(language, 'drawing')} … {percent(language, share)}"
                    yield {outputs.annotate: gr.update(value=said, interactive=False)}
                yield {outputs.annotate: ready, outputs.annotated: gr.update(value=str(target), visible=True)}
        except gr.Error:
            yield {outputs.annotate: ready}
            raise

    asked = [inputs.clip, inputs.frames_per_second, inputs.start, inputs.end]
    inputs.call.click(
        predict_video,
        asked,
        outputs.while_reading(),
        api_name="predict_video",
        preprocess=False,
        concurrency_id="clips",
    )
    triggers: list[Callable[..., Any]] = [inputs.clip.upload, inputs.read.click]
    if inputs.offered:
        triggers.append(inputs.offered.load_input_event.success)
    for trigger in triggers:
        begun = trigger(start_reading, None, list(outputs.cleared()), **IN_THE_PAGE)
        begun.then(None, None, None, js="() => vistazo.scrollTo('#status')", api_visibility="private")
        reading = begun.then(
            show_clip,
            asked,
            outputs.while_reading(),
            api_visibility="private",
            preprocess=False,
            concurrency_id="clips",
            show_progress="hidden",
            trigger_mode="always_last",  # else Gradio drops a clip that arrives before the one in its place has ended
        )
        reading.then(end_reading, None, outputs.stop, **IN_THE_PAGE)
        reading.then(
            show_the_rest,
            outputs.read_clip,
            outputs.after_reading(),
            api_visibility="private",
            show_progress="hidden",
            trigger_mode="always_last",  # likewise, while the key frames of the one before are fetched
        )
    inputs.clip.clear(forget_clip, None, list(outputs.cleared()), **IN_THE_PAGE)
    outputs.stop.click(stop_reading, None, None, api_visibility="private", queue=False)
    outputs.annotate.click(
        annotate_clip,
        outputs.read_clip,
        [outputs.annotate, outputs.annotated],
        api_visibility="private",
        concurrency_id="clips",
        show_progress="hidden",
    )
    _add_events_in_the_page(inputs, outputs)
    return outputs.seconds, outputs.segments, outputs.frames


def drawn(
    clip: ReadClip, target: Path, decoders: DecoderPool, storage: UploadStorage, language: str
) -> Iterator[float]:
    """Write a clip with its labels drawn on it.

    Args:
        clip: The clip that was read.
        target: Where to write; removed again unless the whole clip is drawn.
        decoders: Decode the clip.
        storage: Says whether the disk has room.
        language: The visitor's language.

    Yields:
        The share that is done, 0 to 1, about once a second.

    Raises:
        gr.Error: It takes longer than a request may, or the disk is full.
        VideoError: As in `write_annotated_clip`.
    """
    most = limits().request_minutes
    next_update = time.monotonic()
    latest, done = next_update + 60.0 * most, False

    def is_late() -> bool:
        return time.monotonic() > latest

    shares = decoders.stream(write_annotated_clip, clip.path, clip.record, target, stopped=is_late)
    try:
        with contextlib.closing(shares):
            for share in shares:
                if is_late():
                    break
                if time.monotonic() < next_update:
                    continue
                if not storage.has_room():
                    raise gr.Error(say(language, "disk_full"), print_exception=False)
                yield share
                next_update = time.monotonic() + _SECONDS_BETWEEN
        if is_late():
            raise gr.Error(say(language, "drawing_too_long", most=most), print_exception=False)
        done = True
    finally:
        if not done:
            target.unlink(missing_ok=True)


def _add_events_in_the_page(inputs: ClipInputs, outputs: ClipOutputs) -> None:
    """Add the events that need no model: a key frame moves the player, a clip can be classified again."""
    inputs.clip.clear(None, None, None, js="() => vistazo.hideNotPlayable()", api_visibility="private")
    inputs.clip.change(
        lambda clip: gr.update(interactive=bool(clip)), inputs.clip, inputs.read, preprocess=False, **IN_THE_PAGE
    )
    outputs.key_frames.select(_go_to, outputs.key_times, inputs.clip, **IN_THE_PAGE)


def _go_to(times: list[float], chosen: gr.SelectData) -> Any:
    """Move the player to the key frame that was clicked."""
    index = chosen.index
    return gr.update(playback_position=times[index]) if isinstance(index, int) and index < len(times) else gr.skip()

"""Classify an uploaded clip step by step: partial results about once a second, and all of them at the end."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from interface.i18n.language import ENGLISH, decimal, percent, say, translated
from interface.server.results import result_folder
from interface.tabs.timeline import clock, label_seconds, name_of_nothing, timeline
from model.bundle import Bundle
from model.classifier import Classifier
from model.errors import DecodingError, SettingsError, VideoError
from model.labels import is_background_label
from model.limits import limits
from model.presentation import readable
from model.sandbox.pool import DecoderPool
from model.video.export import (
    frame_cells,
    label_text,
    segment_cells,
    write_frames_csv,
    write_json,
    write_segments_csv,
    write_subtitles,
)
from model.video.keyframes import key_frames
from model.video.prediction import FramePredictor
from model.video.probability_curve import ProbabilityCurve
from model.video.probe import probe
from model.video.reader import FrameRange, prepared_frames
from model.video.record import ClipRecord

TOP = 5
# A table of more rows than this stops a phone; the CSV file has them all.
MOST_ROWS = 5000
_ROWS_WHILE_READING = 50
_MOST_KEY_FRAMES = 48

# The first update comes soon, the others about this often; making them never takes more than a fifth of the time.
_SECONDS_BEFORE_THE_FIRST, _SECONDS_BETWEEN, _SHARE_FOR_SENDING = 0.4, 1.0, 0.2
# The first frames wait for a decoder to start: their time says nothing about that of the rest.
_SECONDS_BEFORE_AN_ESTIMATE = 2.0
# Without frames, the page hears so often that the reading goes on, and a visitor who has left is noticed.
_HEARTBEAT_SECONDS = 1.0

Row = list[int | float | str]


@dataclass(frozen=True)
class ClipRequest:
    """What a visitor asks for.

    Attributes:
        path: The clip.
        frames: Which of its frames to classify.
        language: The visitor's language.
    """

    path: Path
    frames: FrameRange
    language: str = ENGLISH


@dataclass(frozen=True)
class ClipResults:
    """What is known about a clip.

    Attributes:
        total: The labels of the highest mean probability.
        seconds: Label and seconds on screen, as the sentence above the timeline says them: the longest first, what
            means that nothing is there at the end.
        frames: Rows of `model.video.export.frame_columns`: the newest while reading, all
            (up to `MOST_ROWS`) at the end.
        segments: Rows of `model.video.export.SEGMENT_COLUMNS`.
        timeline: The timeline as HTML.
        record: The predictions of the frames.
        files: The files to download; none before the end.
    """

    total: dict[str, float]
    seconds: list[Row]
    frames: list[Row]
    segments: list[Row]
    timeline: str
    record: ClipRecord
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClipUpdate:
    """How far the classification of a clip is.

    Attributes:
        status: The progress in words.
        results: What is known so far; None before the first frame.
        warning: What is wrong with the clip, in words.
    """

    status: str
    results: ClipResults | None = None
    warning: str = ""


@dataclass(frozen=True)
class _Report:
    """Puts into words and rows what is known so far."""

    record: ClipRecord
    curve: ProbabilityCurve
    language: str
    background: frozenset[str]

    def results(self, end: float, rows: int) -> ClipResults:
        """Return the results up to now, with at most `rows` frames; `end` is that of the timeline, in seconds."""
        record, segments = self.record, self.record.segments()
        nothing = name_of_nothing(record.labels, self.background, self.language)
        duration = end if math.isfinite(end) else 0.0
        return ClipResults(
            total=dict(record.ranking()),
            seconds=[
                [label_text(label, nothing), round(value, 2)]
                for label, value in label_seconds(segments, self.background)
            ],
            frames=[frame_cells(row, TOP, record.none_of_these) for row in record.rows(rows)],
            segments=[segment_cells(segment, record.none_of_these) for segment in segments],
            timeline=timeline(segments, self.curve, record.labels, duration, self.language, self.background),
            record=record,
        )

    def progress(self, done: float, whole: float, spent: float) -> str:
        """Say how far the reading is and how long it will take: `done` of `whole` seconds of the clip in `spent`."""
        speed = decimal(self.language, len(self.record) / max(spent, 1e-3))
        # A first frame at 0 seconds says nothing about the time that is left.
        if not math.isfinite(whole) or min(done, whole) <= 0 or spent < _SECONDS_BEFORE_AN_ESTIMATE:
            return say(self.language, "reading_time", time=clock(done), speed=speed)
        left = spent / done * max(0.0, whole - done)
        share = percent(self.language, min(1.0, done / whole))
        return say(self.language, "reading_share", share=share, speed=speed, left=clock(math.ceil(left)))


def frame_range(
    frames_per_second: object = 0, start: object = 0, end: object = 0, language: str = ENGLISH
) -> FrameRange:
    """Return the frames that a visitor asks for; callers of the API may send anything.

    Raises:
        SettingsError: A value is not a number, or the end does not come after the start.
    """
    rate = _number(frames_per_second, "bad_rate", language)
    first, last = _number(start, "bad_seconds", language), _number(end, "bad_seconds", language)
    if last and last <= first:
        raise SettingsError(say(language, "bad_range", first=f"{first:g}", last=f"{last:g}"))
    return FrameRange(rate or None, first, last or None)


def read_clip(
    classifier: Classifier, decoders: DecoderPool, request: ClipRequest, stopped: Callable[[], bool]
) -> Iterator[ClipUpdate]:
    """Classify a clip.

    Args:
        classifier: The model.
        decoders: Decode the clip.
        request: The clip and the frames.
        stopped: Asked a few times a second; once it returns True, the results are those of the frames so far.

    Yields:
        Partial results, and at the end all of them.

    Raises:
        VideoError: The clip cannot be read, or has no frame in the range.
    """
    path, wanted, language = request.path, request.frames, request.language
    info = decoders.call(probe, path)
    most = limits()
    last = wanted.start + 60.0 * most.clip_minutes
    end = min(wanted.end or math.inf, info.duration or math.inf, last)
    bundle = classifier.bundle
    labels = bundle.labels_in(language)
    record = ClipRecord(
        labels,
        bundle.unknown_threshold,
        TOP,
        none_of_these=say(language, "none_of_these"),
        has_statistics=bundle.statistics is not None,
    )
    curve = ProbabilityCurve(len(labels), start=wanted.start)
    report = _Report(record, curve, language, background_labels(bundle, language))
    warnings: list[str] = []
    given_up = threading.Event()
    began = time.monotonic()
    next_update, latest = began + _SECONDS_BEFORE_THE_FIRST, began + 60.0 * most.request_minutes
    at, gap, stop, too_long = wanted.start, 0.0, False, False  # `gap`: the longest time between two frames
    frames = decoders.stream(
        prepared_frames,
        path,
        bundle.input,
        FrameRange(wanted.frames_per_second, wanted.start, min(wanted.end or math.inf, last)),
        stopped=lambda: given_up.is_set() or stopped(),
    )
    rows = FramePredictor(classifier, frames, stop=given_up).predictions(warnings.append, _HEARTBEAT_SECONDS)
    # When the visitor leaves, this generator is closed, and with it the reader.
    with contextlib.closing(rows), _kept_if_any(record, warnings):
        for frame in rows:
            if frame is not None:
                record.add(frame)
                report.curve.add(frame.time, frame.probabilities)
                at, gap = frame.time, max(gap, frame.time - at)
            stop, too_long = stopped(), time.monotonic() > latest
            if stop or too_long:
                break
            if time.monotonic() >= next_update and len(record):
                started = time.monotonic()
                status = report.progress(at - wanted.start, end - wanted.start, started - began)
                yield ClipUpdate(status, report.results(end, _ROWS_WHILE_READING))
                sending = time.monotonic() - started
                next_update = time.monotonic() + max(_SECONDS_BETWEEN, sending / _SHARE_FOR_SENDING)
            elif not len(record):
                yield ClipUpdate(say(language, "reading_time", time=clock(at), speed=0))
    if not len(record) and (stop or stopped()):
        yield ClipUpdate(say(language, "stopped_before"))
        return
    if not len(record):
        raise VideoError(say(language, "no_frame", name=path.name))
    speed = len(record) / max(time.monotonic() - began, 1e-3)
    status = say(language, "frames_read", count=decimal(language, len(record)), speed=decimal(language, speed))
    if stop or stopped():
        status = f"{say(language, 'stopped_at', time=clock(at))} {status}"
    elif too_long or (last <= min(wanted.end or math.inf, info.duration or math.inf) and at > last - max(1.0, 2 * gap)):
        status = f"{say(language, 'time_is_up', time=clock(at))} {status}"
    if len(record) > MOST_ROWS:
        status += " " + say(language, "table_shows", rows=decimal(language, MOST_ROWS))
    results = replace(report.results(at, MOST_ROWS), files=_write_files(record, path.stem[:80]))
    yield ClipUpdate(status, results, " ".join(translated(warning, language) for warning in warnings))


def background_labels(bundle: Bundle, language: str) -> frozenset[str]:
    """Return the labels, in a language, that mean that nothing is there."""
    shown = zip(bundle.labels, bundle.labels_in(language), strict=True)
    return frozenset(name for label, name in shown if is_background_label(label))


def captioned_key_frames(
    record: ClipRecord, path: Path, decoders: DecoderPool, nothing: str
) -> list[tuple[float, tuple[np.ndarray, str]]]:
    """Return a frame of each segment; of the longest segments where there are many.

    Args:
        record: The predictions of the clip's frames.
        path: The clip.
        decoders: Decode the clip.
        nothing: What a segment without a label is called.

    Returns:
        The time of each in seconds, the image, (height, width, 3), uint8 RGB, and its caption.
    """
    longest = sorted(record.segments(), key=lambda s: s.start - s.end)[:_MOST_KEY_FRAMES]
    captions = {
        s.key_time: f"{clock(s.start)} {readable(label_text(s.label, nothing))}"
        for s in sorted(longest, key=lambda s: s.key_time)
    }
    return [(at, (image, captions[at])) for at, image in decoders.stream(key_frames, path, list(captions))]


@contextlib.contextmanager
def _kept_if_any(record: ClipRecord, warnings: list[str]) -> Iterator[None]:
    """Keep the frames so far when a decoder dies over a clip: its error becomes a warning."""
    try:
        yield
    except DecodingError as error:
        if not len(record):
            raise
        warnings.append(error.args[0])


def _write_files(record: ClipRecord, name: str) -> tuple[str, ...]:
    folder = result_folder()
    return (
        str(write_frames_csv(record, folder / "frames.csv", TOP)),
        str(write_segments_csv(record, folder / "segments.csv")),
        str(write_json(record, folder / "clip.json", name)),
        str(write_subtitles(record, folder / "subtitles.vtt")),
    )


def _number(value: object, key: str, language: str) -> float:
    if value is None:
        return 0.0
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number of any size
            number = float(value)
    if not math.isfinite(number) or number < 0:
        raise SettingsError(say(language, key, value=str(value)[:40]))
    return number

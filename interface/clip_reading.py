"""Read a visitor's clip step by step: what is known so far about once a second, and at the end everything."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interface.results import result_folder
from interface.timeline import clock, timeline
from model.classifier import Classifier
from model.clip_files import (
    frame_cells,
    frame_columns,
    segment_cells,
    spoken,
    write_frames_csv,
    write_json,
    write_segments_csv,
    write_subtitles,
)
from model.clip_header import probe
from model.clip_record import ClipRecord
from model.curve import ProbabilityCurve
from model.errors import SettingsError, VideoError
from model.key_frames import key_frames
from model.video import predict_video

TOP = 5
FRAME_COLUMNS = frame_columns(TOP)
# A table of more rows than this stops a phone; the CSV file has them all.
MOST_ROWS = 5000
_ROWS_WHILE_READING = 50
_MOST_KEY_FRAMES = 48

# The first answer comes soon, the others about this often; making them never takes more than a fifth
# of the time.
_FIRST_AFTER, _SECONDS_BETWEEN, _SHARE_FOR_SENDING = 0.4, 1.0, 0.2

Row = list[int | float | str]


@dataclass(frozen=True)
class Stretch:
    """Which frames of a clip are wanted.

    Attributes:
        frames_per_second: At most this many of each second; None for every frame.
        start: From when on, in seconds.
        end: Until when, in seconds; None for the end of the clip.
    """

    frames_per_second: float | None = None
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class ClipAnswer:
    """What is known about a clip at some moment.

    Attributes:
        total: The labels of the highest mean probability.
        seconds: Label and seconds on screen, the longest first.
        frames: Rows of `FRAME_COLUMNS`: the newest while reading, all (up to `MOST_ROWS`) at the end.
        segments: Rows of `model.clip_files.SEGMENT_COLUMNS`.
        status: How far the reading is, in words.
        timeline: The timeline as HTML.
        files: The files to download, at the end.
        record: Everything that is known.
        warning: What was wrong with the clip, in words.
    """

    total: dict[str, float]
    seconds: list[Row]
    frames: list[Row]
    segments: list[Row]
    status: str
    timeline: str
    files: list[str]
    record: ClipRecord
    warning: str = ""


def stretch(frames_per_second: object = 0, start: object = 0, end: object = 0) -> Stretch:
    """Return what a visitor asked for, checked; callers of the API may send anything.

    Raises:
        SettingsError: A value is not a number, or the end does not come after the start.
    """
    rate = _number("Frames per second", frames_per_second)
    first, last = _number("From", start), _number("To", end)
    if last and last <= first:
        raise SettingsError(f"“To” should come after “From”, or be 0 for the end. Received: {first:g} to {last:g}.")
    return Stretch(rate or None, first, last or None)


def read_clip(classifier: Classifier, path: Path, wanted: Stretch, stopped: Callable[[], bool]) -> Iterator[ClipAnswer]:
    """Predict a clip.

    Args:
        classifier: The model.
        path: The clip.
        wanted: Which frames.
        stopped: Asked at every frame; when it says so, the answer is about what was read.

    Yields:
        What is known so far, and at the end everything.

    Raises:
        VideoError: The clip cannot be read, or has no frame in the stretch.
    """
    info = probe(path)
    end = min(wanted.end or math.inf, info.duration or math.inf)
    bundle = classifier.bundle
    record = ClipRecord(bundle.labels, bundle.unknown_threshold, TOP)
    curve = ProbabilityCurve(len(bundle.labels), start=wanted.start)
    warnings: list[str] = []
    began = time.monotonic()
    next_answer = began + _FIRST_AFTER
    at = wanted.start
    stop = False
    # When the visitor leaves, this generator is closed, and the reader in it with it.
    for frame in predict_video(
        classifier,
        path,
        wanted.frames_per_second,
        start=wanted.start,
        end=wanted.end,
        on_warning=warnings.append,
    ):
        record.add(frame)
        curve.add(frame.time, frame.probabilities)
        at = frame.time
        if stop := stopped():
            break
        if time.monotonic() >= next_answer:
            started = time.monotonic()
            status = _progress(record, at - wanted.start, end - wanted.start, started - began)
            yield _answer(record, curve, status, end, _ROWS_WHILE_READING)
            sending = time.monotonic() - started
            next_answer = time.monotonic() + max(_SECONDS_BETWEEN, sending / _SHARE_FOR_SENDING)
    if not len(record):
        raise VideoError(f"“{path.name}” has no frame in the stretch asked for. Choose an earlier one.")
    speed = len(record) / max(time.monotonic() - began, 1e-3)
    status = f"{len(record):,} frames read, {speed:,.0f} a second."
    if stop:
        status = f"Stopped at {clock(at)}. {status}"
    yield _answer(record, curve, status, at, MOST_ROWS, warning=" ".join(warnings), path=path)


def captioned_key_frames(record: ClipRecord, path: Path) -> list[tuple[float, tuple[np.ndarray, str]]]:
    """Return one picture a segment, of the longest ones where there are many.

    Args:
        record: What is known about the clip.
        path: The clip.

    Returns:
        The time of each in seconds, the picture, (height, width, 3), uint8 RGB, and its caption.
    """
    longest = sorted(record.segments(), key=lambda s: s.start - s.end)[:_MOST_KEY_FRAMES]
    captions = {s.key_time: f"{clock(s.start)} {spoken(s.label)}" for s in sorted(longest, key=lambda s: s.key_time)}
    return [(at, (picture, captions[at])) for at, picture in key_frames(path, list(captions))]


def _answer(
    record: ClipRecord,
    curve: ProbabilityCurve,
    status: str,
    end: float,
    rows: int,
    *,
    warning: str = "",
    path: Path | None = None,
) -> ClipAnswer:
    """Return the answer; with a path the last one, files included."""
    total = record.aggregate()
    segments = record.segments()
    duration = end if math.isfinite(end) else 0.0
    if len(record) > rows and path:
        status += f" The table shows the last {rows:,} frames; the CSV file has all."
    return ClipAnswer(
        total=dict(record.ranking()),
        seconds=[[label, round(value, 2)] for label, value in total.seconds.items()],
        frames=[frame_cells(row, TOP) for row in record.rows(rows)],
        segments=[segment_cells(segment) for segment in segments],
        status=status,
        timeline=timeline(segments, curve, record.labels, duration),
        files=_write_files(record, path.stem[:80]) if path else [],
        record=record,
        warning=warning,
    )


def _progress(record: ClipRecord, done: float, whole: float, spent: float) -> str:
    """Say how far the reading is and how long it will take."""
    speed = f"{len(record) / max(spent, 1e-3):,.0f} frames a second"
    if not math.isfinite(whole) or whole <= 0:
        return f"Reading … {clock(done)} so far, {speed}."
    left = spent / max(done, 1e-3) * max(0.0, whole - done)
    return f"Reading … {min(1.0, done / whole):.0%}, {speed}, about {clock(math.ceil(left))} left."


def _write_files(record: ClipRecord, name: str) -> list[str]:
    folder = result_folder()
    return [
        str(write_frames_csv(record, folder / "frames.csv", TOP)),
        str(write_segments_csv(record, folder / "segments.csv")),
        str(write_json(record, folder / "clip.json", name)),
        str(write_subtitles(record, folder / "subtitles.vtt")),
    ]


def _number(name: str, value: object) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        rest = "above 0, or 0 for every frame" if name == "Frames per second" else "of seconds, 0 or more"
        raise SettingsError(f"{name} should be a number {rest}. Received: {str(value)[:40]}.")
    return float(value)

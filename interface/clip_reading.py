"""Read a clip for a visitor: what the page shows while it runs, and when it has ended or was stopped."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from interface.timeline import Palette, Value, clock, timeline_value
from model.classifier import Classifier
from model.clip_files import (
    Cell,
    frame_cells,
    segment_cells,
    spoken,
    write_frames_csv,
    write_json,
    write_segments_csv,
    write_subtitles,
)
from model.clip_record import ClipRecord
from model.curve import ProbabilityCurve
from model.key_frames import key_frames
from model.segments import Segment
from model.video import predict_video, probe

TOP = 5
# The page shows the newest rows, and the longest segments' pictures; the files have all of them.
NEWEST_ROWS = 100
MOST_SEGMENT_ROWS = 500
MOST_KEY_FRAMES = 40
FILE_NAMES = ("frames.csv", "segments.csv", "predictions.json", "subtitles.vtt")

_STARTING = "Opening the clip …"
_READING = "Reading: {at}{of}, {frames:,} frames{left}"
_FINISHING = "Writing files and fetching key frames …"
_DONE = "Read {frames:,} frames, {length}, in {seconds:.1f} s: {rate:.0f} frames a second."
_STOPPED = "Stopped at {at}, after {frames:,} frames. What was read is below."
_STOPPED_EMPTY = "Stopped before the first frame was read."

# Partial answers: the first one soon, then about this often, and never more than a fifth of the time.
_SECONDS_TO_FIRST, _SECONDS_BETWEEN = 0.3, 1.0
_SHARE_FOR_SENDING = 0.2

Row = list[Cell]
Tile = tuple[np.ndarray, str]


@dataclass
class Reading:
    """What the page of one visitor remembers about the clip that was read last."""

    stopped: bool = False
    path: Path | None = None
    record: ClipRecord | None = None


@dataclass(frozen=True)
class Stretch:
    """Which frames of a clip are read: how many of each second, from when, to when."""

    frames_per_second: float | None = None
    start: float = 0.0
    end: float | None = None


@dataclass
class PageAnswer:
    """What the page shows; None for what stays as it is."""

    timeline: Value
    total: dict[str, float] | None = None
    segments: list[Row] | None = None
    frames: list[Row] | None = None
    tiles: list[Tile] | None = None
    files: list[str] | None = None


@dataclass
class _Progress:
    """How far reading has come, in words."""

    stretch: Stretch
    length: float | None  # of the whole clip, in seconds
    started: float = field(default_factory=time.monotonic)

    @property
    def end(self) -> float | None:
        ends = [end for end in (self.stretch.end, self.length) if end is not None]
        return min(ends, default=None)

    def share(self, at: float) -> float | None:
        if self.end is None or self.end <= self.stretch.start:
            return None
        return min(1.0, max(0.0, (at - self.stretch.start) / (self.end - self.stretch.start)))

    def words(self, at: float, frames: int) -> str:
        share, seconds = self.share(at), self.seconds
        left = ""
        if share and seconds > 1:  # before that, the estimate is a guess
            left = f", about {clock(seconds / share - seconds + 0.5)} left"
        of = f" of {clock(self.end)}" if self.end else ""
        return _READING.format(at=clock(at), of=of, frames=frames, left=left)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


def read_clip(
    classifier: Classifier, path: Path, name: str, stretch: Stretch, reading: Reading
) -> Iterator[PageAnswer]:
    """Read a clip and say about once a second what is known; at the end everything, with files.

    When the visitor leaves, the generator is closed, and the reader in it with it.

    Args:
        classifier: The model.
        path: The clip.
        name: How its owner calls it.
        stretch: Which frames to read.
        reading: Remembers the clip; `stopped` in it ends the reading and keeps what is there.

    Yields:
        What the page shows.

    Raises:
        VideoError: As in `predict_video`.
    """
    labels = classifier.bundle.labels
    progress = _Progress(stretch, probe(path).duration)
    record = ClipRecord(labels, classifier.bundle.unknown_threshold, TOP)
    curve, palette = ProbabilityCurve(len(labels), start=stretch.start), Palette()
    reading.path, reading.record = path, record
    yield PageAnswer(timeline_value(_STARTING, done=0.0), total={}, segments=[], frames=[], tiles=[], files=[])

    warnings: list[str] = []
    next_answer = time.monotonic() + _SECONDS_TO_FIRST
    rows = predict_video(
        classifier,
        path,
        stretch.frames_per_second,
        start=stretch.start,
        end=stretch.end,
        on_warning=warnings.append,
    )
    with contextlib.closing(rows):
        for row in rows:
            record.add(row)
            curve.add(row.time, row.probabilities)
            if reading.stopped:
                break
            if time.monotonic() >= next_answer:
                asked = time.monotonic()
                words = progress.words(row.time, len(record))
                timeline = timeline_value(
                    words, record, curve, palette, labels, done=progress.share(row.time), end=progress.end
                )
                yield _partial(timeline, record)
                sending = time.monotonic() - asked
                next_answer = time.monotonic() + max(_SECONDS_BETWEEN, sending / _SHARE_FOR_SENDING)
    seconds = progress.seconds
    if not len(record):
        yield PageAnswer(timeline_value(_STOPPED_EMPTY))
        return
    timeline = timeline_value(_FINISHING, record, curve, palette, labels, done=1.0, warnings=warnings)
    yield _partial(timeline, record)
    chosen = _longest(record.segments(), MOST_KEY_FRAMES)
    times, tiles = _key_frames(path, chosen)
    files = write_files(record, name)
    total = record.aggregate()
    words = (
        _STOPPED.format(at=clock(record.segments()[-1].end), frames=len(record))
        if reading.stopped
        else _DONE.format(
            frames=len(record), length=clock(total.duration), seconds=seconds, rate=len(record) / max(seconds, 1e-3)
        )
    )
    answer = _partial(timeline_value(words, record, curve, palette, labels, warnings=warnings, key_times=times), record)
    answer.tiles, answer.files = tiles, files
    yield answer


def write_files(record: ClipRecord, name: str) -> list[str]:
    """Write the files to download where Gradio's clean-up finds them, and return their paths."""
    folder = Path(tempfile.mkdtemp(dir=get_upload_folder()))
    paths = [folder / file for file in FILE_NAMES]
    try:
        write_frames_csv(record, paths[0], TOP)
        write_segments_csv(record, paths[1])
        write_json(record, paths[2], name)
        write_subtitles(record, paths[3])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return [str(path) for path in paths]


def segment_rows(record: ClipRecord) -> list[Row]:
    """Return the rows of the table of segments, with times and confidence rounded for people."""
    rows = map(segment_cells, record.segments()[:MOST_SEGMENT_ROWS])
    return [[round(cell, 2) if isinstance(cell, float) else cell for cell in row] for row in rows]


def frame_rows(record: ClipRecord, newest: int | None = None) -> list[Row]:
    """Return the rows of the table of frames, in order of time; only the newest if so asked."""
    return [frame_cells(row, TOP) for row in record.rows(newest)]


def _partial(timeline: Value, record: ClipRecord) -> PageAnswer:
    return PageAnswer(timeline, dict(record.ranking()), segment_rows(record), frame_rows(record, NEWEST_ROWS)[::-1])


def _longest(segments: Sequence[Segment], most: int) -> list[Segment]:
    longest = sorted(segments, key=lambda segment: segment.start - segment.end)[:most]
    return sorted(longest, key=lambda segment: segment.start)


def _key_frames(path: Path, segments: Sequence[Segment]) -> tuple[list[float], list[Tile]]:
    captions = {segment.key_time: _caption(segment) for segment in segments}
    times, tiles = [], []
    for shown, picture in key_frames(path, sorted(captions)):
        times.append(round(shown, 3))
        tiles.append((picture, captions[shown]))
    return times, tiles


def _caption(segment: Segment) -> str:
    return f"{clock(segment.key_time)} {spoken(segment.label)}"


def page_update(answer: PageAnswer) -> tuple[Any, ...]:
    """Return the answer as the page's components take it: timeline, total, segments, frames, tiles, files."""
    files: list[Any] = [gr.skip()] * len(FILE_NAMES)
    if answer.files is not None:
        chosen = [*answer.files, *[None] * len(FILE_NAMES)][: len(FILE_NAMES)]
        files = [gr.update(value=file, interactive=file is not None) for file in chosen]
    parts = (answer.total, answer.segments, answer.frames, answer.tiles)
    return (answer.timeline, *(gr.skip() if part is None else part for part in parts), *files)

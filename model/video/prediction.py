"""Predict a clip frame by frame while it is decoded: one row a frame, and an aggregate over all of them."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.classifier import Classifier
from model.errors import Sentence
from model.video.probe import VIDEO_SUFFIXES, ClipInfo, probe
from model.video.reader import Frame, prepared_frames, read_frames

__all__ = [
    "VIDEO_SUFFIXES",
    "Aggregate",
    "ClipInfo",
    "Frame",
    "FramePrediction",
    "aggregate",
    "predict_video",
    "probe",
    "read_frames",
]

# Frames that are on their way: enough that neither decoder nor network waits for the other. They are
# already resized, so that a few of them weigh little however large the clip is.
_FRAMES_AHEAD = 8
# Clips step back behind whatever else the program does, such as a visitor's image (see nice(1)).
_LOWER_PRIORITY = 10


@dataclass(frozen=True)
class FramePrediction:
    """One row of the answer: what the network says about one frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        probabilities: (classes,), float32, 0 to 1.
    """

    index: int
    time: float
    probabilities: np.ndarray


@dataclass(frozen=True)
class Aggregate:
    """What a whole clip shows.

    Attributes:
        mean_probabilities: (classes,), float64: the mean over the frames.
        majority: The label that leads in most frames.
        seconds: Seconds on screen of each label that leads anywhere, the longest first.
        frames: Number of frames that were predicted.
        duration: Seconds that those frames cover.
    """

    mean_probabilities: np.ndarray
    majority: str
    seconds: dict[str, float]
    frames: int
    duration: float


def predict_video(
    classifier: Classifier,
    path: Path,
    frames_per_second: float | None = None,
    *,
    start: float = 0.0,
    end: float | None = None,
    on_warning: Callable[[str], None] | None = None,
    alone: bool = False,
    workers: int | None = None,
) -> Generator[FramePrediction, None, None]:
    """Predict the frames of a clip while it is decoded; see `predict_frames`, of which this is the simple form."""
    frames = prepared_frames(path, classifier.bundle.input, frames_per_second, start, end)
    rows = predict_frames(classifier, frames, on_warning=on_warning, alone=alone, workers=workers)
    with contextlib.closing(rows):
        for row in rows:
            if row is not None:
                yield row


def predict_frames(
    classifier: Classifier,
    frames: Iterator[Frame | Sentence],
    *,
    on_warning: Callable[[str], None] | None = None,
    alone: bool = False,
    workers: int | None = None,
    patience: float | None = None,
    stop: threading.Event | None = None,
) -> Generator[FramePrediction | None, None, None]:
    """Predict frames while they are decoded.

    One thread decodes and resizes, others run the network, each with an interpreter of its own. They
    end when the last row was taken or the generator is closed.

    Args:
        classifier: The model.
        frames: What `prepared_frames` yields; closed at the end.
        on_warning: Receives a sentence when the clip turns out damaged; what was read is kept.
        alone: Whether nobody waits for an image meanwhile. Otherwise the clip's threads have a lower
            priority than the rest of the program.
        workers: Threads that run the network; the machine's cores when not given.
        patience: Yield None when there has been no row for so many seconds.
        stop: Is set when no more rows are wanted, for whoever makes the frames.

    Yields:
        One row a frame, in order of time.

    Raises:
        VideoError: As in `read_frames`.
    """
    workers = workers or os.cpu_count() or 1
    # What decoding hands over, in order: frames that are being predicted, at last None or its error.
    rows: queue.Queue[tuple[Frame, Future[np.ndarray]] | Exception | None] = queue.Queue(_FRAMES_AHEAD + workers)
    set_priority = None if alone else _step_back
    warnings: list[str] = []
    stop = stop or threading.Event()

    def decode() -> None:
        if set_priority:
            set_priority()
        end_of_clip: Exception | None = None
        try:
            for frame in frames:
                if stop.is_set():
                    return
                if isinstance(frame, Sentence):
                    warnings.append(frame)
                else:
                    rows.put((frame, pool.submit(classifier.classify_beside, frame.image)))
        except Exception as error:  # is raised where the rows are taken
            end_of_clip = error
        finally:
            if isinstance(frames, Generator):
                frames.close()
        rows.put(end_of_clip)

    with ThreadPoolExecutor(workers, thread_name_prefix="network", initializer=set_priority) as pool:
        decoder = threading.Thread(target=decode, name="decoder", daemon=True)
        decoder.start()
        try:
            while True:
                try:
                    row = rows.get(timeout=patience)
                except queue.Empty:
                    yield None
                    continue
                if row is None:
                    break
                if isinstance(row, Exception):
                    raise row
                frame, probabilities = row
                yield FramePrediction(frame.index, frame.time, probabilities.result())
            if on_warning is not None:
                for sentence in warnings:
                    on_warning(sentence)
        finally:
            stop.set()
            while decoder.is_alive():  # it may wait for room in the queue
                _empty(rows)
                decoder.join(0.01)
            pool.shutdown(cancel_futures=True)


def aggregate(frames: Sequence[FramePrediction], labels: Sequence[str]) -> Aggregate:
    """Sum up a clip's rows.

    Args:
        frames: At least one row, in order of time.
        labels: The labels in class order.

    Returns:
        Mean probabilities, majority label and seconds per label.
    """
    if not frames:
        raise ValueError("aggregate needs at least one frame, received none.")
    leading = np.array([row.probabilities.argmax() for row in frames])
    shown = _seconds_shown([row.time for row in frames])
    seconds = {labels[index]: float(shown[leading == index].sum()) for index in np.unique(leading)}
    return Aggregate(
        mean_probabilities=np.stack([row.probabilities for row in frames]).mean(axis=0, dtype=np.float64),
        majority=labels[int(np.bincount(leading).argmax())],
        seconds=dict(sorted(seconds.items(), key=lambda item: -item[1])),
        frames=len(frames),
        duration=float(shown.sum()),
    )


def _seconds_shown(times: Sequence[float]) -> np.ndarray:
    """Return how long each frame stays on screen: until the next one; for the last, as long as usual."""
    gaps = np.diff(np.asarray(times, np.float64))
    last = float(np.median(gaps)) if gaps.size else 0.0
    return np.append(np.maximum(gaps, 0), last)


def _step_back() -> None:
    """Give this thread a lower priority, and with it the threads that FFmpeg starts from it."""
    if sys.platform == "linux":  # elsewhere priorities belong to the process
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + _LOWER_PRIORITY))


def _empty(rows: queue.Queue) -> None:
    while True:
        try:
            rows.get_nowait()
        except queue.Empty:
            return

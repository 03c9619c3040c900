"""Predict a clip's frames while it is decoded: one row a frame, and an aggregate over all of them."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.classifier import Classifier
from model.clip_reader import Frame, read_frames

# Decoded frames that wait for the network: enough to keep all cores busy, and never much memory.
_FRAMES_AHEAD, _BYTES_AHEAD = 8, 64 * 2**20


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
) -> Iterator[FramePrediction]:
    """Predict the frames of a clip while it is decoded; decoding, resizing and the network overlap.

    Args:
        classifier: The model.
        path: The clip.
        frames_per_second: As in `read_frames`.
        start: As in `read_frames`.
        end: As in `read_frames`.
        on_warning: As in `read_frames`.

    Yields:
        One row a frame, in order.

    Raises:
        VideoError: As in `read_frames`.
    """
    workers = min(4, os.cpu_count() or 1)
    network = classifier.for_streams
    waiting: deque[tuple[Frame, Future[np.ndarray]]] = deque()

    def first() -> FramePrediction:
        frame, answer = waiting.popleft()
        return FramePrediction(frame.index, frame.time, answer.result())

    frames = read_frames(path, frames_per_second, start=start, end=end, on_warning=on_warning)
    with ThreadPoolExecutor(workers, "vistazo-network") as pool, _ahead(frames) as decoded:
        try:
            for frame in decoded:
                waiting.append((Frame(frame.index, frame.time, _NOTHING), pool.submit(network.classify, frame.picture)))
                while len(waiting) > 2 * workers or (waiting and waiting[0][1].done()):
                    yield first()
            while waiting:
                yield first()
        finally:
            for _, answer in waiting:
                answer.cancel()


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


_NOTHING = np.zeros((0, 0, 3), np.uint8)


@contextmanager
def _ahead(frames: Iterator[Frame]) -> Iterator[Iterator[Frame]]:
    """Run an iterator of frames in a thread of its own, a few frames ahead; the thread ends with the block."""
    ready: queue.Queue[Frame | BaseException | None] = queue.Queue()
    room = threading.Condition()
    ahead = 0
    left = False

    def decode() -> None:
        nonlocal ahead
        try:
            for frame in frames:
                most = max(1, min(_FRAMES_AHEAD, _BYTES_AHEAD // max(1, frame.picture.nbytes)))
                with room:
                    while ahead >= most and not left:
                        room.wait()
                    if left:
                        break
                    ahead += 1
                ready.put(frame)
            ready.put(None)
        except BaseException as error:  # it is raised where the frames are used
            ready.put(error)
        finally:
            frames.close()  # type: ignore[attr-defined]  # a generator

    def arriving() -> Iterator[Frame]:
        nonlocal ahead
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            with room:
                ahead -= 1
                room.notify()
            yield item

    thread = threading.Thread(target=decode, name="vistazo-decoder", daemon=True)
    thread.start()
    try:
        yield arriving()
    finally:
        with room:
            left = True
            room.notify()
        thread.join()

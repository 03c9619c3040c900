"""Predict the frames of a clip while it is decoded."""

from __future__ import annotations

import contextlib
import enum
import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from model.classifier import Classifier
from model.cores import cores
from model.errors import Sentence
from model.verdict import Classification, Verdict
from model.video.reader import Frame

# Decoded frames that wait for the network: enough that neither the decoder nor the network waits for the other.
# They have the network's input size, so that they take little memory however large the clip's frames are.
_FRAMES_AHEAD = 8
# Each keeps an interpreter, whose memory grows with the network; one decoder does not feed more.
_MAX_WORKERS = 8
_NICENESS = 10  # added to that of a clip's threads, see nice(1): images are predicted first


@dataclass(frozen=True)
class FramePrediction:
    """The probabilities for one frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        probabilities: (classes,), float32, 0 to 1.
        verdict: "sure", "unsure" or "none"; see `model.verdict.Classification`.
        is_unknown: Whether the frame is unlike the training images.
        duration: How long it is shown in seconds if it is the last one; None where the clip does not say.
    """

    index: int
    time: float
    probabilities: np.ndarray
    verdict: Verdict = "sure"
    is_unknown: bool = False
    duration: float | None = None


class FramePredictor:
    """Predicts the frames of one clip: one thread decodes and resizes them, others run the network.

    Args:
        classifier: The model.
        frames: What `prepared_frames` yields; a generator is closed at the end.
        low_priority: Give the threads a lower priority than the rest of the program, in which images may be
            waiting. On Linux only.
        workers: Threads that run the network, each with an interpreter of its own; by default one for each core, but at
            most eight.
        stop: Is set when no more frames are wanted, to tell whoever makes them.
    """

    def __init__(
        self,
        classifier: Classifier,
        frames: Iterator[Frame | Sentence],
        *,
        low_priority: bool = True,
        workers: int | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._classifier = classifier
        self._frames = frames
        self._set_priority = _lower_priority if low_priority else None
        self._workers = workers or min(_MAX_WORKERS, cores())
        self._stop = stop or threading.Event()
        self._pending: queue.Queue[_Pending | _End] = queue.Queue(_FRAMES_AHEAD + self._workers)
        self._warnings: list[str] = []
        self._error: Exception | None = None

    def predictions(
        self, on_warning: Callable[[str], None] | None = None, heartbeat_seconds: float | None = None
    ) -> Generator[FramePrediction | None, None, None]:
        """Decode and predict; all threads have ended when the generator is exhausted or closed. To be called once.

        Args:
            on_warning: Receives a sentence when the clip is damaged, after the frames that could be read.
            heartbeat_seconds: Yield None whenever there was no frame for this long; by default never.

        Yields:
            One prediction for each frame, in order of time.

        Raises:
            VideoError: As in `read_frames`.
            BundleError: As in `Classifier.predict_frame`.
        """
        with ThreadPoolExecutor(
            self._workers, thread_name_prefix="network", initializer=self._set_priority
        ) as network_threads:
            decoder = threading.Thread(target=self._decode, args=(network_threads,), name="decoder", daemon=True)
            decoder.start()
            try:
                while True:
                    try:
                        pending = self._pending.get(timeout=heartbeat_seconds)
                    except queue.Empty:
                        yield None
                        continue
                    if pending is _END:
                        break
                    frame = pending.frame
                    found = pending.classification.result()
                    yield FramePrediction(
                        frame.index,
                        frame.time,
                        found.probabilities,
                        found.verdict,
                        found.is_unknown,
                        frame.duration,
                    )
                if self._error is not None:
                    raise self._error
                if on_warning is not None:
                    for warning in self._warnings:
                        on_warning(warning)
            finally:
                self._stop.set()
                while decoder.is_alive():  # it may be waiting for room in the queue
                    self._discard_pending()
                    decoder.join(0.01)
                network_threads.shutdown(cancel_futures=True)

    def _decode(self, network_threads: ThreadPoolExecutor) -> None:
        """Queue the frames with the future of their predictions, and `_END` after the last; keep what went wrong."""
        if self._set_priority is not None:
            self._set_priority()
        try:
            for frame in self._frames:
                if self._stop.is_set():
                    return
                if isinstance(frame, Sentence):
                    self._warnings.append(frame)
                else:
                    classification = network_threads.submit(self._classifier.predict_frame, frame.image)
                    self._pending.put(_Pending(frame, classification))
        except Exception as error:  # raised again where the predictions are taken
            self._error = error
        finally:
            if isinstance(self._frames, Generator):
                self._frames.close()
        self._pending.put(_END)

    def _discard_pending(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._pending.get_nowait()


@dataclass(frozen=True)
class _Pending:
    """A decoded frame that is being predicted."""

    frame: Frame
    classification: Future[Classification]


class _End(enum.Enum):
    """The type of `_END`, which follows the last frame in the queue."""

    END = enum.auto()


_END = _End.END


def _lower_priority() -> None:
    """Lower the priority of this thread, and so of the threads that FFmpeg starts from it."""
    if sys.platform == "linux":  # elsewhere a priority belongs to the whole process
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS))

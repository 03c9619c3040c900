"""Divide a clip into segments, each of which shows one label or none of the labels."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.video.prediction import FramePrediction

# The mean duration of a segment that is assumed in advance, in seconds: a little less than the length of a shot in
# present-day films, which is 3 to 4 (Cutting et al. 2011), since objects come and go within a shot.
EXPECTED_SECONDS = 2.0
# Frames that are closer than this, in seconds, are nearly the same image, and count as proportionally less evidence.
INDEPENDENT_SECONDS = 0.1
# The assumed share of frames whose probabilities mean nothing, whatever they are.
_OUTLIERS = 1e-3
_MIN_GAP = 1e-4
# How much more likely “none of these” is than any label when a frame is unlike the training images.
_UNKNOWN_ODDS = 9.0


@dataclass(frozen=True)
class Segment:
    """A part of a clip that shows one label.

    Attributes:
        label: The label, or None for “none of these”.
        start: When its first frame is shown, in seconds from the first frame of the clip.
        end: When the next segment starts; for the last one, when its last frame ends.
        confidence: Mean probability of the label over the segment's frames, 0 to 1; for None, the mean of the
            highest probability, which is low.
        first_frame: Number of its first frame in the clip, from 0.
        last_frame: Number of its last frame.
        key_frame: Number of the frame with the highest such probability.
        key_time: When the key frame is shown, in seconds.
    """

    label: str | None
    start: float
    end: float
    confidence: float
    first_frame: int
    last_frame: int
    key_frame: int
    key_time: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive frames of one state, and the run before; runs on no path are garbage-collected."""

    state: int
    start: int  # position of the first frame
    sum: float
    key: int  # position of the frame with the highest probability
    before: _Run | None


class SegmentFinder:
    """Finds the most likely segments while frames are added; `segments` may be called at any time.

    The labels and “none of these” are the states of a hidden Markov model, whose observations are the network's
    probabilities; the segments are its most likely path (Viterbi's algorithm; Rabiner 1989, “A tutorial on hidden
    Markov models”). Time is continuous: a state lasts `expected_seconds` on average and is followed by any other state
    with equal probability, so that the cost of a change depends on the time between two frames, not on the frame rate.
    The likelihood of “none of these” rises with the probability that the most likely label is wrong, and exceeds that
    label's below the unknown threshold (the reject option of Chow 1970, “On optimum recognition error and reject
    tradeoff”).

    Every change costs the same, so that a state is either kept or entered from the best one. Adding a frame takes time
    in proportion to the number of labels, `segments` in proportion to the number of segments.

    Args:
        labels: The labels in class order.
        unknown_threshold: Top probability under which no label counts, 0 to 1; None: the most likely always counts.
        expected_seconds: Expected duration of a segment, in seconds; 0: no smoothing.
        has_statistics: Whether frames may be known to be unlike the training images.
    """

    def __init__(
        self,
        labels: Sequence[str],
        unknown_threshold: float | None = None,
        expected_seconds: float = EXPECTED_SECONDS,
        *,
        has_statistics: bool = False,
    ) -> None:
        self._has_none = has_statistics or unknown_threshold is not None
        self._states: list[str | None] = [*labels, None] if self._has_none else [*labels]
        self._threshold = unknown_threshold
        self._expected = expected_seconds
        count = len(self._states)
        self._score = np.zeros(count)  # log-likelihood of the best path that ends in each state
        # The run of frames that each of these paths ends with, and the run before it.
        self._start = np.zeros(count, np.int64)
        self._sum = np.zeros(count)
        self._peak = np.full(count, -1.0)
        self._key = np.zeros(count, np.int64)
        self._before = np.full(count, None, object)
        self._numbers, self._times = array("q"), array("d")
        self._last_duration: float | None = None

    def add(self, frame: FramePrediction) -> None:
        """Add the next frame, in order of time."""
        position = len(self._times)
        shown = np.asarray(frame.probabilities, np.float64)
        likelihood = shown
        if self._has_none:
            threshold = self._threshold or 0.0
            # The probability that the most likely label is wrong, scaled to equal the label's own at the threshold.
            wrong = (1 - shown.max()) * threshold / max(1 - threshold, _OUTLIERS)
            if frame.is_unknown:
                wrong = max(wrong, _UNKNOWN_ODDS * shown.max())
            likelihood, shown = np.append(shown, wrong), np.append(shown, shown.max())
        evidence = np.log(likelihood + _OUTLIERS / len(likelihood))
        if position:
            gap = max(frame.time - self._times[-1], _MIN_GAP)
            kept, entered = self._log_probabilities(gap)
            change = self._score + kept < self._score.max() + entered
            self._enter(change, position)
            self._score = np.where(change, self._score.max() + entered, self._score + kept)
            if self._expected:
                evidence *= min(1.0, gap / INDEPENDENT_SECONDS)
        self._score += evidence
        self._score -= self._score.max()
        self._sum += shown
        self._key[shown > self._peak] = position
        self._peak = np.maximum(self._peak, shown)
        self._numbers.append(frame.index)
        self._times.append(frame.time)
        self._last_duration = frame.duration

    def segments(self) -> list[Segment]:
        """Return the most likely segments of the frames so far; the last ones may still change."""
        if not self._times:
            return []
        run: _Run | None = self._run(int(self._score.argmax()))
        found = []
        last, end = len(self._times) - 1, self._times[-1] + last_duration(self._times, self._last_duration)
        while run is not None:
            found.append(
                Segment(
                    label=self._states[run.state],
                    start=self._times[run.start],
                    end=end,
                    confidence=min(1.0, run.sum / (last - run.start + 1)),
                    first_frame=self._numbers[run.start],
                    last_frame=self._numbers[last],
                    key_frame=self._numbers[run.key],
                    key_time=self._times[run.key],
                )
            )
            last, end, run = run.start - 1, self._times[run.start], run.before
        return found[::-1]

    def _log_probabilities(self, gap: float) -> tuple[float, float]:
        """Return the log-probabilities of the same state and of one particular other state after `gap` seconds."""
        count = len(self._states)
        if not self._expected or count < 2:
            return 0.0, 0.0
        # This includes changes to another state and back within the gap.
        forgotten = -math.expm1(-gap / self._expected * count / (count - 1))
        return math.log1p(-forgotten * (count - 1) / count), math.log(forgotten / count)

    def _enter(self, change: np.ndarray, position: int) -> None:
        """Start new runs in the states where `change`, (states,), is true, after the best run so far."""
        if change.any():
            self._before[change] = self._run(int(self._score.argmax()))
            self._start[change] = position
            self._sum[change] = 0.0
            self._peak[change] = -1.0

    def _run(self, state: int) -> _Run:
        return _Run(state, int(self._start[state]), float(self._sum[state]), int(self._key[state]), self._before[state])


def last_duration(times: Sequence[float], stated: float | None) -> float:
    """Return how long the last frame is shown: as the clip says, else for the median of the times of all frames."""
    if stated is not None:
        return stated
    gaps = np.diff(np.array(times))
    return float(np.median(gaps)) if gaps.size else 0.0

"""Collect the predictions of a clip: a few numbers for each frame, however many labels there are."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.classifier import top_labels
from model.verdict import VERDICTS, Verdict
from model.video.prediction import FramePrediction
from model.video.segments import EXPECTED_SECONDS, Segment, SegmentFinder

TOP = 5
NONE_OF_THESE = "none of these"


@dataclass(frozen=True)
class FrameRow:
    """One row of a clip's table: a frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        ranking: The most likely labels with their probabilities, most likely first.
        segment: The label of the segment that the frame belongs to; None for “none of these”.
        verdict: "sure", "unsure" or "none".
    """

    index: int
    time: float
    ranking: list[tuple[str, float]]
    segment: str | None
    verdict: Verdict = "sure"


@dataclass(frozen=True)
class Aggregate:
    """What the frames of a clip show, taken together.

    Attributes:
        mean_probabilities: (classes,), float64, 0 to 1: the mean over the frames.
        majority: The label with the most seconds; None where no label applies for longer.
        seconds: Seconds of each label that has segments, the longest first. The rest of `duration` has no label.
        frames: Number of frames that were predicted.
        duration: Seconds that those frames cover.
    """

    mean_probabilities: np.ndarray
    majority: str | None
    seconds: dict[str, float]
    frames: int
    duration: float


class ClipRecord:
    """The frames, segments and sums of a clip, available at any time while it is read.

    Each frame takes about 60 bytes, an hour of video about five megabytes.

    Args:
        labels: The labels in class order.
        unknown_threshold: Top probability under which no label counts, 0 to 1; None: the most likely always counts.
        top: How many labels are kept for each frame.
        has_statistics: Whether the model recognises frames that are unlike its training images.
        expected_seconds: How long a segment is expected to last; see `SegmentFinder`.
        none_of_these: The name of a segment without a label, in tables and subtitles.
    """

    def __init__(
        self,
        labels: Sequence[str],
        unknown_threshold: float | None = None,
        top: int = TOP,
        expected_seconds: float = EXPECTED_SECONDS,
        none_of_these: str = NONE_OF_THESE,
        *,
        has_statistics: bool = False,
    ) -> None:
        self.labels = labels
        self.none_of_these = none_of_these
        self._top = min(top, len(labels))
        self._finder = SegmentFinder(labels, unknown_threshold, expected_seconds, has_statistics=has_statistics)
        self._numbers, self._times = array("q"), array("d")
        self._verdicts = array("b")
        self._best, self._probabilities = array("l"), array("f")  # `top` values a frame
        self._sum = np.zeros(len(labels))
        self._segments: list[Segment] = []
        self._segmented = 0  # how many frames `_segments` covers

    def __len__(self) -> int:
        return len(self._times)

    def add(self, frame: FramePrediction) -> None:
        """Add the next frame, in order of time."""
        best = np.argsort(-frame.probabilities, kind="stable")[: self._top]
        self._sum += frame.probabilities
        self._numbers.append(frame.index)
        self._times.append(frame.time)
        self._verdicts.append(VERDICTS.index(frame.verdict))
        self._best.extend(best.tolist())
        self._probabilities.extend(frame.probabilities[best].tolist())
        self._finder.add(frame)

    def segments(self) -> list[Segment]:
        """Return the segments of the frames so far; the last ones may still change."""
        if self._segmented != len(self):
            self._segments, self._segmented = self._finder.segments(), len(self)
        return self._segments

    def rows(self, newest: int | None = None) -> Iterator[FrameRow]:
        """Yield the rows in order of time.

        Args:
            newest: How many of the last rows; by default all rows.
        """
        first = 0 if newest is None else max(0, len(self) - newest)
        segments = iter(self.segments())
        segment = next(segments, None)
        for position in range(first, len(self)):
            index = self._numbers[position]
            while segment is not None and segment.last_frame < index:
                segment = next(segments, None)
            at = slice(position * self._top, (position + 1) * self._top)
            names = [self.labels[label] for label in self._best[at]]
            ranking = list(zip(names, self._probabilities[at], strict=True))
            verdict = VERDICTS[self._verdicts[position]]
            yield FrameRow(index, self._times[position], ranking, segment.label if segment else None, verdict)

    def aggregate(self) -> Aggregate:
        """Sum up the frames and segments so far.

        Raises:
            ValueError: There is no frame yet.
        """
        if not self._times:
            raise ValueError("aggregate needs at least one frame, received none.")
        segments, shown = self.segments(), dict[str | None, float]()
        for segment in segments:
            shown[segment.label] = shown.get(segment.label, 0.0) + segment.end - segment.start
        seconds = dict(sorted(shown.items(), key=lambda item: -item[1]))
        return Aggregate(
            mean_probabilities=self._sum / len(self),
            majority=next(iter(seconds)),
            seconds={label: value for label, value in seconds.items() if label is not None},
            frames=len(self),
            duration=segments[-1].end - segments[0].start,
        )

    def ranking(self) -> list[tuple[str, float]]:
        """Return the labels with the highest mean probability over the frames so far."""
        return top_labels(self._sum / len(self), self.labels, self._top)

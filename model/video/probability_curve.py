"""The mean probabilities of a clip over time, at a limited number of points however long the clip is."""

from __future__ import annotations

import numpy as np

_INITIAL_WIDTH = 0.04  # seconds of an interval at first: one frame of most clips


class ProbabilityCurve:
    """Mean probabilities in intervals of equal length, which doubles whenever there are too many intervals.

    Args:
        labels: Number of labels.
        points: Maximum number of points, even.
        start: Time of the first point, in seconds.
    """

    def __init__(self, labels: int, points: int = 300, start: float = 0.0) -> None:
        self._start = start
        self._width = _INITIAL_WIDTH
        self._sums = np.zeros((points, labels))
        self._counts = np.zeros(points, np.int64)

    def add(self, time: float, probabilities: np.ndarray) -> None:
        """Add a frame.

        Args:
            time: Seconds from the clip's first frame, at least `start`.
            probabilities: (labels,), 0 to 1.
        """
        time -= self._start
        while time >= self._width * len(self._counts):
            self._double_intervals()
        point = int(time / self._width)
        self._sums[point] += probabilities
        self._counts[point] += 1

    def points(self, labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the curves of some labels; intervals without frames are left out.

        Args:
            labels: Indices of the labels.

        Returns:
            The middle of each interval in seconds, (points,), and the mean probabilities, (points, labels).
        """
        filled = np.flatnonzero(self._counts)
        means = self._sums[np.ix_(filled, np.asarray(labels, np.int64))] / self._counts[filled, None]
        return self._start + (filled + 0.5) * self._width, means

    def _double_intervals(self) -> None:
        half = len(self._counts) // 2
        self._sums[:half] = self._sums[0::2] + self._sums[1::2]
        self._counts[:half] = self._counts[0::2] + self._counts[1::2]
        self._sums[half:], self._counts[half:] = 0, 0
        self._width *= 2

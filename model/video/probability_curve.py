"""The probabilities of a clip over time, in a fixed number of points however long it is."""

from __future__ import annotations

import numpy as np

_FIRST_WIDTH = 0.04  # seconds a point stands for at the start: one frame of most clips


class ProbabilityCurve:
    """Mean probabilities over equal stretches of time; the stretches double when the points run out.

    Args:
        labels: Number of labels.
        points: Number of points at most, even.
        start: Where the curve begins, in seconds.
    """

    def __init__(self, labels: int, points: int = 300, start: float = 0.0) -> None:
        self._start = start
        self._width = _FIRST_WIDTH
        self._sums = np.zeros((points, labels))
        self._counts = np.zeros(points, np.int64)

    def add(self, time: float, probabilities: np.ndarray) -> None:
        """Take a frame.

        Args:
            time: Seconds from the clip's first frame, `start` or more.
            probabilities: (labels,), 0 to 1.
        """
        time -= self._start
        while time >= self._width * len(self._counts):
            self._halve()
        point = int(time / self._width)
        self._sums[point] += probabilities
        self._counts[point] += 1

    def points(self, labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the curve of some labels, at the points that have any frame.

        Args:
            labels: Numbers of the labels wanted.

        Returns:
            Times in the middle of each stretch, (points,), and mean probabilities, (points, labels).
        """
        filled = np.flatnonzero(self._counts)
        means = self._sums[np.ix_(filled, np.asarray(labels, np.int64))] / self._counts[filled, None]
        return self._start + (filled + 0.5) * self._width, means

    def _halve(self) -> None:
        half = len(self._counts) // 2
        self._sums[:half] = self._sums[0::2] + self._sums[1::2]
        self._counts[:half] = self._counts[0::2] + self._counts[1::2]
        self._sums[half:], self._counts[half:] = 0, 0
        self._width *= 2

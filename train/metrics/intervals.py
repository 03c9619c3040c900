"""Confidence intervals of metrics."""

from __future__ import annotations

import numpy as np

_RESAMPLES = 1000


def wilson_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share of `n` cases (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def macro_f1_interval(matrix: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % confidence interval of the macro-averaged F1, by the bootstrap (Efron 1979, percentiles).

    Args:
        matrix: (classes, classes), int: images by true (rows) and predicted class; at least one image.
        seed: Seed of the resamples.
    """
    cells = np.flatnonzero(matrix)
    true, predicted = np.divmod(cells, matrix.shape[1])
    images = np.random.default_rng(seed).multinomial(
        int(matrix.sum()), matrix.ravel()[cells] / matrix.sum(), _RESAMPLES
    )  # (resamples, cells)
    columns = np.unique([true, predicted])
    is_true, is_predicted = (numbers[:, np.newaxis] == columns for numbers in (true, predicted))
    support = images @ is_true  # (resamples, classes)
    f1 = 2 * (images @ (is_true & is_predicted)) / np.maximum(support + images @ is_predicted, 1)
    # A class that a resample lacks does not count in it, as in the metric itself.
    means = np.average(f1, axis=1, weights=support > 0)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)

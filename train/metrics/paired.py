"""Whether two models differ by more than chance on the same images."""

from __future__ import annotations

import numpy as np


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947): of no difference between two models' accuracies.

    Only the images that one model gets right and the other wrong count. Without a difference, either model is the one
    that is right as often as the other.

    Args:
        first: (n,), bool: whether the first model is right on each image.
        second: (n,), bool: the same of the second model.
    """
    from scipy.stats import binomtest  # takes a second

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differing = only_first + only_second
    return float(binomtest(only_first, differing).pvalue) if differing else 1.0

"""Whether two models differ by more than chance on the same images."""

from __future__ import annotations

from collections.abc import Mapping

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


def clearly_best(losses: Mapping[str, np.ndarray], usual: str, *, standard_errors: float) -> str:
    """Return the choice with the lowest mean loss among those that clearly beat the usual one; else the usual one.

    Args:
        losses: The loss of every image by choice, (n,), float, in the same order.
        usual: The choice to keep in doubt.
        standard_errors: How many standard errors of the paired difference are clear.
    """
    best, most = usual, 0.0
    for choice, values in losses.items():
        gains = losses[usual] - values
        gain, error = gains.mean(), gains.std() / max(1, len(gains)) ** 0.5
        if gain > max(most, standard_errors * error):
            best, most = choice, gain
    return best

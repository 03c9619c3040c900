"""Whether two models differ by more than chance on the same images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

_MANY = 2000  # of more groups or images that differ, the exact value takes long and says nothing else


def mcnemar(first: np.ndarray, second: np.ndarray, groups: Sequence[int] = ()) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947): of no difference between two models' accuracies.

    Only the images that one model gets right and the other wrong count. Without a difference, either model is the one
    that is right as often as the other. Images of one group are right or wrong together: so are they exchanged here.

    Args:
        first: (n,), bool: whether the first model is right on each image.
        second: (n,), bool: the same of the second model.
        groups: The group of each image; empty where each stands for itself.
    """
    group = np.unique(groups, return_inverse=True)[1] if len(groups) else np.arange(len(first))
    differences = np.bincount(group, first.astype(float) - second).astype(int)  # by group
    if np.count_nonzero(differences) > _MANY:  # the normal approximation (Obuchowski 1998)
        return math.erfc(abs(float(differences.sum())) / math.sqrt(2 * float(differences @ differences)))
    chances = np.ones(1)  # of each sum of the differences, whose signs are as likely as their opposites
    for size in np.abs(differences[differences != 0]).tolist():
        shifted = np.zeros(len(chances) + 2 * size)
        shifted[: len(chances)] += chances / 2
        shifted[2 * size :] += chances / 2
        chances = shifted
    sums = np.abs(np.arange(len(chances)) - len(chances) // 2)
    return float(min(1.0, chances[sums >= abs(int(differences.sum()))].sum()))


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

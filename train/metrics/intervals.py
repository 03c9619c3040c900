"""Confidence intervals of metrics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_RESAMPLES = 1000
_Z = 1.96


def wilson_interval(share: float, n: float, z: float = _Z) -> tuple[float, float]:
    """Return the 95% confidence interval of a share of `n` cases (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def accuracy_interval(right: np.ndarray, groups: Sequence[int] = ()) -> tuple[float, float]:
    """Return the 95% confidence interval of the share of images that are right.

    Images of one group, such as a person or a clip, are right or wrong together. They count as fewer images then: as
    many independent ones as would vary so much (Korn & Graubard 1998). Of 10 groups of 40 images, correlated by 0.05,
    the interval holds the true share in 95 of 100 cases; that of independent images does in 75.

    Args:
        right: (n,), bool; n at least 1.
        groups: The group of each image; empty where each stands for itself.
    """
    share, n = float(right.mean()), len(right)
    names, group = np.unique(groups, return_inverse=True)
    count = len(names)
    if count in (0, 1, n) or share in (0, 1):
        return wilson_interval(share, n)
    from scipy.special import stdtrit  # takes a moment, which a command's first checks do not wait for

    deviations = np.bincount(group, right - share)
    variance = count / (count - 1) * float(deviations @ deviations) / n**2
    if not variance:
        return wilson_interval(share, n)
    independent = share * (1 - share) / variance * (_Z / stdtrit(count - 1, 0.975)) ** 2
    return wilson_interval(share, min(n, independent))


def macro_f1_interval(
    classes: np.ndarray, predicted: np.ndarray, groups: Sequence[int] = (), seed: int = 0
) -> tuple[float, float]:
    """Return the 95% confidence interval of the macro-averaged F1, by the bootstrap (Efron 1979, percentiles).

    Args:
        classes: (n,), int: the true class of each image; n at least 1.
        predicted: (n,), int: the predicted class.
        groups: The group of each image, which a resample has as a whole or not; empty where each stands for itself.
        seed: Seed of the resamples.
    """
    rng, n = np.random.default_rng(seed), len(classes)
    pairs, pair, counts = np.unique([classes, predicted], axis=1, return_inverse=True, return_counts=True)
    if len(groups):
        from scipy.sparse import csr_array  # takes a moment, which a command's first checks do not wait for

        names, group = np.unique(groups, return_inverse=True)
        of_group = csr_array((np.ones(n, int), (group, pair.ravel())), shape=(len(names), len(counts)))
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), _RESAMPLES)
        images = (of_group.T @ drawn.T).T  # (resamples, pairs)
    else:
        images = rng.multinomial(n, counts / n, _RESAMPLES)
    columns = np.unique(pairs)
    is_true, is_predicted = (numbers[:, np.newaxis] == columns for numbers in pairs)
    support = images @ is_true  # (resamples, classes)
    f1 = 2 * (images @ (is_true & is_predicted)) / np.maximum(support + images @ is_predicted, 1)
    # A class that a resample lacks does not count in it, as in the metric itself.
    means = np.average(f1, axis=1, weights=support > 0)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)

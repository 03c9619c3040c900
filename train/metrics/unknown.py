"""The rule by which a model says "none of these", fitted on images of its labels that it was not trained on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from model.statistics import NoneRule, log_distance, logit

# The share of images of the labels that each of the two conditions may turn away.
_TURNED_AWAY = 0.04
_Z = 1.75  # the same share of a normal distribution; a few images have no quantile worth the name
_FEWEST_IMAGES = 8
_MIN_SPREAD = 0.05
# Stored features: enough to find near neighbours in, few enough for a small file.
_MOST_REFERENCES, _MOST_PER_CLASS, _FEWEST_PER_CLASS = 2000, 50, 5


def fit_none_rule(distances: np.ndarray, top_probabilities: np.ndarray) -> NoneRule | None:
    """Fit the rule; at least 92 % of such images pass it.

    Args:
        distances: (n,), float: distances of images of the labels from the training images, which they are not among.
        top_probabilities: (n,), float, 0 to 1: the calibrated probability of their most likely label.

    Returns:
        The rule; None with too few images.
    """
    if len(distances) < _FEWEST_IMAGES:
        return None
    logs = np.array([log_distance(float(distance)) for distance in distances])
    logits = np.array([logit(float(probability)) for probability in top_probabilities])
    (distance_centre, distance_spread), (centre, spread) = _centre_and_spread(logs), _centre_and_spread(logits)
    rule = NoneRule(math.inf, distance_centre, distance_spread, centre, spread, -math.inf)
    scores = np.array([rule.score(float(d), float(p)) for d, p in zip(distances, top_probabilities, strict=True)])
    farthest = max(np.quantile(logs, 1 - _TURNED_AWAY, method="higher"), logs.mean() + _Z * logs.std())
    lowest = min(np.quantile(scores, _TURNED_AWAY, method="lower"), scores.mean() - _Z * scores.std())
    # Rounded outwards, so that the image at the limit passes.
    return replace(rule, max_distance=round(math.exp(farthest) + 1e-6, 6), min_score=round(float(lowest) - 1e-6, 6))


def reference_rows(classes: np.ndarray, seed: int) -> np.ndarray:
    """Return the rows of the training images whose features are stored, in order: up to fifty of each class.

    Args:
        classes: (n,), int: the class of each image.
        seed: Seed of the choice.
    """
    rng = np.random.default_rng(seed)
    present = np.unique(classes)
    each = min(_MOST_PER_CLASS, max(_FEWEST_PER_CLASS, _MOST_REFERENCES // max(1, len(present))))
    chosen = [rng.permutation(np.flatnonzero(classes == one))[:each] for one in present]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, int)


def _centre_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Return the median, and the median absolute deviation as an estimate of the standard deviation."""
    centre = float(np.median(values))
    return round(centre, 6), round(max(_MIN_SPREAD, 1.4826 * float(np.median(np.abs(values - centre)))), 6)

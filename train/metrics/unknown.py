"""The rule by which a model says "none of these", fitted on images of its labels that it was not trained on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from model.statistics import NoneRule, log_distance, logit, nearest_distances

# The share of images of the labels that each of the two conditions may turn away.
_TOO_FAR, _TOO_DOUBTFUL = 0.05, 0.03
# Beyond so many standard deviations of the logarithm a distance is too far: 4% of a normal distribution.
_FAR = 1.75
_Z = 1.9  # that of a normal distribution with the latter share; a few images have no quantile worth the name
_FEWEST_IMAGES = 5
_MIN_SPREAD = 0.05
# Stored features: enough to find near neighbours in, few enough for a small file.
_BLOCK = 1000  # references that are compared with all others at once
_MOST_REFERENCES, _MOST_PER_CLASS, _FEWEST_PER_CLASS = 2000, 50, 5


def fit_none_rule(
    distances: np.ndarray, top_probabilities: np.ndarray, training_distances: np.ndarray
) -> NoneRule | None:
    """Fit the rule; at least 92% of images of the labels should pass it.

    The few images that the network was not trained on say how far such images usually are. How much that varies is
    learned from the many training images, each of which is compared with the others.

    Args:
        distances: (n,), float: distances of images of the labels from the training images, which they are not among.
        top_probabilities: (n,), float, 0 to 1: the calibrated probability of their most likely label.
        training_distances: (m,), float: distances of training images from the other ones.

    Returns:
        The rule; None with too few images.
    """
    if len(distances) < _FEWEST_IMAGES or len(training_distances) < _FEWEST_IMAGES:
        return None
    usual = np.array([log_distance(float(distance)) for distance in training_distances])
    logs = np.array([log_distance(float(distance)) for distance in distances])
    usual += max(0.0, float(np.median(logs) - np.median(usual)))  # networks have their training images closer together
    logits = np.array([logit(float(probability)) for probability in top_probabilities])
    (distance_centre, distance_spread), (centre, spread) = _centre_and_spread(usual), _centre_and_spread(logits)
    rule = NoneRule(math.inf, distance_centre, distance_spread, centre, spread, -math.inf)
    scores = np.array([rule.score(float(d), float(p)) for d, p in zip(distances, top_probabilities, strict=True)])
    farthest = min(_upper_quantile(usual), _upper_quantile(logs), float(logs.mean() + _FAR * logs.std()))
    lowest = min(np.quantile(scores, _TOO_DOUBTFUL, method="lower"), scores.mean() - _Z * scores.std())
    # Rounded outwards, so that the image at the limit passes.
    return replace(rule, max_distance=round(math.exp(farthest) + 1e-6, 6), min_score=round(float(lowest) - 1e-6, 6))


def distances_within(references: np.ndarray) -> np.ndarray:
    """Return the distance of each reference, (m, channels), from the others, (m,); empty with fewer than two."""
    if len(references) < 2:
        return np.zeros(0, np.float32)
    found = np.zeros(len(references), np.float32)
    for start in range(0, len(references), _BLOCK):
        similarities = references[start : start + _BLOCK] @ references.T
        others = np.ones(similarities.shape, bool)
        np.fill_diagonal(others[:, start:], False)  # without the image itself
        found[start : start + _BLOCK] = nearest_distances(similarities[others].reshape(len(others), -1))
    return found


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


def _upper_quantile(values: np.ndarray) -> float:
    """Return what all but a twentieth of further values stay below, on average, however few these are.

    It is the quantile of conformal prediction (Vovk et al. 2005).
    """
    rank = math.ceil((1 - _TOO_FAR) * (len(values) + 1))
    return float(np.sort(values)[min(rank, len(values)) - 1])


def _centre_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Return the median, and the median absolute deviation as an estimate of the standard deviation."""
    centre = float(np.median(values))
    return round(centre, 6), round(max(_MIN_SPREAD, 1.4826 * float(np.median(np.abs(values - centre)))), 6)

"""Fit what recognises images of something else on a trained network: its features of training images, and a rule."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from model.statistics import Statistics, distances, normalised
from train.data.folds import rarest_labels
from train.metrics.unknown import distances_within, fit_none_rule, reference_rows
from train.network.linear_probe import predicted_features
from train.trainer.run import TrainingRun

# Of a fold, (parts, n, channels), each of length 1: the features of some training images and those of the others.
FoldFeatures = tuple[np.ndarray, np.ndarray]
_LEAST_SPREAD = 1e-3
_LEAST_DISTANCE = 1e-3


def part_counts(folds: Sequence[FoldFeatures]) -> tuple[tuple[float, ...], np.ndarray]:
    """Return how much the parts of the features count, by how little the distances of unseen images vary in them.

    A network that was tuned brings such images closer together than those of something else; where it has learned its
    training images by heart, it does so for a few only. The spread tells the two apart. How far apart a network has any
    two images differs from one to the next, so that distances in its parts are compared as multiples of that.

    Args:
        folds: The features of each fold.

    Returns:
        How much a distance counts in each part, which sum to 1; and the distances of the unseen images, (n,), fold
        after fold, as multiples of the usual distance that `part_weights` returns for a network.
    """
    parts = [
        [distances(far, near) / mean_distance(near) for far, near in zip(others, known, strict=True)]
        for known, others in folds
    ]
    precision = 1 / np.maximum(np.concatenate(parts, axis=1).std(axis=1), _LEAST_SPREAD)
    counts = tuple(float(count) for count in precision / precision.sum())
    found = []
    for known, others in folds:
        weights, usual = part_weights(counts, known)
        found.append(distances(_joined(others, weights), _joined(known, weights)) / usual)
    return counts, np.concatenate(found)


def part_weights(counts: Sequence[float], known: np.ndarray) -> tuple[tuple[float, ...], float]:
    """Return the weights of the parts in the joint features of one network, and its usual distance.

    Args:
        counts: How much a distance counts in each part, as `part_counts` returns it.
        known: (parts, n, channels), each of length 1: the features of training images by this network.

    Returns:
        The weights, which sum to 1; and the usual distance of a training image from the others.
    """
    scaled = np.array(counts) / [mean_distance(part) for part in known]
    weights = tuple(float(weight) for weight in scaled / scaled.sum())
    return weights, usual_distance(_joined(known, weights))


def usual_distance(references: np.ndarray) -> float:
    """Return the median distance of each row, (m, channels), of length 1, from the others; above 0, to divide by.

    It depends on the scale of the network and on the number of images, as the distances of unseen images do.
    """
    found = distances_within(references)
    return max(float(np.median(found)) if len(found) else 0.0, _LEAST_DISTANCE)


def mean_distance(features: np.ndarray) -> float:
    """Return the mean cosine distance of two different rows, (n, channels), of length 1; above 0, to divide by."""
    count = len(features)
    return max(float(1 - np.square(features.mean(axis=0)).sum()) * count / max(1, count - 1), _LEAST_DISTANCE)


def _joined(parts: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Return features, (n, parts · channels), of length 1, in whose cosine the parts count by their weights."""
    return np.hstack([weight**0.5 * part for part, weight in zip(parts, weights, strict=True)])


def references_of(model: keras.Model, run: TrainingRun, rows: np.ndarray) -> np.ndarray:
    """Return the features of some training images, (m, channels), float32, of length 1.

    Args:
        model: From images to the features.
        run: The images, and the seed of the choice.
        rows: (n,), int, in order: rows of the images that the network was trained on.
    """
    return as_stored(predicted_features(model, run.images(stored_rows(run, rows)).images))


def stored_rows(run: TrainingRun, rows: np.ndarray) -> np.ndarray:
    """Return those of the rows, (n,), int, whose features are stored: some of each label, by the rarest of an image."""
    return rows[reference_rows(rarest_labels(run.targets[rows]), run.settings.seed)]


def as_stored(features: np.ndarray) -> np.ndarray:
    """Return features with length 1, rounded as the bundle stores them: the rule is fitted on what will be computed."""
    return normalised(normalised(features).astype(np.float16))


def fit_statistics(references: np.ndarray, found: np.ndarray, top: np.ndarray) -> Statistics | None:
    """Return the statistics of a network.

    Args:
        references: (m, channels): the features of training images, as they are stored.
        found: (n,): the distances from unseen images of the labels to them.
        top: (n,), 0 to 1: the largest calibrated probabilities of these images.

    Returns:
        The statistics; None with too few images.
    """
    rule = fit_none_rule(found, top, distances_within(references))
    return None if rule is None else Statistics(references, rule)

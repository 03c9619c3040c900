"""Fit what recognises images of something else on a trained network: its features of training images, and a rule."""

from __future__ import annotations

import keras
import numpy as np

from model.statistics import Statistics, normalised
from train.metrics.unknown import distances_within, fit_none_rule, reference_rows
from train.network.linear_probe import predicted_features
from train.trainer.run import TrainingRun


def references_of(model: keras.Model, run: TrainingRun, rows: np.ndarray) -> np.ndarray:
    """Return the features of some training images, (m, channels), float32, of length 1.

    Args:
        model: From images to the features.
        run: The images, and the seed of the choice.
        rows: (n,), int, in order: rows of the images that the network was trained on.
    """
    chosen = rows[reference_rows(run.targets[rows].argmax(axis=1), run.settings.seed)]
    return as_stored(predicted_features(model, run.images(chosen).images))


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

"""Fit what recognises images of something else on a trained network: its features of training images, and a rule."""

from __future__ import annotations

import keras
import numpy as np

from model.statistics import NoneRule, Statistics, distances, normalised
from train.data.batches import LabelledImages
from train.metrics.unknown import distances_within, fit_none_rule, reference_rows
from train.network.linear_probe import predicted_features


def references_of(model: keras.Model, images: LabelledImages, seed: int) -> np.ndarray:
    """Return the features of some training images, (m, channels), float32, of length 1.

    Args:
        model: From images to the features.
        images: The training images.
        seed: Seed of the choice.
    """
    rows = reference_rows(images.classes, seed)
    # Rounded as the bundle stores them, so that the rule is fitted on the distances that will be computed.
    return normalised(normalised(predicted_features(model, images.images, rows)).astype(np.float16))


def fit_statistics(
    model: keras.Model, train: LabelledImages, validation: LabelledImages, probabilities: np.ndarray, seed: int
) -> Statistics | None:
    """Return the statistics of a trained network.

    Args:
        model: From images to the features of the trained network.
        train: The images it was trained on.
        validation: Images of the labels that it was not trained on.
        probabilities: (validation images, classes), 0 to 1: their calibrated probabilities.
        seed: Seed of the choice of training images.

    Returns:
        The statistics; None with too few validation images.
    """
    references = references_of(model, train, seed)
    rule: NoneRule | None = None
    if len(references) and len(validation.images):
        features = predicted_features(model, validation.images)
        rule = fit_none_rule(distances(features, references), probabilities.max(axis=1), distances_within(references))
    return None if rule is None else Statistics(references, rule)

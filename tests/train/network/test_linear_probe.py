"""The logits start from a regression on the network's own features."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing import InputSpec
from tests.support.cases import rotating
from tests.support.training import brightness_images
from train.data.augmentation import shrink_all
from train.data.batches import LabelledImages
from train.network.architectures import build
from train.network.linear_probe import fit_probe, start_from_probe
from train.settings import Settings
from train.trainer.loop import predict_logits


def split(classes: int, seed: int) -> LabelledImages:
    """Twelve images of each class, told apart by their brightness."""
    return brightness_images([index % classes for index in range(12 * classes)], classes, seed=seed)


@pytest.mark.parametrize(("classes", "with_validation"), rotating([2, 3], [True, False]))
def test_the_network_classifies_before_any_training(classes: int, with_validation: bool) -> None:
    train, other = split(classes, 1), split(classes, 2)
    validation = other if with_validation else LabelledImages(other.images[:0], other.targets[:0])
    model = build(Settings(size=32), InputSpec(32, 32), classes)

    start_from_probe(model, train, validation, Settings(size=32))

    assert (predict_logits(model, other.images).argmax(axis=1) == other.targets.argmax(axis=1)).mean() > 0.9


def test_a_network_of_a_smaller_input_sees_smaller_images() -> None:
    train, other = split(2, 1), split(2, 2)
    model = build(Settings(size=32), InputSpec(32, 32), 2, scale=0.5)

    start_from_probe(model, train, other, Settings(size=32, flip=False))

    small = shrink_all(other.images, (16, 16))
    assert (predict_logits(model, small).argmax(axis=1) == other.targets.argmax(axis=1)).mean() > 0.9


def test_a_class_without_training_images_keeps_its_place() -> None:
    two, validation = split(2, 1), split(2, 2)
    train = LabelledImages(two.images, np.insert(two.targets, 1, 0, axis=1))  # labels 0 and 2 of three
    model = build(Settings(size=32), InputSpec(32, 32), 3)

    start_from_probe(model, train, LabelledImages(validation.images, train.targets), Settings(size=32))

    logits = predict_logits(model, train.images)
    assert (logits[train.targets.argmax(axis=1) == 2, 2] > logits[train.targets.argmax(axis=1) == 2, 0]).mean() > 0.9


def test_of_several_labels_each_has_a_regression_of_its_own() -> None:
    features = np.random.default_rng(1).normal(size=(1, 60, 3))
    has = features[0] > 0
    has[:, 2] = True  # all images have the third label

    probe = fit_probe(features, has.astype(float), 1.0, multi_label=True)

    logits = probe.logits(features[0])
    assert ((logits > 0) == has).mean() > 0.95
    assert np.ptp(logits[:, 2]) == 0, "of a label that all images have, nothing can be learned"

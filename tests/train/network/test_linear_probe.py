"""The logits start from a regression on the network's own features."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing import InputSpec
from train.data.augmentation import shrink_all
from train.data.batches import LabelledImages
from train.network.architectures import build
from train.network.linear_probe import start_from_probe
from train.settings import Settings
from train.trainer.loop import predict_logits


def part(classes: int, seed: int) -> LabelledImages:
    """Twelve images a class, told apart by their brightness."""
    rng = np.random.default_rng(seed)
    labels = np.arange(12 * classes) % classes
    levels = 30 + labels[:, None, None, None] * (200 / classes)
    images = np.clip(levels + rng.normal(0, 5, (len(labels), 32, 32, 3)), 0, 255).astype(np.uint8)
    return LabelledImages(images, np.eye(classes, dtype=np.float32)[labels])


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("with_validation", [True, False])
def test_the_logits_answer_before_any_training(classes: int, with_validation: bool) -> None:
    train, other = part(classes, 1), part(classes, 2)
    validation = other if with_validation else LabelledImages(other.images[:0], other.targets[:0])
    model = build(Settings(size=32), InputSpec(32, 32), classes)

    start_from_probe(model, train, validation, mirror=True, seed=1)

    assert (predict_logits(model, other.images).argmax(axis=1) == other.classes).mean() > 0.9


def test_a_network_of_a_smaller_input_sees_smaller_images() -> None:
    train, other = part(2, 1), part(2, 2)
    model = build(Settings(size=32), InputSpec(32, 32), 2, scale=0.5)

    start_from_probe(model, train, other, mirror=False, seed=1)

    small = shrink_all(other.images, (16, 16))
    assert (predict_logits(model, small).argmax(axis=1) == other.classes).mean() > 0.9


def test_a_class_without_training_images_keeps_its_place() -> None:
    two, validation = part(2, 1), part(2, 2)
    train = LabelledImages(two.images, np.insert(two.targets, 1, 0, axis=1))  # labels 0 and 2 of three
    model = build(Settings(size=32), InputSpec(32, 32), 3)

    start_from_probe(model, train, LabelledImages(validation.images, train.targets), mirror=False, seed=1)

    logits = predict_logits(model, train.images)
    assert (logits[train.classes == 2, 2] > logits[train.classes == 2, 0]).mean() > 0.9

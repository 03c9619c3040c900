"""The phases of training, and what comes out of them."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.architectures import build
from train.fitting import Part, fit, one_hot, plan, predict_logits
from train.settings import Settings


def test_training_from_scratch_is_one_phase() -> None:
    (phase,) = plan(Settings(epochs=7, size=64))

    assert (phase.epochs, phase.side, phase.head_only) == (7, 64, False)
    assert phase.first_rate > phase.last_rate == 0


def test_pretrained_weights_get_a_new_head_first_and_lower_rates_afterwards() -> None:
    head, tuning = plan(Settings(architecture="mobilenet_v2", weights="imagenet", epochs=8))

    assert (head.head_only, tuning.head_only) == (True, False)
    assert head.epochs + tuning.epochs == 8
    assert tuning.first_rate < head.first_rate


@pytest.mark.parametrize("size", [16, 24, 41, 100, 128, 224])
@pytest.mark.parametrize("early_size", [0.25, 0.5, 0.75, 0.99])
def test_small_pictures_come_first_and_are_never_larger_than_full_size(size: int, early_size: float) -> None:
    early, full = plan(Settings(size=size, early_size=early_size, epochs=10))

    assert 16 <= early.side <= full.side == size
    assert early.epochs + full.epochs == 10


@pytest.mark.parametrize("options", [{"early_size": 0.5}, {"architecture": "mobilenet_v2", "weights": "imagenet"}])
def test_a_single_epoch_is_a_single_phase(options: dict) -> None:
    assert [phase.epochs for phase in plan(Settings(epochs=1, **options))] == [1]


def test_classes_become_rows_with_a_single_one() -> None:
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)


@pytest.fixture(scope="module")
def part() -> Part:
    rng = np.random.default_rng(1)
    classes = np.arange(16) % 2
    pictures = np.clip(classes[:, None, None, None] * 120 + rng.normal(60, 20, (16, 32, 32, 3)), 0, 255)
    return Part(pictures.astype(np.uint8), classes)


def test_logits_come_in_order_whatever_the_batch_size(part: Part) -> None:
    model = build(Settings(size=32), InputSpec(32, 32), 2)

    expected = model.predict_on_batch(part.pictures)

    for batch_size in (1, 5, 16, 64):
        np.testing.assert_allclose(predict_logits(model, part.pictures, batch_size), expected, atol=1e-4)
    assert predict_logits(model, part.pictures[:0]).shape == (0, 2)


def test_a_loss_that_is_no_longer_a_number_is_said_with_the_option_that_caused_it(part: Part) -> None:
    settings = Settings(size=16, learning_rate=10, weight_decay=10, epochs=10, batch_size=2)
    small, nothing = (Part(part.pictures[:n, :16, :16], part.classes[:n]) for n in (16, 0))

    with pytest.raises(SettingsError, match="--learning-rate"):
        fit(settings, InputSpec(16, 16), 2, small, nothing)

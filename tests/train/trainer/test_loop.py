"""Training learns, keeps the best weights, and ends well when it cannot go on."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.data.augmentation import shrink_all
from train.data.batches import LabelledImages
from train.network.architectures import build
from train.settings import Settings
from train.trainer.loop import fit, predict_logits


@pytest.fixture(scope="module")
def part() -> LabelledImages:
    rng = np.random.default_rng(1)
    classes = np.arange(16) % 2
    images = np.clip(classes[:, None, None, None] * 120 + rng.normal(60, 20, (16, 32, 32, 3)), 0, 255)
    return LabelledImages(images.astype(np.uint8), np.eye(2, dtype=np.float32)[classes])


def test_logits_come_in_order_whatever_the_batch_size(part: LabelledImages) -> None:
    model = build(Settings(size=32), InputSpec(32, 32), 2)

    expected = model.predict_on_batch(part.images)

    for batch_size in (1, 5, 16, 64):
        np.testing.assert_allclose(predict_logits(model, part.images, batch_size), expected, atol=1e-4)
    assert predict_logits(model, part.images[:0]).shape == (0, 2)


def test_a_loss_that_is_no_number_in_the_first_epoch_is_said_with_the_option_that_caused_it(
    part: LabelledImages,
) -> None:
    settings = Settings(architecture="plain", size=32, learning_rate=10, l2=10, batch_size=1, optimizer="sgd")

    with pytest.raises(SettingsError, match="--learning-rate 10"):
        fit(settings, InputSpec(32, 32), 2, part, NOTHING)


def test_a_loss_that_is_no_number_later_leaves_the_last_good_weights(
    part: LabelledImages, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(size=32, learning_rate=10, weight_decay=10, epochs=40, batch_size=4)

    result = fit(settings, InputSpec(32, 32), 2, part, NOTHING)

    assert result.interrupted
    assert 1 <= len(result.history) < 40
    assert all(np.isfinite(w).all() for w in result.model.get_weights())
    assert "--learning-rate 10. Try a lower one. Keeping the best so far" in capsys.readouterr().err


def test_a_network_may_be_served_larger_than_it_is_trained(
    part: LabelledImages, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        size=32,
        training_scale=0.5,
        epochs=14,
        batch_size=4,
        learning_rate=5e-3,
        brightness_contrast=0,
        random_erasing_prob=0,
    )

    result = fit(settings, InputSpec(32, 32), 2, part, part)

    assert "at 16 x 16 pixels" in capsys.readouterr().err
    assert result.model.input_shape == (None, 32, 32, 3)
    trained = build(settings, InputSpec(32, 32), 2, scale=0.5)
    trained.set_weights(result.model.get_weights())
    small = shrink_all(part.images, (16, 16))
    assert (predict_logits(trained, small).argmax(axis=1) == part.classes).mean() == 1


def test_the_best_epoch_counts_and_patience_ends_a_phase(part: LabelledImages) -> None:
    wrong = LabelledImages(part.images, part.targets[::-1])  # what is learnt makes validation worse
    settings = Settings(size=32, epochs=20, batch_size=8, patience=2, learning_rate=0.01)

    result = fit(settings, InputSpec(32, 32), 2, part, wrong)

    losses = [row["val_loss"] for row in result.history]
    assert len(losses) == 1 + int(np.argmin(losses)) + 2
    assert not result.interrupted


@pytest.mark.parametrize(("patience", "kept_last"), [(20, True), (2, False)])
def test_the_last_epoch_counts_when_asked_for_unless_the_run_was_cut_short(
    part: LabelledImages, patience: int, kept_last: bool
) -> None:
    wrong = LabelledImages(part.images, part.targets[::-1])
    settings = Settings(size=32, epochs=6, batch_size=8, patience=patience, learning_rate=0.01, checkpoint="last")

    result = fit(settings, InputSpec(32, 32), 2, part, wrong)

    losses = [row["val_loss"] for row in result.history]
    assert int(np.argmin(losses)) + 1 < len(losses)
    assert result.best_epoch == (6 if kept_last else int(np.argmin(losses)) + 1)


def test_a_plateau_lowers_the_learning_rate(part: LabelledImages) -> None:
    wrong = LabelledImages(part.images, part.targets[::-1])
    settings = Settings(size=32, epochs=6, batch_size=8, patience=6, learning_rate=0.01, schedule="plateau")

    rates = [row["learning_rate"] for row in fit(settings, InputSpec(32, 32), 2, part, wrong).history]

    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.01 / 3, rel=1e-3) or rates[-1] < 0.01 / 3


@pytest.mark.parametrize(
    "options",
    [
        {"ema_decay": 0.5},
        {"multi_label": True},
        {"architecture": "plain", "hidden": "8:0.1", "l2": 1e-3},
        {"mixup_cutmix_prob": 1.0},
    ],
)
def test_every_way_of_training_learns_two_brightnesses(part: LabelledImages, options: dict) -> None:
    settings = Settings(
        size=32, epochs=14, batch_size=4, learning_rate=5e-3, brightness_contrast=0, random_erasing_prob=0, **options
    )

    result = fit(settings, InputSpec(32, 32), 2, part, part)

    assert (predict_logits(result.model, part.images).argmax(axis=1) == part.classes).mean() == 1


NOTHING = LabelledImages(np.zeros((0, 32, 32, 3), np.uint8), np.zeros((0, 2), np.float32))

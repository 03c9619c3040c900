"""Training learns, keeps the best weights, and ends well when it cannot continue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from tests.support.training import brightness_images
from train.data.augmentation import shrink_all
from train.data.batches import LabelledImages
from train.metrics.calibration import calibrated_losses
from train.network.architectures import build
from train.settings import Settings
from train.trainer.checkpoint import Progress, ProgressFile
from train.trainer.loop import FitResult, fit, predict_logits
from train.trainer.run import TrainingRun

SIDE = 16
SPEC = InputSpec(SIDE, SIDE)
IMAGES = brightness_images([0, 1] * 8, 2, side=SIDE, noise=20)
# The labels exchanged: whatever is learnt raises the validation loss.
WRONG = LabelledImages(IMAGES.images, IMAGES.targets[:, ::-1].copy())
NOTHING = LabelledImages(IMAGES.images[:0], IMAGES.targets[:0])


def tiny(**options: Any) -> Settings:
    usual: dict[str, Any] = {
        "architecture": "plain",
        "convolutions": "8",
        "size": SIDE,
        "batch_size": 8,
        "learning_rate": 0.01,
        "brightness_contrast": 0.0,
        "random_erasing_prob": 0.0,
    }
    return Settings(**usual | options)


def fitted(settings: Settings, validation: LabelledImages = IMAGES) -> FitResult:
    return fit(TrainingRun(settings, SPEC, 2, IMAGES, validation))


def test_logits_come_in_order_whatever_the_batch_size() -> None:
    model = build(tiny(), SPEC, 2)

    expected = model.predict_on_batch(IMAGES.images)

    for batch_size in (1, 5, 64):
        np.testing.assert_allclose(predict_logits(model, IMAGES.images, batch_size), expected, atol=1e-4)
    assert predict_logits(model, IMAGES.images[:0]).shape == (0, 2)


def test_a_loss_that_is_not_a_number_in_the_first_epoch_is_an_error_that_names_the_option() -> None:
    with pytest.raises(SettingsError, match="--learning-rate 10"):
        fitted(tiny(convolutions="32,64", learning_rate=10, l2=10, batch_size=1, optimizer="sgd"), NOTHING)


def test_a_loss_that_is_not_a_number_later_leaves_the_last_good_weights(capsys: pytest.CaptureFixture[str]) -> None:
    settings = tiny(learning_rate=2.0, l2=1, optimizer="sgd", schedule="constant", epochs=40)

    result = fitted(settings, NOTHING)

    assert result.interrupted
    assert 1 <= len(result.history) < 40
    assert all(np.isfinite(w).all() for w in result.model.get_weights())
    assert "--learning-rate 2.0. Try a lower one. Keeping the best so far" in capsys.readouterr().err


@pytest.mark.nightly  # test_phases.py has the phases, test_fit.py small images first
def test_a_network_may_be_served_larger_than_it_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    images = brightness_images([0, 1] * 8, 2, side=32)
    settings = tiny(architecture="small", size=32, training_scale=0.5, epochs=14, batch_size=4, learning_rate=5e-3)

    result = fit(TrainingRun(settings, InputSpec(32, 32), 2, images, images))

    assert "at 16 x 16 pixels" in capsys.readouterr().err
    assert result.model.input_shape == (None, 32, 32, 3)
    trained = build(settings, InputSpec(32, 32), 2, scale=0.5)
    trained.set_weights(result.model.get_weights())
    small = shrink_all(images.images, (16, 16))
    assert (predict_logits(trained, small).argmax(axis=1) == images.targets.argmax(axis=1)).mean() == 1


def test_the_best_epoch_is_kept_and_patience_ends_a_phase() -> None:
    result = fitted(tiny(epochs=20, patience=2), WRONG)

    losses = [row["val_loss"] for row in result.history]
    assert len(losses) == 1 + int(np.argmin(losses)) + 2
    assert not result.interrupted


@pytest.mark.parametrize("several", [False, True])
def test_the_loss_that_chooses_the_epoch_is_the_calibrated_one(several: bool) -> None:
    result = fitted(tiny(epochs=4, multi_label=several), WRONG)

    (kept,) = (row for row in result.history if row["epoch"] == result.best_epoch)
    logits = predict_logits(result.model, WRONG.images)
    losses = calibrated_losses(logits, WRONG.targets, multi_label=several)
    assert kept["val_loss"] == pytest.approx(losses.mean(), rel=1e-3)


@pytest.mark.parametrize(("patience", "kept_last"), [(20, True), (2, False)])
def test_the_last_epoch_is_kept_when_asked_for_unless_the_run_was_cut_short(patience: int, kept_last: bool) -> None:
    result = fitted(tiny(epochs=6, patience=patience, checkpoint="last"), WRONG)

    losses = [row["val_loss"] for row in result.history]
    assert int(np.argmin(losses)) + 1 < len(losses)
    assert result.best_epoch == (6 if kept_last else int(np.argmin(losses)) + 1)


def test_the_last_epoch_is_not_kept_where_the_regression_predicts_validation_better(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ProgressFile(tmp_path / "model", {})
    file.save(Progress(start_loss=0.0))

    result = fit(TrainingRun(tiny(epochs=6, checkpoint="last"), SPEC, 2, IMAGES, WRONG, file))

    best = 1 + int(np.argmin([row["val_loss"] for row in result.history]))
    assert result.best_epoch == best < len(result.history) == 6
    assert f"less well than the regression. Keeping epoch {best}." in capsys.readouterr().err


def test_a_plateau_lowers_the_learning_rate() -> None:
    rates = [row["learning_rate"] for row in fitted(tiny(epochs=6, patience=6, schedule="plateau"), WRONG).history]

    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.01 / 3, rel=1e-3) or rates[-1] < 0.01 / 3


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"multi_label": True}, marks=pytest.mark.nightly),  # test_multilabel.py fits one
        {"ema_decay": 0.5, "hidden": "8:0.1", "l2": 1e-3, "mixup_cutmix_prob": 1.0},
        pytest.param({"ema_decay": 0.5}, marks=pytest.mark.nightly),
        pytest.param({"hidden": "8:0.1", "l2": 1e-3}, marks=pytest.mark.nightly),
        pytest.param({"mixup_cutmix_prob": 1.0}, marks=pytest.mark.nightly),
    ],
)
def test_every_way_of_training_learns_two_brightnesses(options: dict[str, Any]) -> None:
    result = fitted(tiny(epochs=14, batch_size=4, **options))

    assert (predict_logits(result.model, IMAGES.images).argmax(axis=1) == IMAGES.targets.argmax(axis=1)).mean() == 1

"""The temperature and the threshold that are fitted on validation images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.verdict import probabilities_of
from train.metrics.calibration import (
    Calibration,
    best_thresholds,
    calibrate,
    calibrate_multilabel,
    calibrated_losses,
)
from train.metrics.classification import cross_entropy


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_calibration_finds_the_factor_that_logits_were_multiplied_by(factor: float) -> None:
    rng = np.random.default_rng(8)
    logits = rng.normal(0, 2, (5_000, 4))
    chances = probabilities_of(logits).cumsum(axis=1)
    classes = (rng.random((5_000, 1)) > chances).sum(axis=1).clip(max=3)

    calibration = calibrate(logits * factor, classes)

    assert calibration.temperature == pytest.approx(factor, rel=0.1)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(2, 4)), elements=st.floats(-50, 50)),
    st.integers(0, 2**32),
)
def test_calibration_never_makes_the_loss_worse(logits: np.ndarray, seed: int) -> None:
    classes = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    assume(np.ptp(logits) > 0.1)

    calibration = calibrate(logits, classes)

    before = cross_entropy(probabilities_of(logits), classes)
    assert cross_entropy(probabilities_of(logits, calibration.temperature), classes) <= before + 1e-3
    assert 0.05 < calibration.temperature < 20
    assert calibration.unknown_threshold is None or 0 <= calibration.unknown_threshold <= 0.5


def test_the_threshold_lets_95_of_100_correct_predictions_through() -> None:
    rng = np.random.default_rng(3)
    logits = np.zeros((2000, 10))
    logits[:, 0] = rng.uniform(0.2, 2.0, 2000)
    classes = np.where(rng.random(2000) < probabilities_of(logits)[:, 0], 0, rng.integers(1, 10, 2000))

    calibration = calibrate(logits, classes)

    tops = probabilities_of(logits, calibration.temperature)[classes == 0].max(axis=1)
    assert calibration.unknown_threshold is not None
    assert (tops >= calibration.unknown_threshold).mean() == pytest.approx(0.95, abs=0.01)


def test_without_validation_images_nothing_is_calibrated() -> None:
    assert calibrate(np.zeros((0, 3)), np.zeros(0, int)) == Calibration(1.0, None)


def test_without_a_correct_prediction_there_is_no_threshold() -> None:
    assert calibrate(np.array([[5.0, 0.0]]), np.array([1])).unknown_threshold is None


def test_a_few_images_that_are_all_right_do_not_make_every_prediction_certain() -> None:
    """The likelihood alone has no minimum here: the lower the temperature, the better."""
    logits = np.tile([2.0, 0.0, 0.0], (24, 1))
    temperatures = [calibrate(np.tile(logits, (times, 1)), np.zeros(24 * times, int)).temperature for times in (1, 100)]

    assert 0.75 < temperatures[0] < 1
    assert 0.1 < temperatures[1] < temperatures[0]  # more evidence


def test_a_few_images_of_many_labels_do_not_make_every_prediction_certain() -> None:
    targets = np.eye(3)[np.arange(24) % 3]
    calibration = calibrate_multilabel(targets * 6 - 3, targets)
    assert 0.75 < calibration.temperature < 1


def test_losses_are_those_after_calibration() -> None:
    targets = np.eye(2)[[0, 1] * 50]
    logits = targets.copy()
    logits[:20] = logits[:20, ::-1]  # a fifth is wrong

    one = calibrated_losses(10 * logits, targets, multi_label=False)
    several = calibrated_losses(20 * logits - 10, targets, multi_label=True)

    assert one.mean() == pytest.approx(0.5, abs=0.03)  # −0.8 ln 0.8 − 0.2 ln 0.2
    assert several.shape == (100,)
    assert several.mean() == pytest.approx(0.5, abs=0.03)


def test_the_threshold_of_an_improbable_label_is_above_0() -> None:
    """The network gives the label 40 parts in a million where it is, and 20 where it is not."""
    has_label = np.arange(20) < 4
    probabilities = np.where(has_label, 4e-5, 2e-5)[:, None]

    (threshold,) = best_thresholds(probabilities, has_label[:, None])

    np.testing.assert_array_equal(probabilities[:, 0] >= threshold, has_label)

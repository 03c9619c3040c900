"""The metrics of an evaluation, checked against definitions, known cases and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    precision_score,
    top_k_accuracy_score,
)

from model.verdict import probabilities_of
from train.metrics.classification import (
    classification_metrics,
    cross_entropy,
    summary,
    top_k_accuracy,
)
from train.metrics.intervals import wilson_interval
from train.metrics.reliability import expected_calibration_error

LABELS = [f"label {i}" for i in range(8)]


@pytest.fixture
def predictions() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 7, 200)  # the last class never occurs
    logits = rng.normal(0, 1, (200, 8))
    logits[np.arange(200), classes] += 1.5
    return probabilities_of(logits), classes


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_wilson_s_interval_holds_the_share_within_zero_and_one(share: float, n: int) -> None:
    low, high = wilson_interval(share, n)

    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert low < high


@given(st.floats(0, 1), st.integers(1, 10**5))
def test_more_cases_make_wilson_s_interval_narrower(share: float, n: int) -> None:
    narrow, wide = wilson_interval(share, 4 * n), wilson_interval(share, n)

    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_wilson_s_interval_has_its_textbook_value() -> None:
    assert wilson_interval(0.1, 10) == pytest.approx((0.01787, 0.40415), abs=1e-4)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(2, 5)), elements=st.floats(-30, 30)),
    st.integers(0, 2**32),
)
def test_the_calibration_error_lies_between_zero_and_one(logits: np.ndarray, seed: int) -> None:
    classes = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))

    assert 0 <= expected_calibration_error(probabilities_of(logits), classes) <= 1


def test_the_calibration_error_is_zero_for_calibrated_and_large_for_over_confident_probabilities() -> None:
    calibrated = np.tile([0.75, 0.25], (400, 1))
    classes = np.array([0, 0, 0, 1] * 100)

    assert expected_calibration_error(calibrated, classes) == pytest.approx(0)
    assert expected_calibration_error(np.tile([1.0, 0.0], (400, 1)), classes) == pytest.approx(0.25)
    assert expected_calibration_error(np.tile([1.0, 0.0], (400, 1)), np.ones(400, int)) == pytest.approx(1)


def test_every_metric_equals_that_of_scikit_learn(predictions: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, classes = predictions
    metrics = classification_metrics(probabilities, classes, LABELS)
    predicted = probabilities.argmax(axis=1)

    assert metrics["n"] == 200
    assert metrics["accuracy"] == pytest.approx(accuracy_score(classes, predicted), abs=1e-6)
    assert metrics["top5_accuracy"] == pytest.approx(
        top_k_accuracy_score(classes, probabilities, k=5, labels=np.arange(8)), abs=1e-6
    )
    assert metrics["macro_f1"] == pytest.approx(
        f1_score(classes, predicted, labels=np.unique(classes), average="macro"), abs=1e-6
    )
    assert metrics["weighted_f1"] == pytest.approx(f1_score(classes, predicted, average="weighted"), abs=1e-6)
    assert metrics["macro_recall"] == pytest.approx(balanced_accuracy_score(classes, predicted), abs=1e-6)
    assert metrics["weighted_recall"] == metrics["accuracy"]
    assert metrics["weighted_precision"] == pytest.approx(
        precision_score(classes, predicted, average="weighted", zero_division=0), abs=1e-6
    )
    assert metrics["loss"] == pytest.approx(
        log_loss(classes, probabilities.astype(np.float64), labels=np.arange(8)), abs=1e-4
    )
    assert np.sum(metrics["confusion_matrix"]) == 200
    assert metrics["confusion_matrix"][7] == [0] * 8
    assert metrics["per_class"]["label 7"]["support"] == 0
    low, high = metrics["accuracy_interval"]
    assert low < metrics["accuracy"] < high


def test_the_summary_has_the_promised_single_metrics(predictions: tuple[np.ndarray, np.ndarray]) -> None:
    single = summary(classification_metrics(*predictions, LABELS) | {"split": "test"})

    assert {"n", "accuracy", "top5_accuracy", "macro_f1", "ece", "loss", "split"} <= set(single)
    assert all(isinstance(value, int | float | str) for value in single.values())


def test_calibration_is_evaluated_before_and_after_and_so_is_the_threshold() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 2, (3000, 4))
    classes = (rng.random((3000, 1)) > probabilities_of(logits).cumsum(axis=1)).sum(axis=1).clip(max=3)

    over_confident, calibrated = probabilities_of(logits * 3), probabilities_of(logits)
    metrics = classification_metrics(calibrated, classes, LABELS[:4], uncalibrated=over_confident, threshold=0.4)

    assert metrics["ece_before"] == pytest.approx(expected_calibration_error(over_confident, classes), abs=1e-6)
    assert metrics["ece"] < 0.03 < 0.1 < metrics["ece_before"]
    assert {name: sum(row[3] for row in rows) for name, rows in metrics["reliability"].items()} == {
        "before": 3000,
        "after": 3000,
    }
    wrong, right = metrics["unknown"]["withheld_wrong"], metrics["unknown"]["withheld_right"]
    assert metrics["unknown"]["answered"] + wrong + right == 3000
    assert metrics["unknown"]["accuracy_answered"] > metrics["accuracy"]


def test_without_a_threshold_or_a_temperature_there_are_no_metrics_of_them(
    predictions: tuple[np.ndarray, np.ndarray],
) -> None:
    metrics = classification_metrics(*predictions, LABELS)

    assert "unknown" not in metrics
    assert "ece_before" not in metrics


def test_best_and_worst_classes_are_those_that_occur_by_f1_and_never_the_same(
    predictions: tuple[np.ndarray, np.ndarray],
) -> None:
    metrics = classification_metrics(*predictions, LABELS)

    ranked = sorted(LABELS[:7], key=lambda label: -metrics["per_class"][label]["f1"])
    assert metrics["best_classes"] == ranked[:4]
    assert metrics["worst_classes"] == ranked[:3:-1]


def test_with_fewer_than_five_labels_the_top_five_hold_all() -> None:
    assert top_k_accuracy(np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([0, 1]), 5) == 1
    assert top_k_accuracy(np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([0, 1]), 1) == 0


def test_a_certain_and_wrong_prediction_has_a_finite_loss() -> None:
    assert cross_entropy(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-12))


def test_the_number_of_groups_is_named_where_some_images_belong_together(
    predictions: tuple[np.ndarray, np.ndarray],
) -> None:
    independent = classification_metrics(*predictions, LABELS)
    grouped = classification_metrics(*predictions, LABELS, groups=[row // 4 for row in range(200)])

    assert "groups" not in independent and grouped["groups"] == 50
    assert summary(grouped)["accuracy_low"] == grouped["accuracy_interval"][0]

"""Curves and histograms: known cases, few points in the file, and nothing invented where classes are missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import auc

from train.metrics.curves import curves, histograms


def truth_of(classes: list[int] | np.ndarray, count: int) -> np.ndarray:
    return np.eye(count, dtype=bool)[np.asarray(classes)]


def random_scores(n: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    classes = rng.integers(0, count, n)
    scores = rng.dirichlet(np.ones(count), n) + 0.3 * truth_of(classes, count)
    return scores / scores.sum(axis=1, keepdims=True), truth_of(classes, count)


def test_a_perfect_model_has_areas_of_one() -> None:
    found = curves(np.eye(3)[[0, 1, 2, 0]], truth_of([0, 1, 2, 0], 3), ["a", "b", "c"])

    for areas in (found["macro"], found["micro"], found["per_class"]["a"]):
        assert (areas["roc_auc"], areas["average_precision"]) == (1.0, 1.0)
    assert found["macro"]["roc"] == [[0, 0], [0, 1], [1, 1]]


def test_areas_of_a_ranking_worked_out_by_hand() -> None:
    # “a” by falling probability: true, false, true, false: three of four pairs are in order.
    first = np.array([0.9, 0.8, 0.7, 0.1])

    areas = curves(np.stack([first, 1 - first], axis=1), truth_of([0, 1, 0, 1], 2), ["a", "b"])["per_class"]["a"]

    assert areas["roc_auc"] == 0.75
    assert areas["average_precision"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)


def test_a_class_that_does_not_occur_has_no_curve_and_changes_no_mean() -> None:
    found = curves(np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]), truth_of([0, 1], 3), ["a", "b", "never"])

    assert set(found["per_class"]) == set(found["drawn"]) == {"a", "b"}
    assert found["macro"]["roc_auc"] == 1.0


def test_where_all_images_show_one_class_only_the_common_curve_is_left() -> None:
    found = curves(np.array([[0.9, 0.1], [0.2, 0.8]]), truth_of([0, 0], 2), ["a", "b"])

    assert found["per_class"] == found["macro"] == found["drawn"] == {}
    assert 0 < found["micro"]["roc_auc"] < 1
    nothing = curves(np.full((2, 2), 0.5), np.zeros((2, 2), bool), ["a", "b"])
    assert nothing == {"per_class": {}, "macro": {}, "micro": {}, "drawn": {}}


def test_curves_of_many_images_keep_few_points_their_ends_and_their_area() -> None:
    found = curves(*random_scores(3000, 4), list("abcd"))

    for lines in (found["micro"], found["macro"], *found["drawn"].values()):
        assert max(len(lines["roc"]), len(lines["precision_recall"])) <= 41
        assert (lines["roc"][0], lines["roc"][-1]) == ([0.0, 0.0], [1.0, 1.0])
    for areas, lines in ((found["micro"], found["micro"]), (found["per_class"]["c"], found["drawn"]["c"])):
        assert auc(*np.array(lines["roc"]).T) == pytest.approx(areas["roc_auc"], abs=0.005)
        assert auc(*np.array(lines["precision_recall"]).T) == pytest.approx(areas["average_precision"], abs=0.01)
    assert auc(*np.array(found["macro"]["roc"]).T) == pytest.approx(found["macro"]["roc_auc"], abs=0.01)


def test_of_many_classes_the_curves_of_the_best_and_the_worst_are_kept() -> None:
    labels = [str(i) for i in range(40)]

    found = curves(*random_scores(1200, 40), labels)

    ranked = sorted(labels, key=lambda label: -found["per_class"][label]["average_precision"])
    assert list(found["drawn"]) == ranked[:5] + ranked[-5:]
    assert len(json.dumps(found)) < 30_000


def test_histograms_count_own_and_other_images_apart() -> None:
    found = histograms(np.array([[1.0, 0.0], [0.52, 0.48], [0.3, 0.7]]), truth_of([0, 0, 1], 2), ["a", "b"])

    assert found["a"]["own"][19] == found["a"]["own"][10] == found["a"]["others"][6] == 1
    assert (sum(found["a"]["own"]), sum(found["a"]["others"])) == (2, 1)
    assert (sum(found["b"]["own"]), sum(found["b"]["others"])) == (1, 2)

"""Areas under the curves: known cases, and few points in the file."""

from __future__ import annotations

import numpy as np
import pytest

from train.curves import curves


def test_a_perfect_model_has_areas_of_one() -> None:
    found = curves(np.eye(3)[[0, 1, 2, 0]], np.array([0, 1, 2, 0]), ["a", "b", "c"])

    assert found["macro"] == found["per_class"]["a"] == {"roc_auc": 1.0, "average_precision": 1.0}
    assert found["micro"]["roc_auc"] == 1.0


def test_areas_of_a_ranking_worked_out_by_hand() -> None:
    # “a” by falling probability: true, false, true, false: three of four pairs are in order.
    first = np.array([0.9, 0.8, 0.7, 0.1])

    areas = curves(np.stack([first, 1 - first], axis=1), np.array([0, 1, 0, 1]), ["a", "b"])["per_class"]["a"]

    assert areas["roc_auc"] == 0.75
    assert areas["average_precision"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)


def test_a_class_that_does_not_occur_has_no_curve_and_changes_no_mean() -> None:
    found = curves(np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]), np.array([0, 1]), ["a", "b", "never"])

    assert set(found["per_class"]) == {"a", "b"}
    assert found["macro"]["roc_auc"] == 1.0


def test_curves_of_many_pictures_are_thinned_and_reach_their_ends() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(4), 3000)

    roc = curves(probabilities, rng.integers(0, 4, 3000), list("abcd"))["micro"]["roc"]

    assert len(roc) <= 41
    assert (roc[0], roc[-1]) == ([0.0, 0.0], [1.0, 1.0])

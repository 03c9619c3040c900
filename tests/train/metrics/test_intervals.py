"""Confidence intervals hold the true value as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from train.metrics.intervals import accuracy_interval, macro_f1_interval, wilson_interval


def draw(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted classes of a model that is right in 80% of three classes of unequal size."""
    true = rng.choice(3, count, p=[0.5, 0.3, 0.2])
    return true, np.where(rng.random(count) < 0.7, true, rng.integers(0, 3, count))


def test_the_interval_of_macro_f1_holds_the_true_value_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    expected = f1_score(*draw(rng, 200_000), average="macro")
    held = 0
    for _ in range(200):
        low, high = macro_f1_interval(*draw(rng, 150))
        held += low <= expected <= high
    assert 0.87 <= held / 200 <= 0.99


@pytest.mark.parametrize("classes", [[0] * 5 + [1] * 5, [0] * 4 + [2] * 3, [0]])
def test_a_perfect_model_has_an_interval_of_1(classes: list[int]) -> None:
    assert macro_f1_interval(np.array(classes), np.array(classes)) == (1.0, 1.0)


def test_with_more_images_the_interval_is_narrower() -> None:
    true, predicted = np.repeat([0, 1], 10), np.repeat([0, 1, 0, 1], [8, 2, 3, 7])
    narrow, wide = macro_f1_interval(np.tile(true, 20), np.tile(predicted, 20)), macro_f1_interval(true, predicted)
    assert wide[0] < narrow[0] < 0.75 < narrow[1] < wide[1]


def test_the_interval_of_macro_f1_holds_the_true_value_where_images_of_a_group_are_right_or_wrong_together() -> None:
    rng = np.random.default_rng(1)
    held = {"by groups": 0, "by images": 0}
    for _ in range(100):
        true = rng.integers(0, 2, 40).repeat(10)  # 40 clips of ten frames
        right = (rng.random(40) < 0.8).repeat(10)
        predicted = np.where(right, true, 1 - true)
        for name, given in (("by groups", np.arange(40).repeat(10).tolist()), ("by images", [])):
            low, high = macro_f1_interval(true, predicted, given)
            held[name] += low <= 0.8 <= high
    assert held["by groups"] >= 87 > 60 > held["by images"]


@pytest.mark.parametrize(("groups", "size", "correlation"), [(10, 40, 0.05), (5, 60, 0.1), (60, 5, 0.3), (100, 2, 0.9)])
def test_the_interval_holds_the_true_accuracy_where_images_of_a_group_are_right_or_wrong_together(
    groups: int, size: int, correlation: float
) -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(groups), size)
    spread = (1 - correlation) / correlation
    held = {"by groups": 0, "by images": 0}
    for _ in range(300):
        share = rng.beta(0.86 * spread, 0.14 * spread, groups)[group]
        right = rng.random(len(group)) < share
        for name, given in (("by groups", group.tolist()), ("by images", [])):
            low, high = accuracy_interval(right, given)
            held[name] += low <= 0.86 <= high
    assert held["by groups"] / 300 >= 0.9 > held["by images"] / 300


@pytest.mark.parametrize("groups", [[], [3, 1, 4, 2], [7, 7, 7, 7]])
def test_without_groups_to_compare_the_interval_is_that_of_independent_images(groups: list[int]) -> None:
    assert accuracy_interval(np.array([True, False, True, True]), groups) == wilson_interval(0.75, 4)


def test_groups_never_make_the_interval_narrower_and_a_perfect_model_has_one() -> None:
    right = np.tile([True, False], 20)
    assert accuracy_interval(right, np.repeat(np.arange(20), 2).tolist()) == wilson_interval(0.5, 40)
    assert accuracy_interval(np.ones(40, bool), [0, 1] * 20) == wilson_interval(1, 40)

"""The verdict on a prediction: sure, unsure, or none of the labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import Bundle
from model.preprocessing import InputSpec
from model.statistics import NoneRule, Statistics
from model.verdict import classification_of

RULE = NoneRule(0.4, np.log(0.2), 0.25, 3.0, 1.5, -3.0)
BUNDLE = Bundle(Path("bundle"), ("cat", "dog"), InputSpec(32, 32), False, 1.0, None)
WITH_STATISTICS = replace(BUNDLE, statistics=Statistics(np.eye(4, dtype=np.float32), RULE))


def verdict(first: float, bundle: Bundle = BUNDLE, distance: float | None = None) -> str:
    return classification_of(np.log([first, max(1 - first, 1e-9)]), bundle, distance).verdict


def test_a_probable_label_is_sure_and_one_hardly_above_the_other_is_not() -> None:
    assert verdict(0.9) == "sure"
    assert verdict(0.51) == "unsure"


@pytest.mark.parametrize("first", [0.51, 0.9, 1.0])
def test_with_two_labels_an_image_of_something_else_is_none_of_these(first: float) -> None:
    assert verdict(first, WITH_STATISTICS, 0.9) == "none"
    assert verdict(first, WITH_STATISTICS, 0.2) == ("sure" if first > 0.6 else "unsure")


def test_far_from_the_training_images_the_logits_are_divided_by_more() -> None:
    near, far = (classification_of(np.log([0.9, 0.1]), WITH_STATISTICS, distance) for distance in (0.2, 0.9))

    assert near.temperature == 1
    assert far.temperature == RULE.temperature_factor(0.9) > 1


def test_without_statistics_a_low_probability_is_none_of_these() -> None:
    assert verdict(0.51, replace(BUNDLE, unknown_threshold=0.55)) == "none"
    assert verdict(0.56, replace(BUNDLE, unknown_threshold=0.55)) == "unsure"


def test_a_label_that_means_nothing_is_there_is_none_of_these_but_the_image_is_not_unknown() -> None:
    flags = replace(BUNDLE, labels=("no flag", "France"))
    found = classification_of(np.log([0.9, 0.1]), flags)

    assert (found.verdict, found.is_unknown) == ("none", False)
    assert verdict(0.51, flags) == "unsure"
    assert verdict(0.1, flags) == "sure"


def test_far_from_the_training_images_a_label_that_means_nothing_is_there_may_be_believed() -> None:
    flags = replace(WITH_STATISTICS, labels=("no flag", "France"))

    nothing = classification_of(np.log([0.51, 0.49]), flags, 0.9)
    country = classification_of(np.log([0.1, 0.9]), flags, 0.9)

    assert (nothing.verdict, nothing.is_unknown) == ("none", False)
    assert (country.verdict, country.is_unknown) == ("none", True)


def test_of_several_labels_none_that_reaches_its_threshold_means_none_of_these() -> None:
    several = replace(BUNDLE, multi_label=True, thresholds=(0.3, 0.5))

    def found(cat: float, dog: float, distance: float | None = None) -> str:
        given = several if distance is None else replace(several, statistics=WITH_STATISTICS.statistics)
        return classification_of(np.array([np.log(p / (1 - p)) for p in (cat, dog)]), given, distance).verdict

    assert found(0.2, 0.4) == "none"
    assert found(0.4, 0.1) == "unsure"
    assert found(0.9, 0.8) == "sure"
    assert found(0.9, 0.8, distance=0.2) == "sure"
    assert found(0.9, 0.8, distance=0.9) == "none"


def test_of_several_labels_the_verdict_is_that_of_the_labels_that_are_predicted() -> None:
    several = replace(BUNDLE, labels=("none", "cat"), multi_label=True, thresholds=(0.8, 0.2))

    def found(none: float, cat: float) -> str:
        return classification_of(np.array([np.log(p / (1 - p)) for p in (none, cat)]), several).verdict

    assert found(0.7, 0.25) == "unsure"  # the more probable label is below its threshold
    assert found(0.7, 0.65) == "sure"
    assert found(0.95, 0.1) == "none"
    assert found(0.85, 0.9) == "sure"


def test_far_from_all_training_images_no_probability_is_near_1() -> None:
    logits = np.array([30.0, 0.0])
    near, far = (classification_of(logits, WITH_STATISTICS, d).probabilities for d in (0.4, 1.2))

    assert near[0] == pytest.approx(1.0)
    assert 0.5 < far[0] < 0.8  # three times the limit: a 27th of the evidence is left
    np.testing.assert_allclose(far.sum(), 1, rtol=1e-6)

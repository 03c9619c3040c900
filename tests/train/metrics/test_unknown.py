"""The rule for "none of these", fitted on images of the labels."""

from __future__ import annotations

import numpy as np
import pytest

from train.metrics.unknown import fit_none_rule, reference_rows


def images_of_the_labels(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Distances around 0.2, and top probabilities of which most are high."""
    rng = np.random.default_rng(seed)
    return 0.2 * np.exp(rng.normal(0, 0.25, count)), 1 / (1 + np.exp(-rng.normal(3, 1.5, count)))


@pytest.mark.parametrize("count", [8, 24, 60, 500])
@pytest.mark.parametrize("seed", range(5))
def test_at_least_92_percent_of_the_images_of_the_labels_pass(count: int, seed: int) -> None:
    distances, tops = images_of_the_labels(count, seed)
    rule = fit_none_rule(distances, tops)

    assert rule is not None
    turned_away = sum(rule.is_none(float(d), float(p)) for d, p in zip(distances, tops, strict=True))
    assert turned_away <= 0.08 * count


def test_an_image_far_from_all_is_none_of_these_however_high_its_probability() -> None:
    rule = fit_none_rule(*images_of_the_labels(100))

    assert rule is not None
    assert rule.is_none(0.6, 0.9999)
    assert not rule.is_none(0.2, 0.95)


def test_an_image_that_is_rather_far_and_not_probable_is_none_of_these() -> None:
    rule = fit_none_rule(*images_of_the_labels(100))

    assert rule is not None
    assert not rule.is_none(0.3, 0.99)
    assert rule.is_none(0.3, 0.4)


def test_equal_images_give_a_rule_that_they_pass() -> None:
    rule = fit_none_rule(np.full(20, 0.1), np.full(20, 1.0))
    assert rule is not None and not rule.is_none(0.1, 1.0)


def test_from_a_handful_of_images_no_rule_follows() -> None:
    assert fit_none_rule(*images_of_the_labels(7)) is None


def test_each_class_is_represented_and_no_class_by_very_many() -> None:
    classes = np.repeat([0, 1, 4], [300, 3, 60])
    rows = reference_rows(classes, seed=1)

    assert np.bincount(classes[rows]).tolist() == [50, 3, 0, 0, 50]
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(reference_rows(np.repeat(np.arange(500), 20), seed=1)) == 500 * 5
    assert len(reference_rows(np.zeros(0, int), seed=1)) == 0

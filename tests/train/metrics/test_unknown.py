"""The rule for "none of these", fitted on images of the labels."""

from __future__ import annotations

import numpy as np
import pytest

from model.statistics import NoneRule
from train.metrics.unknown import distances_within, fit_none_rule, reference_rows


def rule_and_images(count: int, seed: int = 0, *, closer: float = 1.0) -> tuple[NoneRule, np.ndarray, np.ndarray]:
    """A rule, and other images of the labels with distances around 0.2 and top probabilities that are mostly high.

    Args:
        count: Images that the network was not trained on.
        seed: Seed of the images.
        closer: How much closer together the network has its training images.
    """
    rng = np.random.default_rng(seed)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        return 0.2 * np.exp(rng.normal(0, 0.25, n)), 1 / (1 + np.exp(-rng.normal(3, 1.5, n)))

    distances, tops = draw(count)
    rule = fit_none_rule(distances, tops, draw(150)[0] * closer)
    assert rule is not None
    return rule, *draw(2000)


@pytest.mark.parametrize("count", [24, 60, 500])
@pytest.mark.parametrize("closer", [1.0, 0.6])
def test_about_92_percent_of_the_images_of_the_labels_pass(count: int, closer: float) -> None:
    passed = []
    for seed in range(10):
        rule, *images = rule_and_images(count, seed, closer=closer)
        passed += [not rule.is_none(float(d), float(p)) for d, p in zip(*images, strict=True)]
    assert 0.9 < np.mean(passed) < 0.97


def test_an_image_far_from_all_is_none_of_these_however_high_its_probability() -> None:
    rule, *_ = rule_and_images(100)
    assert rule.is_none(0.6, 0.9999)
    assert not rule.is_none(0.2, 0.95)


def test_an_image_that_is_rather_far_and_not_probable_is_none_of_these() -> None:
    rule, *_ = rule_and_images(100)
    assert not rule.is_none(0.27, 0.99)
    assert rule.is_none(0.27, 0.4)


def test_where_no_image_of_the_labels_is_very_far_the_limit_still_turns_a_few_away() -> None:
    distances = np.linspace(0.1, 0.2, 100)

    rule = fit_none_rule(distances, np.linspace(0.8, 0.99, 100), np.linspace(0.05, 0.3, 100))

    assert rule is not None
    assert 0.04 <= (distances > rule.max_distance).mean() <= 0.06


def test_equal_images_give_a_rule_that_they_pass() -> None:
    rule = fit_none_rule(np.full(20, 0.1), np.full(20, 1.0), np.full(50, 0.1))
    assert rule is not None and not rule.is_none(0.1, 1.0)


def test_from_a_handful_of_images_no_rule_follows() -> None:
    few, many = np.full(4, 0.1), np.full(50, 0.1)
    assert fit_none_rule(few, few, many) is None
    assert fit_none_rule(many, many, few) is None


def test_the_distance_of_a_training_image_is_that_from_the_others() -> None:
    references = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    np.testing.assert_allclose(distances_within(references), [0.5, 0.5, 1.0])
    assert len(distances_within(references[:1])) == 0


def test_the_distances_of_many_training_images_are_those_of_all_pairs() -> None:
    features = np.random.default_rng(1).normal(size=(2100, 8)).astype(np.float32)
    references = features / np.linalg.norm(features, axis=1, keepdims=True)
    nearest = np.sort(references @ references.T - 4 * np.eye(2100), axis=1)[:, -5:]
    np.testing.assert_allclose(distances_within(references), 1 - nearest.mean(axis=1), atol=1e-5)


def test_each_class_is_represented_and_no_class_by_very_many() -> None:
    classes = np.repeat([0, 1, 4], [300, 3, 60])
    rows = reference_rows(classes, seed=1)

    assert np.bincount(classes[rows]).tolist() == [50, 3, 0, 0, 50]
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(reference_rows(np.repeat(np.arange(500), 20), seed=1)) == 500 * 5
    assert len(reference_rows(np.zeros(0, int), seed=1)) == 0

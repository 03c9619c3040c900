"""The parts of the features count by how little the distances of unseen images vary in them."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing import InputSpec
from model.statistics import distances, normalised
from train.data.batches import LabelledImages
from train.settings import Settings
from train.trainer.run import TrainingRun
from train.trainer.statistics import (
    FoldFeatures,
    mean_distance,
    part_counts,
    part_weights,
    stored_rows,
    usual_distance,
)


def fold(seed: int, *noises: float, centre: float = 1.0) -> FoldFeatures:
    """Return a part for each noise: images near one point, each with an own share of the noise."""
    rng = np.random.default_rng(seed)

    def images(count: int) -> np.ndarray:
        shares = rng.uniform(0, 1, (count, 1))
        return np.stack([normalised(centre + noise * shares * rng.normal(size=(count, 16))) for noise in noises])

    return images(40), images(30)


def with_steady_part(unsteady: FoldFeatures, seed: int) -> FoldFeatures:
    """Add a part in which all images are as far from each other."""
    steady = normalised(np.random.default_rng(seed).normal(size=(70, 500)))[:, :16]
    return np.stack([unsteady[0][0], normalised(steady[:40])]), np.stack([unsteady[1][0], normalised(steady[40:])])


def test_a_part_whose_distances_vary_less_counts_more() -> None:
    counts, _ = part_counts([with_steady_part(fold(seed, 1.0), seed) for seed in (1, 2)])

    assert counts[1] > 2 * counts[0]
    assert sum(counts) == pytest.approx(1)


def test_the_distances_are_those_of_the_weighted_features_fold_after_fold() -> None:
    folds = [fold(1, 1.0, 0.3), fold(2, 1.0, 0.3)]

    counts, found = part_counts(folds)

    for number, (known, others) in enumerate(folds):
        weights, usual = part_weights(counts, known)
        roots = np.sqrt(weights)
        near, far = (
            np.hstack([root * part for root, part in zip(roots, parts, strict=True)]) for parts in (known, others)
        )
        np.testing.assert_allclose(found[30 * number : 30 * (number + 1)] * usual, distances(far, near), atol=1e-6)
        assert sum(weights) == pytest.approx(1)


def test_a_network_that_has_all_images_closer_together_measures_the_same() -> None:
    wide, narrow = fold(1, 1.0, centre=1.0), fold(1, 1.0, centre=4.0)
    assert mean_distance(narrow[0][0]) < 0.2 * mean_distance(wide[0][0])

    _, found = part_counts([wide, narrow])

    assert np.median(found[:30]) == pytest.approx(np.median(found[30:]), rel=0.2)


def test_a_part_in_which_nothing_varies_keeps_the_distances_finite() -> None:
    counts, found = part_counts([fold(1, 1.0, 0.0)])
    weights, usual = part_weights(counts, fold(1, 1.0, 0.0)[0])

    assert np.isfinite([*counts, *found, *weights, usual]).all()


def test_one_part_has_all_of_the_weight() -> None:
    known, others = fold(1, 0.5)

    counts, found = part_counts([(known, others)])

    assert counts == (1.0,)
    assert part_weights(counts, known) == ((1.0,), pytest.approx(usual_distance(known[0])))
    np.testing.assert_allclose(found * usual_distance(known[0]), distances(others[0], known[0]), rtol=1e-4)


def test_the_usual_distance_falls_with_more_training_images_as_that_of_unseen_images_does() -> None:
    rng = np.random.default_rng(1)
    many, others = (normalised(1 + 0.5 * rng.normal(size=(count, 16))) for count in (400, 100))
    few = many[:100]

    fewer, more = (np.median(distances(others, known)) / usual_distance(known) for known in (few, many))

    assert usual_distance(many) < 0.8 * usual_distance(few)
    assert fewer == pytest.approx(more, rel=0.05)


def test_the_mean_distance_is_that_of_all_pairs() -> None:
    features = fold(1, 1.0)[0][0]
    pairs = 1 - (features @ features.T)[~np.eye(len(features), dtype=bool)]

    assert mean_distance(features) == pytest.approx(pairs.mean(), abs=1e-5)


@pytest.mark.parametrize("rows", [1, 5])
def test_the_distances_of_equal_rows_can_be_divided_by(rows: int) -> None:
    equal = np.tile(normalised(np.ones((1, 16))), (rows, 1))

    assert mean_distance(equal) > 0
    assert usual_distance(equal) > 0


def test_of_several_labels_images_of_each_are_stored() -> None:
    """The first label of every image is the same; the second is one of twenty."""
    kinds = np.arange(2000) % 20
    images = LabelledImages(np.zeros((2000, 1, 1, 3), np.uint8), np.hstack([np.ones((2000, 1)), np.eye(20)[kinds]]))
    none = LabelledImages(images.images[:0], images.targets[:0])
    run = TrainingRun(Settings(multi_label=True), InputSpec(1, 1), 21, images, none)

    assert np.bincount(kinds[stored_rows(run, np.arange(2000))]).tolist() == [50] * 20

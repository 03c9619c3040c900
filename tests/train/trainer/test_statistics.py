"""The parts of the features count by how little the distances of unseen images vary in them."""

from __future__ import annotations

import numpy as np
import pytest

from model.statistics import distances, normalised
from train.trainer.statistics import FoldFeatures, part_weights


def fold(seed: int, *noises: float) -> FoldFeatures:
    """Return a part for each noise: images near one point, each with an own share of the noise."""
    rng = np.random.default_rng(seed)
    centre = np.ones(16)

    def images(count: int) -> np.ndarray:
        shares = rng.uniform(0, 1, (count, 1))
        return np.stack([normalised(centre + noise * shares * rng.normal(size=(count, 16))) for noise in noises])

    return images(40), images(30)


def test_a_part_whose_distances_vary_less_counts_more() -> None:
    weights, _ = part_weights([fold(1, 1.0, 0.3), fold(2, 1.0, 0.3)])

    assert weights[1] > 2 * weights[0]
    assert sum(weights) == pytest.approx(1)


def test_the_distances_are_those_of_the_weighted_features_fold_after_fold() -> None:
    folds = [fold(1, 1.0, 0.3), fold(2, 1.0, 0.3)]

    weights, found = part_weights(folds)

    roots = np.sqrt(weights)
    for number, (known, others) in enumerate(folds):
        near, far = (
            np.hstack([root * part for root, part in zip(roots, parts, strict=True)]) for parts in (known, others)
        )
        np.testing.assert_allclose(found[30 * number : 30 * (number + 1)], distances(far, near), atol=1e-6)


def test_a_part_in_which_nothing_varies_takes_all_but_a_little_of_the_weight() -> None:
    weights, found = part_weights([fold(1, 1.0, 0.0)])

    assert 0.9 < weights[1] < 1
    assert np.isfinite(found).all()


def test_one_part_has_all_of_the_weight() -> None:
    assert part_weights([fold(1, 0.5)])[0] == (1.0,)

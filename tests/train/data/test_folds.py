"""Images are divided into folds: each is left out once, a group is never divided, and every class is always there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from model.errors import DataError
from train.data.folds import make_folds

LABELS = ("dark", "light")


def test_each_image_is_left_out_once_and_a_group_is_never_divided() -> None:
    targets, groups = np.repeat(np.eye(2), 20, axis=0), np.arange(40) // 2

    folds = make_folds(targets, groups, 5, 1, LABELS)

    assert sorted(np.concatenate([other for _, other in folds]).tolist()) == list(range(40))
    assert all(not set(groups[train]) & set(groups[other]) for train, other in folds)


def test_a_class_of_one_group_is_refused_by_name() -> None:
    targets, groups = np.repeat(np.eye(2), 10, axis=0), np.r_[np.arange(10), np.full(10, 99)]

    with pytest.raises(DataError, match="“light” has all its images in one fold"):
        make_folds(targets, groups, 5, 1, LABELS)


@pytest.mark.parametrize(
    ("each", "groups", "folds"),
    [(4, range(8), 4), (10, [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5, 4), (2, range(4), 2)],
    ids=["four images a class", "two clips a class", "two images a class"],
)
def test_there_are_as_many_folds_as_few_images_or_groups_allow(each: int, groups: Sequence[int], folds: int) -> None:
    targets = np.repeat(np.eye(2), each, axis=0)

    division = make_folds(targets, np.array(groups), 5, 1, LABELS)

    assert len(division) == folds
    assert all(targets[train].any(axis=0).all() and len(other) for train, other in division)


def test_images_that_cannot_be_divided_are_refused() -> None:
    with pytest.raises(DataError, match="The 2 images are too few"):
        make_folds(np.eye(2), np.arange(2), 5, 1, LABELS)


def test_images_of_several_labels_are_divided_by_the_rarest_one() -> None:
    targets = np.ones((30, 2))
    targets[10:, 1] = 0  # ten images have both labels, twenty the first alone

    folds = make_folds(targets, np.arange(30), 5, 1, LABELS)

    assert [int(targets[other, 1].sum()) for _, other in folds] == [2] * 5

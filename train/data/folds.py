"""Divide images into folds, each of which is predicted by a network that was trained on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.errors import DataError
from train.data.folders import Example
from train.data.split import refuse_small_classes

Fold = tuple[np.ndarray, np.ndarray]  # the rows to train on, and the others


def refuse_undivided(examples: Sequence[Example], groups: Sequence[int]) -> None:
    """Raise `DataError` where all images of a class are in one group: a network of the others would not see it."""
    refuse_small_classes(examples, groups, 2, "to divide a class into folds", "train and valid folders with --folds 0")


def make_folds(targets: np.ndarray, groups: np.ndarray, folds: int, seed: int, labels: Sequence[str]) -> list[Fold]:
    """Divide images into folds, stratified by class, each group in one fold; into fewer where there are fewer.

    Args:
        targets: (n, classes), 1 for every label of an image; of several the rarest counts.
        groups: (n,), int.
        folds: Number of folds, at least 2.
        seed: Seed of the division.
        labels: The labels in class order.

    Raises:
        DataError: A class has too few groups, so that a network would not see it.
    """
    classes = rarest_labels(targets)
    folds = min(folds, len(np.unique(groups)), int(np.unique(classes, return_counts=True)[1].max()))
    if folds < 2:
        raise DataError(
            f"The {len(targets)} images are too few, or too much alike, to be divided into folds. Add images of every "
            "class."
        )
    from sklearn.model_selection import StratifiedGroupKFold  # takes a second, which first checks do not wait for

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    division = [(train, other) for train, other in splitter.split(classes, classes, groups)]
    for train, _ in division:
        absent = np.flatnonzero(targets[train].sum(axis=0) == 0)
        if len(absent):
            raise DataError(
                f"Class “{labels[absent[0]]}” has all its images in one fold: they are too few, or too much alike. "
                "Add images, or give --folds 0 and train, valid and test folders."
            )
    return division


def rarest_labels(targets: np.ndarray) -> np.ndarray:
    """Return the index of each image's rarest label, (n,), int; one more than the last for an image without labels."""
    rarity = np.where(targets > 0, 1 / np.maximum(targets.sum(axis=0), 1), 0)
    return np.where(targets.any(axis=1), rarity.argmax(axis=1), targets.shape[1])

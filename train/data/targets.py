"""Targets of images: which labels each has, as an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from train.data.folders import Example


def multi_hot(examples: Sequence[Example], index_of: Mapping[str, int], classes: int) -> np.ndarray:
    """Return the targets of some images.

    Args:
        examples: The images.
        index_of: The class index of each of their labels.
        classes: Number of classes.

    Returns:
        (n, classes), float32: 1 for every label of an image, 0 for the others.
    """
    targets = np.zeros((len(examples), classes), np.float32)
    for row, example in enumerate(examples):
        targets[row, [index_of[label] for label in example.labels]] = 1
    return targets

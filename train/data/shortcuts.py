"""Find properties of the files that give a label away: colour mode, number of pixels, shape.

A network learns such a shortcut instead of the object (Geirhos et al. 2020), and fails on images that lack it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from train.data.folders import Example, all_labels

# The probability that an image of the label has more of the property than one of another label (the area under the ROC
# curve), or less of it.
_LEAST_SEPARATION = 0.95
_LEAST_IMAGES = 10


def shortcuts(examples: Sequence[Example], sizes: Sequence[tuple[int, int]], grey: Sequence[bool]) -> list[str]:
    """Return a line for each label and each property that gives it away: "cat: 98% are stored in grey, …".

    Args:
        examples: The images.
        sizes: Width and height of each, in pixels.
        grey: Whether each is stored in grey.
    """
    sides = np.array(sizes, float).reshape(-1, 2)
    is_grey, pixels, shape = np.array(grey, float), sides[:, 0] * sides[:, 1], sides[:, 0] / sides[:, 1]
    lines = []
    for label, members in _members(examples):
        if _separates(is_grey, members):
            some, others = is_grey[members].mean(), is_grey[~members].mean()
            lines.append(f"{label}: {some:.0%} are stored in grey, {others:.0%} of the others")
        if _separates(pixels, members):
            some, others = (np.median(pixels[rows]) / 1e6 for rows in (members, ~members))
            lines.append(f"{label}: {some:.2g} megapixels on average, the others {others:.2g}")
        if _separates(shape, members):
            some, others = np.median(shape[members]), np.median(shape[~members])
            lines.append(f"{label}: {some:.2f} times as wide as high on average, the others {others:.2f}")
    return lines


def _members(examples: Sequence[Example]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the labels with enough images, and whether each image has it; of two labels the first says all."""
    labels = all_labels(examples)
    rows: dict[str, list[int]] = {label: [] for label in labels}
    for row, example in enumerate(examples):
        for label in example.labels:
            rows[label].append(row)
    for label in labels[:1] if len(labels) == 2 else labels:
        if _LEAST_IMAGES <= len(rows[label]) <= len(examples) - _LEAST_IMAGES:
            members = np.zeros(len(examples), bool)
            members[rows[label]] = True
            yield label, members


def _separates(values: np.ndarray, members: np.ndarray) -> bool:
    """Return whether a property tells the images of a label from the others."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    count = int(members.sum())
    area = (ranks[members].sum() - count * (count + 1) / 2) / (count * (len(members) - count))
    return not 1 - _LEAST_SEPARATION < area < _LEAST_SEPARATION

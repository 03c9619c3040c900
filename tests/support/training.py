"""Data folders, images in memory and a small network, for the tests of training."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from train.data.batches import LabelledImages
from train.data.folders import Example
from train.data.source import DataSource, read_data

# The smallest network that is trained, converted and served in seconds.
TINY = ["--architecture", "plain", "--convolutions", "4", "--size", "16", "--epochs", "1"]


def write_files(folder: Path, *names: str) -> None:
    """Write text files in the place of images, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"{folder.name}/{name}", encoding="utf-8")


def examples_of(root: Path, counts: dict[str, int]) -> list[Example]:
    """Write so many files for each label, and list them."""
    for label, count in counts.items():
        write_files(root / label, *(f"{index}.png" for index in range(count)))
    return list_examples(root)


def list_examples(root: Path, *, multi_label: bool = False) -> list[Example]:
    """Return the images of a folder per class, all splits together, in natural order of label and path."""
    return read_data(DataSource(root), multi_label=multi_label).examples


def brightness_images(
    labels: Iterable[int], classes: int, *, side: int = 32, noise: float = 5, seed: int = 0
) -> LabelledImages:
    """Return an image for each class index, told apart by its brightness."""
    rng = np.random.default_rng(seed)
    indices = np.array(list(labels), int)
    levels = 30 + indices[:, None, None, None] * (190 / max(1, classes - 1))
    images = np.clip(levels + rng.normal(0, noise, (len(indices), side, side, 3)), 0, 255)
    return LabelledImages(images.astype(np.uint8), np.eye(classes, dtype=np.float32)[indices])

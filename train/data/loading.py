"""Decode the parts of a data folder and split off the ones that are missing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import DataError
from model.preprocessing import InputSpec
from train.data import folders as dataset
from train.data.folders import Example
from train.data.image_store import ImageStore, Unreadable
from train.data.near_duplicates import near_duplicates
from train.data.split import PARTS, grouped, split
from train.settings import Settings


@dataclass(frozen=True)
class LoadedSplit:
    """One part of the data, decoded: images (n, height, width, 3) uint8, and whose they are."""

    images: np.ndarray
    examples: list[Example]


def load_parts(
    store: ImageStore, folders: dict[str, Path], spec: InputSpec, settings: Settings
) -> dict[str, LoadedSplit]:
    """Decode the given parts and split off the ones that are missing."""
    parts: dict[str, LoadedSplit] = {}
    unreadable: list[Unreadable] = []
    labels: list[str] = []
    missing_validation = "validation" not in folders
    for part in PARTS:
        if part not in folders:
            continue
        examples = dataset.list_examples(folders[part], multi_label=settings.multi_label)
        if part == "train":
            labels = dataset.all_labels(examples)
            empty = dataset.empty_class_folders(folders[part], examples)
            if empty:
                raise DataError(
                    f"Class folders without a file in “{folders[part]}”: {listed(empty)}. "
                    "Add images or remove the folders."
                )
            if len(labels) < 2:
                raise DataError(
                    f"“{folders[part]}” holds one class only, “{labels[0]}”. "
                    "A classifier needs at least two class folders."
                )
        strangers = set(dataset.all_labels(examples)) - set(labels)
        if strangers:
            raise DataError(
                f"The {part} part has classes that the training part lacks: {listed(sorted(strangers))}. "
                "Rename or remove these folders, or add their images to the training part."
            )
        images, kept, bad = store.load(
            examples, spec, f"reading {part}", copies=2 if part == "train" and missing_validation else 1
        )
        if part != "train" and not kept:
            raise DataError(f"None of the {len(bad)} files in “{folders[part]}” is an image that can be read.")
        parts[part] = LoadedSplit(images, kept)
        unreadable += bad
    name_unreadable(unreadable)
    dataset.check_classes(parts["train"].examples, labels, "training", 2)
    # With a test part given and no validation part, or the other way round, only what is missing is
    # split off; a validation part alone also serves for the figures, and they say so.
    missing_test = "test" not in parts and missing_validation
    if missing_validation:
        train = parts["train"]
        alike: set[int] = set()
        groups = grouped(
            train.examples,
            settings.group_by,
            _noted(near_duplicates(train.images) if settings.near_duplicates else (), alike),
        )
        if alike:
            print(f"{len(alike)} images have near duplicates; these stay in one part.", file=sys.stderr)
        rows = split(
            train.examples,
            groups,
            validation_share=settings.validation_share,
            test_share=settings.test_share if missing_test else 0,
            seed=settings.seed,
        )
        for part, chosen in zip(PARTS, rows, strict=True):
            if chosen:
                parts[part] = LoadedSplit(store.select(train.images, chosen), [train.examples[row] for row in chosen])
    return parts


def _noted(pairs: Iterable[tuple[int, int]], rows: set[int]) -> Iterator[tuple[int, int]]:
    """Pass pairs on, one at a time since there may be very many, and note the rows that they name."""
    for pair in pairs:
        rows.update(pair)
        yield pair


def name_unreadable(unreadable: Sequence[Unreadable]) -> None:
    """Tell the user on stderr which files were left out, and why."""
    for file in unreadable:
        print(f"left out: {file.path}: {file.reason}", file=sys.stderr)
    if unreadable:
        print(f"{len(unreadable)} unreadable files were left out (and not touched).", file=sys.stderr)


def sizes(parts: dict[str, LoadedSplit], labels: Sequence[str]) -> str:
    """Say how many classes and images there are."""
    counts = ", ".join(f"{len(part.examples)} for {name}" for name, part in parts.items())
    return f"{len(labels)} classes; images: {counts}."


def gaps(parts: dict[str, LoadedSplit], labels: Sequence[str]) -> list[str]:
    """Say which classes the validation and test parts lack: training goes on, but nothing is known of them there."""
    sentences = []
    for name, what in (("validation", "the choice of the best epoch"), ("test", "the figures")):
        counts = dataset.count_classes(parts[name].examples) if name in parts else {}
        absent = [label for label in labels if label not in counts]
        if name in parts and absent:
            sentences.append(f"The {name} part has no image of: {listed(absent)}. It does not count for {what}.")
    return sentences


def listed(names: Sequence[str], most: int = 10) -> str:
    """Join names for a message, the first few only when there are many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

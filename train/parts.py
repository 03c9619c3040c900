"""Decode the parts of a data folder and split off the ones that are missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import DataError
from model.preprocessing import InputSpec
from train import dataset
from train.dataset import Example
from train.duplicates import exact_copies
from train.pictures import PictureStore, Unreadable
from train.settings import Settings
from train.split import groups_of, split


@dataclass(frozen=True)
class LoadedPart:
    """One part of the data, decoded: pictures (n, height, width, 3) uint8, and whose they are."""

    pictures: np.ndarray
    examples: list[Example]


def load_parts(
    store: PictureStore, folders: dict[str, Path], spec: InputSpec, settings: Settings
) -> dict[str, LoadedPart]:
    """Decode the given parts and split off the ones that are missing."""
    parts: dict[str, LoadedPart] = {}
    unreadable: list[Unreadable] = []
    labels: list[str] = []
    for part in ("train", "validation", "test"):
        if part not in folders:
            continue
        examples = dataset.list_examples(folders[part], multi_label=settings.multi_label)
        if part == "train":
            labels = list(dataset.labels_of(examples))
            empty = dataset.empty_class_folders(folders[part], labels)
            if empty:
                raise DataError(
                    f"Class folders without a file in “{folders[part]}”: {listed(empty)}. "
                    "Add pictures or remove the folders."
                )
            if len(labels) < 2:
                raise DataError(
                    f"“{folders[part]}” holds one class only, “{labels[0]}”. "
                    "A classifier needs at least two class folders."
                )
        strangers = {label for e in examples for label in e.labels} - set(labels)
        if strangers:
            raise DataError(f"The {part} part has classes that the training part lacks: {listed(sorted(strangers))}.")
        pictures, kept, bad = store.load(examples, spec, f"reading {part}")
        parts[part] = LoadedPart(pictures, kept)
        unreadable += bad
    name_unreadable(unreadable)
    dataset.check_classes(parts["train"].examples, labels, "training", 2)
    # With a test part given and no validation part, or the other way round, only what is missing is
    # split off; a validation part alone also serves for the figures, and they say so.
    missing_validation = "validation" not in parts
    missing_test = "test" not in parts and missing_validation
    if missing_validation:
        train = parts["train"]
        groups = groups_of(train.examples, train.pictures if settings.near_duplicates else None, settings.group_by)
        divided = split(
            train.examples,
            groups=groups,
            validation_share=settings.validation_share,
            test_share=settings.test_share if missing_test else 0,
            seed=settings.seed,
        )
        row = {example: index for index, example in enumerate(train.examples)}
        for part, examples in zip(("train", "validation", "test"), divided, strict=True):
            if examples:
                parts[part] = LoadedPart(store.select(train.pictures, [row[e] for e in examples]), examples)
    if len(folders) > 1:
        _warn_of_copies(parts)
    return parts


def _warn_of_copies(parts: dict[str, LoadedPart]) -> None:
    """Say on stderr when parts that the user made hold copies of one file: the figures are too good then."""
    names = [name for name, part in parts.items() for _ in part.examples]
    examples = [e for part in parts.values() for e in part.examples]
    copies = exact_copies([e.path for e in examples])
    where: dict[int, set[str]] = {}
    for copy, name in zip(copies, names, strict=True):
        where.setdefault(copy, set()).add(name)
    shared = sum(len(where[copy]) > 1 for copy in copies)
    if shared:
        print(
            f"Warning: {shared} files are copies of a file in another part, so that the figures may be too good. "
            "“python -m train check” names them.",
            file=sys.stderr,
        )


def name_unreadable(unreadable: Sequence[Unreadable]) -> None:
    """Tell the user on stderr which files were left out, and why."""
    for file in unreadable:
        print(f"left out: {file.path}: {file.reason}", file=sys.stderr)
    if unreadable:
        print(f"{len(unreadable)} unreadable files were left out (and not touched).", file=sys.stderr)


def sizes(parts: dict[str, LoadedPart], labels: Sequence[str]) -> str:
    """Say how many classes and pictures there are."""
    counts = ", ".join(f"{len(part.examples)} for {name}" for name, part in parts.items())
    return f"{len(labels)} classes; pictures: {counts}."


def listed(names: Sequence[str], most: int = 10) -> str:
    """Join names for a message, the first few only when there are many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

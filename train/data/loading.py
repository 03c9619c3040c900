"""Decode the splits of a data folder, and split off validation and test images where these are missing."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.command_names import command
from model.errors import DataError
from model.preprocessing import InputSpec
from train.data.bursts import LEAST_FRAMES, bursts, how_to_group, rows_by_group, shared_beginnings
from train.data.data_set import SPLITS, DataSet, count_of, listed, refuse_untrainable
from train.data.folders import Example, all_labels, check_classes, count_classes
from train.data.image_store import ImageStore, Unreadable
from train.data.near_duplicates import near_duplicates
from train.data.split import grouped, split
from train.settings import Settings


@dataclass(frozen=True)
class LoadedSplit:
    """One split of the data, decoded.

    Attributes:
        images: (n, height, width, 3), uint8 RGB.
        examples: The files of the images, in the same order.
        groups: The group of each image: of training images where they are to be divided into folds, of others where
            they were split off; else empty.
    """

    images: np.ndarray
    examples: list[Example]
    groups: tuple[int, ...] = ()


def load_splits(store: ImageStore, data: DataSet, spec: InputSpec, settings: Settings) -> dict[str, LoadedSplit]:
    """Decode the given splits, and split off validation and test images where there are none.

    With a test split and no validation split only validation images are split off. With a validation split and no
    test split nothing is: the metrics then come from validation, and say so. Where the settings ask for folds, nothing
    is split off: the training images have groups then, and a test split leaves the validation images to training.

    Args:
        store: Where decoded images go.
        data: The files of each split; at least those of "train".
        spec: The network's input.
        settings: Shares, groups and seed of the split.

    Returns:
        The splits by name, with the images that could be read.

    Raises:
        DataError: The data cannot be trained on, or there is no room for the images.
    """
    refuse_untrainable(data)
    missing_validation = "validation" not in data.splits
    splits: dict[str, LoadedSplit] = {}
    unreadable: list[Unreadable] = []
    for name in (name for name in SPLITS if name in data.splits):
        examples = data.splits[name]
        copies = 2 if name == "train" and missing_validation else 1
        images, kept, bad = store.load(examples, spec, f"reading {name}", copies=copies)
        if name != "train" and not kept:
            raise DataError(f"None of the {len(bad)} files of the {name} split is an image that can be read.")
        splits[name] = LoadedSplit(images, kept)
        unreadable += bad
    print_unreadable(unreadable)
    check_classes(splits["train"].examples, all_labels(data.splits["train"]), "training", 2)
    pool = [splits[name] for name in trainable(splits)]
    words = [*data.arguments, *(["--multi-label"] if settings.multi_label else [])]
    check = command("check", *words)
    if settings.folds_for(sum(len(split.examples) for split in pool)):
        return _for_folds(splits, pool, settings, check)
    return _split_off(store, splits, settings, check) if missing_validation else splits


def trainable(splits: Iterable[str]) -> list[str]:
    """Return the splits that a training by folds takes: with a test split, the one for validation as well."""
    return ["train", "validation"] if {"validation", "test"} <= set(splits) else ["train"]


def _for_folds(
    splits: Mapping[str, LoadedSplit], pool: Sequence[LoadedSplit], settings: Settings, check: str
) -> dict[str, LoadedSplit]:
    """Return all images that may be trained on, with their groups, and the split that was given for the metrics."""
    images = pool[0].images if len(pool) == 1 else np.concatenate([split.images for split in pool])
    examples = [example for split in pool for example in split.examples]
    groups = _groups(LoadedSplit(images, examples), settings, check)
    kept = next(({name: splits[name]} for name in ("test", "validation") if name in splits), {})
    return {"train": LoadedSplit(images, examples, tuple(groups))} | kept


def _split_off(
    store: ImageStore, splits: Mapping[str, LoadedSplit], settings: Settings, check: str
) -> dict[str, LoadedSplit]:
    """Return the splits with validation images, and test images where there are none, taken from training."""
    train = splits["train"]
    groups = _groups(train, settings, check)
    rows = split(
        train.examples,
        groups,
        validation_share=settings.validation_share,
        test_share=0 if "test" in splits else settings.test_share,
        seed=settings.seed,
    )
    return dict(splits) | {
        name: LoadedSplit(
            store.select(train.images, chosen),
            [train.examples[row] for row in chosen],
            tuple(groups[row] for row in chosen if name != "train"),  # those of train would ask for folds
        )
        for name, chosen in zip(SPLITS, rows, strict=True)
        if chosen
    }


def _groups(train: LoadedSplit, settings: Settings, check: str) -> list[int]:
    """Return the group of each image, and print what was found, and the command that names it."""
    alike: set[int] = set()
    pairs = _recorded(near_duplicates(train.images) if settings.near_duplicates else (), alike)
    groups = grouped(train.examples, settings.group_by, pairs)
    if alike:
        print(
            f"{len(alike)} images have copies or near duplicates; these stay in one split. `{check}` names them.",
            file=sys.stderr,
        )
    if contradictions := _copies_across_classes(train, groups):
        one, other = contradictions[0]
        print(
            f"{count_of(len(contradictions), 'image')} with copies in another class, such as “{one.path.name}” "
            f"({'+'.join(one.labels)}) and “{other.path.name}” ({'+'.join(other.labels)}): one of the labels may be "
            f"wrong. `{check}` names all.",
            file=sys.stderr,
        )
    if settings.group_by or any(example.group for example in train.examples):
        return groups
    if found := bursts(train.examples, groups):
        print(
            f"{count_of(len(found), 'group')} of {LEAST_FRAMES} images or more that look alike ({found[0]}): frames of "
            f"one burst or clip. Where frames of one clip look different, keep them in one split as well with "
            f"{how_to_group(train.examples)}.",
            file=sys.stderr,
        )
    elif said := shared_beginnings(train.examples):
        print(said, file=sys.stderr)
    return groups


def _copies_across_classes(train: LoadedSplit, groups: Sequence[int]) -> list[tuple[Example, Example]]:
    """Return each image that is there under other labels as well, with the first copy that has others."""
    found: dict[bytes, tuple[Example, Example]] = {}
    first: dict[bytes, Example] = {}
    for rows in rows_by_group(groups):
        if len({train.examples[row].labels for row in rows}) > 1:
            for row in rows:
                pixels, example = hashlib.sha256(train.images[row].tobytes()).digest(), train.examples[row]
                if first.setdefault(pixels, example).labels != example.labels:
                    found.setdefault(pixels, (first[pixels], example))
    return list(found.values())


def given_groups(examples: Sequence[Example], group_by: str) -> Sequence[int]:
    """Return the group of each image of a split that was given, by its table or the expression for file names."""
    named = any(re.search(group_by, example.path.name) for example in examples)
    return grouped(examples, group_by if named else "", by_content=False)


def _recorded(pairs: Iterable[tuple[int, int]], rows: set[int]) -> Iterator[tuple[int, int]]:
    """Pass pairs on one at a time, since there may be very many, and add the rows that they name to `rows`."""
    for pair in pairs:
        rows.update(pair)
        yield pair


def print_unreadable(unreadable: Sequence[Unreadable]) -> None:
    """Print on stderr which files were left out, and why."""
    for file in unreadable:
        print(f"left out: {file.path}: {file.reason}", file=sys.stderr)
    if unreadable:
        were = "was" if len(unreadable) == 1 else "were"
        print(f"{count_of(len(unreadable), 'unreadable file')} {were} left out (and not changed).", file=sys.stderr)


def split_sizes(splits: Mapping[str, LoadedSplit], data: DataSet) -> list[str]:
    """Return a sentence with the number of images in each split, where these are not the splits that were announced."""
    if splits.keys() == data.splits.keys():
        return []
    counts = ", ".join(f"{name} {len(loaded.examples):,}" for name, loaded in splits.items())
    return [f"Divided the images: {counts}."]


def missing_classes(splits: Mapping[str, LoadedSplit], labels: Sequence[str]) -> list[str]:
    """Return a warning for each of validation and test that lacks classes; training is possible all the same."""
    warnings = []
    for name, purpose in (("validation", "the choice of the best epoch"), ("test", "the metrics")):
        counts = count_classes(splits[name].examples) if name in splits else {}
        absent = [label for label in labels if label not in counts]
        if name in splits and absent:
            warnings.append(f"The {name} split has no image of: {listed(absent)}. These do not count for {purpose}.")
    return warnings

"""Check a data folder before training: damaged files, duplicates, leaks, imbalance and label errors: `run_check`."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from model.errors import DataError
from model.folder_walk import HIDDEN, OF_SYSTEM
from model.labels import percent_text
from model.preprocessing import InputSpec
from train.data.bursts import LEAST_FRAMES, bursts, how_to_group, rows_by_group
from train.data.data_set import SPLITS, DataSet, refusals
from train.data.folders import Example, all_labels, check_classes, count_classes
from train.data.folds import make_folds, refuse_undivided
from train.data.image_store import ImageStore
from train.data.inspection import Inspection, inspect
from train.data.label_translations import read_translations
from train.data.loading import trainable
from train.data.shortcuts import shortcuts
from train.data.source import DataSource, read_data, require_source
from train.data.split import grouped, split
from train.data.targets import multi_hot
from train.findings import Finding, Item
from train.input_selection import first_input
from train.label_errors import probable_label_errors
from train.recipes.registry import load_recipe

_FEW_IMAGES = 20
_MOST_IMBALANCE = 10
_TINY_SIDE = 32
_MANY, _QUICK_SIDE = 20_000, 64  # files, pixels
_SHOWN = 6  # files of a group
# What every folder has, and nobody misses.
_USUAL = (HIDDEN, OF_SYSTEM)
REFUSED = "What fit refuses"


def run_check(source: DataSource, weights: str | None = None, *, multi_label: bool = False) -> list[Finding]:
    """Check a data set, without changing anything in it.

    Args:
        source: The images and their labels.
        weights: "imagenet" or a weights file of MobileNetV2 0.35, to look for probable label errors as well, where
            each image has one label.
        multi_label: An image may have several labels.

    Returns:
        The findings, serious ones first; empty when there is none.

    Raises:
        VistazoError: There is no data folder, or the weights cannot be used.
    """
    require_source(source)
    try:
        data = read_data(source, multi_label=multi_label)
    except DataError as error:
        return [_refused([str(error)])]
    data.announce()
    found = inspect(data.splits, _input_for(data))
    root = data.root
    findings = [
        _refused(list(_refusals(data, found))),
        Finding(
            "Files that cannot be read",
            True,
            "Training leaves them out. Save them again or remove them.",
            [_about(file.path, root, f": {file.reason}") for file in found.unreadable],
        ),
        Finding("Left out", False, "Check that this is intended.", _items(data.left_out.lines(but=_USUAL))),
        *_duplicates(found, root),
        *_odd_files(found, root),
        *_classes(found, data),
    ]
    if weights and any(example.others for example in found.kept):
        print("Label errors are not looked for, since images have several labels.", file=sys.stderr)
    elif weights:
        findings.append(_label_errors(found, weights, root))
    return sorted((finding for finding in findings if finding.items), key=lambda finding: not finding.serious)


def _label_errors(found: Inspection, weights: str, root: Path) -> Finding:
    """Return the images whose label is probably wrong, or why they cannot be told."""
    groups = grouped(found.kept, pairs=[*found.copies, *found.near], by_content=False)
    try:
        with ImageStore() as store:
            errors = probable_label_errors(found.kept, groups, weights, store)
    except DataError as error:
        return Finding("Label errors not looked for", False, "The other problems were looked for.", [Item(str(error))])
    return Finding(
        "Probable label errors",
        True,
        "Look at each, the most probable first: a network that has not seen the image disagrees.",
        [
            _about(error.example.path, root, f": {error.label}, {percent_text(error.probability)} probable")
            for error in errors
        ],
    )


def _input_for(data: DataSet) -> InputSpec:
    """Return the input that images are read for: that of `fit`, so that both find the same near duplicates.

    Of many files a smaller one, which takes half the processor time.
    """
    return first_input(load_recipe("best")) if len(data.examples) <= _MANY else InputSpec(_QUICK_SIDE, _QUICK_SIDE)


def _refused(sentences: list[str]) -> Finding:
    return Finding(REFUSED, True, "Training stops with this sentence.", _items(sentences))


def _refusals(data: DataSet, found: Inspection) -> Iterator[str]:
    """Yield the sentences with which training with the usual settings would stop."""
    yield from refusals(data)
    kept: dict[str, list[Example]] = defaultdict(list)
    for example, split_name in zip(found.kept, found.splits, strict=True):
        kept[split_name].append(example)
    for name in SPLITS[1:]:
        if name in data.splits and not kept[name]:
            yield f"None of the {len(data.splits[name])} files of the {name} split is an image that can be read."
    labels = all_labels(data.splits.get("train", ()))
    try:
        read_translations(data.root, labels)
    except DataError as error:
        yield str(error)
    counts = count_classes(kept["train"])
    for label in labels:
        if counts.get(label, 0) < 2:
            try:
                check_classes(kept["train"], [label], "training", 2)
            except DataError as error:
                yield str(error)
    if len(labels) > 1 and all(counts.get(label, 0) > 1 for label in labels):
        try:
            _divide(data, found, labels)
        except DataError as error:
            yield str(error)


def _divide(data: DataSet, found: Inspection, labels: Sequence[str]) -> None:
    """Divide the images as `fit` does by default; raises `DataError` where it would refuse to."""
    usual = load_recipe("best")
    names = trainable(data.splits)
    rows = [row for name in names for row, split_name in enumerate(found.splits) if split_name == name]
    by_folds = usual.folds_for(len(rows))
    if "validation" in data.splits and not by_folds:
        return
    place = {row: number for number, row in enumerate(rows)}
    examples = [found.kept[row] for row in rows]
    pairs = [
        (place[one], place[other]) for one, other in (*found.copies, *found.near) if one in place and other in place
    ]
    groups = grouped(examples, pairs=pairs, by_content=False)
    if by_folds:
        refuse_undivided(examples, groups)
        targets = multi_hot(examples, {label: place for place, label in enumerate(labels)}, len(labels))
        make_folds(targets, np.array(groups), by_folds, usual.seed, labels)
    else:
        test_share = 0 if "test" in data.splits else usual.test_share
        split(examples, groups, validation_share=usual.validation_share, test_share=test_share, seed=usual.seed)


def _duplicates(found: Inspection, data: Path) -> Iterator[Finding]:
    """Yield exact and near duplicates by where they are: across splits, across classes, within a class."""
    near = grouped(found.kept, pairs=[*found.copies, *found.near], by_content=False)
    copies = set(found.copies)
    # What is altogether copies is not said twice.
    altered = {near[one] for one, other in found.near if (one, other) not in copies}
    for how, groups in (
        ("Copies", grouped(found.kept, pairs=found.copies, by_content=False)),
        ("Near duplicates", [group if group in altered else -row for row, group in enumerate(near, 1)]),
    ):
        items: dict[str, list[Item]] = defaultdict(list)
        for rows in rows_by_group(groups):
            where = "splits" if len({found.splits[row] for row in rows}) > 1 else "class"
            if where == "class" and len({found.kept[row].labels for row in rows}) > 1:
                where = "classes"
            items[where].append(_group(rows, found, data, keep_one=where != "classes"))
        yield Finding(
            f"{how} across splits",
            True,
            "The metrics would include images that the network was trained on. Keep one of each group.",
            items["splits"],
        )
        yield Finding(
            f"{how} across classes",
            how == "Copies",
            "One of the labels may be wrong. Keep one of each group, unless all are right.",
            items["classes"],
        )
        yield Finding(
            f"{how} within a class",
            False,
            "The automatic split keeps them in one split; they add little.",
            items["class"],
        )
    yield Finding(
        "Frames of one burst or clip",
        False,
        f"{LEAST_FRAMES} images or more that look alike count as one and stay in one split. Where other frames of a "
        f"clip look different, keep them in one split as well: fit with {how_to_group(found.kept)}.",
        _items(bursts(found.kept, near)),
    )


def _group(rows: list[int], found: Inspection, data: Path, *, keep_one: bool) -> Item:
    """Return the files that look alike; those to act on are all but one, which is kept in the test split if it can be.

    Where it is not known which label is right, all are to be looked at.
    """
    ordered = sorted(rows, key=lambda row: -SPLITS.index(found.splits[row]))
    names = [_name(found.kept[row].path, data) for row in ordered]
    more = [f"… ({len(names)} files)"] if len(names) > _SHOWN else []
    return Item(" = ".join([*names[:_SHOWN], *more]), tuple(names[1:] if keep_one else names))


def _odd_files(found: Inspection, data: Path) -> Iterator[Finding]:
    tiny = [(example, size) for example, size in zip(found.kept, found.sizes, strict=True) if min(size) < _TINY_SIDE]
    yield Finding(
        "Tiny images",
        False,
        f"A side has fewer than {_TINY_SIDE} pixels. Use larger images.",
        [_about(example.path, data, f": {width} x {height}") for example, (width, height) in tiny],
    )
    yield Finding(
        "Misnamed files",
        False,
        "They can be read nevertheless. Rename them.",
        [_about(example.path, data, f" is {actual}") for example, actual in found.misnamed],
    )
    yield Finding(
        "Labels that the files give away",
        False,
        "The network may learn that instead of the object. Take images of all labels in the same way.",
        _items(shortcuts(found.kept, found.sizes, found.grey)),
    )
    grey, total = sum(found.grey), len(found.kept)
    fewer = grey <= total - grey
    if 0 < min(grey, total - grey) < 0.2 * total:
        odd = [example for example, is_grey in zip(found.kept, found.grey, strict=True) if is_grey == fewer]
        counts = Counter(label for example in odd for label in example.labels)
        by_label = ", ".join(f"{label} {count}" for label, count in counts.most_common(_SHOWN))
        yield Finding(
            "A few images of another colour mode",
            False,
            "If most of them have one label, the network may learn the colour mode instead of the label.",
            [
                Item(
                    f"{len(odd)} of {total} are stored in {'grey' if fewer else 'colour'}: {by_label}"
                    + (", …" if len(counts) > _SHOWN else ""),
                    tuple(_name(example.path, data) for example in odd),
                )
            ],
        )


def _classes(found: Inspection, data: DataSet) -> Iterator[Finding]:
    counts = Counter(label for example in found.kept for label in example.labels)
    if not counts:
        return
    few = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < _FEW_IMAGES]
    yield Finding("Classes with few images", False, f"Add images: {_FEW_IMAGES} or more are advisable.", _items(few))
    least = 2 if load_recipe("best").folds_for(len(found.kept)) else 3
    tiny = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < least]
    if not data.divided:
        yield Finding("Classes too small to be split", True, f"Add images: at least {least} are needed.", _items(tiny))
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / counts[smallest]
    if ratio > _MOST_IMBALANCE:
        yield Finding(
            "Imbalance",
            False,
            "The recipe “best” draws rare classes more often; look at the macro-F1, not only at the accuracy.",
            [Item(f"“{largest}” has {ratio:.0f} times as many images as “{smallest}”")],
        )
    labels_of: dict[str, set[str]] = defaultdict(set)
    for example, split_name in zip(found.kept, found.splits, strict=True):
        labels_of[split_name].update(example.labels)
    everywhere = set.union(*labels_of.values())
    missing = [
        f"{split} lacks {label}" for split, labels in sorted(labels_of.items()) for label in sorted(everywhere - labels)
    ]
    yield Finding(
        "Labels missing from a split", True, "Add images, or remove the class from all splits.", _items(missing)
    )


def _items(texts: Iterable[str]) -> list[Item]:
    return [Item(text) for text in texts]


def _about(path: Path, data: Path, what: str) -> Item:
    """Return a file and what is to be said of it."""
    name = _name(path, data)
    return Item(f"{name}{what}", (name,))


def _name(path: Path, data: Path) -> str:
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)

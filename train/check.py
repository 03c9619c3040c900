"""Check a data folder before training: damaged files, duplicates, leaks, imbalance and label errors: `run_check`."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import DataError
from model.folder_walk import HIDDEN, OF_SYSTEM
from train.data.bursts import LEAST_FRAMES, bursts, how_to_group
from train.data.data_set import SPLITS, DataSet, refusals
from train.data.folders import Example, all_labels, check_classes, count_classes
from train.data.image_store import ImageStore
from train.data.inspection import TINY_SIDE, Inspection, inspect
from train.data.label_translations import read_translations
from train.data.source import DataSource, read_data, require_source
from train.data.split import grouped, split
from train.label_errors import probable_label_errors
from train.settings import Settings

_FEW_IMAGES = 20
_MOST_IMBALANCE = 10
_LISTED = 12
# What every folder has, and nobody misses.
_USUAL = (HIDDEN, OF_SYSTEM)
REFUSED = "What fit refuses"


@dataclass(frozen=True)
class Finding:
    """One kind of problem in a data folder.

    Attributes:
        kind: The problem, in a few words.
        serious: Whether it would harm the training or falsify its metrics.
        advice: What to do about it.
        items: The files or classes concerned.
    """

    kind: str
    serious: bool
    advice: str
    items: list[str]


def run_check(source: DataSource, weights: str | None = None, *, multi_label: bool = False) -> list[Finding]:
    """Check a data set, without changing anything in it.

    Args:
        source: The images and their labels.
        weights: "imagenet" or a weights file of MobileNetV2 0.35, to look for probable label errors as well.
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
    found = inspect(data.splits)
    root = data.root
    findings = [
        _refused(list(_refusals(data, found))),
        Finding(
            "Files that cannot be read",
            True,
            "Training leaves them out. Save them again or remove them.",
            [f"{_name(file.path, root)}: {file.reason}" for file in found.unreadable],
        ),
        Finding("Left out", False, "Look whether that is right.", data.left_out.lines(but=_USUAL)),
        *_duplicates(found, root),
        *_odd_files(found, root),
        *_classes(found, divided=data.divided),
    ]
    if weights:
        with ImageStore() as store:
            errors = probable_label_errors(found.kept, weights, store)
        findings.append(
            Finding(
                "Probable label errors",
                True,
                "Look at each: the label in brackets is more probable.",
                [f"{_name(e.path, root)} ({label})" for e, label in errors],
            )
        )
    return sorted((finding for finding in findings if finding.items), key=lambda finding: not finding.serious)


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings as text; long lists are cut."""
    if not findings:
        return "No problems found: all files can be read, without duplicates, leaks between splits or odd files."
    blocks = []
    for finding in findings:
        shown = finding.items[:_LISTED]
        more = [f"… and {len(finding.items) - _LISTED} more"] if len(finding.items) > _LISTED else []
        mark = "!" if finding.serious else "·"
        head = f"{mark} {finding.kind}: {len(finding.items)}. {finding.advice}"
        blocks.append("\n".join([head, *(f"    {line}" for line in (*shown, *more))]))
    return "\n".join(blocks)


def _refused(sentences: list[str]) -> Finding:
    return Finding(REFUSED, True, "Training stops with this sentence.", sentences)


def _refusals(data: DataSet, found: Inspection) -> Iterator[str]:
    """Yield the sentences with which training with the usual settings would stop."""
    yield from refusals(data)
    kept: dict[str, list[Example]] = defaultdict(list)
    rows = [row for row, split_name in enumerate(found.splits) if split_name == "train"]
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
    if "validation" in data.splits or len(labels) < 2 or any(counts.get(label, 0) < 2 for label in labels):
        return
    place = {row: number for number, row in enumerate(rows)}
    pairs = [
        (place[one], place[other]) for one, other in (*found.copies, *found.near) if one in place and other in place
    ]
    usual = Settings()
    try:
        split(
            kept["train"],
            grouped(kept["train"], pairs=pairs, by_content=False),
            validation_share=usual.validation_share,
            test_share=0 if "test" in data.splits else usual.test_share,
            seed=usual.seed,
        )
    except DataError as error:
        yield str(error)


def _duplicates(found: Inspection, data: Path) -> Iterator[Finding]:
    """Yield exact and near duplicates by where they are: across splits, across classes, within a class."""
    copies = set(found.copies)
    for how, pairs in (("Copies", found.copies), ("Near duplicates", [p for p in found.near if p not in copies])):
        items: dict[str, list[str]] = defaultdict(list)
        for one, other in pairs:
            a, b = found.kept[one], found.kept[other]
            pair = f"{_name(a.path, data)} = {_name(b.path, data)}"
            if found.splits[one] != found.splits[other]:
                items["splits"].append(pair)
            elif a.labels != b.labels:
                items["classes"].append(pair)
            else:
                items["class"].append(pair)
        yield Finding(
            f"{how} across splits",
            True,
            "The metrics would include images that the network was trained on. Remove one of each pair.",
            items["splits"],
        )
        yield Finding(
            f"{how} across classes",
            how == "Copies",
            "One of the two labels may be wrong. Remove one of each pair, unless both are right.",
            items["classes"],
        )
        yield Finding(
            f"{how} within a class",
            False,
            "The automatic split keeps them in one split; they add little.",
            items["class"],
        )
    groups = grouped(found.kept, pairs=itertools.chain(found.copies, found.near), by_content=False)
    yield Finding(
        "Frames of one burst or clip",
        False,
        f"{LEAST_FRAMES} images or more that look alike count as one and stay in one split. Where other frames of a "
        f"clip look different, keep them in one split as well: fit with {how_to_group(found.kept)}.",
        bursts(found.kept, groups),
    )


def _odd_files(found: Inspection, data: Path) -> Iterator[Finding]:
    yield Finding(
        "Tiny images",
        False,
        f"A side has fewer than {TINY_SIDE} pixels. Use larger images.",
        [f"{_name(example.path, data)}: {width} x {height}" for example, width, height in found.tiny],
    )
    yield Finding(
        "Misnamed files",
        False,
        "They can be read nevertheless. Rename them.",
        [f"{_name(example.path, data)} is {actual}" for example, actual in found.misnamed],
    )
    fewer, total = min(found.grey, len(found.kept) - found.grey), len(found.kept)
    if 0 < fewer < 0.2 * total:
        yield Finding(
            "A few images of another colour mode",
            False,
            "If they belong to one class, the network may learn the colour mode instead of the class.",
            [f"{fewer} of {total} are stored in {'grey' if fewer == found.grey else 'colour'}"],
        )


def _classes(found: Inspection, *, divided: bool) -> Iterator[Finding]:
    counts = Counter(label for example in found.kept for label in example.labels)
    if not counts:
        return
    few = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < _FEW_IMAGES]
    yield Finding("Classes with few images", False, f"Add images: {_FEW_IMAGES} or more are advisable.", few)
    tiny = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < 3]
    if not divided:
        yield Finding("Classes too small to be split", True, "Add images: at least three are needed.", tiny)
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / counts[smallest]
    if ratio > _MOST_IMBALANCE:
        yield Finding(
            "Imbalance",
            False,
            "The recipe “best” draws rare classes more often; look at the macro-F1, not only at the accuracy.",
            [f"“{largest}” has {ratio:.0f} times as many images as “{smallest}”"],
        )
    labels_of: dict[str, set[str]] = defaultdict(set)
    for example, split_name in zip(found.kept, found.splits, strict=True):
        labels_of[split_name].update(example.labels)
    everywhere = set.union(*labels_of.values())
    missing = [
        f"{split} lacks {label}" for split, labels in sorted(labels_of.items()) for label in sorted(everywhere - labels)
    ]
    yield Finding("Labels missing from a split", True, "Add images, or remove the class from all splits.", missing)


def _name(path: Path, data: Path) -> str:
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)

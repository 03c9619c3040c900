"""Check a data folder before training: damaged files, duplicates, leaks, imbalance and label errors: `run_check`."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from model.preprocessing import IMAGE_FORMATS, InputSpec
from train.data.folders import Example, find_split_folders, list_examples
from train.data.image_store import ImageStore
from train.data.near_duplicates import near_duplicates
from train.label_errors import probable_label_errors

_TINY_SIDE = 32
_FEW_IMAGES = 20
_MOST_IMBALANCE = 10
_HASHED_SIDE = 128
_LISTED = 12
# The format that a file's suffix stands for, as Pillow names it.
_SUFFIX_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "WEBP", ".bmp": "BMP"}


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


def run_check(data: Path, weights: str | None = None) -> list[Finding]:
    """Check a data folder, without changing anything in it.

    Args:
        data: Folder per class, or a folder with train, valid and test folders of that form.
        weights: "imagenet" or a weights file of MobileNetV2 0.35, to look for probable label errors as well.

    Returns:
        The findings, serious ones first; empty when there is none.

    Raises:
        VistazoError: There is no data folder or no image in it, or the weights cannot be used.
    """
    folders = find_split_folders(data) or {"whole folder": data}
    examples, split_of = [], {}
    for split, folder in folders.items():
        for example in list_examples(folder):
            examples.append(example)
            split_of[example.path] = split
    with ImageStore() as store:
        images, kept, unreadable = store.load(examples, InputSpec(_HASHED_SIDE, _HASHED_SIDE), "reading")
        findings = [
            Finding(
                "Files that cannot be read",
                True,
                "Training leaves them out. Save them again or remove them.",
                [f"{_name(file.path, data)}: {file.reason}" for file in unreadable],
            ),
            *_duplicates(kept, split_of, near_duplicates(images), data),
            *_odd_files(kept, data),
            *_classes(kept, split_of),
        ]
        if weights:
            findings.append(
                Finding(
                    "Probable label errors",
                    True,
                    "Look at each: the label in brackets is more probable.",
                    [f"{_name(e.path, data)} ({label})" for e, label in probable_label_errors(kept, weights, store)],
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


def _duplicates(
    examples: Sequence[Example], split_of: dict[Path, str], near: Iterator[tuple[int, int]], data: Path
) -> Iterator[Finding]:
    """Yield exact and near duplicates by where they are: across splits, across classes, within a class."""
    first: dict[str, int] = {}
    exact = []
    for row, example in enumerate(examples):
        digest = hashlib.sha256(example.path.read_bytes()).hexdigest()
        if digest in first:
            exact.append((first[digest], row))
        first.setdefault(digest, row)
    exact_pairs = set(exact)
    for how, pairs in (("Copies", exact), ("Near duplicates", [pair for pair in near if pair not in exact_pairs])):
        items: dict[str, list[str]] = defaultdict(list)
        for one, other in pairs:
            a, b = examples[one], examples[other]
            pair = f"{_name(a.path, data)} = {_name(b.path, data)}"
            if split_of[a.path] != split_of[b.path]:
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


def _odd_files(examples: Sequence[Example], data: Path) -> Iterator[Finding]:
    tiny, misnamed, modes = [], [], Counter[str]()
    for example in examples:
        with Image.open(example.path, formats=IMAGE_FORMATS) as image:
            expected = _SUFFIX_FORMATS.get(example.path.suffix.lower())
            actual = "JPEG" if image.format == "MPO" else image.format
            if expected and actual != expected:
                misnamed.append(f"{_name(example.path, data)} is {actual}")
            if min(image.size) < _TINY_SIDE:
                tiny.append(f"{_name(example.path, data)}: {image.width} x {image.height}")
            modes["grey" if image.mode in ("L", "1", "I", "I;16", "LA") else "colour"] += 1
    yield Finding("Tiny images", False, f"A side has fewer than {_TINY_SIDE} pixels. Use larger images.", tiny)
    yield Finding("Misnamed files", False, "They can be read nevertheless. Rename them.", misnamed)
    fewer = min(modes.values(), default=0)
    if len(modes) == 2 and fewer < 0.2 * sum(modes.values()):
        which = min(modes, key=lambda mode: modes[mode])
        yield Finding(
            "A few images of another colour mode",
            False,
            "If they belong to one class, the network may learn the colour mode instead of the class.",
            [f"{fewer} of {sum(modes.values())} are stored in {which}"],
        )


def _classes(examples: Sequence[Example], split_of: dict[Path, str]) -> Iterator[Finding]:
    counts = Counter(label for example in examples for label in example.labels)
    if not counts:
        return
    few = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < _FEW_IMAGES]
    yield Finding("Classes with few images", False, f"Add images: {_FEW_IMAGES} or more are advisable.", few)
    tiny = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < 3]
    if len(set(split_of.values())) == 1:
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
    for example in examples:
        labels_of[split_of[example.path]] |= set(example.labels)
    everywhere = set.union(*labels_of.values())
    missing = [
        f"{split} lacks {label}" for split, labels in sorted(labels_of.items()) for label in sorted(everywhere - labels)
    ]
    yield Finding("Labels missing from a split", True, "Add images, or remove the class from all splits.", missing)


def _name(path: Path, data: Path) -> str:
    return path.relative_to(data).as_posix()

"""Look at a data folder before anything is trained on it: `run_check`."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from model.preprocessing import IMAGE_FORMATS, InputSpec
from train.data import folders as dataset
from train.data.folders import Example
from train.data.image_store import ImageStore
from train.data.near_duplicates import near_duplicates
from train.label_errors import probable_label_errors

_TINY_SIDE = 32
_FEW_IMAGES = 20
_MOST_IMBALANCE = 10
_HASHED_SIDE = 128
_LISTED = 12
# What a file's suffix promises, by the name Pillow has for it.
_SUFFIX_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "WEBP", ".bmp": "BMP"}


@dataclass(frozen=True)
class Finding:
    """Something that a person should look at.

    Attributes:
        kind: What it is, in a few words.
        serious: Whether it would spoil a training or its figures.
        advice: What to do.
        items: The files or classes it is about.
    """

    kind: str
    serious: bool
    advice: str
    items: list[str]


def run_check(data: Path, weights: str | None = None) -> list[Finding]:
    """Check a data folder; nothing in it is changed.

    Args:
        data: Folder per class, or a folder with train, valid and test folders of that form.
        weights: "imagenet" or a weights file, to look for probable label errors as well.

    Returns:
        What was found, the serious things first; empty when all is well.

    Raises:
        VistazoError: There is no data folder, or no image in it, or the weights cannot be used.
    """
    folders = dataset.find_part_folders(data) or {"whole folder": data}
    examples, part_of = [], {}
    for part, folder in folders.items():
        for example in dataset.list_examples(folder):
            examples.append(example)
            part_of[example.path] = part
    with ImageStore() as store:
        images, kept, unreadable = store.load(examples, InputSpec(_HASHED_SIDE, _HASHED_SIDE), "reading")
        findings = [
            Finding(
                "Files that cannot be read",
                True,
                "They are left out of every training. Save them again or remove them.",
                [f"{_name(file.path, data)}: {file.reason}" for file in unreadable],
            ),
            *_doubles(kept, part_of, near_duplicates(images), data),
            *_odd_files(kept, data),
            *_classes(kept, part_of),
        ]
        if weights:
            findings.append(
                Finding(
                    "Probable label errors",
                    True,
                    "Look at each: the network would rather give it the label in brackets.",
                    [f"{_name(e.path, data)} ({label})" for e, label in probable_label_errors(kept, weights, store)],
                )
            )
    return sorted((finding for finding in findings if finding.items), key=lambda finding: not finding.serious)


def as_text(findings: Sequence[Finding]) -> str:
    """Return findings for people to read; long lists are cut."""
    if not findings:
        return "Nothing found: every file can be read, and nothing looks doubled, leaking or out of place."
    blocks = []
    for finding in findings:
        shown = finding.items[:_LISTED]
        more = [f"… and {len(finding.items) - _LISTED} more"] if len(finding.items) > _LISTED else []
        mark = "!" if finding.serious else "·"
        head = f"{mark} {finding.kind}: {len(finding.items)}. {finding.advice}"
        blocks.append("\n".join([head, *(f"    {line}" for line in (*shown, *more))]))
    return "\n".join(blocks)


def _doubles(
    examples: Sequence[Example], part_of: dict[Path, str], near: Iterator[tuple[int, int]], data: Path
) -> Iterator[Finding]:
    """Sort exact and near duplicates by what they spoil."""
    first: dict[str, int] = {}
    exact = []
    for row, example in enumerate(examples):
        digest = hashlib.sha256(example.path.read_bytes()).hexdigest()
        if digest in first:
            exact.append((first[digest], row))
        first.setdefault(digest, row)
    known = set(exact)
    for how, pairs in (("Copies", exact), ("Near duplicates", [pair for pair in near if pair not in known])):
        sorted_out: dict[str, list[str]] = defaultdict(list)
        for one, other in pairs:
            a, b = examples[one], examples[other]
            words = f"{_name(a.path, data)} = {_name(b.path, data)}"
            if part_of[a.path] != part_of[b.path]:
                sorted_out["parts"].append(words)
            elif a.labels != b.labels:
                sorted_out["classes"].append(words)
            else:
                sorted_out["class"].append(words)
        yield Finding(
            f"{how} across parts",
            True,
            "The figures would count images that were learnt by heart. Remove one of each.",
            sorted_out["parts"],
        )
        yield Finding(
            f"{how} across classes",
            how == "Copies",
            "One of the two labels may be wrong. Remove one of each, unless both are right.",
            sorted_out["classes"],
        )
        yield Finding(
            f"{how} within a class",
            False,
            "The automatic split keeps them in one part; they add little.",
            sorted_out["class"],
        )


def _odd_files(examples: Sequence[Example], data: Path) -> Iterator[Finding]:
    tiny, misnamed, modes = [], [], Counter[str]()
    for example in examples:
        with Image.open(example.path, formats=IMAGE_FORMATS) as image:
            promised = _SUFFIX_FORMATS.get(example.path.suffix.lower())
            actual = "JPEG" if image.format == "MPO" else image.format
            if promised and actual != promised:
                misnamed.append(f"{_name(example.path, data)} is {actual}")
            if min(image.size) < _TINY_SIDE:
                tiny.append(f"{_name(example.path, data)}: {image.width} x {image.height}")
            modes["grey" if image.mode in ("L", "1", "I", "I;16", "LA") else "colour"] += 1
    yield Finding("Tiny images", False, f"A side has fewer than {_TINY_SIDE} pixels. Use larger ones.", tiny)
    yield Finding("Misnamed files", False, "They can be read all the same; rename them.", misnamed)
    fewer = min(modes.values(), default=0)
    if len(modes) == 2 and fewer < 0.2 * sum(modes.values()):
        which = min(modes, key=lambda mode: modes[mode])
        yield Finding(
            "A few images of another kind",
            False,
            "If they belong to one class, the network will learn that instead.",
            [f"{fewer} of {sum(modes.values())} are stored in {which}"],
        )


def _classes(examples: Sequence[Example], part_of: dict[Path, str]) -> Iterator[Finding]:
    counts = Counter(label for example in examples for label in example.labels)
    if not counts:
        return
    parts = set(part_of.values())
    few = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < _FEW_IMAGES]
    yield Finding("Classes with few images", False, f"Aim at {_FEW_IMAGES} at least.", few)
    tiny = [f"{label}: {count}" for label, count in sorted(counts.items()) if count < 3]
    if len(parts) == 1:
        yield Finding("Classes too small to be divided", True, "Three images are the least.", tiny)
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
        labels_of[part_of[example.path]] |= set(example.labels)
    everywhere = set.union(*labels_of.values())
    missing = [
        f"{part} lacks {label}" for part, labels in sorted(labels_of.items()) for label in sorted(everywhere - labels)
    ]
    yield Finding("Labels that are not in every part", True, "Add images, or remove the class everywhere.", missing)


def _name(path: Path, data: Path) -> str:
    return path.relative_to(data).as_posix()

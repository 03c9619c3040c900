"""Images with their labels: natural order, labels that are equal, counts and a fingerprint."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import DataError
from model.labels import clean_label


@dataclass(frozen=True, slots=True)
class Example:
    """One image file with its labels.

    Attributes:
        path: The file.
        label: Its label, or the first of several.
        others: The other labels of a multi-label image.
        group: Images of the same group stay in one split; empty for an image without one.
    """

    path: Path
    label: str
    others: tuple[str, ...] = ()
    group: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the image."""
        return (self.label, *self.others)


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return the sort key of natural order: "2" before "10", case ignored, the exact spelling as a tie-break."""
    pieces = re.split(r"(\d+)", text.casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p] + [(-1, 0, text)]


def normalized_label(folder: str) -> str:
    """Return the form in which a folder name and a label are compared: without case, "_" and "-"."""
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFC", clean_label(folder))).casefold().strip()


def all_labels(examples: Iterable[Example]) -> list[str]:
    """Return every label that occurs, in natural order."""
    return sorted({label for example in examples for label in example.labels}, key=natural_key)


def match_labels(folders: Iterable[str], labels: Sequence[str]) -> dict[str, int]:
    """Return the class index of every folder name that is a label: spelt exactly, or equal by `normalized_label`."""
    normalized = {normalized_label(label): index for index, label in reversed(list(enumerate(labels)))}
    exact = {label: index for index, label in enumerate(labels)}
    found = {folder: exact.get(folder, normalized.get(normalized_label(folder))) for folder in folders}
    return {folder: index for folder, index in found.items() if index is not None}


def check_classes(examples: Iterable[Example], labels: Sequence[str], split: str, least: int) -> None:
    """Raise `DataError` unless every label has at least `least` images in a split."""
    counts = count_classes(examples)
    for label in labels:
        if counts.get(label, 0) < least:
            raise DataError(
                f"Class “{label}” has {_count(counts.get(label, 0), 'readable image')} in the {split} split; "
                f"at least {least} are needed. Add images or remove the class."
            )


def count_classes(examples: Iterable[Example]) -> Mapping[str, int]:
    """Return the number of images by label, for labels with at least one."""
    counts: dict[str, int] = defaultdict(int)
    for example in examples:
        for label in example.labels:
            counts[label] += 1
    return dict(counts)


def file_sizes(examples: Iterable[Example]) -> dict[Path, int]:
    """Return the bytes of every file."""
    return {example.path: example.path.stat().st_size for example in examples}


def fingerprint(examples: Sequence[Example], sizes: Mapping[Path, int] | None = None) -> str:
    """Return a short hash of which files (by label, name and size) a model was trained on.

    Args:
        examples: The files.
        sizes: The bytes of each, as `file_sizes` returned them before; by default they are looked up.
    """
    sizes = file_sizes(examples) if sizes is None else sizes
    lines = sorted(f"{'+'.join(e.labels)}/{e.path.name}:{sizes[e.path]}" for e in examples)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

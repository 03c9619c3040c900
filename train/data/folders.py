"""List the images of a data folder with their labels. The files are only read."""

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

SPLIT_FOLDERS = {
    "train": ("train", "training"),
    "validation": ("valid", "validation", "val"),
    "test": ("test", "testing"),
}

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")

# Files that file managers leave behind. Every other file in a class folder is read, and reported where it is no image.
_NOT_IMAGES = frozenset({"thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Example:
    """One image file with its labels.

    Attributes:
        path: The file.
        label: Its label, or the first of several.
        others: The other labels of a multi-label image.
    """

    path: Path
    label: str
    others: tuple[str, ...] = ()

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


def find_split_folders(root: Path) -> dict[str, Path]:
    """Return the train, validation and test sub-folders of a data folder by the name of the split.

    Args:
        root: The data folder.

    Returns:
        "train", "validation" and "test" with their folders, where they exist; empty for a folder per class.

    Raises:
        DataError: There is no such folder.
    """
    _require_folder(root)
    children = {child.name.casefold(): child for child in _visible_folders(root)}
    found = {}
    for split, names in SPLIT_FOLDERS.items():
        for name in names:
            # “train” alone may be a class (of vehicles); as a split it holds class folders.
            if name in children and any(child.is_dir() for child in children[name].iterdir()):
                found[split] = children[name]
                break
    return found if "train" in found or set(children) == {p.name.casefold() for p in found.values()} else {}


def list_examples(root: Path, *, multi_label: bool = False) -> list[Example]:
    """Return the files of a folder that holds one folder per class.

    Args:
        root: The folder; sub-folders of a class folder belong to the class.
        multi_label: A folder named cat+dog holds images that show both.

    Returns:
        The files with their labels, in natural order of label and path.

    Raises:
        DataError: There is no such folder, no class folder in it, or no file in any class folder.
    """
    _require_folder(root)
    folders = sorted(_visible_folders(root), key=_by_name)
    if not folders:
        raise DataError(f"“{root}” holds no class folders. Put the images of each class into a folder of its own.")
    examples = []
    seen: set[str] = set()
    for folder in folders:
        label = _label_of(folder)
        if not label or label in seen:
            raise DataError(
                f"“{folder.name}” in “{root}” gives no label, or that of another folder. Rename that folder."
            )
        seen.add(label)
        files = (p for p in folder.rglob("*") if not p.is_dir() and _could_be_image(p, folder))
        first, *others = _labels_joined_by_plus(label) if multi_label else [label]
        examples += [Example(path, first, tuple(others)) for path in sorted(files, key=lambda p: natural_key(str(p)))]
    if not examples:
        raise DataError(f"The class folders of “{root}” are empty. Put at least two images into each.")
    return examples


def all_labels(examples: Iterable[Example]) -> list[str]:
    """Return every label that occurs, in natural order."""
    return sorted({label for example in examples for label in example.labels}, key=natural_key)


def empty_class_folders(root: Path, examples: Iterable[Example]) -> list[str]:
    """Return the names of the class folders that gave no example, because they hold no file."""
    filled = {example.path.relative_to(root).parts[0] for example in examples}
    return [p.name for p in sorted(_visible_folders(root), key=_by_name) if p.name not in filled]


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


def fingerprint(examples: Iterable[Example]) -> str:
    """Return a short hash of which files (by label, name and size) a model was trained on."""
    lines = sorted(f"{'+'.join(e.labels)}/{e.path.name}:{e.path.stat().st_size}" for e in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _require_folder(root: Path) -> None:
    if root.is_file():
        advice = "Unpack it, and give" if root.suffix.lower() in _ARCHIVES else "Give"
        raise DataError(f"“{root}” is a file, not a data folder. {advice} a folder that holds one folder per class.")
    if not root.is_dir():
        raise DataError(f"There is no data folder “{root}”. Give a folder that holds one folder per class.")


def _label_of(folder: Path) -> str:
    return clean_label(unicodedata.normalize("NFC", folder.name))


def _labels_joined_by_plus(label: str) -> list[str]:
    pieces = dict.fromkeys(piece.strip() for piece in label.split("+"))
    return [piece for piece in pieces if piece] or [label]


def _visible_folders(root: Path) -> list[Path]:
    return [child for child in root.iterdir() if child.is_dir() and not child.name.startswith(".")]


def _by_name(path: Path) -> list[tuple[int, int, str]]:
    return natural_key(path.name)


def _could_be_image(path: Path, folder: Path) -> bool:
    hidden = any(piece.startswith(".") for piece in path.relative_to(folder).parts)
    return not hidden and path.name.casefold() not in _NOT_IMAGES


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

"""Class folders turned into images with labels; folders whose names differ in case or separators only are one class."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from model.errors import DataError
from model.folder_walk import Folder
from model.labels import clean_label
from train.data.folders import Example, natural_key, normalized_label


class Spelling:
    """One spelling for each label: the first that was asked for, unless the label is known.

    Args:
        labels: Known labels, such as those of a model; two of them stay apart whatever their spelling is.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self._known = frozenset(labels)
        self._first: dict[str, str] = {}
        for label in self._known:
            self._first.setdefault(normalized_label(label), label)
        self._spelt: dict[str, set[str]] = defaultdict(set)

    def of(self, text: str) -> str:
        """Return the label of a text; "" where nothing of it can be shown."""
        label = clean_label(unicodedata.normalize("NFC", text))
        if not label or label in self._known:
            return label
        chosen = self._first.setdefault(normalized_label(label), label)
        self._spelt[chosen].add(text)
        return chosen

    def notes(self) -> Iterator[str]:
        """Yield a sentence for every label that came in several spellings."""
        for label, spelt in sorted(self._spelt.items()):
            names = sorted(spelt | {label}, key=natural_key)
            if len(names) > 1:
                yield f"{' and '.join(f'“{name}”' for name in names)} are one class, “{label}”."


def examples_in(
    classes: Sequence[tuple[str, Folder]], spelling: Spelling, *, multi_label: bool = False
) -> list[Example]:
    """Return the images of class folders, in natural order of label and path.

    Args:
        classes: Class folders, each with the name that gives the label; folders below one belong to the class.
        spelling: The labels so far.
        multi_label: A folder named cat+dog holds images that show both.

    Raises:
        DataError: The name of a folder gives no label.
    """
    found: dict[tuple[str, ...], list[Path]] = {}
    for name, folder in sorted(classes, key=lambda pair: natural_key(pair[0])):
        pieces = [piece for piece in name.split("+") if piece.strip()] if multi_label else []
        labels = tuple(dict.fromkeys(spelling.of(piece) for piece in pieces or [name]))
        if not all(labels):
            raise DataError(f"“{name}” in “{Path(folder.path).parent}” gives no label. Rename that folder.")
        found.setdefault(labels, []).extend(Path(f.path, file) for f in folder.walk() for file in f.files)
    return [
        Example(path, labels[0], labels[1:])
        for labels, paths in found.items()
        for path in sorted(paths, key=lambda p: natural_key(str(p)))
    ]

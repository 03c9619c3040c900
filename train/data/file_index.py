"""Find the files of a data set that the rows of a table name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from model.folder_walk import Folder
from train.data.split_names import split_of


class FileIndex:
    """The images of a tree by path, by name and by name without suffix.

    A table can name files of the tree only, whatever path it gives.

    Args:
        tree: The data folder.
    """

    def __init__(self, tree: Folder) -> None:
        self._root = tree.path
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for folder in tree.walk():
            inside = os.path.relpath(folder.path, tree.path)
            for name in folder.files:
                path = name if inside == "." else f"{Path(inside).as_posix()}/{name}"
                self._by_name[_plain(name)].append(path)
                self._by_stem[_plain(os.path.splitext(name)[0])].append(path)  # noqa: PTH122

    def __iter__(self) -> Iterator[str]:
        """Yield the path of every image, relative to the tree, in a fixed order."""
        for paths in self._by_name.values():
            yield from paths

    def find(self, text: str, beside: str = "", split: str | None = None) -> list[str]:
        """Return the images that a text may name, relative to the tree: one, where it is clear.

        Args:
            text: A path of any machine, relative or absolute, a name, or a name without its suffix.
            beside: The folder of the table, relative to the tree: what lies there is nearer.
            split: The split that the table says the file is in.
        """
        pieces = [piece for piece in re.split(r"[/\\]+", text.strip()) if piece not in ("", ".", "..")]
        if not pieces:
            return []
        name = _plain(pieces[-1])
        found = self._by_name.get(name) or self._by_stem.get(name) or self._by_stem.get(name.removesuffix(".0")) or []
        if len(found) == 1 and len(pieces) == 1:
            return found
        given = [_plain(piece) for piece in pieces[:-1]]
        named = next(filter(None, map(split_of, pieces[:-1])), None) or split
        # The file in another split than the path says is another file of the same name.
        found = [path for path in found if not named or split_of_path(path) in (None, named)]
        for nearness in (
            lambda path: _common_end(given, [_plain(piece) for piece in path.split("/")[:-1]]),
            lambda path: split_of_path(path) == named,
            lambda path: beside != "" and path.startswith(f"{beside}/"),
            lambda path: -path.count("/"),
        ):
            if len(found) > 1:
                nearest = max(map(nearness, found))
                found = [path for path in found if nearness(path) == nearest]
        return found

    def names_one(self, beside: str, text: str) -> bool:
        """Return whether a text in a table, which lies in the folder `beside`, names an image."""
        return bool(self.find(text, beside))

    def path(self, relative: str) -> Path:
        """Return the whole path of an image."""
        return Path(self._root, relative)


def split_of_path(path: str) -> str | None:
    """Return the split that the folders of a relative path name, the outermost first; None where there is none."""
    return next(filter(None, map(split_of, path.split("/")[:-1])), None)


def _common_end(some: list[str], others: list[str]) -> int:
    count = 0
    for one, other in zip(reversed(some), reversed(others), strict=False):
        if one != other:
            break
        count += 1
    return count


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

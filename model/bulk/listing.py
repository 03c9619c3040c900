"""List images and clips, and divide the list into parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.bulk.places import Place
from model.errors import SettingsError
from model.folder_walk import OTHER_KIND, SYSTEM_FILES, SYSTEM_FOLDERS, LeftOut, scan
from model.image_file import IMAGE_SUFFIXES
from model.video.probe import ANIMATION_SUFFIXES, VIDEO_SUFFIXES

PART_SIZE = 1000
# A clip counts as this many images where a part is filled.
_CLIP_WEIGHT = 50
_WANTED = IMAGE_SUFFIXES | VIDEO_SUFFIXES | ANIMATION_SUFFIXES


@dataclass(frozen=True)
class ListedFile:
    """A file to predict.

    Attributes:
        place: Where it is.
        size: In bytes; None where the listing does not say, as for files on a disk.
    """

    place: Place
    size: int | None = None


def list_files(places: Sequence[Place], on_note: Callable[[str], None]) -> Iterator[ListedFile]:
    """Yield the images and clips of folders and the files that are named, always in the same order.

    Args:
        places: Folders and files.
        on_note: Receives a sentence about what was left out of a folder.

    Raises:
        SettingsError: There is no such place.
        StorageError: A folder cannot be listed.
    """
    for one in dict.fromkeys(places):
        if not one.is_folder():
            if not one.exists():
                raise SettingsError(f"There is no file and no folder “{one.text}”. Check the name.")
            yield ListedFile(one)
        elif one.is_local:
            yield from (ListedFile(Place(str(path))) for path in files_below(one.path, on_note))
        else:
            yield from _remote_files(one)


def files_below(folder: Path, on_note: Callable[[str], None]) -> Iterator[Path]:
    """Yield the images and clips in a folder on this machine, in order of name within each folder."""
    left_out = LeftOut()
    tree = scan(folder, lambda name, _: _is_wanted(name), left_out)
    for inner in tree.walk():
        for name in inner.others:
            left_out.add(OTHER_KIND, Path(name).suffix.lower())
    if left_out.lines():
        on_note(f"Left out in “{os.fsencode(folder).decode('utf-8', 'replace')}”: {left_out}.")
    for inner in tree.walk():
        yield from (Path(inner.path, name) for name in inner.files)


def parts_of(files: Iterable[ListedFile], part_size: int) -> Iterator[list[ListedFile]]:
    """Divide files into parts: of `part_size` images, or of fewer files where clips are among them."""
    part: list[ListedFile] = []
    weight = 0
    for file in files:
        part.append(file)
        weight += _CLIP_WEIGHT if PurePosixPath(file.place.name).suffix.lower() in VIDEO_SUFFIXES else 1
        if weight >= part_size:
            yield part
            part, weight = [], 0
    if part:
        yield part


def _remote_files(root: Place) -> Iterator[ListedFile]:
    hidden = len(PurePosixPath(root.text).parts)
    for folder, files in root.walk():
        inner = PurePosixPath(folder).parts[hidden:]
        if any(name.startswith(".") or name.casefold() in SYSTEM_FOLDERS for name in inner):
            continue
        for name, size in sorted(files.items()):
            if _is_wanted(name) and not name.startswith(".") and name.casefold() not in SYSTEM_FILES:
                yield ListedFile(Place(folder).child(name), size)


def _is_wanted(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _WANTED

"""List the files below a folder, without what systems leave in it, and count what was left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Folders and files that systems and file managers make, in lower case.
SYSTEM_FOLDERS = frozenset(
    [
        "__macosx",
        "@eadir",
        "@recycle",
        "@tmp",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "lost+found",
        "__pycache__",
    ]
)
SYSTEM_FILES = frozenset(["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"])

_DEEPEST = 64
_MOST_DETAILS = 4


@dataclass(frozen=True)
class Reason:
    """Why something was left out: the words for one thing, and for several."""

    one: str
    many: str


HIDDEN = Reason("hidden file or folder", "hidden files and folders")
OF_SYSTEM = Reason("file or folder of the system", "files and folders of the system")
LISTED_LINK = Reason("link to a folder that is listed already", "links to folders that are listed already")
LOCKED = Reason("folder that may not be opened", "folders that may not be opened")
SPECIAL = Reason("special file", "special files")
TOO_DEEP = Reason("folder nested too deeply", "folders nested too deeply")
OTHER_KIND = Reason("file of another kind", "files of another kind")


class LeftOut:
    """How many things were left out, by reason."""

    def __init__(self) -> None:
        self._counts: dict[Reason, Counter[str]] = {}

    def add(self, reason: Reason, detail: str = "", count: int = 1) -> None:
        """Count something.

        Args:
            reason: Why it was left out.
            detail: What tells it apart from others, such as a name; the first few are shown.
            count: How many.
        """
        if count:
            self._counts.setdefault(reason, Counter())[detail] += count

    def count(self, reason: Reason) -> int:
        """Return how many things were left out for a reason."""
        return sum(self._counts.get(reason, Counter()).values())

    def lines(self, but: Collection[Reason] = ()) -> list[str]:
        """Return the number of things by reason, one line a reason: "24 files that are not images (.txt, .xml)".

        Args:
            but: Reasons that are not wanted.
        """
        lines = []
        for reason, details in self._counts.items():
            if reason in but:
                continue
            number = sum(details.values())
            names = sorted(name for name in details if name)
            shown = names[:_MOST_DETAILS] + ["…"] * (len(names) > _MOST_DETAILS)
            words = f"{number:,} {reason.one if number == 1 else reason.many}"
            lines.append(words + (f" ({', '.join(shown)})" if shown else ""))
        return lines

    def __str__(self) -> str:
        """Return all lines as one."""
        return ", ".join(self.lines())


@dataclass
class Folder:
    """A folder with the files that are wanted, and its sub-folders.

    Attributes:
        path: The folder.
        files: Names of the wanted files in it, sorted.
        others: Names of the other files in it, sorted.
        folders: Its sub-folders, sorted by name.
        total: Number of wanted files in it and below.
    """

    path: str
    files: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    total: int = 0

    @property
    def name(self) -> str:
        """The name of the folder."""
        return os.path.basename(self.path)  # noqa: PTH119  (a Path for each folder would cost more)

    def walk(self) -> Iterator[Folder]:
        """Yield this folder and all below it."""
        yield self
        for folder in self.folders:
            yield from folder.walk()


def scan(root: Path, is_wanted: Callable[[str, str], bool], left_out: LeftOut) -> Folder:
    """Return the tree of a folder.

    A link to a folder is followed unless the folder is in the tree already, so that loops end and nothing counts twice.

    Args:
        root: The folder.
        is_wanted: Whether a file is wanted, by its name and its path.
        left_out: Counts what is left out: hidden files, files and folders of systems, links that were not followed.
    """
    tree = Folder(str(root))
    seen: set[tuple[int, int]] = set()
    links: list[tuple[Folder, str, int]] = []
    _read(tree, 0, is_wanted, left_out, seen, links)
    # All true folders come first: the images of a class belong to its own folder, and not to a link in another class.
    for parent, path, depth in links:
        child = Folder(path)
        if _read(child, depth, is_wanted, left_out, seen, links):
            parent.folders.append(child)
    _complete(tree)
    return tree


def _read(
    folder: Folder,
    depth: int,
    is_wanted: Callable[[str, str], bool],
    left_out: LeftOut,
    seen: set[tuple[int, int]],
    links: list[tuple[Folder, str, int]],
) -> bool:
    """Read a folder and those below it; return False for one that is left out. Links are added to `links`."""
    if depth > _DEEPEST:
        left_out.add(TOO_DEEP, folder.name)
        return False
    try:
        status = os.stat(folder.path)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in seen:
            left_out.add(LISTED_LINK, folder.name)
            return False
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder.path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError:
        left_out.add(LOCKED, folder.name)
        return False
    for entry in entries:
        is_folder = entry.is_dir()
        if entry.name.startswith("."):
            left_out.add(HIDDEN)
        elif entry.name.casefold() in (SYSTEM_FOLDERS if is_folder else SYSTEM_FILES):
            left_out.add(OF_SYSTEM, entry.name.strip())
        elif is_folder and entry.is_symlink():
            links.append((folder, entry.path, depth + 1))
        elif is_folder:
            child = Folder(entry.path)
            if _read(child, depth + 1, is_wanted, left_out, seen, links):
                folder.folders.append(child)
        elif not entry.is_file() and not (entry.is_symlink() and not os.path.exists(entry.path)):  # noqa: PTH110
            left_out.add(SPECIAL, entry.name)  # a pipe would be waited for; a broken link is reported when it is read
        elif is_wanted(entry.name, entry.path):
            folder.files.append(entry.name)
        else:
            folder.others.append(entry.name)
    return True


def _complete(folder: Folder) -> int:
    """Sort the sub-folders, which links were added to, and count the files below."""
    folder.folders.sort(key=lambda child: child.name)
    folder.total = len(folder.files) + sum(_complete(child) for child in folder.folders)
    return folder.total

"""Where visitors' files lie: a folder of the program's own, emptied as they grow old and removed at the end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from interface.server.memory import give_back
from model.errors import FULL_DISK

_VARIABLE = "GRADIO_TEMP_DIR"
_SECONDS_TO_LOCK = 60
_held: list[int] = []  # descriptors of the locks
_OWN = re.compile(r"vistazo-(\d+)-.+")
_KEEP_SECONDS = 3600
_LOOK_EVERY = 120
# An upload that stands still for so long is ended; what it left are Gradio's temporary files.
_KEEP_SECONDS_OF_PARTS = 120
_PART = re.compile(r"tmp[a-z0-9_]{8}")
# When the disk is full, what was not touched for so long goes at once.
_KEEP_SECONDS_WHEN_FULL = 60


def own_folder() -> Path:
    """Make a folder for the uploads and results of this program alone, which removes it at the end.

    It lies where GRADIO_TEMP_DIR says, else among the system's temporary files. Folders that killed programs left
    there are removed.
    """
    parent = Path(os.environ.get(_VARIABLE) or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    for path in parent.glob("vistazo-*"):
        match = _OWN.fullmatch(path.name)
        with contextlib.suppress(OSError):
            if match and not path.is_symlink() and _is_left(path, int(match[1])):
                shutil.rmtree(path, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"vistazo-{os.getpid()}-", dir=parent))
    _lock(folder)
    os.environ[_VARIABLE] = str(folder)
    return folder


class UploadStorage:
    """The uploads and results of visitors.

    Args:
        most_megabytes: Size of the largest upload.
    """

    def __init__(self, most_megabytes: int) -> None:
        self._most = most_megabytes * 2**20
        self._kept: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """Where they lie."""
        from gradio.utils import get_upload_folder  # here, because importing Gradio takes seconds

        return Path(get_upload_folder())

    def keep(self, paths: Iterable[str]) -> None:
        """Never remove these files: the examples, which Gradio copies here."""
        self._kept |= frozenset(str(Path(path).resolve()) for path in paths)

    def clean(self, older_than: float = _KEEP_SECONDS) -> int:
        """Remove the files that nobody has touched for so many seconds; returns how many."""
        removed, before, folder = 0, time.time() - older_than, self.folder.resolve()
        for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before it
            with contextlib.suppress(OSError):  # somebody else was faster, or the folder is not empty
                status = path.lstat()
                part = path.parent == folder and _PART.fullmatch(path.name) and stat.S_ISREG(status.st_mode)
                old = max(before, time.time() - _KEEP_SECONDS_OF_PARTS) if part else before
                if str(path) in self._kept or max(status.st_mtime, status.st_ctime) >= old:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    path.rmdir()
                else:
                    path.unlink()
                    removed += 1
        return removed

    def make_room(self) -> None:
        """Remove what was not touched within a minute: the disk is full."""
        self.clean(_KEEP_SECONDS_WHEN_FULL)

    def has_room(self) -> bool:
        """Say whether the largest upload still fits on the disk; where it does not, try to make room first."""
        if self._fits():
            return True
        self.make_room()
        return self._fits()

    def keep_clean(self) -> None:
        """Remove old files, and give back freed memory, every few minutes as long as the program runs."""

        def run() -> None:
            while True:
                time.sleep(_LOOK_EVERY)
                self.clean()
                give_back()

        threading.Thread(target=run, daemon=True, name="clean-up").start()

    def _fits(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free > self._most


def is_full(error: BaseException) -> bool:
    """Say whether an error, or one that it was made of, comes from a disk without room."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and link.errno in FULL_DISK:
            return True
        link = link.__cause__
    return False


def _can_lock() -> bool:
    return importlib.util.find_spec("fcntl") is not None  # not on Windows


def _lock(folder: Path) -> bool:
    """Hold a folder for as long as this program lives, however it ends; returns whether nobody else does."""
    if not _can_lock():
        return False
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    _held.append(descriptor)
    return True


def _is_left(folder: Path, process: int) -> bool:
    """Say whether the program that made a folder has ended; where locks do not tell, an hour has to pass as well."""
    if _lock(folder):
        os.close(_held.pop())
        # A program locks its folder just after it has made it.
        ended = process == os.getpid() or not _runs(process)  # this program has not made its folder yet
        return ended or folder.stat().st_mtime < time.time() - _SECONDS_TO_LOCK
    if _can_lock():
        return False
    return not _runs(process) and folder.stat().st_mtime < time.time() - _KEEP_SECONDS


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

"""Uploads and results: a folder of the program's own, whose files are deleted when old, and which goes at the end.

Gradio's `delete_cache` is not used: it knows only the files that it has noted in memory, not those of uploads and clips
that were broken off, leaves their folders, and stops for good when an upload arrives while it works (6.31).
"""

from __future__ import annotations

import contextlib
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
_OWN = re.compile(r"vistazo-\d+-.+")
_KEEP_SECONDS = 3600
_CLEAN_EVERY_SECONDS = 120
# An upload that stands still for so long is ended; what it leaves are Gradio's temporary files.
_KEEP_SECONDS_OF_PARTIAL_UPLOADS = 120
_PARTIAL_UPLOAD = re.compile(r"tmp[a-z0-9_]{8}")
_KEEP_SECONDS_WHEN_FULL = 60


def own_folder() -> Path:
    """Make a folder for the uploads and results of this program alone, and name it in GRADIO_TEMP_DIR.

    It is made where GRADIO_TEMP_DIR says, else among the system's temporary files. Folders that killed programs left
    there are removed, except on Windows.

    Returns:
        The folder; the caller removes it at the end.
    """
    parent = Path(os.environ.get(_VARIABLE) or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    for path in parent.glob("vistazo-*"):
        if not _OWN.fullmatch(path.name) or path.is_symlink():
            continue
        with contextlib.suppress(OSError):
            lock = _lock(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
    # Under its final name it is locked from the start: without a lock it would be taken for one that was left.
    new = Path(tempfile.mkdtemp(prefix=".vistazo-", dir=parent))
    _lock(new)
    folder = new.rename(parent / f"vistazo-{os.getpid()}-{new.name.removeprefix('.vistazo-')}")
    os.environ[_VARIABLE] = str(folder)
    return folder


class UploadStorage:
    """The folder of uploads and results.

    Args:
        max_megabytes: Size of the largest upload.
    """

    def __init__(self, max_megabytes: int) -> None:
        self._max_bytes = max_megabytes * 2**20
        self._kept: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """The folder."""
        from interface.server.gradio_internals import upload_folder  # here, because importing Gradio takes seconds

        return upload_folder()

    def keep(self, paths: Iterable[str]) -> None:
        """Never delete these files: the examples, which Gradio copies here."""
        self._kept |= frozenset(str(Path(path).resolve()) for path in paths)

    def clean(self, older_than: float = _KEEP_SECONDS) -> int:
        """Delete old files and empty folders, and what partial uploads left.

        Args:
            older_than: Seconds since a file was last written.

        Returns:
            How many files were deleted.
        """
        removed, before, folder = 0, time.time() - older_than, self.folder.resolve()
        for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before it
            with contextlib.suppress(OSError):  # already gone, or the folder is not empty
                status = path.lstat()
                partial = (
                    path.parent == folder and _PARTIAL_UPLOAD.fullmatch(path.name) and stat.S_ISREG(status.st_mode)
                )
                old = max(before, time.time() - _KEEP_SECONDS_OF_PARTIAL_UPLOADS) if partial else before
                if str(path) in self._kept or max(status.st_mtime, status.st_ctime) >= old:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    path.rmdir()
                else:
                    path.unlink()
                    removed += 1
        return removed

    def make_room(self) -> None:
        """Delete what was not written within the last minute: the disk is full."""
        self.clean(_KEEP_SECONDS_WHEN_FULL)

    def has_room(self) -> bool:
        """Say whether the largest upload still fits on the disk; where it does not, try to make room first."""
        if self._fits():
            return True
        self.make_room()
        return self._fits()

    def keep_clean(self) -> None:
        """Start a thread that deletes old files, and returns freed memory to the system, every few minutes."""

        def run() -> None:
            while True:
                time.sleep(_CLEAN_EVERY_SECONDS)
                self.clean()
                give_back()

        threading.Thread(target=run, daemon=True, name="clean-up").start()

    def _fits(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.folder).free > self._max_bytes


def is_full(error: BaseException) -> bool:
    """Say whether an error, or one of its causes, comes from a full disk."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and link.errno in FULL_DISK:
            return True
        link = link.__cause__
    return False


def _lock(folder: Path) -> int | None:
    """Lock a folder for as long as this program lives, however it ends.

    Returns:
        The open descriptor that holds the lock; None where another program holds it, or on Windows.
    """
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor

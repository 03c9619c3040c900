"""Folders and files on this machine, and those in a storage that fsspec knows, such as “s3://bucket/photos”."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from model.errors import SettingsError, StorageError

Result = TypeVar("Result")

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
# Storages in which a file appears whole or not at all; elsewhere it is written under another name and renamed.
_WHOLE = frozenset(["s3", "s3a", "gs", "gcs", "hf", "memory"])
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
# Errors that another attempt would not change.
_FINAL = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
# Pauses before an operation on a storage is tried again, in seconds. Its client may have tried several times by then.
_PAUSES = (0.5, 2.0, 8.0)


@dataclass(frozen=True)
class Place:
    """A folder or file. An operation that fails for a moment is tried four times.

    Attributes:
        text: An absolute path, or an address such as “s3://bucket/photos”.
    """

    text: str

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, or on a disk that this machine sees as its own."""
        return not is_address(self.text)

    @property
    def path(self) -> Path:
        """The path of a local place."""
        return Path(self.text)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.text).name

    def child(self, name: str) -> Place:
        """Return the file or folder of that name inside; the name may have several parts."""
        return Place(f"{self.text.rstrip('/')}/{name}")

    def exists(self) -> bool:
        """Return whether there is such a file or folder."""
        if self.is_local:
            return os.path.exists(self.text)  # noqa: PTH110  (Path.exists raises for names that are too long)
        return self._kind() is not None

    def is_folder(self) -> bool:
        """Return whether there is such a folder; in a storage without folders, whether names begin with this one."""
        if self.is_local:
            return os.path.isdir(self.text)  # noqa: PTH112
        return self._kind() == "directory"

    def names(self) -> list[str]:
        """Return the names of the files and folders inside, sorted; none where there is no such folder."""
        try:
            if self.is_local:
                return sorted(os.listdir(self.text))  # noqa: PTH208
            return sorted(PurePosixPath(name).name for name in self._listed(detail=False))
        except FileNotFoundError:
            return []

    def walk(self) -> Iterator[tuple[str, dict[str, int | None]]]:
        """Yield the address of each folder of a storage, from this one down, and the size in bytes of its files."""
        folders = [self.text]
        while folders:
            folder = folders.pop()
            entries = Place(folder)._listed(detail=True)
            scheme = folder[: folder.index("://") + 3]
            inner = {scheme + e["name"].strip("/"): e for e in entries}
            inner.pop(folder.rstrip("/"), None)  # some storages list a folder in itself
            yield folder, {PurePosixPath(n).name: e.get("size") for n, e in inner.items() if e["type"] == "file"}
            folders += sorted((n for n, e in inner.items() if e["type"] == "directory"), reverse=True)

    def size(self) -> int:
        """Return the size of a local file in bytes."""
        return self._try(lambda _: self.path.stat().st_size)

    def read(self) -> bytes:
        """Return the file's content."""
        if self.is_local:
            return self._try(lambda _: self.path.read_bytes())
        return self._try(lambda files: files.cat_file(self.text))

    def fetch(self, target: Path) -> None:
        """Copy the file to a local one."""
        self._try(lambda files: files.get_file(self.text, str(target)))

    def write(self, content: bytes) -> None:
        """Write the file, so that others see all of it or nothing."""
        if self.is_local:
            self._try(lambda _: _replace(self.path, content))
        elif _scheme(self.text) in _WHOLE:
            self._try(lambda files: files.pipe_file(self.text, content))
        else:
            beside = f"{self.text}.partial"
            self._try(lambda files: files.makedirs(self.text.rpartition("/")[0], exist_ok=True))
            self._try(lambda files: files.pipe_file(beside, content))
            self._try(lambda files: files.mv(beside, self.text))

    def create(self, content: bytes) -> bool:
        """Write the file if there is none; return False if there is one.

        Of two programs that try at the same time one succeeds, where the storage can compare (disks, S3, GCS).
        """
        try:
            if self.is_local:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("xb") as file:
                    file.write(content)
            else:
                self._try(lambda files: files.pipe_file(self.text, content, mode="create"))
        except FileExistsError:
            return False
        except OSError as error:
            raise _storage_error(self.text, error) from error
        return True

    def remove(self) -> None:
        """Remove the file, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            if self.is_local:
                self.path.unlink()
            else:
                self._try(lambda files: files.rm_file(self.text))

    def _kind(self) -> str | None:
        # fsspec's own `exists` and `isdir` say that nothing is there when the storage fails.
        try:
            return self._try(lambda files: files.invalidate_cache() or files.info(self.text))["type"]
        except FileNotFoundError:
            return None

    def _listed(self, *, detail: bool) -> Any:
        return self._try(lambda files: files.invalidate_cache() or files.ls(self.text, detail=detail))

    def _try(self, operation: Callable[[Any], Result]) -> Result:
        """Run an operation, again after a pause where it fails for a moment.

        Raises:
            FileNotFoundError, PermissionError, FileExistsError: Another attempt would not help.
            StorageError: It failed four times.
        """
        files = None if self.is_local else file_system(self.text)
        for pause in (*_PAUSES, None):
            try:
                return operation(files)
            except _FINAL:
                raise
            except Exception as error:  # the clients of the storages share no error
                if pause is None:
                    raise _storage_error(self.text, error) from error
            time.sleep(pause)
        raise AssertionError


def place(text: str) -> Place:
    """Return the place that a user names: a path, which becomes absolute, or an address."""
    return Place(text.rstrip("/") if is_address(text) else os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111


def is_address(text: str) -> bool:
    """Return whether a text is an address such as “s3://bucket/photos” and not a path."""
    return _ADDRESS.match(text) is not None


def file_system(address: str) -> Any:
    """Return fsspec's file system for an address.

    Raises:
        SettingsError: It is not known, or its package is not installed.
    """
    import fsspec

    scheme = _scheme(address)
    try:
        return fsspec.filesystem(scheme)
    except ImportError as error:
        extra = _EXTRAS.get(scheme)
        wanted = f'`pip install "vistazo[{extra}]"` from a checkout installs it' if extra else str(error)
        raise SettingsError(f"“{address}” needs a package that is not installed: {wanted}.") from error
    except ValueError as error:
        raise SettingsError(
            f"“{address}” is in a storage that is not known. Use a path, s3://, gs:// or hf://."
        ) from error


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _storage_error(name: str, error: Exception) -> StorageError:
    reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200] or type(error).__name__
    return StorageError(f"“{name}” cannot be read or written at the moment: {reason}. Try again.")

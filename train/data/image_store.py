"""Decode every image once, at the network's input size, into an array on disk."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from tqdm import tqdm

from model.cores import cores
from model.errors import DataError, DecodingError, ImageError
from model.preprocessing import InputSpec, prepare, read_image
from train.data.folders import Example

# Mapped pages count as the process's memory in `top` and in a container's limit, although the system may take them back
# at any time. So all pages are released after this much was read. The system also maps neighbouring pages: with 512 MiB
# here, 1.4 GiB were resident in training on 60,000 images.
MOST_RESIDENT_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Unreadable:
    """A file that was left out, and the reason."""

    path: Path
    reason: str


class StoredImages(np.ndarray):
    """Images in a mapped file, of which only the latest are in the process's memory.

    Every row or block of rows that is read or written counts; at `MOST_RESIDENT_BYTES` all pages are released. They
    stay in the system's page cache as long as there is room, and are mapped again when they are read.
    """

    _pages: _Pages | None = None

    def __array_finalize__(self, source: Any) -> None:
        """Let a view share the page count of its array."""
        self._pages = getattr(source, "_pages", None)

    def __getitem__(self, index: Any) -> Any:
        """Return what any array would; copies are ordinary arrays."""
        found = super().__getitem__(index)
        if not isinstance(found, StoredImages):
            return found
        if self._pages:
            self._pages.count(found.nbytes)
        return found if np.may_share_memory(found, self) else found.view(np.ndarray)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write to the file."""
        if self._pages:
            self._pages.count(np.asarray(value).nbytes)
        super().__setitem__(index, value)


class _Pages:
    """The mapped pages of all arrays of a store."""

    def __init__(self) -> None:
        self._maps: list[weakref.ref[mmap.mmap]] = []  # weak: the disk space of an array is freed with the array
        self._taken = 0

    def add(self, mapped: mmap.mmap) -> None:
        self._maps.append(weakref.ref(mapped))

    def count(self, taken: int) -> None:
        # Threads may race here; a lost count now and then does not matter.
        self._taken += taken
        if self._taken >= MOST_RESIDENT_BYTES and hasattr(mmap, "MADV_DONTNEED"):  # Linux
            self._taken = 0
            for mapped in filter(None, (reference() for reference in self._maps)):
                mapped.madvise(mmap.MADV_DONTNEED)  # nothing is lost: the mapping is shared with the file


class ImageStore:
    """Prepared images in a temporary file, so that memory stays small however many there are.

    A context manager, which removes the file at the end.
    """

    def __init__(self) -> None:
        try:
            # Windows keeps files that are mapped, which arrays may be for longer than the store.
            self._directory = tempfile.TemporaryDirectory(prefix="vistazo-", ignore_cleanup_errors=True)
        except OSError as error:
            raise DataError(
                f"No temporary folder for the decoded images can be made ({error.strerror}). "
                "Free some space, or point TMPDIR to a larger disk."
            ) from error
        self._count = 0
        self._pages = _Pages()

    def __enter__(self) -> ImageStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._directory.cleanup()

    def load(
        self, examples: Sequence[Example], spec: InputSpec, title: str, *, copies: int = 1
    ) -> tuple[np.ndarray, list[Example], list[Unreadable]]:
        """Decode images on all cores.

        Args:
            examples: The files.
            spec: Size, colours and resize rule.
            title: Text of the progress bar.
            copies: How many arrays of this size will be needed in all, checked before the first image is decoded.

        Returns:
            The images, (n, height, width, 3), uint8, backed by a file; their examples; and the files that could not
            be read.

        Raises:
            DataError: There is not enough disk space.
        """
        if not examples:
            return np.zeros((0, spec.height, spec.width, 3), np.uint8), [], []
        shape = (len(examples), spec.height, spec.width, 3)
        self._refuse_full_disk(copies * int(np.prod(shape)))
        images = self._new_array(shape)

        def decode(index: int) -> str | None:
            try:
                images[index] = prepare(read_image(examples[index].path, spec.ample_side), spec)
            except (ImageError, DecodingError) as error:
                return str(error)
            return None

        with ThreadPoolExecutor(cores()) as pool:
            progress = tqdm(total=len(examples), desc=title, unit="image", leave=False, disable=None)
            reasons = []
            for reason in pool.map(decode, range(len(examples)), chunksize=16):
                reasons.append(reason)
                progress.update()
            progress.close()
        kept = [index for index, reason in enumerate(reasons) if reason is None]
        unreadable = [
            Unreadable(example.path, reason) for example, reason in zip(examples, reasons, strict=True) if reason
        ]
        for place, index in enumerate(kept):  # close the gaps that unreadable files left
            if place != index:
                images[place] = images[index]
        return images[: len(kept)], [examples[index] for index in kept], unreadable

    def select(self, images: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        """Return the given rows as a new array, also backed by a file."""
        if not rows:
            return images[:0]
        chosen = self._new_array((len(rows), *images.shape[1:]))
        for place, row in enumerate(rows):
            chosen[place] = images[row]
        return chosen

    def _new_array(self, shape: tuple[int, ...]) -> StoredImages:
        size = int(np.prod(shape))
        self._refuse_full_disk(size)
        self._count += 1
        path = Path(self._directory.name) / f"images-{self._count}.u8"
        with path.open("w+b") as file:
            try:
                if hasattr(os, "posix_fallocate"):
                    # Reserved now: writing to a mapped page without disk space would kill the process.
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
            except OSError as error:
                raise self._full_disk(size) from error
            mapped = mmap.mmap(file.fileno(), size)
        with contextlib.suppress(PermissionError):  # Windows keeps mapped files until the store ends
            path.unlink()  # the space is freed with the last array, even when the process is killed
        images = np.frombuffer(mapped, np.uint8).reshape(shape).view(StoredImages)
        images._pages = self._pages
        self._pages.add(mapped)
        return images

    def _refuse_full_disk(self, needed: int) -> None:
        if needed > shutil.disk_usage(self._directory.name).free * 0.9:
            raise self._full_disk(needed)

    def _full_disk(self, needed: int) -> DataError:
        free = shutil.disk_usage(self._directory.name).free
        return DataError(
            f"The decoded images need {needed / 2**30:.1f} GiB in {self._directory.name}, where "
            f"{free / 2**30:.1f} GiB are free. Free some space, or point TMPDIR to a larger disk."
        )


def all_grey(images: np.ndarray) -> bool:
    """Return whether no image has any colour; checked in blocks, so that memory stays small."""
    for start in range(0, len(images), 256):
        block = images[start : start + 256]
        if (block[..., 0] != block[..., 1]).any() or (block[..., 0] != block[..., 2]).any():
            return False
    return True

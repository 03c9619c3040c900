"""Decode every picture once, at the network's input size, into an array on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from tqdm import tqdm

from model.errors import DataError, PictureError
from model.preprocessing import InputSpec, prepare, read_picture
from train.dataset import Example


@dataclass(frozen=True)
class Unreadable:
    """A file that was left out, and why."""

    path: Path
    reason: str


class PictureStore:
    """Prepared pictures in a temporary file: the memory stays small however many there are.

    Use as a context manager; the file is gone when it ends.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="vistazo-")
        self._count = 0

    def __enter__(self) -> PictureStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._directory.cleanup()

    def load(
        self, examples: Sequence[Example], spec: InputSpec, title: str
    ) -> tuple[np.ndarray, list[Example], list[Unreadable]]:
        """Decode pictures on all cores.

        Args:
            examples: The files.
            spec: Size, colours and resize rule.
            title: What the progress bar says.

        Returns:
            The pictures, (n, height, width, 3), uint8, backed by a file; the examples they belong
            to; and the files that could not be read.

        Raises:
            DataError: There is not enough room for them on the disk.
        """
        if not examples:
            return np.zeros((0, spec.height, spec.width, 3), np.uint8), [], []
        pictures = self._new_array((len(examples), spec.height, spec.width, 3))

        def decode(index: int) -> str | None:
            try:
                pictures[index] = prepare(read_picture(examples[index].path, spec.ample_side), spec)
            except PictureError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            progress = tqdm(total=len(examples), desc=title, unit="picture", leave=False, disable=None)
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
                pictures[place] = pictures[index]
        return pictures[: len(kept)], [examples[index] for index in kept], unreadable

    def select(self, pictures: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        """Return the given rows as an array of their own, also backed by a file."""
        if not rows:
            return pictures[:0]
        chosen = self._new_array((len(rows), *pictures.shape[1:]))
        for place, row in enumerate(rows):
            chosen[place] = pictures[row]
        return chosen

    def _new_array(self, shape: tuple[int, ...]) -> np.ndarray:
        self._refuse_full_disk(int(np.prod(shape)))
        self._count += 1
        return np.memmap(Path(self._directory.name) / f"pictures-{self._count}.u8", np.uint8, "w+", shape=shape)

    def _refuse_full_disk(self, needed: int) -> None:
        status = os.statvfs(self._directory.name)
        free = status.f_bavail * status.f_frsize
        if needed > free * 0.9:
            raise DataError(
                f"The decoded pictures need {needed / 2**30:.1f} GiB in {self._directory.name}, where "
                f"{free / 2**30:.1f} GiB are free. Make room, or point TMPDIR to a larger disk."
            )


def all_grey(pictures: np.ndarray) -> bool:
    """Say whether no picture has any colour (checked in blocks, so that memory stays small)."""
    for start in range(0, len(pictures), 256):
        block = pictures[start : start + 256]
        if (block[..., 0] != block[..., 1]).any() or (block[..., 0] != block[..., 2]).any():
            return False
    return True

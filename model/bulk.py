"""Write the answers for many files as tables; a rerun goes on where the last one ended."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from model.bundle import MANIFEST, Bundle
from model.clip_files import SEGMENT_COLUMNS, Cell, harmless
from model.errors import SettingsError


class Tables:
    """Two tables: a row a picture or frame, and a row a segment.

    The rows of each finished file lie in a directory beside the target, `.NAME.parts`, until all files
    are done; so a rerun after an interruption reads only what is missing. A file that has changed since,
    or another model or number of labels, is read again.

    Args:
        target: The table of pictures and frames; the other one is `segments_path(target)`.
        bundle: The model that answers.
        top: How many labels a row names.
    """

    def __init__(self, target: Path, bundle: Bundle, top: int) -> None:
        self._target = target
        self._directory = target.with_name(f".{target.name}.parts")
        self._top = top
        manifest = (bundle.directory / MANIFEST).read_bytes()
        self._identity = hashlib.sha256(manifest).hexdigest() + str(top)

    def has(self, path: Path) -> bool:
        """Say whether the rows of a file are there already."""
        return self._part(path, "rows").is_file()

    def add(self, path: Path, rows: Iterable[Sequence[Cell]], segments: Iterable[Sequence[Cell]]) -> None:
        """Keep a file's rows: whole, or not at all.

        Args:
            path: The file.
            rows: Frame number, time, labels with probabilities and segment; of a picture one.
            segments: Rows of `SEGMENT_COLUMNS`; of a picture none.

        Raises:
            SettingsError: They cannot be written.
        """
        name = printable(path)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            # The rows last: where they are, the segments are as well.
            for kind, part in (("segments", segments), ("rows", rows)):
                partial = self._part(path, kind).with_suffix(".partial")
                with partial.open("w", newline="", encoding="utf-8") as file:
                    writer = csv.writer(file)
                    writer.writerows([harmless(cell) for cell in (name, *row)] for row in part)
                partial.replace(self._part(path, kind))
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self, paths: Sequence[Path], *, keep: bool) -> None:
        """Put the tables together from the parts that are there.

        Args:
            paths: The files in the order of the rows.
            keep: Keep the parts for another run.

        Raises:
            SettingsError: The tables cannot be written.
        """
        labels = [name for rank in range(1, self._top + 1) for name in (f"label_{rank}", f"probability_{rank}")]
        headings = {"rows": ["path", "frame", "time", *labels, "segment"], "segments": ["path", *SEGMENT_COLUMNS]}
        found = [path for path in paths if self.has(path)]
        for kind, target in (("segments", segments_path(self._target)), ("rows", self._target)):
            partial = target.with_name(target.name + ".partial")
            try:
                with partial.open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerow(headings[kind])
                    for path in found:
                        with self._part(path, kind).open(newline="", encoding="utf-8") as part:
                            shutil.copyfileobj(part, file)
                partial.replace(target)
            except OSError as error:
                with contextlib.suppress(OSError):
                    partial.unlink()
                raise self._unwritable(error) from error
        if not keep:
            shutil.rmtree(self._directory, ignore_errors=True)

    def check(self) -> None:
        """Raise `SettingsError` now when the tables cannot be written, rather than after hours."""
        try:
            new = not self._directory.exists()
            self._directory.mkdir(parents=False, exist_ok=True)
            if new:
                self._directory.rmdir()
        except OSError as error:
            raise self._unwritable(error) from error

    def _part(self, path: Path, kind: str) -> Path:
        try:
            status = path.stat()
            version = [status.st_size, status.st_mtime_ns]
        except OSError:
            version = []
        key = json.dumps([self._identity, os.fsencode(path.absolute()).hex(), version])
        return self._directory / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.{kind}"

    def _unwritable(self, error: OSError) -> SettingsError:
        return SettingsError(f"“{self._target}” cannot be written: {error.strerror}. Choose another file.")


def segments_path(target: Path) -> Path:
    """Return where the table of segments goes: beside the other one."""
    return target.with_name(f"{target.stem}.segments{target.suffix}")


def printable(path: Path) -> str:
    """Return a path as text that any file can hold: names need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")

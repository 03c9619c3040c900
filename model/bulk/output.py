"""Write the predictions for many files as CSV tables, which a later run can continue after an interruption."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from model.bulk.predictions import Prediction, printable
from model.errors import SettingsError
from model.video.export import SEGMENT_COLUMNS, csv_encoding, frame_cells, frame_columns, segment_cells, write_csv
from model.video.record import FrameRow


class PredictionTable:
    """A table of images and frames, `target`, and a table of segments beside it, “NAME.segments.csv”.

    Until `finish` renames them, the names of both end in “.partial”. A journal beside them, “NAME.csv.journal”, has a
    line for each file whose rows are complete: the sizes of the tables after them, and the file's own size and time.
    A later run with the same settings truncates the tables to the last of these sizes and continues from there; if
    the settings or the files differ, it starts again. Once every file has its rows, the journal goes.

    Where a label or a path is not plain ASCII, the tables begin with a byte order mark, without which Excel takes UTF-8
    for another encoding.

    Args:
        target: The table of images and frames.
        top: Number of labels in a row.
        settings: What else the rows depend on, ready for JSON.
        files: The files that will be added.
        labels: The labels that may be in the rows.

    Raises:
        SettingsError: The tables cannot be written.
    """

    def __init__(
        self, target: Path, top: int, settings: Mapping[str, object], files: Sequence[Path], labels: Sequence[str] = ()
    ) -> None:
        self._top = top
        self._targets = (target, target.with_name(f"{target.stem}.segments{target.suffix}"))
        self._partials = tuple(path.with_name(path.name + ".partial") for path in self._targets)
        self._journal_path = target.with_name(target.name + ".journal")
        self._columns = (["path", *frame_columns(top)], ["path", *SEGMENT_COLUMNS])
        self._settings = {"top": top, **settings}
        self._files = {str(file) for file in files}
        self._mark = codecs.BOM_UTF8 if csv_encoding((*labels, *self._files)) == "utf-8-sig" else b""
        self._done: dict[str, dict[str, Any]] = {}
        self._open: list[TextIO] = []
        with self._write_errors():
            if not self._resume(files):
                self._begin()
            self._frames, self._segments = self._open = [
                path.open("a", newline="", encoding="utf-8") for path in self._partials
            ]
            self._journal = self._journal_path.open("a", encoding="ascii")
            self._open.append(self._journal)

    def has(self, file: Path) -> bool:
        """Return whether the rows of a file are complete."""
        return str(file) in self._done

    @property
    def complete(self) -> int:
        """The number of files whose rows are complete."""
        return len(self._done)

    def summary(self) -> str:
        """Return a sentence with the tables that were written."""
        written = [f"“{target}”" for target in self._targets if target.exists()]
        count = f"{self.complete:,} file{'' if self.complete == 1 else 's'}"
        return f"Wrote {' and '.join(written)}: {count}."

    def add(self, prediction: Prediction) -> None:
        """Add the rows of a file.

        Raises:
            SettingsError: The tables cannot be written.
        """
        name = printable(prediction.path)
        with self._write_errors():
            if prediction.clip is None:
                row = FrameRow(0, 0.0, prediction.ranking, None, prediction.verdict)
                cells = frame_cells(row, self._top)
                self._write(self._frames, [[name, "", "", *cells[2:-2], "", cells[-1]]])
            else:
                self._write(self._frames, ([name, *frame_cells(row, self._top)] for row in prediction.clip.rows()))
                self._write(self._segments, ([name, *segment_cells(segment)] for segment in prediction.clip.segments()))
            entry = _state(prediction.path) | {
                "ends": [os.fstat(f.fileno()).st_size for f in (self._frames, self._segments)]
            }
            self._journal.write(json.dumps({"path": str(prediction.path), **entry}) + "\n")
            self._journal.flush()
        self._done[str(prediction.path)] = entry

    def finish(self) -> None:
        """Rename the tables that have rows to their final names. The journal stays while a file has no rows.

        Raises:
            SettingsError: The tables cannot be written.
        """
        self.close()
        with self._write_errors():
            if not self._done:
                self._journal_path.unlink()
            for partial, target, columns in reversed(
                list(zip(self._partials, self._targets, self._columns, strict=True))
            ):
                if partial.stat().st_size > len(self._heading(columns)):
                    partial.replace(target)
                else:
                    partial.unlink()
            if self._done.keys() >= self._files:
                self._journal_path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files; a later run continues them."""
        for file in self._open:
            with contextlib.suppress(OSError):
                file.close()

    def _begin(self) -> None:
        for path in (self._journal_path, *self._targets):
            path.unlink(missing_ok=True)
        for partial, columns in zip(self._partials, self._columns, strict=True):
            partial.write_bytes(self._heading(columns))
        self._journal_path.write_text(json.dumps({"settings": self._settings}) + "\n", encoding="ascii")

    def _resume(self, files: Iterable[Path]) -> bool:
        """Truncate the tables of an earlier run to the last complete file; return False if they cannot be continued."""
        done = self._read_journal()
        states = {str(file): file for file in files}
        if not done or not all(
            path in states and _state(states[path]) == {key: entry[key] for key in ("size", "mtime_ns")}
            for path, entry in done.items()
        ):
            return False
        ends = list(done.values())[-1]["ends"]
        for partial, target, end, columns in zip(self._partials, self._targets, ends, self._columns, strict=True):
            if not partial.exists() and target.exists():
                target.rename(partial)
            if partial.exists():
                self._mark = _mark_of(partial)
            if not partial.exists() and end == len(self._heading(columns)):
                partial.write_bytes(self._heading(columns))
            if not partial.exists() or partial.stat().st_size < end:
                return False
            os.truncate(partial, end)
        # Rewritten, since its last line may be incomplete.
        lines = [{"settings": self._settings}, *({"path": path, **entry} for path, entry in done.items())]
        rewritten = self._journal_path.with_name(self._journal_path.name + ".partial")
        rewritten.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
        rewritten.replace(self._journal_path)
        self._done = done
        return True

    def _read_journal(self) -> dict[str, dict[str, Any]]:
        """Return the complete files of an earlier run with the same settings."""
        try:
            first, *others = self._journal_path.read_text(encoding="ascii").splitlines()
            if json.loads(first) != {"settings": self._settings}:
                return {}
        except (OSError, ValueError):  # there is no such file, or it is not a journal
            return {}
        done: dict[str, dict[str, Any]] = {}
        for line in others:
            try:
                entry = json.loads(line)
                done[entry.pop("path")] = {key: entry[key] for key in ("size", "mtime_ns", "ends")}
            except (ValueError, KeyError, TypeError, AttributeError):  # an incomplete line
                break
        return done

    def _heading(self, columns: Sequence[str]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text).writerow(columns)
        return self._mark + text.getvalue().encode()

    def _write(self, file: TextIO, rows: Iterable[Sequence[Any]]) -> None:
        write_csv(file, None, rows)
        file.flush()

    @contextlib.contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.close()
            with contextlib.suppress(OSError):
                if not self._done:
                    for path in (*self._partials, self._journal_path):
                        path.unlink(missing_ok=True)
            raise SettingsError(
                f"“{self._targets[0]}” cannot be written: {error.strerror}. Choose another file."
            ) from error


def _mark_of(table: Path) -> bytes:
    """Return the byte order mark with which a table begins; empty where there is none."""
    with table.open("rb") as file:
        start = file.read(len(codecs.BOM_UTF8))
    return start if start == codecs.BOM_UTF8 else b""


def _state(file: Path) -> dict[str, int]:
    """Return a file's size and time, by which a change is noticed; empty for a file that is missing."""
    try:
        status = file.stat()
    except OSError:
        return {}
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}

"""Write the tables of one part: predictions, segments, and what could not be read; as CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from model.bulk.run_folder import Job
from model.errors import SettingsError
from model.verdict import Verdict
from model.video.export import SEGMENT_COLUMNS, Cell, escape_formula, frame_cells, frame_columns, segment_cells
from model.video.record import ClipRecord, FrameRow

_WHOLE_NUMBERS = frozenset(["index", "first_frame", "last_frame"])
_NUMBERS = frozenset(["time", "start", "end", "confidence"])


class PartTable:
    """The rows of a part, collected in files on this machine and handed over whole; a context manager.

    Args:
        job: The run.
        folder: An empty folder for the files.
    """

    def __init__(self, job: Job, folder: Path) -> None:
        self._job = job
        self._columns = {
            "predictions": ["path", *frame_columns(job.top), "error"],
            "segments": ["path", *SEGMENT_COLUMNS],
            "errors": ["path", "error"],
        }
        self._paths = {name: folder / f"{name}.csv" for name in self._columns}
        self._files = {name: path.open("w", newline="", encoding="utf-8") for name, path in self._paths.items()}
        self._writers = {name: csv.writer(file) for name, file in self._files.items()}
        self._rows = dict.fromkeys(self._columns, 0)
        for name, columns in self._columns.items():
            self._writers[name].writerow(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()

    @property
    def errors(self) -> int:
        """How many files could not be read, or not to their end."""
        return self._rows["errors"]

    def add_image(self, path: str, ranking: list[tuple[str, float]], verdict: Verdict) -> None:
        """Add the row of an image."""
        cells = frame_cells(FrameRow(0, 0.0, ranking, None, verdict), self._job.top)
        self._add("predictions", [[path, "", "", *cells[2:-2], "", cells[-1], ""]])

    def add_clip(self, path: str, clip: ClipRecord) -> None:
        """Add the rows of a clip's frames and segments."""
        self._add("predictions", ([path, *frame_cells(row, self._job.top), ""] for row in clip.rows()))
        self._add("segments", ([path, *segment_cells(segment)] for segment in clip.segments()))

    def add_error(self, path: str, error: str, *, has_rows: bool = False) -> None:
        """Add a file that could not be read; with `has_rows`, a clip some of whose frames have rows."""
        if not has_rows:
            self._add("predictions", [[path, *[""] * (len(self._columns["predictions"]) - 2), error]])
        self._add("errors", [[path, error]])

    def hand_over(self, part: int) -> None:
        """Write the tables into the run's folder; that of the predictions last, since it says that the part is done."""
        for file in self._files.values():
            file.close()
        if self._rows["errors"]:
            self._job.errors(part).write(self._paths["errors"].read_bytes())
        if self._rows["segments"]:
            self._job.segments(part).write(self._content("segments"))
        self._job.predictions(part).write(self._content("predictions"))

    def _content(self, name: str) -> bytes:
        path = self._paths[name]
        if self._job.table == "parquet":
            path = as_parquet(path, self._columns[name])
        return path.read_bytes()

    def _add(self, name: str, rows: Iterable[Sequence[Cell]]) -> None:
        # Spreadsheet programs open CSV, and run what looks like a formula there.
        escape = self._job.table == "csv" or name == "errors"
        for row in rows:
            self._writers[name].writerow([escape_formula(cell) for cell in row] if escape else row)
            self._rows[name] += 1


def as_parquet(path: Path, columns: Sequence[str]) -> Path:
    """Write a CSV file again as Parquet, in which empty numbers are null; return the new file.

    Args:
        path: The CSV file.
        columns: The names of its columns.

    Raises:
        SettingsError: pyarrow is not installed.
    """
    require_pyarrow()
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    target = path.with_suffix(".parquet")
    with (
        arrow_csv.open_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: _type_of(name) for name in columns}, null_values=[""], strings_can_be_null=False
            ),
        ) as batches,
        parquet.ParquetWriter(target, batches.schema) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
    return target


def require_pyarrow() -> None:
    """Raise `SettingsError` where pyarrow is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            '--table parquet needs pyarrow, which is not installed: `pip install ".[parquet]"` from a checkout '
            "installs it. Or leave --table out for CSV."
        ) from error


def _type_of(column: str) -> str:
    if column in _WHOLE_NUMBERS:
        return "int64"
    return "double" if column in _NUMBERS or column.startswith("probability") else "string"

"""Read a table of labels: CSV in any usual dialect and encoding, or JSON lines. Nothing in it is executed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import DataError
from model.labels import shown
from train.data.image_files import is_image_name

MOST_BYTES = 512 * 2**20
_SEPARATORS = ",;\t|"

# The text of a cell; a tuple where JSON has a list.
Cell = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: Its line in the file, from 1.
        cells: The cell of each column that has one.
    """

    line: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        """Return the text of a cell, "" for one that is missing."""
        cell = self.cells.get(column, "")
        return cell if isinstance(cell, str) else ", ".join(cell)


@dataclass(frozen=True)
class Table:
    """A table of labels.

    Attributes:
        path: Its file.
        columns: The names of its columns, without those of an index.
        rows: Its rows, without empty ones.
        notes: What is worth knowing about how it was read.
    """

    path: Path
    columns: list[str]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)

    def values(self, column: str) -> set[str]:
        """Return the different texts in a column, without ""."""
        return {row.text(column) for row in self.rows} - {""}


def read_table(path: Path) -> Table:
    """Read a table.

    Args:
        path: CSV (separated by commas, semicolons, tabs or bars; in UTF-8, UTF-16 or cp1252), or JSON lines.

    Raises:
        DataError: The file cannot be read, or a line of it has another form than the others.
    """
    notes: list[str] = []
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"“{path}” is larger than {MOST_BYTES // 2**20} MiB, too large for a table of labels.")
        text = _decoded(path.read_bytes(), path, notes)
    except OSError as error:
        raise DataError(f"“{path}” cannot be read: {error.strerror or error}. Check the path.") from error
    is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json") or text.lstrip()[:1] == "{"
    columns, rows = _json_rows(text, path) if is_json else _csv_rows(text, path)
    if not rows:
        raise DataError(f"“{path}” has no rows. Give a table with a row for each image.")
    return Table(path, columns, rows, notes)


def _decoded(content: bytes, path: Path, notes: list[str]) -> str:
    kinds = {b"PK\x03\x04": "a workbook or a zip file", b"PAR1": "a Parquet file", b"\xd0\xcf\x11\xe0": "a workbook"}
    for signature, kind in kinds.items():
        if content.startswith(signature):
            raise DataError(f"“{path}” is {kind}, not a table that can be read. Save it as CSV.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif len(content) > 3 and content[:200:2].count(0) > len(content[:200]) / 4:
        encodings = ["utf-16-be"]
    elif len(content) > 3 and content[1:200:2].count(0) > len(content[:200]) / 4:
        encodings = ["utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            notes.append(f"“{path.name}” is not UTF-8 and is read as cp1252, as Windows writes it.")
        if "\0" not in text:
            return text
    raise DataError(f"“{path}” is not text in UTF-8, UTF-16 or cp1252. Save it as CSV in UTF-8.")


def _csv_rows(text: str, path: Path) -> tuple[list[str], list[Row]]:
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.lower().startswith("sep="):  # a line for Excel
        text, skipped = rest, 1
        first = rest.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    header: list[str] = []
    rows: list[Row] = []
    try:
        for values in reader:
            line = reader.line_num + skipped
            cells = [value.strip() for value in values]
            if not any(cells):
                continue
            if not header:
                header = _header(cells, path)
                if not any(map(is_image_name, cells)):
                    continue
                header = [f"column {number}" for number in range(1, len(cells) + 1)]  # there is no header
            if any(cells[len(header) :]):
                raise DataError(
                    f"“{path}”, line {line}: {len(cells)} values for {len(header)} columns. Put a value that holds "
                    f"“{separator}” in quotes."
                )
            rows.append(Row(line, {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}))
    except csv.Error as error:
        raise DataError(
            f"“{path}”, line {reader.line_num + skipped}: {error}. Check the quotes, or save the table again."
        ) from error
    return [name for name in header if name], rows


def _header(cells: list[str], path: Path) -> list[str]:
    """Return the names of the columns, "" for an index that pandas wrote."""
    header = ["" if cell.startswith("Unnamed: ") else cell for cell in cells]
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        raise DataError(f"“{path}” has the column “{twice[0]}” twice. Rename one.")
    return header


def _json_rows(text: str, path: Path) -> tuple[list[str], list[Row]]:
    rows = []
    columns: dict[str, None] = {}
    for line, value in _json_values(text, path):
        if not isinstance(value, dict):
            raise DataError(f"“{path}”, line {line}: should be a JSON object for one image. Received: {shown(value)}.")
        cells = {str(name): _cell(item) for name, item in value.items()}
        columns.update(dict.fromkeys(cells))
        rows.append(Row(line, {name: cell for name, cell in cells.items() if cell}))
    return list(columns), rows


def _json_values(text: str, path: Path) -> Iterable[tuple[int, Any]]:
    if text.lstrip().startswith("["):
        try:
            yield from ((1, value) for value in json.loads(text))
        except (ValueError, RecursionError) as error:
            raise DataError(f"“{path}” is not JSON: {error}. Write one object for each image.") from error
        return
    # Not splitlines(): it would break lines at characters that JSON allows within a text.
    for line, piece in enumerate(text.split("\n"), 1):
        if piece.strip():
            try:
                yield line, json.loads(piece)
            except (ValueError, RecursionError):
                raise DataError(
                    f"“{path}”, line {line}: this is not a JSON object. Received: {shown(piece.strip())}."
                ) from None


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        return tuple(str(item) for item in value if isinstance(item, str | int | float))
    return str(value).strip() if isinstance(value, str | int | float) else ""

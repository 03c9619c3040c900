"""What `check` finds in a data folder, as text and as a table of files to act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.video.export import Cell, csv_encoding, write_csv

_LISTED = 12


@dataclass(frozen=True)
class Item:
    """One case of a problem.

    Attributes:
        text: What it is.
        files: The files to act on, relative to the data folder: of copies, all but the one to keep.
    """

    text: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One kind of problem in a data folder.

    Attributes:
        kind: The problem, in a few words.
        serious: Whether it would harm the training or falsify its metrics.
        advice: What to do about it.
        items: The files or classes concerned.
    """

    kind: str
    serious: bool
    advice: str
    items: Sequence[Item]

    def as_json(self) -> dict[str, Any]:
        """Return plain values; "files" are those to act on."""
        files = [file for item in self.items for file in item.files]
        texts = [item.text for item in self.items]
        return {"kind": self.kind, "serious": self.serious, "advice": self.advice, "items": texts, "files": files}


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings as text; long lists are cut."""
    if not findings:
        return "No problems found: all files can be read, without duplicates, leaks between splits or odd files."
    blocks = []
    for finding in findings:
        shown = [item.text for item in finding.items[:_LISTED]]
        more = [f"… and {len(finding.items) - _LISTED} more"] if len(finding.items) > _LISTED else []
        mark = "!" if finding.serious else "·"
        head = f"{mark} {finding.kind}: {len(finding.items)}. {finding.advice}"
        blocks.append("\n".join([head, *(f"    {line}" for line in (*shown, *more))]))
    return "\n".join(blocks)


def write_files(findings: Sequence[Finding], path: Path) -> int:
    """Write the files to act on as a table: file, problem, whether it is serious, what it is, what to do.

    Args:
        findings: What was found.
        path: Where to write.

    Returns:
        The number of rows.
    """
    rows: list[list[Cell]] = [
        [file, finding.kind, "yes" if finding.serious else "no", item.text, finding.advice]
        for finding in findings
        for item in finding.items
        for file in item.files
    ]
    encoding = csv_encoding(str(cell) for row in rows for cell in row)
    with path.open("w", newline="", encoding=encoding, errors="backslashreplace") as file:  # names may not be UTF-8
        write_csv(file, ["file", "problem", "serious", "details", "advice"], rows)
    return len(rows)

"""The tables of the report's page whose numbers open images."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

_MOST_CONFUSIONS = 10
_MOST_ROOMY = 12  # labels whose cells may be large


def cell_table(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Return a confusion matrix, (classes, classes), as a table whose cells are buttons."""
    head = "".join(f"<th scope=col><span>{html.escape(label)}</span>" for label in labels)
    rows = []
    for true, (label, counts) in enumerate(zip(labels, matrix, strict=True)):
        total = max(sum(counts), 1)
        cells = "".join(
            _button(f"{true}-{column}", count, count / total, true == column) if count else "<td>"
            for column, count in enumerate(counts)
        )
        rows.append(f"<tr><th scope=row>{html.escape(label)}{cells}")
    return f'<table class="cells{" roomy" if len(labels) <= _MOST_ROOMY else ""}"><tr><td>{head}{"".join(rows)}</table>'


def found_table(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return how often each label was found, missed and wrongly named, as a table of buttons."""
    rows = []
    for index, (label, row) in enumerate(counts.items()):
        cells = "".join(
            _button(f"{index}-{kind}", row[kind], 0.0, kind == "found") if row[kind] else "<td>"
            for kind in ("found", "missed", "wrong")
        )
        rows.append(f"<tr><th scope=row>{html.escape(label)}{cells}")
    head = "<th scope=col>Found<th scope=col>Missed<th scope=col>Wrongly named"
    return f'<table class="cells plain"><tr><td>{head}{"".join(rows)}</table>'


def _button(cell: str, count: int, share: float, right: bool) -> str:
    kind = " class=right" if right else ""
    dark = " data-dark" if share > 0.7 else ""
    return (
        f'<td{kind}><button data-cell="{cell}" style="--s:{share:.2f}"{dark} data-share="{share:.0%}">{count}</button>'
    )


def confusions(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    """Return the pairs of classes that are mixed up most, as a table."""
    pairs = sorted(
        (
            (count, true, said)
            for true, row in enumerate(matrix)
            for said, count in enumerate(row)
            if count and true != said
        ),
        key=lambda pair: (-pair[0], pair[1:]),
    )[:_MOST_CONFUSIONS]
    if not pairs:
        return "<p>No image got a wrong answer.</p>"
    rows = "".join(
        f'<tr><td><button data-cell="{true}-{said}">{count}</button><td>{percent(count / sum(matrix[true]), 0)}'
        f"<td class=text>{html.escape(labels[true])}<td class=text>{html.escape(labels[said])}"
        for count, true, said in pairs
    )
    return (
        '<h3>Mixed up most often</h3><div class="scroll"><table><tr><th scope=col>Images<th scope=col>Of the class'
        f"<th scope=col class=text>True<th scope=col class=text>Taken for{rows}</table></div>"
    )


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as people read it; a dash for none."""
    return "–" if share is None else f"{100 * share:.{digits}f}\u00a0%"  # not broken over two lines


def number(value: float | None) -> str:
    """Return a cell with a figure; a dash for none."""
    return "<td>–" if value is None else f"<td>{value:.3f}"

"""The clickable part of the report: a confusion table whose cells open the pictures in them."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

_SIDE = 72  # pixels
_MOST_PER_CELL = 12
_MOST_PICTURES = 1200  # of some 2 KB each: the page stays under 4 MB


@dataclass(frozen=True)
class Evidence:
    """The pictures that were measured, and what the model said about them.

    Attributes:
        pictures: (n, height, width, 3), uint8 RGB, prepared.
        names: (n) file names, without folders: the report is published with the bundle.
        classes: (n,), int: true class indices.
        probabilities: (n, classes), float, 0 to 1.
    """

    pictures: np.ndarray
    names: Sequence[str]
    classes: np.ndarray
    probabilities: np.ndarray


def gallery(evidence: Evidence, labels: Sequence[str]) -> str:
    """Return HTML: the cells of the confusion matrix as buttons, and the most confident mistakes.

    A click, Enter or the space bar on a cell shows its pictures, the most confident first. Mistakes
    come before right answers when there is not room for all.

    Args:
        evidence: The measured pictures.
        labels: The labels in class order.
    """
    predicted = evidence.probabilities.argmax(axis=1)
    confidence = evidence.probabilities.max(axis=1)
    wrong = predicted != evidence.classes
    cells: dict[str, list[int]] = {}
    order = np.lexsort((-confidence, ~wrong))
    room = _MOST_PICTURES
    for row in order.tolist():
        inside = cells.setdefault(f"{evidence.classes[row]}-{predicted[row]}", [])
        if len(inside) < _MOST_PER_CELL and room:
            inside.append(row)
            room -= 1
    shown = {
        key: [
            [_thumbnail(evidence.pictures[row]), evidence.names[row], round(float(confidence[row]), 3)] for row in rows
        ]
        for key, rows in cells.items()
    }
    worst = [row for row in order.tolist() if wrong[row]][:_MOST_PER_CELL]
    mistakes = "".join(
        _figure(
            _thumbnail(evidence.pictures[row]),
            f"{labels[predicted[row]]} ({confidence[row]:.0%}), in truth {labels[evidence.classes[row]]}",
        )
        for row in worst
    )
    # “<” would let a file name end the script.
    data = json.dumps({"labels": list(labels), "cells": shown}).replace("<", "\\u003c")
    return (
        "<h2>Pictures behind the confusion matrix</h2><p>Choose a number to see its pictures: rows are the true "
        "labels, columns the predicted ones.</p>"
        f'<div class="scroll">{_table(evidence.classes, predicted, labels)}</div>'
        '<section id="cell" aria-live="polite"></section>'
        f"<h2>Most confident mistakes</h2><div class='pictures'>{mistakes or '<p>None.</p>'}</div>"
        f'<script id="cells" type="application/json">{data}</script><script>{_SCRIPT}</script>'
    )


def _table(classes: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> str:
    counts = np.zeros((len(labels), len(labels)), int)
    np.add.at(counts, (classes, predicted), 1)
    head = "".join(f'<th scope="col">{html.escape(label)}</th>' for label in labels)
    rows = []
    for true, label in enumerate(labels):
        cells = "".join(
            f"<td{' class=right' if true == column else ''}>"
            + (f'<button data-cell="{true}-{column}">{count}</button>' if count else "")
            + "</td>"
            for column, count in enumerate(counts[true])
        )
        rows.append(f'<tr><th scope="row">{html.escape(label)}</th>{cells}</tr>')
    return f'<table class="cells"><tr><td></td>{head}</tr>{"".join(rows)}</table>'


def _figure(source: str, caption: str) -> str:
    return f'<figure><img alt="" src="{source}"><figcaption>{html.escape(caption)}</figcaption></figure>'


def _thumbnail(picture: np.ndarray) -> str:
    image = Image.fromarray(np.asarray(picture))
    image.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="jpeg", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


STYLE = """
:root { color-scheme: light dark; }
.scroll { overflow: auto; max-height: 80vh; }
.cells th, .cells td { padding: 0; font-size: .8rem; }
.cells th { padding: 0 .4rem; white-space: nowrap; }
.cells button { width: 100%; min-width: 2.2rem; padding: .3rem; border: 0; cursor: pointer; font: inherit; }
.cells .right button { font-weight: bold; }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; width: 8rem; font-size: .8rem; overflow-wrap: anywhere; }
"""

_SCRIPT = """
const { labels, cells } = JSON.parse(document.getElementById("cells").textContent);
document.querySelectorAll("[data-cell]").forEach((button) => button.addEventListener("click", () => {
  const [row, column] = button.dataset.cell.split("-");
  const title = document.createElement("h3");
  title.textContent = `${labels[row]}, taken for ${labels[column]}: ${button.textContent}`;
  const pictures = document.createElement("div");
  pictures.className = "pictures";
  for (const [source, name, confidence] of cells[button.dataset.cell]) {
    const figure = document.createElement("figure"), image = new Image();
    const caption = document.createElement("figcaption");
    image.src = source; image.alt = name;
    caption.textContent = `${name} (${Math.round(confidence * 100)} %)`;
    figure.append(image, caption); pictures.append(figure);
  }
  document.getElementById("cell").replaceChildren(title, pictures);
}));
"""

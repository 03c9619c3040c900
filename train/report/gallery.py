"""The image gallery of the report: thumbnails, and which of them belong to each number."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

_SIDE = 80  # pixels
_MAX_PER_CELL = 12
_MAX_IMAGES = 900  # of some 3 KB each: the page stays under 4 MB
_MAX_MISTAKES = 24
_BLOCK = '<script id="images" type="application/json">{}</script>'


@dataclass(frozen=True)
class Evidence:
    """The evaluated images and their predictions.

    Attributes:
        images: (n, height, width, 3), uint8 RGB, prepared.
        names: (n) file names, without folders.
        targets: (n, classes), 1 for every label of an image.
        probabilities: (n, classes), float, 0 to 1.
        predicted: With several labels an image, (n, classes), bool: those that are predicted; else None.
    """

    images: np.ndarray
    names: Sequence[str]
    targets: np.ndarray
    probabilities: np.ndarray
    predicted: np.ndarray | None = None


@dataclass(frozen=True)
class _Case:
    """One image in one cell of the table.

    Attributes:
        cell: Key of the cell.
        row: Index of the image.
        probability: Of the cell's label, 0 to 1.
        confidence: Of the prediction, right or wrong, 0 to 1.
        wrong: Whether the prediction is wrong.
    """

    cell: str
    row: int
    probability: float
    confidence: float
    wrong: bool


def images_block(evidence: Evidence | None) -> str:
    """Return the HTML element that carries the images, as JSON for the page's script.

    The JSON object has "images" (pairs of a data URI and a file name), "cells" (by cell, pairs of an image's index
    and a probability, the highest confidence first) and "mistakes" (triples of cell, image's index and probability,
    the highest confidence first). A cell is "true-predicted", as indexes of labels; with several labels an image it is
    "label-found", "label-missed" or "label-wrong". When there is no room for all images, mistakes come first.

    Args:
        evidence: The evaluated images; None for a page without images.
    """
    if evidence is None:
        return _BLOCK.format("{}")
    cases = (
        _single_label_cases(evidence)
        if evidence.predicted is None
        else _multi_label_cases(evidence, evidence.predicted)
    )
    cases.sort(key=lambda case: (not case.wrong, -case.confidence))
    images: list[list[str]] = []
    numbers: dict[int, int] = {}

    def number(row: int) -> int | None:
        if row not in numbers:
            if len(images) >= _MAX_IMAGES:
                return None
            numbers[row] = len(images)
            images.append([_thumbnail(evidence.images[row]), evidence.names[row]])
        return numbers[row]

    cells: dict[str, list[list[float]]] = {}
    mistakes: list[list[Any]] = []
    for case in cases:
        inside = cells.setdefault(case.cell, [])
        listed = case.wrong and len(mistakes) < _MAX_MISTAKES
        if (len(inside) >= _MAX_PER_CELL and not listed) or (image := number(case.row)) is None:
            continue
        if len(inside) < _MAX_PER_CELL:
            inside.append([image, round(case.probability, 3)])
        if listed:
            mistakes.append([case.cell, image, round(case.probability, 3)])
    # A file name with “</script>” would end the element.
    content = json.dumps({"images": images, "cells": cells, "mistakes": mistakes}).replace("<", "\\u003c")
    return _BLOCK.format(content)


def without_images(page: bytes) -> bytes:
    """Return a report's page without its images and their file names, for publishing."""
    # Reports made before the first release call the block “pictures”; their images must not be published either.
    block = rb'<script id="(images|pictures)" type="application/json">.*?</script>'
    return re.sub(
        block, lambda found: _BLOCK.format("{}").replace("images", found[1].decode(), 1).encode(), page, flags=re.S
    )


def _single_label_cases(evidence: Evidence) -> list[_Case]:
    true, predicted = evidence.targets.argmax(axis=1).tolist(), evidence.probabilities.argmax(axis=1).tolist()
    top = evidence.probabilities.max(axis=1).tolist()
    rows = enumerate(zip(true, predicted, top, strict=True))
    return [_Case(f"{t}-{p}", row, probability, probability, t != p) for row, (t, p, probability) in rows]


def _multi_label_cases(evidence: Evidence, predicted: np.ndarray) -> list[_Case]:
    cases = []
    shown = evidence.targets > 0
    for row, label in np.argwhere(shown | predicted).tolist():
        probability = float(evidence.probabilities[row, label])
        if not predicted[row, label]:
            cases.append(_Case(f"{label}-missed", row, probability, 1 - probability, True))
        else:
            wrong = not shown[row, label]
            cases.append(_Case(f"{label}-{'wrong' if wrong else 'found'}", row, probability, probability, wrong))
    return cases


def _thumbnail(image: np.ndarray) -> str:
    thumbnail = Image.fromarray(np.asarray(image))
    thumbnail.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    thumbnail.save(buffer, format="jpeg", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()

"""The images of the report: which of them stand behind each number, and small copies of them."""

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
_MOST_PER_CELL = 12
_MOST_IMAGES = 900  # of some 3 KB each: the page stays under 4 MB
_MOST_MISTAKES = 24
_BLOCK = '<script id="images" type="application/json">{}</script>'


@dataclass(frozen=True)
class Evidence:
    """The images that were measured, and what the model said about them.

    Attributes:
        images: (n, height, width, 3), uint8 RGB, prepared.
        names: (n) file names, without folders.
        targets: (n, classes), 1 for every label of an image.
        probabilities: (n, classes), float, 0 to 1.
        thresholds: With several labels an image, the probability from which each label counts; else None.
    """

    images: np.ndarray
    names: Sequence[str]
    targets: np.ndarray
    probabilities: np.ndarray
    thresholds: Sequence[float] | None = None


@dataclass(frozen=True)
class _Case:
    """One image in one cell of the table: the label's probability, and how sure the network was of what it said."""

    cell: str
    row: int
    probability: float
    sureness: float
    wrong: bool


def images_block(evidence: Evidence | None) -> str:
    """Return the HTML element that carries the images, for the page's script.

    Its JSON object has "images" (a data URI and a file name each), "cells" (cell → pairs of an image's number
    and a probability, the surest answer first; "true-predicted", or "label-found", "label-missed" and
    "label-wrong" with several labels an image) and "mistakes": cell, image's number and probability, the surest
    first. Mistakes come before right answers when there is not room for all.

    Args:
        evidence: The measured images; None for a page without images.
    """
    if evidence is None:
        return _BLOCK.format("{}")
    cases = _cases_of_one(evidence) if evidence.thresholds is None else _cases_of_several(evidence)
    cases.sort(key=lambda case: (not case.wrong, -case.sureness))
    images: list[list[str]] = []
    numbers: dict[int, int] = {}

    def number(row: int) -> int | None:
        if row not in numbers:
            if len(images) >= _MOST_IMAGES:
                return None
            numbers[row] = len(images)
            images.append([_thumbnail(evidence.images[row]), evidence.names[row]])
        return numbers[row]

    cells: dict[str, list[list[float]]] = {}
    mistakes: list[list[Any]] = []
    for case in cases:
        inside = cells.setdefault(case.cell, [])
        telling = case.wrong and len(mistakes) < _MOST_MISTAKES
        if (len(inside) >= _MOST_PER_CELL and not telling) or (image := number(case.row)) is None:
            continue
        if len(inside) < _MOST_PER_CELL:
            inside.append([image, round(case.probability, 3)])
        if telling:
            mistakes.append([case.cell, image, round(case.probability, 3)])
    # “<” would let a file name end the script.
    content = json.dumps({"images": images, "cells": cells, "mistakes": mistakes}).replace("<", "\\u003c")
    return _BLOCK.format(content)


def without_images(page: bytes) -> bytes:
    """Return a report's page without its images and their file names, for publishing."""
    # Reports made before the first release call the block “pictures”; their images must not be published either.
    block = rb'<script id="(images|pictures)" type="application/json">.*?</script>'
    return re.sub(
        block, lambda found: _BLOCK.format("{}").replace("images", found[1].decode(), 1).encode(), page, flags=re.S
    )


def _cases_of_one(evidence: Evidence) -> list[_Case]:
    true, said = evidence.targets.argmax(axis=1).tolist(), evidence.probabilities.argmax(axis=1).tolist()
    top = evidence.probabilities.max(axis=1).tolist()
    return [_Case(f"{true[r]}-{said[r]}", r, top[r], top[r], true[r] != said[r]) for r in range(len(true))]


def _cases_of_several(evidence: Evidence) -> list[_Case]:
    cases = []
    shown, said = evidence.targets > 0, evidence.probabilities >= np.array(evidence.thresholds)
    for row, label in np.argwhere(shown | said).tolist():
        probability = float(evidence.probabilities[row, label])
        if not said[row, label]:
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

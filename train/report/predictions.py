"""Write the prediction for every evaluated image as a table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.verdict import Classification
from model.video.export import Cell, csv_encoding, write_csv

PREDICTIONS = "predictions.csv"


def write_predictions(
    path: Path,
    files: Sequence[str],
    targets: np.ndarray,
    predicted: np.ndarray,
    classifications: Sequence[Classification],
    labels: Sequence[str],
) -> None:
    """Write one row an image: path, true labels, predicted labels, verdict, and the probability of every label.

    Several labels are joined by “+”, as in the names of folders.

    Args:
        path: Where to write.
        files: The images' names.
        targets: (n, classes), 1 for every label of an image.
        predicted: (n, classes), bool: the labels that it is predicted to have.
        classifications: The predictions.
        labels: The labels in class order.
    """
    rows: list[list[Cell]] = []
    for name, true, chosen, found in zip(files, targets > 0, predicted, classifications, strict=True):
        truth, answer = ("+".join(itertools.compress(labels, row)) for row in (true, chosen))
        rows.append([name, truth, answer, found.verdict, *(round(float(p), 6) for p in found.probabilities)])
    encoding = csv_encoding([*files, *labels])
    with path.open("w", newline="", encoding=encoding, errors="backslashreplace") as file:  # names may not be UTF-8
        write_csv(file, ["path", "truth", "predicted", "verdict", *labels], rows)

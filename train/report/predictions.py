"""Write the prediction for every evaluated image as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.verdict import Classification
from model.video.export import Cell, csv_encoding, write_csv

PREDICTIONS = "predictions.csv"


def write_predictions(
    path: Path,
    files: Sequence[str],
    truth: Sequence[Sequence[str]],
    classifications: Sequence[Classification],
    labels: Sequence[str],
) -> None:
    """Write one row an image: path, true labels, predicted label, verdict, and the probability of every label.

    Args:
        path: Where to write.
        files: The images' names.
        truth: The true labels of each image; several are joined by “+”, as in the names of folders.
        classifications: The predictions.
        labels: The labels in class order.
    """
    rows: list[list[Cell]] = []
    for name, true, found in zip(files, truth, classifications, strict=True):
        best = labels[int(np.argmax(found.probabilities))]
        rows.append([name, "+".join(true), best, found.verdict, *(round(float(p), 6) for p in found.probabilities)])
    with path.open("w", newline="", encoding=csv_encoding([*files, *labels])) as file:
        write_csv(file, ["path", "truth", "predicted", "verdict", *labels], rows)

"""The table of predictions: a row an image, with its true and its predicted labels."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from model.verdict import Classification
from train.report.predictions import write_predictions


def test_several_labels_are_joined_and_those_below_their_thresholds_are_not_predicted(tmp_path: Path) -> None:
    probabilities = np.array([[0.9, 0.8], [0.7, 0.3], [0.2, 0.1]])
    found = [Classification(row, "sure", False) for row in probabilities]
    targets = np.array([[1, 1], [0, 1], [1, 0]])

    write_predictions(
        tmp_path / "table.csv", ["a", "b", "c"], targets, probabilities >= [0.8, 0.2], found, ["cat", "dog"]
    )

    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = [(row["path"], row["truth"], row["predicted"], row["dog"]) for row in csv.DictReader(file)]
    assert rows == [("a", "cat+dog", "cat+dog", "0.8"), ("b", "dog", "dog", "0.3"), ("c", "cat", "", "0.1")]


def test_a_name_that_is_not_utf8_is_escaped(tmp_path: Path) -> None:
    found = [Classification(np.array([0.9, 0.1]), "sure", False)]
    name, target = os.fsdecode(b"caf\xe9.jpg"), np.array([[1, 0]])

    write_predictions(tmp_path / "table.csv", [name], target, target > 0, found, ["cat", "dog"])

    with (tmp_path / "table.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["caf\\udce9.jpg"]

"""Parts as they were given: what they lack is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from train.data.folders import Example
from train.data.loading import LoadedSplit, gaps


def part(*labels: str) -> LoadedSplit:
    return LoadedSplit(np.zeros((len(labels), 4, 4, 3), np.uint8), [Example(Path(label), label) for label in labels])


def test_classes_that_validation_or_test_lack_are_named() -> None:
    parts = {"train": part("a", "b", "c"), "validation": part("a", "b", "c"), "test": part("b")}
    assert gaps(parts, "abc") == ["The test part has no image of: a, c. It does not count for the figures."]

    parts["validation"] = part("b", "c")
    assert len(gaps(parts, "abc")) == 2
    assert gaps(parts, "abc")[0].startswith("The validation part has no image of: a.")


def test_parts_that_have_every_class_or_are_not_there_need_no_word() -> None:
    assert gaps({"train": part("a", "b"), "validation": part("b", "a")}, "ab") == []

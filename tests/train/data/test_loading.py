"""Classes that validation or test lack are reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from train.data.folders import Example
from train.data.loading import LoadedSplit, missing_classes


def split(*labels: str) -> LoadedSplit:
    return LoadedSplit(np.zeros((len(labels), 4, 4, 3), np.uint8), [Example(Path(label), label) for label in labels])


def test_classes_that_validation_or_test_lack_are_named() -> None:
    splits = {"train": split("a", "b", "c"), "validation": split("a", "b", "c"), "test": split("b")}
    assert missing_classes(splits, "abc") == [
        "The test split has no image of: a, c. These do not count for the metrics."
    ]

    splits["validation"] = split("b", "c")
    assert len(missing_classes(splits, "abc")) == 2
    assert missing_classes(splits, "abc")[0].startswith("The validation split has no image of: a.")


def test_splits_that_have_every_class_or_do_not_exist_give_no_warning() -> None:
    assert missing_classes({"train": split("a", "b"), "validation": split("b", "a")}, "ab") == []

"""Programs are told the labels and the verdict of an image, and of models with several labels which it has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interface.tabs.prediction import prediction
from model.bundle import Bundle
from model.preprocessing import InputSpec
from model.verdict import classification_of


@pytest.mark.parametrize(
    ("thresholds", "labels"),
    [((0.5, 0.5, 0.1), ["gato", "pez"]), ((0.99, 0.5, 0.1), ["pez"]), ((0.99, 0.99, 0.99), []), (None, None)],
)
def test_of_several_labels_those_above_their_thresholds_are_listed_in_the_visitors_language(
    thresholds: tuple[float, ...] | None, labels: list[str] | None
) -> None:
    bundle = Bundle(
        Path("b"),
        ("cat", "dog", "fish"),
        InputSpec(32, 32),
        multi_label=thresholds is not None,
        temperature=1.0,
        unknown_threshold=None,
        thresholds=thresholds,
        translations={"es": ("gato", "perro", "pez")},
    )
    found = classification_of(np.array([3.0, -3.0, -1.0], np.float32), bundle)

    answer = prediction(found, bundle, "es")

    assert answer.get("labels") == labels
    assert answer["label"] == "gato"

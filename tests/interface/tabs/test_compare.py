"""Two models agree or not by their verdicts, whatever language their labels are in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from interface.tabs.compare import Opinion, agreement
from model.bundle import Bundle
from model.classifier import Classifier
from model.hub.resolve import ModelSource
from model.loading import LoadedModel
from model.preprocessing import InputSpec
from model.verdict import Classification


def opinion(probabilities: list[float], *, is_unknown: bool = False, spanish: bool = False) -> Opinion:
    names = {"es": ("gato", "perro")} if spanish else {}
    bundle = Bundle(Path("b"), ("cat", "dog"), InputSpec(32, 32), False, 1.0, 0.5, translations=names)
    model = LoadedModel(cast(Classifier, SimpleNamespace(bundle=bundle)), ModelSource(Path("pets")))
    return Opinion(model, Classification(np.array(probabilities), "none" if is_unknown else "sure", is_unknown), 1.25)


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (opinion([0.9, 0.1]), opinion([0.6, 0.4]), "Both say cat."),
        (opinion([0.9, 0.1]), opinion([0.2, 0.8]), "They disagree: cat or dog."),
        (opinion([0.9, 0.1]), opinion([0.9, 0.1], is_unknown=True), "They disagree: cat or none of these."),
        (opinion([0.9, 0.1], is_unknown=True), opinion([0.2, 0.8], is_unknown=True), "Both say none of these."),
        (opinion([0.9, 0.1], spanish=True), opinion([0.9, 0.1]), "Both say cat."),
    ],
)
def test_agreement_goes_by_the_verdict(one: Opinion, other: Opinion, sentence: str) -> None:
    assert agreement([one, other], "en").splitlines()[0] == sentence


def test_time_and_labels_follow_the_language() -> None:
    said = agreement([opinion([0.9, 0.1], spanish=True), opinion([0.9, 0.1])], "es").splitlines()
    assert said == ["Ambos dicen gato.", "pets (1): 1,2 ms", "pets (2): 1,2 ms"]

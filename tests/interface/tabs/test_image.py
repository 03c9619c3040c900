"""What the image tab says beside its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from interface.tabs.image import besides
from model.bundle import Bundle
from model.preprocessing import InputSpec


def bundle(threshold: float | None = None, thresholds: tuple[float, ...] | None = None) -> Bundle:
    labels, several = ("Cat", "Dog"), thresholds is not None
    return Bundle(Path("b"), labels, InputSpec(32, 32), several, 1.0, threshold, thresholds)


@pytest.mark.parametrize(
    ("threshold", "answer", "shown"),
    [
        (0.4, {"Cat": 0.23, "Dog": 0.2}, True),
        (0.4, {"Cat": 0.4, "Dog": 0.2}, False),
        (None, {"Cat": 0.01}, False),
        (0.4, {}, False),
        (0.4, None, False),
    ],
)
def test_doubt_is_put_into_words(threshold: float | None, answer: dict[str, float] | None, shown: bool) -> None:
    note, *_ = besides(bundle(threshold))(answer)
    assert note["visible"] is shown
    if shown:
        assert note["value"] == "Probably none of these: even the most likely label reaches only 23%."


@pytest.mark.parametrize(
    ("thresholds", "sentence"),
    [
        ((0.5, 0.5), "In this image: Cat."),
        ((0.5, 0.2), "In this image: Cat, Dog."),
        ((0.9, 0.9), "Probably none of these."),
    ],
)
def test_with_several_labels_all_above_their_thresholds_are_named(
    thresholds: tuple[float, float], sentence: str
) -> None:
    note, *_ = besides(bundle(thresholds=thresholds))({"Cat": 0.8, "Dog": 0.3})
    assert (note["visible"], note["value"]) == (True, sentence)


def test_every_label_of_an_answer_can_be_explained() -> None:
    _, why, heat, find, found = besides(bundle())({"Cat": 0.6, "Dog": 0.4})
    assert (why["choices"], why["value"], why["visible"]) == (["Cat", "Dog"], None, True)
    assert (heat["value"], heat["visible"]) == (None, False)
    assert find["visible"]
    assert (found["value"], found["visible"]) == (None, False)


def test_without_an_answer_there_is_nothing_to_explain() -> None:
    _, why, *_ = besides(bundle())(None)
    assert (why["choices"], why["visible"]) == ([], False)

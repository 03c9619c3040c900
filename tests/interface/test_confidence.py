"""How sure a prediction is, in words; a label in them is only ever text."""

from __future__ import annotations

from pathlib import Path

import pytest

from interface.confidence import card, confidence_of, failed_card, level_of
from model.bundle import Bundle
from model.preprocessing import InputSpec

EVIL = "<img src=x onerror=alert(1)>"


def bundle(threshold: float | None = None, thresholds: tuple[float, ...] | None = None) -> Bundle:
    labels, several = ("Cat", "Dog"), thresholds is not None
    return Bundle(Path("b"), labels, InputSpec(32, 32), several, 1.0, threshold, thresholds)


@pytest.mark.parametrize(
    ("best", "threshold", "level"),
    [
        (0.95, 0.5, "very"),
        (0.8, 0.5, "fairly"),
        (0.6, 0.5, "unsure"),
        (0.49, 0.5, "none"),
        (0.01, None, "unsure"),
        (0.5, 0.5, "unsure"),
    ],
)
def test_there_are_four_levels(best: float, threshold: float | None, level: str) -> None:
    assert level_of(best, threshold) == level


@pytest.mark.parametrize(
    ("prediction", "language", "headline", "words"),
    [
        ({"Cat": 0.97, "Dog": 0.03}, "en", "Cat", "Very sure"),
        ({"Cat": 0.8, "Dog": 0.2}, "es", "Cat", "Bastante seguro"),
        ({"Dog": 0.4, "Cat": 0.6}, "en", "Cat or Dog?", "Not sure"),
        ({"Dog": 0.4, "Cat": 0.6}, "es", "¿Cat o Dog?", "No está claro"),
        ({"Cat": 0.6, "Dog": 0.05}, "fr", "Cat ?", "Pas sûr"),
        ({"Cat": 0.3, "Dog": 0.2}, "en", "None of these", "Unlike everything it knows"),
    ],
)
def test_a_prediction_is_put_into_words(prediction: dict[str, float], language: str, headline: str, words: str) -> None:
    said = confidence_of(prediction, bundle(0.5), language)
    assert (said.headline, said.words) == (headline, words)


def test_none_names_what_is_closest() -> None:
    assert confidence_of({"Cat": 0.23}, bundle(0.4), "en").detail == "Most like Cat, but only 23%."


@pytest.mark.parametrize(
    ("thresholds", "headline"), [((0.5, 0.5), "Cat"), ((0.5, 0.2), "Cat, Dog"), ((0.9, 0.9), "None of these")]
)
def test_with_several_labels_all_above_their_thresholds_are_named(
    thresholds: tuple[float, float], headline: str
) -> None:
    assert confidence_of({"Cat": 0.8, "Dog": 0.3}, bundle(thresholds=thresholds), "en").headline == headline


def test_there_is_a_bar_for_each_label_from_one_percent() -> None:
    shown = card({"Cat": 0.985, "Dog": 0.01, "Fox": 0.009}, bundle(), "fr")
    assert "Cat" in shown and "Dog" in shown and "Fox" not in shown
    assert shown.count("<li>") == 2 and "98\u00a0%" in shown


def test_labels_and_reasons_are_text() -> None:
    for shown in (card({EVIL: 0.9}, bundle(), "en"), card({EVIL: 0.1}, bundle(0.5), "en"), failed_card(EVIL, "en")):
        assert "<img" not in shown and "&lt;img" in shown

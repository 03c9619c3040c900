"""How sure a prediction is, in words; a label in them is only ever text."""

from __future__ import annotations

from pathlib import Path

import pytest

from interface.confidence import card, confidence_of, failed_card, level_of
from model.bundle import Bundle
from model.preprocessing import InputSpec

EVIL = "<img src=x onerror=alert(1)>"


def bundle(thresholds: tuple[float, ...] | None = None) -> Bundle:
    labels, several = ("Cat", "Dog"), thresholds is not None
    return Bundle(Path("b"), labels, InputSpec(32, 32), several, 1.0, None, thresholds)


@pytest.mark.parametrize(
    ("best", "is_unknown", "level"),
    [
        (0.95, False, "very"),
        (0.8, False, "fairly"),
        (0.6, False, "fairly"),
        (0.59, False, "unsure"),
        (0.01, False, "unsure"),
        (0.49, True, "none"),
        (0.99, True, "none"),
    ],
)
def test_there_are_four_levels(best: float, is_unknown: bool, level: str) -> None:
    assert level_of(best, is_unknown=is_unknown) == level


@pytest.mark.parametrize(
    ("prediction", "language", "headline", "words"),
    [
        ({"Cat": 0.97, "Dog": 0.03}, "en", "Cat", "Very sure"),
        ({"Cat": 0.8, "Dog": 0.2}, "es", "Cat", "Bastante seguro"),
        ({"Dog": 0.45, "Cat": 0.55}, "en", "Cat or Dog?", "Not sure"),
        ({"Dog": 0.45, "Cat": 0.55}, "es", "¿Cat o Dog?", "No está claro"),
        ({"Cat": 0.55, "Dog": 0.05}, "fr", "Cat\xa0?", "Pas sûr"),
        ({"Cat": 0.3, "Dog": 0.2}, "en", "None of these", "No label fits well enough"),
    ],
)
def test_a_prediction_is_put_into_words(prediction: dict[str, float], language: str, headline: str, words: str) -> None:
    said = confidence_of(prediction, bundle(), language, is_unknown=max(prediction.values()) < 0.5)
    assert (said.headline, said.words) == (headline, words)


def test_none_names_what_is_closest() -> None:
    assert confidence_of({"Cat": 0.23}, bundle(), "en", is_unknown=True).detail == "Most like Cat, but only 23%."


@pytest.mark.parametrize(
    ("thresholds", "headline"), [((0.5, 0.5), "Cat"), ((0.5, 0.2), "Cat, Dog"), ((0.9, 0.9), "None of these")]
)
def test_with_several_labels_all_above_their_thresholds_are_named(
    thresholds: tuple[float, float], headline: str
) -> None:
    assert (
        confidence_of({"Cat": 0.8, "Dog": 0.3}, bundle(thresholds=thresholds), "en", is_unknown=False).headline
        == headline
    )


def test_there_is_a_bar_for_each_label_from_one_percent() -> None:
    shown = card({"Cat": 0.985, "Dog": 0.01, "Fox": 0.009}, bundle(), "fr", is_unknown=False)
    assert "Cat" in shown and "Dog" in shown and "Fox" not in shown
    assert shown.count("<li>") == 2 and "98\u00a0%" in shown


def test_labels_and_reasons_are_text() -> None:
    for shown in (
        card({EVIL: 0.9}, bundle(), "en", is_unknown=False),
        card({EVIL: 0.1}, bundle(), "en", is_unknown=True),
        failed_card(EVIL, "en"),
    ):
        assert "<img" not in shown and "&lt;img" in shown


@pytest.mark.parametrize(("probability", "is_unknown"), [(0.99, False), (0.5, False), (0.9, True)])
def test_a_label_that_is_a_folders_name_is_shown_as_it_is_read(probability: float, is_unknown: bool) -> None:
    shown = card({"golden_retriever": probability}, bundle(), "en", is_unknown=is_unknown)

    assert "golden retriever" in shown
    assert "golden_retriever" not in shown

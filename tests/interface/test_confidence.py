"""How sure a prediction is, in words; a label in them is only ever text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interface.confidence import card, confidence_of, failed_card, level_of
from model.bundle import Bundle
from model.preprocessing import InputSpec
from model.verdict import Classification, Verdict

EVIL = "<img src=x onerror=alert(1)>"


def bundle(*labels: str, thresholds: tuple[float, ...] | None = None) -> Bundle:
    return Bundle(Path("b"), labels or ("Cat", "Dog"), InputSpec(32, 32), thresholds is not None, 1.0, None, thresholds)


def found(*probabilities: float, is_unknown: bool = False) -> Classification:
    return Classification(np.array(probabilities), "none" if is_unknown else "sure", is_unknown)


@pytest.mark.parametrize(
    ("best", "verdict", "is_unknown", "level"),
    [
        (0.95, "sure", False, "very"),
        (0.8, "sure", False, "fairly"),
        (0.6, "sure", False, "fairly"),
        (0.59, "unsure", False, "unsure"),
        (0.01, "unsure", False, "unsure"),
        (0.49, "none", True, "none"),
        (0.99, "none", True, "none"),
        (0.95, "none", False, "very"),  # the label is “no flag”
        (0.49, "none", False, "none"),
    ],
)
def test_there_are_four_levels(best: float, verdict: Verdict, is_unknown: bool, level: str) -> None:
    assert level_of(Classification(np.array([best, 0.01]), verdict, is_unknown)) == level


@pytest.mark.parametrize(
    ("cat", "dog", "language", "headline", "words"),
    [
        (0.97, 0.03, "en", "Cat", "Very sure"),
        (0.8, 0.2, "es", "Cat", "Bastante seguro"),
        (0.55, 0.45, "en", "Cat or Dog?", "Not sure"),
        (0.45, 0.55, "es", "¿Dog o Cat?", "No está claro"),
        (0.55, 0.05, "fr", "Cat\xa0?", "Pas sûr"),
        (0.3, 0.2, "en", "None of these", "No label fits well enough"),
    ],
)
def test_a_prediction_is_put_into_words(cat: float, dog: float, language: str, headline: str, words: str) -> None:
    said = confidence_of(found(cat, dog, is_unknown=max(cat, dog) < 0.5), bundle(), language)
    assert (said.headline, said.words) == (headline, words)


def test_a_label_that_means_nothing_is_there_is_the_headline_however_low_its_probability() -> None:
    said = confidence_of(Classification(np.array([0.23, 0.1]), "none", False), bundle("no flag", "Dog"), "en")
    assert (said.level, said.headline, said.detail) == ("none", "no flag", "")


def test_none_names_what_is_closest() -> None:
    said = confidence_of(found(0.23, 0.1, is_unknown=True), bundle(), "en")
    assert said.detail == "Most like Cat, but only 23%."


def test_none_of_a_high_probability_says_that_the_image_is_unlike_the_training_images() -> None:
    said = confidence_of(found(0.96, 0.04, is_unknown=True), bundle(), "en")
    assert said.headline == "None of these"
    assert said.detail == "It is unlike the training images. The closest label is Cat."


@pytest.mark.parametrize(
    ("thresholds", "headline"), [((0.5, 0.5), "Cat"), ((0.5, 0.2), "Cat, Dog"), ((0.9, 0.9), "None of these")]
)
def test_with_several_labels_all_above_their_thresholds_are_named(
    thresholds: tuple[float, float], headline: str
) -> None:
    assert confidence_of(found(0.8, 0.3), bundle(thresholds=thresholds), "en").headline == headline


EIGHT = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "headline"),
    [
        ([0.7] * 5 + [0.2, 0.1, 0.1], [0.8] * 5 + [0.1, 0.5, 0.5], "f"),
        ([0.9] * 6 + [0.1, 0.1], [0.5] * 8, "a, b, c, d, e, f"),
    ],
)
def test_a_label_above_its_threshold_is_named_and_has_a_bar_though_five_others_are_more_probable(
    probabilities: list[float], thresholds: list[float], headline: str
) -> None:
    several = bundle(*EIGHT, thresholds=tuple(thresholds))

    assert confidence_of(found(*probabilities), several, "en").headline == headline
    shown = card(found(*probabilities), several, "en")
    assert "<span>f</span>" in shown and "<span>g</span>" not in shown


def test_there_is_a_bar_for_each_label_from_one_percent() -> None:
    shown = card(found(0.985, 0.01, 0.009), bundle("Cat", "Dog", "Fox"), "fr")
    assert "Cat" in shown and "Dog" in shown and "Fox" not in shown
    assert shown.count("<li>") == 2 and "98\u00a0%" in shown


def test_labels_and_reasons_are_text() -> None:
    for shown in (
        card(found(0.9, 0.1), bundle(EVIL, "Dog"), "en"),
        card(found(0.1, 0.05, is_unknown=True), bundle(EVIL, "Dog"), "en"),
        failed_card(EVIL, "en"),
    ):
        assert "<img" not in shown and "&lt;img" in shown


@pytest.mark.parametrize(("probability", "is_unknown"), [(0.99, False), (0.5, False), (0.9, True)])
def test_a_label_that_is_a_folders_name_is_shown_as_it_is_read(probability: float, is_unknown: bool) -> None:
    shown = card(found(probability, 0, is_unknown=is_unknown), bundle("golden_retriever", "Cat"), "en")

    assert "golden retriever" in shown
    assert "golden_retriever" not in shown

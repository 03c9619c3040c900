"""How sure a prediction is, in words: very sure, fairly sure, not sure which of two, or none of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from interface.i18n.language import probability_text, say
from interface.rendering import render
from model.bundle import Bundle
from model.classifier import predicted_labels, top_labels
from model.verdict import SURE_FROM, Classification

Level = Literal["very", "fairly", "unsure", "none"]

TOP = 5  # labels of a card, and of what programs get for an image
_VERY_SURE = 0.9
_LEAST_RIVAL = 0.1  # a second label below this is none that the first could be mistaken for
_LEAST_BAR = 0.01
_WORDS: Mapping[Level, str] = {
    "very": "very_sure",
    "fairly": "fairly_sure",
    "unsure": "not_sure",
    "none": "probably_none",
}


@dataclass(frozen=True)
class Confidence:
    """What to say of a prediction.

    Attributes:
        level: How sure it is.
        headline: The label or labels, or that it is none.
        words: How sure, in words.
        detail: One sentence more; may be empty.
    """

    level: Level
    headline: str
    words: str
    detail: str = ""


def level_of(found: Classification) -> Level:
    """Return how sure a prediction of one label is."""
    best = float(found.probabilities.max())
    # The verdict of “no flag” is "none"; far from the training images its probability is low as that of every label.
    if found.is_unknown or (found.verdict == "none" and best < SURE_FROM):
        return "none"
    if best >= _VERY_SURE:
        return "very"
    return "fairly" if best >= SURE_FROM else "unsure"


def confidence_of(found: Classification, bundle: Bundle, language: str) -> Confidence:
    """Return what to say of a prediction in the visitor's language."""
    if bundle.thresholds is not None and not found.is_unknown:
        labels = _predicted(found, bundle, language)
        if not labels:
            return Confidence("none", say(language, "none_headline"), say(language, "probably_none"))
        return Confidence("very", ", ".join(labels), say(language, "in_this_image"))
    (label, best), *others = top_labels(found.probabilities, bundle.labels_in(language), 2)
    level = level_of(found)
    words = say(language, _WORDS[level])
    if found.is_unknown:
        why = "closest_far" if best >= SURE_FROM else "closest"  # not the probability, but the distance decided that
        detail = say(language, why, label=label, probability=probability_text(language, best))
        return Confidence(level, say(language, "none_headline"), words, detail)
    if level == "unsure":
        rivals = [other for other, probability in others if probability >= _LEAST_RIVAL]
        if rivals:
            return Confidence(level, say(language, "either", first=label, second=rivals[0]), words)
        return Confidence(level, say(language, "perhaps", label=label), words)
    return Confidence(level, label, words)


def card(found: Classification, bundle: Bundle, language: str, *, title: str = "") -> str:
    """Return a prediction as HTML: what it is, how sure, and a bar for each label from 1%; all texts are escaped.

    Args:
        found: The prediction.
        bundle: The model's bundle.
        language: The visitor's language.
        title: Whose prediction it is, where there are several.
    """
    named = _predicted(found, bundle, language) if bundle.thresholds is not None else []
    bars = [
        (label, probability_text(language, probability), f"{100 * probability:.1f}")
        for place, (label, probability) in enumerate(top_labels(found.probabilities, bundle.labels_in(language), None))
        if probability >= _LEAST_BAR and (place < TOP or label in named)
    ]
    confidence = confidence_of(found, bundle, language)
    return render("card.html", say=partial(say, language), confidence=confidence, bars=bars, reason="", title=title)


def failed_card(reason: str, language: str) -> str:
    """Return why there is no prediction, as HTML; `reason` is escaped."""
    return render("card.html", say=partial(say, language), confidence=None, bars=[], reason=reason)


def _predicted(found: Classification, bundle: Bundle, language: str) -> list[str]:
    return [bundle.label_in(label, language) for label in predicted_labels(found, bundle)]

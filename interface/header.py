"""The head of the page: the model's title, a sentence of what it recognises, its labels, and switches."""

from __future__ import annotations

import json
from functools import partial

from interface.i18n.language import LANGUAGES, PARAMETER, decimal, say
from interface.rendering import render
from model.bundle import CONFIG, Bundle
from model.hub.resolve import EMBEDDED
from model.labels import is_background_label
from model.loading import LoadedModel

_CHIPS = 8
_LABELS_LISTED = 300
_LONGEST_TITLE, _LONGEST_DESCRIPTION = 80, 300  # characters
_HUB = "https://huggingface.co/"


def header_html(model: LoadedModel, language: str) -> str:
    """Return the head of the page as HTML; all text from the bundle is escaped.

    Args:
        model: The model and where it comes from.
        language: The visitor's language.
    """
    labels = _known_labels(model.classifier.bundle, language)
    more = len(labels) - _LABELS_LISTED
    return render(
        "header.html",
        say=partial(say, language),
        title=model_title(model, language),
        description=description(model, language),
        chips=_spread(labels, _CHIPS),
        labels=labels[:_LABELS_LISTED] if len(labels) > _CHIPS else [],
        count=decimal(language, len(labels)),
        more=say(language, "and_more", count=decimal(language, more)) if more > 0 else "",
        address=_HUB + model.source.repository if model.source.repository else "",
        languages=LANGUAGES,
        language=language,
        parameter=PARAMETER,
    )


def model_title(model: LoadedModel, language: str) -> str:
    """Return the model's own title; the name of its repository or directory where it has none."""
    if is_embedded(model):
        return say(language, "embedded_title")
    name = model.source.repository or model.source.directory.resolve().name
    return _own_text(model.classifier.bundle, "title")[:_LONGEST_TITLE] or name.rpartition("/")[2]


def description(model: LoadedModel, language: str) -> str:
    """Return the model's own description; what can be said of its labels where it has none."""
    bundle = model.classifier.bundle
    labels = _known_labels(bundle, language)
    if is_embedded(model):
        return say(language, "embedded_description", count=decimal(language, len(labels)))
    if own := _own_text(bundle, "description")[:_LONGEST_DESCRIPTION]:
        return own
    if len(labels) == 1:
        return say(language, "recognises_one", label=labels[0])
    return say(language, "recognises", count=decimal(language, len(labels)))


def is_embedded(model: LoadedModel) -> bool:
    """Return whether a model is the one that comes with the app."""
    return model.source.repository is None and model.source.directory == EMBEDDED


def _known_labels(bundle: Bundle, language: str) -> list[str]:
    """Return the labels that name something, in class order: not “no flag”, unless there is nothing else."""
    shown = zip(bundle.labels, bundle.labels_in(language), strict=True)
    return [name for label, name in shown if not is_background_label(label)] or list(bundle.labels_in(language))


def _spread(labels: list[str], most: int) -> list[str]:
    """Return at most so many labels, spread evenly over all of them."""
    count = min(most, len(labels))
    return [labels[place * len(labels) // count] for place in range(count)]


def _own_text(bundle: Bundle, name: str) -> str:
    """Return a text that the bundle has about itself; empty where there is none."""
    try:
        value = json.loads((bundle.directory / CONFIG).read_text(encoding="utf-8"))["vistazo"].get(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return " ".join(value.split()) if isinstance(value, str) else ""

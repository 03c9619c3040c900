"""The head of the page: the model's title, a sentence of what it recognises, its labels, and switches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from interface.i18n.language import ENGLISH, LANGUAGES, PARAMETER, decimal, say
from interface.rendering import render
from model.bundle import Bundle
from model.hub.resolve import EMBEDDED
from model.limits import limits
from model.loading import LoadedModel
from model.presentation import default_description, default_title, known_labels, readable

_CHIPS = 8
_LABELS_LISTED = 300
_IN_TITLE, _IN_DESCRIPTION, _BACKGROUND_NAMED = 3, 6, 3  # labels
_OWN_LICENCE = "Apache-2.0"
_HUB = "https://huggingface.co/"
# The texts for Gradio's names of its buttons, which are English in every language.
_BUTTONS = (
    "button_upload",
    "button_drop",
    "button_camera",
    "button_paste",
    "button_capture",
    "button_remove",
    "button_fullscreen",
    "button_volume",
)


def header_html(model: LoadedModel, language: str, example_names: Mapping[str, str] | None = None) -> str:
    """Return the head of the page as HTML; all text from the bundle is escaped.

    Args:
        model: The model and where it comes from.
        language: The visitor's language.
        example_names: What the examples show, by the names of their files; `assets/accessibility.js` reads it.
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
        licence=_OWN_LICENCE if is_embedded(model) else model.source.licence,
        address=_HUB + model.source.repository if model.source.repository else "",
        example_names=json.dumps(example_names or {}, ensure_ascii=False),
        button_names=json.dumps({say(ENGLISH, key): say(language, key) for key in _BUTTONS}, ensure_ascii=False),
        most_megabytes=limits().upload_megabytes,
        too_large=say(language, "file_too_large", name="{name}", size="{size}", most=limits().upload_megabytes),
        languages=LANGUAGES,
        language=language,
        parameter=PARAMETER,
    )


def model_title(model: LoadedModel, language: str) -> str:
    """Return the model's own title; the name of its repository or directory where it has none."""
    if is_embedded(model):
        return say(language, "embedded_title")
    bundle = model.classifier.bundle
    own = bundle.presentation.title
    if own and own == default_title(bundle.labels):  # made of the labels, which have names in other languages
        title = _enumeration(_known_labels(bundle, language), _IN_TITLE, language)
        return title[:1].upper() + title[1:]
    name = model.source.repository or model.source.directory.resolve().name
    return own or name.rpartition("/")[2]


def model_titles(models: Sequence[LoadedModel], language: str) -> list[str]:
    """Return titles that differ: where two models have the same one, with directory or repository, then its commit."""
    titles = [model_title(model, language) for model in models]
    sources = [source_title(model, language) for model in models]
    names = [model.source.repository or source for model, source in zip(models, sources, strict=True)]
    longer = ([f"{title} ({name})" for title, name in zip(titles, more, strict=True)] for more in (names, sources))
    return _distinct(titles, *longer)


def source_titles(models: Sequence[LoadedModel], language: str) -> list[str]:
    """Return what to call models in a line of text, with numbers where that would be the same."""
    return _distinct([source_title(model, language) for model in models])


def source_title(model: LoadedModel, language: str) -> str:
    """Return what to call a model in a line of text."""
    return say(language, "embedded_model") if is_embedded(model) else model.source.title


def description(model: LoadedModel, language: str) -> str:
    """Return the model's own description; what can be said of its labels where it has none."""
    bundle = model.classifier.bundle
    labels = _known_labels(bundle, language)
    if is_embedded(model):
        return say(language, "embedded_description", count=decimal(language, len(labels)))
    own = bundle.presentation.description
    if own and own != default_description(bundle.labels):
        return own
    if len(labels) <= _IN_DESCRIPTION:
        return say(language, "recognises_these", labels=_enumeration(labels, _IN_DESCRIPTION, language))
    return say(language, "recognises", count=decimal(language, len(labels)))


def is_embedded(model: LoadedModel) -> bool:
    """Return whether a model is the one that comes with the app."""
    return model.source.repository is None and model.source.directory == EMBEDDED


def count_of_labels(bundle: Bundle, language: str) -> tuple[int, str]:
    """Return how many labels name something, and in quotes those that do not: 97 and “no flag”; may be empty."""
    known = _known_labels(bundle, language)
    others = set(bundle.labels_in(language)).difference(known)
    quoted = [say(language, "quoted", text=name) for name in bundle.labels_in(language) if name in others]
    return len(known), _enumeration(quoted, _BACKGROUND_NAMED, language) if quoted else ""


def _distinct(*choices: list[str]) -> list[str]:
    """Return the first choice of names that differ from one another; the first with numbers where none does."""
    numbered = [f"{name} ({number})" for number, name in enumerate(choices[0], start=1)]
    return next((names for names in choices if len(set(names)) == len(names)), numbered)


def _known_labels(bundle: Bundle, language: str) -> list[str]:
    """Return the labels that name something, in class order."""
    known = set(known_labels(bundle.labels))
    shown = zip(bundle.labels, bundle.labels_in(language), strict=True)
    return [name for label, name in shown if label in known]


def _enumeration(labels: Sequence[str], most: int, language: str) -> str:
    """Return labels as people list them: “cat, dog and horse”, “cat, dog and 35 more”."""
    names = [readable(label) for label in labels]
    if len(names) > most:
        more = say(language, "and_more", count=decimal(language, len(names) - most + 1))
        return f"{', '.join(names[: most - 1])} {more}"
    if len(names) == 1:
        return names[0]
    return say(language, "and_last", names=", ".join(names[:-1]), last=names[-1])


def _spread(labels: list[str], most: int) -> list[str]:
    """Return at most so many labels, spread evenly over all of them."""
    count = min(most, len(labels))
    return [labels[place * len(labels) // count] for place in range(count)]

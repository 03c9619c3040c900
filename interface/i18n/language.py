"""Choose the visitor's language, and translate into it.

Fixed texts are translated in the browser, by the keys that `text` returns; those with values on the server, by `say`.
Both follow the page's address (`?lang=es`) and, where that names no language, the browser.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.i18n import I18nData
from starlette.requests import Request

from interface.i18n import en, es, fr
from model.errors import Sentence
from model.labels import as_shown

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "es": "Español", "fr": "Français"}
PARAMETER = "lang"
TEXTS: Mapping[str, Mapping[str, str]] = {ENGLISH: en.TEXTS, "es": es.TEXTS, "fr": fr.TEXTS}
GRADIO_TEXTS: Mapping[str, Mapping[str, str]] = {ENGLISH: en.GRADIO, "es": es.GRADIO, "fr": fr.GRADIO}
_ERRORS: Mapping[str, Mapping[str, str]] = {ENGLISH: {}, "es": es.ERRORS, "fr": fr.ERRORS}

_NO_BREAK, _NARROW = "\u00a0", "\u202f"
# The separators of thousands and of decimals.
_SEPARATORS = {ENGLISH: (",", "."), "es": (_NO_BREAK, ","), "fr": (_NARROW, ",")}
_MOST_TAGS = 20  # of an Accept-Language header, which may have any length


def translations() -> gr.I18n:
    """Return the texts in all languages, for the browser."""
    return gr.I18n(**{language: {**texts, **GRADIO_TEXTS[language]} for language, texts in TEXTS.items()})


def text(key: str) -> I18nData:
    """Return a placeholder that the browser replaces by the text of this key in the visitor's language.

    The key must not be the name of a group of Gradio's own texts, such as "image": the browser would show the group.
    """
    en.TEXTS[key]  # an unknown key would be shown as it is
    return I18nData(key)


def in_english(value: Any) -> Any:
    """Return a value of JSON's types with the placeholders of `text` in it replaced by the English texts."""
    if isinstance(value, I18nData):
        return en.TEXTS[value.key]
    if isinstance(value, Mapping):
        is_placeholder = value.get("__type__") == "translation_metadata"
        return en.TEXTS[value["key"]] if is_placeholder else {key: in_english(inner) for key, inner in value.items()}
    return [in_english(inner) for inner in value] if isinstance(value, list) else value


def say(language: str, key: str, **values: object) -> str:
    """Return the text of this key in a language, with its values."""
    return TEXTS[language][key].format(**values)


def decimal(language: str, value: float, digits: int = 0) -> str:
    """Return a number as people write it in a language, with so many digits after the point."""
    thousands, point = _SEPARATORS[language]
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", thousands + point))


def percent(language: str, share: float, digits: int = 0) -> str:
    """Return a share, 0 to 1, as a percentage in a language; what is not quite all or nothing is not said to be."""
    space = "" if language == ENGLISH else _NO_BREAK
    least = 10.0**-digits
    if 1 - least / 200 <= share < 1:
        return f"> {decimal(language, 100 - least, digits)}{space}%"
    if 0 < share <= least / 200:
        return f"< {decimal(language, least, digits)}{space}%"
    return f"{decimal(language, 100 * share, digits)}{space}%"


def probability_text(language: str, value: float) -> str:
    """Return a probability, 0 to 1, as a whole percentage in a language; see `model.labels.as_shown`."""
    return percent(language, as_shown(value))


def language_of(request: gr.Request | Request | None) -> str:
    """Return the language of a request: "en", "es" or "fr"; English for programs that name none."""
    if request is None:
        return ENGLISH
    asked = (request.query_params or {}).get(PARAMETER)
    if asked in LANGUAGES:
        return str(asked)
    return _preferred(str((request.headers or {}).get("accept-language") or ""))


def translated(message: object, language: str) -> str:
    """Return an error's or a warning's sentence in a language; in English where it has no translation."""
    if isinstance(message, BaseException):
        message = message.args[0] if message.args else ""
    if not isinstance(message, Sentence):
        return str(message)
    template = _ERRORS[language].get(message.template, message.template)
    values = {
        name: translated(value, language) if isinstance(value, Sentence) else value
        for name, value in message.values.items()
    }
    return _Numbers(language).format(template, **values) if values else template


class _Numbers(string.Formatter):
    """Fills in a template, with its numbers as people write them in a language."""

    def __init__(self, language: str) -> None:
        self._separators = str.maketrans(",.", "".join(_SEPARATORS[language]))

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value as its place in the template wants it."""
        text = str(super().format_field(value, format_spec))
        return text.translate(self._separators) if isinstance(value, int | float) else text


def _preferred(header: str) -> str:
    """Return the supported language of the highest weight in an Accept-Language header (RFC 9110, section 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:_MOST_TAGS]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, tag.strip().lower().partition("-")[0]))
    known = [tag for weight, tag in sorted(wanted, key=lambda pair: pair[0]) if tag in LANGUAGES and weight < 0]
    return known[0] if known else ENGLISH

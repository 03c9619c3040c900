"""Three languages: each says everything, and the visitor gets the one that was asked for."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interface.i18n import es, fr
from interface.i18n.language import (
    GRADIO_TEXTS,
    LANGUAGES,
    TEXTS,
    decimal,
    in_english,
    language_of,
    percent,
    probability_text,
    say,
    text,
    translated,
)
from model.errors import ImageError, Sentence
from tests.support.serving import ROOT

OTHERS = {"es": es.ERRORS, "fr": fr.ERRORS}


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def sentences() -> set[str]:
    """Every template that a `Sentence` is made of in the sources."""
    found = set()
    for path in (ROOT / "model").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
                first = node.args[0]
                first = constants[first.id] if isinstance(first, ast.Name) and first.id in constants else first
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def request(query: dict[str, str] | None = None, header: str | None = None) -> gr.Request:
    request = gr.Request()
    headers = {"accept-language": header} if header is not None else {}
    vars(request)["request"] = SimpleNamespace(query_params=query or {}, headers=headers)
    return request


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places(language: str) -> None:
    assert TEXTS[language].keys() == TEXTS["en"].keys()
    for key, english in TEXTS["en"].items():
        assert places(TEXTS[language][key]) == places(english), key
        assert TEXTS[language][key].strip(), key


@pytest.mark.parametrize("language", OTHERS)
def test_every_error_that_a_visitor_may_see_is_translated(language: str) -> None:
    made = sentences()
    assert len(made) > 15
    assert made == OTHERS[language].keys()
    for template, translation in OTHERS[language].items():
        assert places(translation) == places(template)


def test_every_text_is_used() -> None:
    files = [path for path in (ROOT / "interface").rglob("*") if path.suffix in (".py", ".html")]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    columns = {f"column_{name}" for name in ("start", "end", "confidence", "first_frame", "last_frame")}
    tabs = {f"{name}_tab" for name in ("image", "batch", "video", "camera", "compare", "about")}
    unused = {key for key in TEXTS["en"] if f'"{key}"' not in code and f"'{key}'" not in code} - columns - tabs
    assert not unused


def test_errors_of_every_kind_are_errors_in_every_language() -> None:
    error = ImageError(Sentence("{name} is an empty file. Choose an image file with content.", name="“a{b}.png”"))
    assert str(error) == "“a{b}.png” is an empty file. Choose an image file with content."
    assert translated(error, "fr") == "“a{b}.png” est un fichier vide. Choisissez une image non vide."
    assert translated(error, "en") == str(error)
    assert translated(ImageError("plain {text}"), "es") == "plain {text}"
    inner = Sentence("{name} takes too long to decode. Make it smaller, or choose another.", name=Sentence("The image"))
    assert translated(inner, "es").startswith("La imagen tarda")


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ({}, None, "en"),
        ({}, "*", "en"),
        ({}, "es-MX,es;q=0.9,en;q=0.8", "es"),
        ({}, "de,fr;q=0.5,es;q=0.9", "es"),
        ({}, "FR-ca", "fr"),
        ({}, "es;q=0, fr", "fr"),
        ({"lang": "fr"}, "es", "fr"),
        ({"lang": "<script>"}, "es", "es"),
        ({}, "en-GB,es", "en"),
    ],
)
def test_the_address_names_the_language_or_the_browser_does(
    query: dict[str, str], header: str | None, language: str
) -> None:
    assert language_of(request(query, header)) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert language_of(request(header=header)) in LANGUAGES


def test_a_key_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(KeyError):
        text("no such text")
    assert say("es", "none_of_these") == "ninguna de ellas"


@pytest.mark.parametrize(("language", "time"), [("en", "12.3"), ("es", "12,3"), ("fr", "12,3")])
def test_a_number_in_a_sentence_about_a_clip_is_written_as_in_the_language(language: str, time: str) -> None:
    begins = "“{name}” is damaged: it breaks off at {time:.1f} s."
    (template,) = (template for template in es.ERRORS if template.startswith(begins))
    assert time in translated(Sentence(template, name="a.b.mp4", time=12.34), language)


def test_nothing_breaks_a_line_before_a_french_mark_or_a_percent_sign() -> None:
    texts = {
        language: "\n".join([*TEXTS[language].values(), *GRADIO_TEXTS[language].values(), *OTHERS[language].values()])
        for language in OTHERS
    }
    assert re.findall(r".* (?:[:;!?»%](?: |$)).*|.*« .*", texts["fr"], re.MULTILINE) == []
    assert re.findall(r".* %.*", texts["es"]) == []


def test_the_marks_around_a_file_name_are_those_of_the_language() -> None:
    sentence = Sentence(
        "{name} is an empty file. Choose an image file with content.", name=Sentence("“{name}”", name="a")
    )
    assert translated(ImageError(sentence), "es").startswith("«a» es un archivo vacío.")
    assert translated(ImageError(sentence), "fr").startswith("«\u00a0a\u00a0» est un fichier vide.")


def test_numbers_are_written_as_people_do() -> None:
    assert [decimal(language, 12345.67, 1) for language in LANGUAGES] == ["12,345.7", "12\u00a0345,7", "12\u202f345,7"]
    assert [percent(language, 0.97) for language in LANGUAGES] == ["97%", "97\u00a0%", "97\u00a0%"]


@pytest.mark.parametrize(
    ("share", "said"),
    [(1, "100%"), (0.996, "> 99%"), (0.995, "> 99%"), (0.9949, "99%"), (0.004, "< 1%"), (0.005, "< 1%"), (0, "0%")],
)
def test_what_is_not_quite_all_or_nothing_is_not_said_to_be(share: float, said: str) -> None:
    assert percent("en", share) == said


@pytest.mark.parametrize(
    ("value", "said"), [(1, "100%"), (0.9999, "99%"), (0.995, "99%"), (0.9944, "99%"), (0.984, "98%")]
)
def test_probabilities_near_certainty_read_the_same_wherever_they_stand(value: float, said: str) -> None:
    assert probability_text("en", value) == said


def test_programs_get_english_texts_in_place_of_placeholders() -> None:
    placeholder = text("image_box")
    found = in_english({"a": [placeholder, placeholder.to_dict()], "b": {"type": "x", "n": 3}})
    assert found == {"a": ["Image", "Image"], "b": {"type": "x", "n": 3}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_upload_texts_come_in_every_language(language: str) -> None:
    assert GRADIO_TEXTS["en"].keys() <= GRADIO_TEXTS[language].keys()


def test_the_embedded_labels_come_in_every_language() -> None:
    from model.bundle import load_bundle
    from model.hub.resolve import EMBEDDED

    bundle = load_bundle(EMBEDDED)
    assert {bundle.label_in("Germany", language) for language in LANGUAGES} == {"Germany", "Alemania", "Allemagne"}
    assert Path(EMBEDDED / "labels.fr.txt").is_file()

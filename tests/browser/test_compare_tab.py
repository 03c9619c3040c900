"""The tab that compares two models, as a visitor uses it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model.hub.resolve import EMBEDDED
from tests.support.browser import open_tab, scrolls_sideways, serious_findings, top_label
from tests.support.serving import EXAMPLES, running_app


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded model, beside the same without its names in other languages."""
    folder = tmp_path_factory.mktemp("compare")
    second = folder / "without-names"
    shutil.copytree(EMBEDDED, second)
    manifest = json.loads((second / "manifest.json").read_text(encoding="utf-8"))
    for path in second.glob("labels.*.txt"):
        path.unlink()
        del manifest["files"][path.name]
    (second / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with running_app(folder, ["--model", str(EMBEDDED), "--model", str(second)]) as address:
        yield address


def both_labels(page: Page) -> list[str]:
    return [top_label(page, f"compare-answer-{number}").inner_text() for number in (1, 2)]


@pytest.mark.parametrize(
    "phone", [pytest.param(False, id="desktop", marks=pytest.mark.nightly), pytest.param(True, id="phone")]
)
def test_an_example_is_read_by_both(open_page: Callable[..., Page], phone: bool) -> None:
    page = open_page(phone, query="?tab=compare")
    page.locator("#compare-examples").get_by_role("button", name="brazil").click()
    assert both_labels(page) == ["Brazil", "Brazil"]
    times = r"(the embedded model|without-names): \d+\.\d ms"
    expect(page.locator("#agreement textarea")).to_have_value(re.compile(rf"^Both say Brazil\.\n{times}\n{times}$"))
    expect(page.locator("#source textarea")).to_have_value("Models: the embedded model and without-names")
    expect(page).to_have_url(re.compile(r"[?]tab=compare&example=brazil$"))
    assert not scrolls_sideways(page)
    assert serious_findings(page) == []


@pytest.mark.parametrize(
    ("language", "sentence", "title", "agreement"),
    [
        (
            "es",
            "La misma imagen, clasificada por dos modelos.",
            "Reconocedor de banderas",
            r"^Ambos dicen Brasil\.\nel modelo incluido: \d+,\d ms",
        ),
        (
            "fr",
            "La même image, classée par deux modèles.",
            "Détecteur de drapeaux",
            r"^Les deux disent Brésil\.\nle modèle inclus.:.\d+,\d ms",
        ),
    ],
)
@pytest.mark.nightly
def test_the_tab_speaks_the_browsers_language(
    open_page: Callable[..., Page], language: str, sentence: str, title: str, agreement: str
) -> None:
    page = open_page(phone=True, locale=f"{language}-{language.upper()}", query="?tab=compare")
    expect(page.locator("#tab-compare").get_by_text(sentence, exact=True).first).to_be_visible()
    page.locator("#compare-examples button.gallery-item").first.click()
    expect(page.locator("#compare-answer-1").get_by_text(title, exact=True)).to_be_visible()
    expect(page.locator("#agreement textarea")).to_have_value(re.compile(agreement))
    assert not scrolls_sideways(page)


def test_a_link_leads_to_what_two_models_say_of_an_example_in_the_visitors_language(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(query="?tab=compare&example=brazil&lang=es")
    sentence = "La misma imagen, clasificada por dos modelos."
    expect(page.locator("#tab-compare").get_by_text(sentence, exact=True).first).to_be_visible()
    assert both_labels(page) == ["Brasil", "Brazil"]
    # One label, whatever it is called.
    expect(page.locator("#agreement textarea")).to_have_value(re.compile(r"^Ambos dicen Brasil\.\n"))


def test_an_own_image_is_read_and_cleared_and_what_is_no_image_is_told(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Compare")
    page.locator("#compare-image input[type=file]").set_input_files(EXAMPLES / "images" / "canada.jpg")
    assert both_labels(page) == ["Canada", "Canada"]
    page.locator("#compare-image").get_by_role("button", name=re.compile("clear|remove", re.IGNORECASE)).click()
    expect(page.locator("#agreement textarea")).to_have_value("")
    expect(top_label(page, "compare-answer-1")).to_have_count(0)

    (tmp_path / "notes.png").write_text("not an image", encoding="utf-8")
    page.locator("#compare-image input[type=file]").set_input_files(tmp_path / "notes.png")
    expect(page.locator("#agreement textarea")).to_have_value(re.compile("“notes.png” is"))
    expect(page.get_by_role("status").filter(has_text="“notes.png” is")).to_have_count(1)  # a screen reader says it
    expect(page.get_by_test_id("toast-text")).to_have_count(0)

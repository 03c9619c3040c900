"""The page in the visitor's language: the browser's, or the one that was chosen on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.serving import EXAMPLES

TABS = {
    "en": ["Image", "Batch", "Video", "Camera", "Model"],
    "es": ["Imagen", "Lote", "Vídeo", "Cámara", "Modelo"],
    "fr": ["Image", "Lot", "Vidéo", "Caméra", "Modèle"],
}
# In each tab something that the browser translates, and something that the server says.
SAID = {
    "en": ["Read the image", "Read the images", "Read the clip", "What the camera sees", "How good it is"],
    "es": ["Leer la imagen", "Leer las imágenes", "Leer el vídeo", "Lo que ve la cámara", "Qué tan bueno es"],
    "fr": ["Lire l’image", "Lire les images", "Lire la vidéo", "Ce que voit la caméra", "Ce qu’il vaut"],
}
BRAZIL = {"en": "Brazil", "es": "Brasil", "fr": "Brésil"}
QUESTION = {"en": "Which of 98 labels", "es": "¿Cuál de 98 etiquetas", "fr": "Laquelle des 98 étiquettes"}


def open_tab(page: Page, name: str) -> None:
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():  # a phone shows the last tabs in a menu
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.click()


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", TABS)
def test_every_tab_speaks_the_browsers_language(open_page: Callable[..., Page], language: str, phone: bool) -> None:
    page = open_page(phone, locale=f"{language}-{language.upper()}")
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
    expect(page.locator("#question textarea")).to_have_value(re.compile(re.escape(QUESTION[language])))
    for tab, words in zip(TABS[language], SAID[language], strict=True):
        open_tab(page, tab)
        expect(page.get_by_text(words, exact=True).filter(visible=True).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab


def test_a_visitor_chooses_another_language(open_page: Callable[..., Page]) -> None:
    page = open_page(locale="de-DE")
    expect(page.locator("#read-image")).to_have_text("Read the image")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("#read-image")).to_have_text("Lire l’image")
    page.locator("#image-examples button").first.click()
    answer = page.locator("#answer").get_by_test_id("label-output-value")
    expect(answer).to_have_text(BRAZIL["fr"])
    page.locator("#why label").filter(has_text=BRAZIL["fr"]).click()
    expect(page.locator("#heat img")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "sentence"), [("es", "no es una imagen que se pueda leer"), ("fr", "n’est pas une image lisible")]
)
def test_errors_come_in_the_visitors_language(
    open_page: Callable[..., Page], tmp_path, language: str, sentence: str
) -> None:
    page = open_page(query=f"?lang={language}")
    (tmp_path / "notes.png").write_text("not an image", encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        page.locator("#image button").first.click()
    chooser.value.set_files(tmp_path / "notes.png")
    expect(page.get_by_test_id("toast-body")).to_contain_text(sentence)


def test_what_is_where_is_drawn_with_names_in_the_visitors_language(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?lang=es")
    with page.expect_file_chooser() as chooser:
        page.locator("#image button").first.click()
    chooser.value.set_files(EXAMPLES / "images" / "brazil.jpg")
    expect(page.locator("#answer").get_by_test_id("label-output-value")).to_have_text(BRAZIL["es"])
    page.locator("#find-several").click()
    expect(page.locator("#found .legend-item, #found button").filter(has_text=BRAZIL["es"]).first).to_be_visible()

"""The page in the visitor's language: the browser's, or the one that was chosen on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import TABS, open_tab, scrolls_sideways, top_label
from tests.support.serving import EXAMPLES

# Collects what screen readers are told of the work's progress; each text stays for a second only.
_LISTEN = """() => {
  window.told = new Set();
  const listen = () => {
    for (const status of document.querySelectorAll("[role=status].sr-only")) told.add(status.textContent.trim());
  };
  new MutationObserver(listen).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
# In each tab something that the browser translates, and something that the server says.
SAID = {
    "en": [
        "Choose an image, or paste an image or its address: it is classified right away.",
        "Choose a video: it is classified right away.",
        "What the camera shows appears here.",
        "Choose several images: they are classified right away.",
        "How good it is",
    ],
    "es": [
        "Elige una imagen, o pega una imagen o su dirección: se clasifica al momento.",
        "Elige un vídeo: se clasifica al momento.",
        "Aquí aparecerá lo que muestra la cámara.",
        "Elige varias imágenes: se clasifican al momento.",
        "Qué tal lo hace",
    ],
    "fr": [
        "Choisissez une image, ou collez une image ou son adresse : elle est classée aussitôt.",
        "Choisissez une vidéo : elle est classée aussitôt.",
        "Ce que montre la caméra apparaîtra ici.",
        "Choisissez plusieurs images : elles sont classées aussitôt.",
        "Ce qu’il vaut",
    ],
}
BRAZIL = {"en": "Brazil", "es": "Brasil", "fr": "Brésil"}
DONE = {"en": "Done", "es": "Listo", "fr": "Terminé"}
UPLOAD = {"en": "Upload file", "es": "Subir un archivo", "fr": "Envoyer un fichier"}
RECOGNISES = {
    "en": "Recognises 97 national flags",
    "es": "Reconoce 97 banderas nacionales",
    "fr": "Reconnaît 97 drapeaux nationaux",
}


@pytest.mark.parametrize(
    ("language", "phone"),
    [
        pytest.param("es", True, id="es-phone"),
        *(
            pytest.param(*case, marks=pytest.mark.nightly)
            for case in (("fr", False), ("en", False), ("en", True), ("es", False), ("fr", True))
        ),
    ],
)
def test_every_tab_speaks_the_browsers_language(open_page: Callable[..., Page], language: str, phone: bool) -> None:
    page = open_page(phone, locale=f"{language}-{language.upper()}")
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
    expect(page.locator("#header")).to_contain_text(RECOGNISES[language])
    expect(page.locator("#image").get_by_role("button", name=UPLOAD[language])).to_be_visible()
    for tab, words in zip(TABS[language], SAID[language], strict=True):
        open_tab(page, tab)
        expect(page.get_by_text(words, exact=True).filter(visible=True).first).to_be_visible()
        assert not scrolls_sideways(page), tab


def test_a_visitor_chooses_another_language(open_page: Callable[..., Page]) -> None:
    page = open_page(locale="de-DE")
    expect(page.locator("#show-heat")).to_have_text("Heat map")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("#show-heat")).to_have_text("Carte de chaleur")
    page.locator("#image-examples button").first.click()
    expect(top_label(page)).to_have_text(BRAZIL["fr"])
    page.locator("#show-heat").click()
    expect(page.locator("#why label").filter(has_text=BRAZIL["fr"])).to_be_visible()
    expect(page.locator("#heat img")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        pytest.param("en", "is not an image that can be read", marks=pytest.mark.nightly),
        ("es", "no es una imagen que se pueda leer"),
        pytest.param("fr", "n’est pas une image lisible", marks=pytest.mark.nightly),
    ],
)
def test_errors_and_names_of_what_is_where_come_in_the_visitors_language(
    open_page: Callable[..., Page], tmp_path: Path, language: str, sentence: str
) -> None:
    page = open_page(query=f"?lang={language}")
    (tmp_path / "notes.png").write_text("not an image", encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        page.locator("#image button").first.click()
    chooser.value.set_files(tmp_path / "notes.png")
    expect(page.locator("#answer")).to_contain_text(sentence)

    page.evaluate(_LISTEN)
    page.locator("#image input[type=file]").set_input_files(EXAMPLES / "images" / "brazil.jpg")
    expect(top_label(page)).to_have_text(BRAZIL[language])
    page.wait_for_function("done => told.has(done)", arg=DONE[language])
    assert not page.evaluate("[...told].filter((text) => text.startsWith('common.'))")
    page.locator("#show-boxes").click()
    expect(page.locator("#found .legend-item, #found button").filter(has_text=BRAZIL[language]).first).to_be_visible()

"""The page without a server: a model in the browser, served by a plain web server under a sub-path."""

from __future__ import annotations

import contextlib
import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from model.hub.resolve import EMBEDDED
from tests.support.browser import DESKTOP, TIMEOUT, open_tab, scrolls_sideways, serious_findings, top_label
from tests.support.images import scene, write_clip
from tests.support.serving import EXAMPLES
from tests.support.site import ISOLATED, STRICT_POLICY, served_site, written_site

CANADA = EXAMPLES / "images" / "canada.jpg"
NARROW = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_site(written_site(EMBEDDED, tmp_path_factory.mktemp("site") / "out")) as address:
        yield address


@pytest.fixture
def open_site(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Open the site in fresh profiles; at the end, all requests were for its own files, and nothing was blocked."""
    contexts, requests, failures = [], [], []

    def open_(query: str = "", dark: bool = False, narrow: bool = False, locale: str = "en-GB") -> Page:
        context = browser.new_context(
            viewport=NARROW if narrow else DESKTOP,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            locale=locale,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        context.on("request", lambda request: requests.append((request.method, request.url)))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        page.goto(site + query)
        page.get_by_role("tab").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    foreign = [(m, url) for m, url in requests if m != "GET" or not url.startswith((site, f"blob:{site[:17]}"))]
    assert foreign == []
    assert failures == []


def test_an_image_gets_its_label_and_a_heat_map_and_what_is_none_a_sentence(
    open_site: Callable[..., Page], tmp_path: Path
) -> None:
    damaged = tmp_path / "photo.jpg"
    damaged.write_bytes(b"no image")
    page = open_site()

    page.set_input_files("#image input", damaged)
    expect(page.locator("#answer")).to_contain_text("Your browser cannot read this image.")

    page.set_input_files("#image input", CANADA)

    expect(top_label(page)).to_have_text("Canada")
    expect(page.locator("#answer")).to_contain_text("Very sure")
    page.get_by_role("button", name="Heat map").click()
    expect(page.get_by_role("img", name="Heat map (Grad-CAM)")).to_be_visible()
    expect(page.locator("#legend")).to_have_text("Bright regions count towards Canada; dark regions do not matter.")


def test_the_page_speaks_the_visitor_s_language_and_opens_what_the_address_names(
    open_site: Callable[..., Page],
) -> None:
    page = open_site("?example=germany", locale="es-MX")

    expect(top_label(page)).to_have_text("Alemania")
    expect(page.locator("#answer")).to_contain_text("Muy seguro")
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Détecteur de drapeaux")


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_narrow_page_has_no_serious_finding_and_does_not_scroll_sideways(
    open_site: Callable[..., Page], dark: bool
) -> None:
    page = open_site("?example=canada", dark=dark, narrow=True)
    expect(top_label(page)).to_have_text("Canada")

    strip = page.get_by_role("tablist")
    assert strip.evaluate("strip => strip.scrollHeight <= strip.clientHeight"), "no scroll bar beside the tabs"
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert serious_findings(page) == []
        assert not scrolls_sideways(page)
    expect(page.locator("main")).to_contain_text("It knows 97 labels and “no flag”, and nothing else.")


def test_several_images_get_tiles_counts_and_a_table(open_site: Callable[..., Page], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no image")
    page = open_site("?tab=batch")

    page.set_input_files("#images input", [CANADA, EXAMPLES / "images" / "brazil.jpg", damaged])

    expect(page.locator("#counts")).to_contain_text("3 images:")
    expect(page.locator("#gallery li")).to_have_text(
        [re.compile("^Canada"), re.compile("^Brazil"), re.compile("damaged.png: Your")]
    )
    with page.expect_download() as waiting:
        page.get_by_role("button", name="vistazo.csv").click()
    waiting.value.save_as(tmp_path / "vistazo.csv")
    rows = list(csv.DictReader((tmp_path / "vistazo.csv").open(encoding="utf-8")))
    assert [(row["label_1"], row["verdict"]) for row in rows] == [("Canada", "sure"), ("Brazil", "sure"), ("", "")]
    assert rows[2]["note"].startswith("Your browser cannot read this image")


def test_a_model_of_several_long_labels_says_all_that_it_sees_and_fits_a_phone(
    browser: Browser, tmp_path: Path
) -> None:
    out = written_site(EMBEDDED, tmp_path / "out")
    described = json.loads((out / "site.json").read_text(encoding="utf-8"))
    names = [f"{label}WithANameThatIsLongerThanALine" for label in described["labels"][""]]
    described["labels"] = {"": names}
    described["model"] |= {"multi_label": True, "thresholds": [0.5] * len(names), "none_of_these": None}
    seen = {names.index(f"{label}WithANameThatIsLongerThanALine") for label in ("Canada", "Brazil")}
    described["model"]["thresholds"] = [0.0 if place in seen else 1.0 for place in range(len(names))]
    (out / "site.json").write_text(json.dumps(described), encoding="utf-8")
    with served_site(out) as address, contextlib.closing(browser.new_context(viewport=NARROW)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(f"{address}?example=canada")

        expect(top_label(page)).to_have_text(re.compile("^CanadaWith.*, BrazilWith"))
        page.get_by_role("button", name="Heat map").click()
        expect(page.locator("#legend")).to_be_visible()
        assert not scrolls_sideways(page)
        open_tab(page, "Batch")
        page.set_input_files("#images input", CANADA)
        expect(page.locator("#counts")).to_contain_text(re.compile("1 images?:.*Canada"))
        expect(page.locator("#gallery li")).to_have_text(re.compile("^Canada.*%"))


@pytest.mark.nightly
def test_the_camera_s_images_are_classified_until_it_is_switched_off(open_site: Callable[..., Page]) -> None:
    page = open_site("?tab=camera")

    page.get_by_role("button", name="Switch the camera on").click()

    expect(page.locator("#live .vz-card li").first).to_be_visible()
    page.get_by_role("button", name="Switch the camera off").click()
    expect(page.get_by_role("button", name="Switch the camera on")).to_be_visible()


@pytest.mark.parametrize("headers", [{}, pytest.param(ISOLATED, marks=pytest.mark.nightly)])
def test_after_the_first_visit_the_page_works_without_a_network(
    browser: Browser, tmp_path: Path, headers: dict[str, str]
) -> None:
    out = written_site(EMBEDDED, tmp_path / "out")
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    # Nothing is kept but by the site itself.
    headers = {"Content-Security-Policy": STRICT_POLICY, "Cache-Control": "no-cache", **headers}
    with served_site(out, headers=headers) as address:
        page.goto(address)
        assert page.evaluate("crossOriginIsolated") is ("Cross-Origin-Embedder-Policy" in headers)
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        # A page whose network has threads is not claimed: Firefox would never answer its requests again.
        assert page.evaluate("navigator.serviceWorker.controller") is None
    try:  # the server is gone
        page.goto(f"{address}?example=canada")
        expect(top_label(page)).to_have_text("Canada")
        open_tab(page, "Video")
        clip = write_clip(tmp_path / "clip.mp4", [scene(64, 48)] * 5, codec="libx264", pixels="yuv420p")
        page.set_input_files("#clip input", clip)
        expect(page.locator("#status")).to_contain_text("frames read")
    finally:
        context.close()

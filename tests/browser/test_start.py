"""What a visitor sees while the model is still at the Hub, and after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Browser, Page, TimeoutError, ViewportSize, expect

from model.hub.resolve import EMBEDDED
from tests.fake_hub.server import Hub
from tests.support.browser import DESKTOP, PHONE, TIMEOUT, scrolls_sideways
from tests.support.serving import EXAMPLES, running_app

REPOSITORY = "somebody/flags"
IMAGE = EXAMPLES / "images" / "brazil.jpg"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        server.commit(REPOSITORY, EMBEDDED)
        yield server


def visit(browser: Browser, url: str, size: ViewportSize, query: str = "") -> Page:
    page = browser.new_page(viewport=size)
    page.set_default_timeout(TIMEOUT)
    page.goto(url + query)
    return page


def said(page: Page, elem_id: str) -> str:
    box = page.locator(f"#{elem_id} textarea")
    box.wait_for()
    return box.input_value()


def says(words: str) -> re.Pattern[str]:
    return re.compile(re.escape(words))


def _reload_until_there_is_news(page: Page) -> None:
    """Reload as a visitor might: the Hub is asked when somebody looks, and only so often."""
    for _ in range(20):
        try:
            page.locator("#news textarea").wait_for(timeout=4000)
            return
        except TimeoutError:
            page.reload()


def test_the_page_waits_for_the_hub_and_becomes_the_real_one(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    hub.fail("", status=503)
    with running_app(tmp_path, ["--model", REPOSITORY], **hub.environment(tmp_path / "hub")) as url:
        page = visit(browser, url, PHONE, "?lang=fr")
        expect(page.locator("#waiting textarea")).to_have_value(says("Le Hub signale une erreur (statut 503"))
        assert not scrolls_sideways(page)
        with pytest.raises(Exception, match="not ready yet"):
            Client(url, verbose=False).predict(handle_file(str(IMAGE)), api_name="/predict_image")
        commit = hub.repositories[REPOSITORY].references["main"]
        newer: list[str] = []
        hub.recover()
        hub.fail("GET .*manifest", times=1, then=lambda: newer.append(hub.commit(REPOSITORY, EMBEDDED)))
        page.get_by_role("tab", name="Image").wait_for()  # nobody reloads
        assert f"{REPOSITORY}, commit {commit}" in said(page, "source")
        answer = Client(url, verbose=False).predict(handle_file(str(IMAGE)), api_name="/predict_image")
        assert answer["label"] == "Brazil"
        expect(page.locator("#news textarea")).to_have_value(says(newer[0]))  # offered, not taken
        assert commit in said(page, "source")
    log = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert "Traceback" not in log and "status 503" in log


@pytest.mark.nightly  # test_resolve.py and test_loading.py have the fallback without a page
def test_a_hub_that_is_down_with_a_fallback(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    hub.fail("", status=500)
    options = ["--model", REPOSITORY, "--fallback", "default"]
    with running_app(tmp_path, options, **hub.environment(tmp_path / "hub")) as url:
        page = visit(browser, url, DESKTOP)
        page.get_by_role("tab", name="Image").wait_for()
        assert said(page, "source") == "Model: the embedded model"
        assert f"in place of “{REPOSITORY}”" in said(page, "source-note")
        hub.recover()
        page = visit(browser, url, PHONE, "?lang=es")
        expect(page.locator("#source-note textarea")).to_have_value(says("en lugar de"))
        _reload_until_there_is_news(page)
        expect(page.locator("#news textarea")).to_have_value(says("vuelve a estar disponible"))
    assert "Traceback" not in (tmp_path / "app.log").read_text(encoding="utf-8")

"""A Chromium and a running app for all tests in this folder, and a fresh page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.browser import DESKTOP, FLAGS, PHONE, TIMEOUT, chromium_program
from tests.support.serving import running_app


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(tmp_path_factory.mktemp("browser")) as address:
        yield address


@pytest.fixture(scope="package")  # not longer: while it runs, no other test may start an event loop
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_program(playwright), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Open the app in fresh profiles; at the end, nothing may have been asked of another server."""
    contexts, foreign, failures = [], [], []

    def note(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(url).netloc:
            foreign.append(address)

    def open_(
        phone: bool = False, locale: str = "en-GB", dark: bool = False, query: str = "", first_visit: bool = False
    ) -> Page:
        if not first_visit and "tab=" not in query and "example=" not in query:
            query = f"{query or '?'}&tab=image"  # an address that names a tab opens no example
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale=locale,
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("request", lambda request: note(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(url + query)
        page.get_by_role("tab").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not foreign
    assert not failures


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()

"""A Chromium and a running app for all tests in this folder, and a fresh page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, expect, sync_playwright

from tests.support.browser import DESKTOP, FLAGS, PHONE, TIMEOUT, chromium_program
from tests.support.serving import running_app


def is_foreign(address: str, url: str) -> bool:
    """Say whether an address is another server's than the app's."""
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(url).netloc


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
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    failures: list[str] = []

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
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(url + query)
        page.get_by_role("tab").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [address for address in requests if is_foreign(address, url)] == []
    assert failures == []


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Iterator[Page]:
    """A tab that is used again: the second visit is twice as quick, as the page's programs are compiled."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    tab = context.new_page()
    tab.set_default_timeout(TIMEOUT)
    yield tab
    context.close()


@pytest.fixture
def page(tab: Page, url: str) -> Iterator[Page]:
    """The app in English on a desktop; at the end, nothing may have been asked of another server."""
    requests: list[str] = []
    failures: list[str] = []

    def note_request(request: Request) -> None:
        requests.append(request.url)

    def note_failure(error: Error) -> None:
        failures.append(str(error))

    tab.on("request", note_request)
    tab.on("pageerror", note_failure)
    tab.goto(f"{url}?tab=image")  # an address that names a tab opens no example
    tab.get_by_role("tab").first.wait_for()
    yield tab
    tab.remove_listener("request", note_request)
    tab.remove_listener("pageerror", note_failure)
    tab.evaluate("localStorage.clear()")
    tab.context.clear_permissions()
    tab.goto("about:blank")
    assert [address for address in requests if is_foreign(address, url)] == []
    assert failures == []

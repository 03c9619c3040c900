"""A Chromium, a running app, and a fresh page for every test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from tests.support.serving import running_app

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a test card
    "--use-fake-ui-for-media-stream",
]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def _works(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def chromium_program(playwright: Playwright) -> str:
    """Find a Chromium: the one that VISTAZO_CHROMIUM names, one on the PATH, or Playwright's own."""
    named = os.environ.get("VISTAZO_CHROMIUM")
    if named:
        if not _works(named):
            pytest.fail(f"VISTAZO_CHROMIUM is {named}, which does not run.")
        return named
    for program in filter(None, map(shutil.which, NAMES)):
        if _works(program):  # a package's stub may be there without a browser behind it
            return program
    if Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    pytest.fail(
        "There is no Chromium. Install one (apt-get install chromium, or python -m playwright install chromium), "
        "or name it in VISTAZO_CHROMIUM."
    )


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(tmp_path_factory.mktemp("browser")) as address:
        yield address


@pytest.fixture(scope="module")  # not longer: while it runs, no other test may start an event loop
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_program(playwright), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Open the app in fresh profiles; at the end, nothing may have been asked of another server."""
    contexts, strangers, failures = [], [], []

    def note(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(url).netloc:
            strangers.append(address)

    def open_(phone: bool = False, locale: str = "en-GB", dark: bool = False, query: str = "") -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            is_mobile=phone,
            locale=locale,
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: note(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(url + query)
        page.get_by_role("tab").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not strangers
    assert not failures


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()

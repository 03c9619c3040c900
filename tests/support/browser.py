"""A Chromium for the tests, and what they do on the app's page."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Playwright, ViewportSize

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
TIMEOUT = 60_000  # milliseconds, for a machine that is busy with other tests

TABS = {
    "en": ["Image", "Video", "Camera", "Batch", "About"],
    "es": ["Imagen", "Vídeo", "Cámara", "Lote", "Acerca de"],
    "fr": ["Image", "Vidéo", "Caméra", "Lot", "À propos"],
}


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


def _works(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def open_tab(page: Page, name: str) -> None:
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():  # a phone shows the last tabs in a menu
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.click()


def selected_tab(page: Page) -> str | None:
    return page.locator("[role=tab][aria-selected=true]").get_attribute("data-tab-id")


def top_label(page: Page, elem_id: str = "answer") -> Locator:
    """The most likely label that a result shows."""
    return page.locator(f"#{elem_id}").get_by_test_id("label-output-value")


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def serious_findings(page: Page) -> list[tuple[str, str]]:
    """What axe-core calls a serious or critical obstacle: the rule, and the HTML that breaks it."""
    return [
        (finding["id"], node["html"][:200])
        for finding in Axe().run(page).response["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]

"""Nobody is shut out: no serious finding of axe-core in any tab, light and dark, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_languages import TABS, open_tab


def serious_findings(page: Page) -> list[tuple[str, str]]:
    return [
        (finding["id"], node["html"][:200])
        for finding in Axe().run(page).response["violations"]
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_tab_has_a_serious_finding(open_page: Callable[..., Page], dark: bool, phone: bool) -> None:
    page = open_page(phone, dark=dark)
    page.locator("#image-examples button").first.click()
    expect(page.locator("#why")).to_be_visible(timeout=30_000)
    for tab in TABS["en"]:
        open_tab(page, tab)
        if tab == "Video":
            page.locator("button.gallery-item:visible").first.click()
            page.locator("#read-clip").click()
            expect(page.locator("#clip-files")).to_be_visible(timeout=60_000)
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)  # colours fade from one to the other
        assert serious_findings(page) == [], tab


def test_an_image_is_read_with_the_keyboard_alone(page: Page) -> None:
    page.locator("#image-examples button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#answer").get_by_test_id("label-output-value")).to_have_text("Brazil")
    page.locator("#why input").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#heat img")).to_be_visible()
    expect(page.locator("#heat img")).to_have_attribute("alt", "What speaks for it")
    assert serious_findings(page) == []


def test_examples_have_names(page: Page) -> None:
    expect(page.get_by_role("button", name="united kingdom")).to_be_visible()

"""Links to a tab or an example, as somebody follows them who was given one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import scrolls_sideways, selected_tab, top_label
from tests.support.serving import IMAGES


@pytest.mark.nightly  # test_deep_links.py has the tab's old name
def test_a_link_opens_a_tab_that_a_phone_has_in_a_menu(open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True, query="?tab=model&lang=es")
    expect(page.get_by_role("heading", name="Qué tal lo hace")).to_be_visible(timeout=30_000)
    assert selected_tab(page) == "about"


def test_a_link_opens_an_example_clip_and_reads_it_on_a_phone_without_scrolling_sideways(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(phone=True, query="?example=three-flags")
    expect(page.locator("#timeline .vz-summary")).to_be_visible()
    assert selected_tab(page) == "video"
    expect(page.locator("#timeline [data-start]").first).to_be_visible()
    assert not scrolls_sideways(page)


@pytest.mark.nightly  # test_deep_links.py has such addresses
def test_what_is_not_there_is_not_opened(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?example=%22%3E%3Cb%3E&tab=%3Cb%3E")
    page.locator("#image-examples img").first.wait_for()
    assert selected_tab(page) == "image"
    expect(top_label(page)).to_have_count(0)


def test_a_link_opens_an_example_and_the_address_follows_what_is_chosen_but_never_an_own_image(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(query="?example=brazil&lang=fr")
    expect(top_label(page)).to_have_text("Brésil")

    page.get_by_role("button", name="Canada").click()
    expect(page).to_have_url(re.compile(r"example=canada"))
    expect(top_label(page)).to_have_text("Canada")  # before it, the box is about to be replaced
    page.locator("#image input[type=file]").set_input_files(IMAGES[0])
    expect(page).to_have_url(re.compile(r"[?](lang=fr&)?tab=image(&lang=fr)?$"))
    page.get_by_role("tab", name="À propos").click()
    expect(page).to_have_url(re.compile(r"[?](lang=fr&)?tab=about(&lang=fr)?$"))

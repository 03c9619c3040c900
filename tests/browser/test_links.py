"""Links to a tab or an example, as somebody follows them who was given one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.serving import IMAGES


def selected(page: Page) -> str | None:
    return page.locator("[role=tab][aria-selected=true]").get_attribute("data-tab-id")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_link_opens_a_tab(open_page: Callable[..., Page], phone: bool) -> None:
    page = open_page(phone, query="?tab=model&lang=es")
    expect(page.get_by_text("Qué tan bueno es")).to_be_visible(timeout=30_000)
    assert selected(page) == "model"


def test_a_link_opens_an_example_and_reads_it(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?example=brazil&lang=fr")
    expect(page.locator("#answer").get_by_test_id("label-output-value")).to_have_text("Brésil", timeout=30_000)


def test_a_link_opens_an_example_clip_and_reads_it(open_page: Callable[..., Page]) -> None:
    page = open_page(phone=True, query="?example=three-flags")
    expect(page.locator("#total").get_by_test_id("label-output-value")).to_be_visible(timeout=60_000)
    assert selected(page) == "video"


def test_what_is_not_there_is_not_opened(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?example=%22%3E%3Cb%3E&tab=%3Cb%3E")
    page.locator("#image-examples img").first.wait_for()
    assert selected(page) == "image"
    expect(page.locator("#answer").get_by_test_id("label-output-value")).to_have_count(0)


def test_the_address_is_a_link_to_what_was_chosen(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?lang=es")
    page.get_by_role("button", name="canada").click()
    expect(page).to_have_url(re.compile(r"[?]lang=es&tab=image&example=canada$"))
    page.get_by_role("tab", name="Modelo").click()
    expect(page).to_have_url(re.compile(r"[?]lang=es&tab=model$"))


def test_no_link_leads_to_a_visitors_own_image(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("button", name="canada").click()
    expect(page).to_have_url(re.compile("example=canada$"))
    page.locator("#image input[type=file]").set_input_files(IMAGES[0])
    expect(page).to_have_url(re.compile("[?]tab=image$"))

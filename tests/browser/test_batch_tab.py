"""The tab for several images as a visitor uses it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.serving import IMAGES


def test_images_become_a_gallery_a_table_and_a_file(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / "<b>notes<b>.jpg"
    notes.write_text("no image")
    page.get_by_role("tab", name="Batch").click()
    expect(page.locator("#images")).to_be_visible()
    expect(page.locator("#rows")).to_be_hidden()  # there is nothing in the table yet
    page.locator("#images input[type=file]").set_input_files([*IMAGES, notes])
    expect(page.locator("#images")).to_contain_text(IMAGES[-1].stem)
    expect(page.locator("#gallery img")).to_have_count(len(IMAGES) + 1)
    expect(page.locator("#gallery")).to_contain_text("is not an image that can be read")
    expect(page.locator("#counts")).to_contain_text(f"{len(IMAGES) + 1} images:")
    expect(page.locator("#counts")).to_contain_text("Could not be read 1")
    expect(page.get_by_role("status").filter(has_text="Could not be read 1")).to_have_count(
        1
    )  # a screen reader says it
    expect(page.locator("#stop-images")).to_be_disabled()
    expect(page.locator("#rows [role=grid]")).to_have_attribute("aria-rowcount", str(len(IMAGES) + 2))
    expect(page.locator("#rows")).to_contain_text("Canada")
    assert page.locator("#rows td b, #rows [role=gridcell] b").count() == 0  # a file's name is never HTML
    page.locator("#counts").get_by_role("button", name="Canada 1").click()
    expect(page.locator("#gallery .caption-label").filter(visible=True)).to_have_text(
        re.compile(r"^\s*Canada .*canada\.jpg\s*$", re.DOTALL)
    )
    page.locator("#counts").get_by_role("button", name="Could not be read 1").click()
    expect(page.locator("#gallery .caption-label").filter(visible=True)).to_have_text(re.compile("notes"))
    page.locator("#rows [role=gridcell]").filter(has_text="canada.jpg").first.click()  # shows all, and where it is
    expect(page.locator("#gallery [data-found]")).to_contain_text("Canada")
    expect(page.locator("#gallery .caption-label").filter(visible=True)).to_have_count(len(IMAGES) + 1)
    with page.expect_download() as download:
        page.locator("#rows-csv a[download]").first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(IMAGES) + 2

"""The tab for several images as a visitor uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.serving import IMAGES

pytestmark = pytest.mark.xdist_group("browser")


def test_images_become_a_gallery_a_table_and_a_file(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / "<b>notes<b>.jpg"
    notes.write_text("no image")
    page.get_by_role("tab", name="Batch").click()
    page.locator("#images input[type=file]").set_input_files([*IMAGES, notes])
    expect(page.locator("#images")).to_contain_text(IMAGES[-1].stem)
    page.locator("#read-images").click()
    expect(page.locator("#gallery img")).to_have_count(len(IMAGES))
    expect(page.locator("#rows [role=grid]")).to_have_attribute("aria-rowcount", str(len(IMAGES) + 2))
    expect(page.locator("#rows")).to_contain_text("Canada")
    assert page.locator("#rows td b, #rows [role=gridcell] b").count() == 0  # a file's name is never HTML
    with page.expect_download() as download:
        page.locator("#rows-csv a[download]").first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(IMAGES) + 2

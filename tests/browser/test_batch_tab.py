"""The tab for several pictures as a visitor uses it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.serving import PICTURES


def test_several_pictures_dropped_where_one_is_read_go_to_this_tab(page: Page) -> None:
    page.locator("#picture").get_by_label("Drop an image file here to upload").wait_for()
    page.evaluate(
        """async (names) => {
          const files = new DataTransfer();
          for (const name of names) files.items.add(new File([await (await fetch(
            document.querySelector(`img[src$="/${name}"]`).src)).blob()], name, { type: "image/jpeg" }));
          document.querySelector("#picture button").dispatchEvent(
            new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        [path.name for path in PICTURES[:2]],
    )
    for path in PICTURES[:2]:
        expect(page.locator("#pictures")).to_contain_text(path.stem, timeout=30_000)
    page.locator("#read-pictures").click()
    expect(page.locator("#gallery img")).to_have_count(2, timeout=30_000)


def test_pictures_become_a_gallery_a_table_and_a_file(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / "<b>notes<b>.jpg"
    notes.write_text("no picture")
    page.get_by_role("tab", name="Batch").click()
    page.locator("#pictures input[type=file]").set_input_files([*PICTURES, notes])
    expect(page.locator("#pictures")).to_contain_text(PICTURES[-1].stem)
    page.locator("#read-pictures").click()
    expect(page.locator("#gallery img")).to_have_count(len(PICTURES))
    expect(page.locator("#rows [role=grid]")).to_have_attribute("aria-rowcount", str(len(PICTURES) + 2))
    expect(page.locator("#rows")).to_contain_text("Canada")
    assert page.locator("#rows td b, #rows [role=gridcell] b").count() == 0  # a file's name is never HTML
    with page.expect_download() as download:
        page.locator("#rows-csv a[download]").first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(PICTURES) + 2

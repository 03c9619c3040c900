"""The video tab as a visitor uses it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pictures import scene, write_clip
from tests.serving import EXAMPLES, LONG, write_long_clip

CLIP = sorted((EXAMPLES / "clips").glob("*.mp4"))[0]


@pytest.fixture
def truth() -> list[str]:
    with CLIP.with_name(f"{CLIP.stem}.truth.csv").open(encoding="utf-8", newline="") as file:
        return [row["label"] for row in csv.DictReader(file)]


def open_video_tab(page: Page) -> Page:
    page.get_by_role("tab", name="Video").click()
    expect(page.locator("#read-clip")).to_be_visible()
    return page


def total(page: Page) -> Locator:
    return page.locator("#total").get_by_test_id("label-output-value")


def upload(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#clip button").first.click()
    with page.expect_response(lambda response: "/upload" in response.url):
        chooser.value.set_files(path)
    page.locator("#clip video").wait_for(state="attached")


def read_example(page: Page) -> None:
    page.locator("button.gallery-item:visible").first.click()
    expect(page.locator("#clip video")).to_be_visible()
    page.locator("#read-clip").click()
    expect(total(page)).to_be_visible(timeout=60_000)


def rows(page: Page) -> int:
    """How many frames the table holds; it draws only those in sight."""
    return int(page.locator("#frames [role=grid]").get_attribute("aria-rowcount") or 1) - 1


def cells(page: Page, table: str, column: int) -> list[str]:
    return page.locator(f"{table} [role=gridcell][data-col='{column}']").all_inner_texts()


def test_the_example_gives_rows_and_a_sum(page: Page, truth: list[str]) -> None:
    read_example(open_video_tab(page))
    expect(page.locator("#frames [role=grid]")).to_have_attribute("aria-rowcount", str(len(truth) + 1), timeout=60_000)
    assert page.locator("#frames [role=columnheader]").all_inner_texts()[:4] == [
        "index",
        "time",
        "label",
        "probability",
    ]
    assert cells(page, "#frames", 0)[0] == "0"
    # Not a test of the model's quality: most of what is in sight should be right.
    in_sight = cells(page, "#frames", 2)
    assert sum(map(str.__eq__, in_sight, truth)) > len(in_sight) / 2
    assert cells(page, "#seconds", 0)[0] in truth
    assert float(cells(page, "#seconds", 1)[0]) > 0


def test_stop_keeps_what_has_arrived(page: Page, tmp_path: Path) -> None:
    open_video_tab(page)
    upload(page, write_long_clip(tmp_path / "long.mp4"))
    page.locator("#read-clip").click()
    expect(total(page)).to_be_visible()
    page.locator("#stop").click()
    page.wait_for_timeout(1500)  # what was on its way may still arrive
    stopped = rows(page)
    page.wait_for_timeout(2500)
    assert 0 < rows(page) == stopped < LONG
    expect(total(page)).to_be_visible()


def test_visitors_who_close_the_page_make_room(open_page: Callable[..., Page], tmp_path: Path) -> None:
    """As many clips as are read at once are left alone; the next visitor does not wait for their end."""
    clip = write_long_clip(tmp_path / "long.mp4")
    leaving = [open_video_tab(open_page()) for _ in range(2)]
    for page in leaving:
        upload(page, clip)
        page.locator("#read-clip").click()
    for page in leaving:
        expect(total(page)).to_be_visible(timeout=20_000)
        assert rows(page) < LONG
    for page in leaving:
        page.close()
    page = open_video_tab(open_page())
    upload(page, write_clip(tmp_path / "short.mp4", [scene(64, 48)] * 3, codec="libx264", pixels="yuv420p"))
    page.locator("#read-clip").click()
    expect(page.locator("#frames [role=grid]")).to_have_attribute("aria-rowcount", "4", timeout=8_000)


def test_a_file_that_is_no_clip(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no clip")
    open_video_tab(page)
    upload(page, broken)
    page.locator("#read-clip").click()
    # Gradio's player may add that it cannot play it.
    expect(page.get_by_text("“broken.mp4” is not a video that can be read")).to_be_visible()


def test_a_phone_shows_the_answer_without_scrolling_sideways(open_page: Callable[..., Page]) -> None:
    page = open_video_tab(open_page(phone=True))
    read_example(page)
    expect(page.locator("#frames [role=gridcell]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

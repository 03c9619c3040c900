"""The video tab as a visitor uses it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from model.bundle import load_bundle
from model.hub.resolve import EMBEDDED
from tests.support.browser import scrolls_sideways
from tests.support.images import scene, write_clip
from tests.support.serving import EXAMPLES, write_long_clip

CLIP = sorted((EXAMPLES / "clips").glob("*.mp4"))[0]


@pytest.fixture
def truth() -> list[str]:
    with CLIP.with_name(f"{CLIP.stem}.truth.csv").open(encoding="utf-8", newline="") as file:
        return [row["label"] for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_long_clip(tmp_path_factory.mktemp("clips") / "long.mp4")


def open_video_tab(page: Page) -> Page:
    page.get_by_role("tab", name="Video").click()
    expect(page.locator("#timeline")).to_be_visible()
    return page


def summary(page: Page) -> Locator:
    return page.locator("#timeline .vz-summary")


def upload(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#clip button:visible").first.click()
    with page.expect_response(lambda response: "/upload" in response.url):
        chooser.value.set_files(path)
    page.locator("#clip video").wait_for(state="attached")


def read_example(page: Page) -> None:
    # By the keyboard: Gradio plays the preview of an example under the pointer, and a pointer that leaves before the
    # preview has started is an error in the page.
    page.locator("button.gallery-item:visible").first.press("Enter")
    expect(page.locator("#clip video")).to_be_visible()
    expect(summary(page)).to_be_visible()


def clear(page: Page) -> None:
    # The next clip is not uploaded before the app has forgotten this one: no visitor is as fast.
    with page.expect_response(lambda response: "/gradio_api/" in response.url):
        page.locator("#clip button[aria-label=Clear]:visible").click()


def short_clip(folder: Path) -> Path:
    return write_clip(folder / "short.mp4", [scene(64, 48)] * 20, codec="libx264", pixels="yuv420p")


def open_part(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}")).click()


def player_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#clip video').currentTime"))


def cells(page: Page, table: str, column: int) -> list[str]:
    return page.locator(f"{table} [role=gridcell][data-col='{column}']").all_inner_texts()


def test_an_example_gives_rows_and_a_timeline_that_moves_the_player(page: Page, truth: list[str]) -> None:
    read_example(open_video_tab(page))
    expect(page.locator("#status input, #status textarea")).to_have_value(re.compile("frames read"))
    open_part(page, "Frames")
    expect(page.locator("#frames [role=grid]")).to_have_attribute("aria-rowcount", str(len(truth) + 1))
    assert page.locator("#frames [role=columnheader]").all_inner_texts()[:4] == [
        "index",
        "time",
        "label",
        "probability",
    ]
    assert cells(page, "#frames", 0)[0] == "0"
    # Not a test of the model's quality: the clip opens with a sign on a post, which it takes for a flag.
    assert set(cells(page, "#frames", 2)) <= set(load_bundle(EMBEDDED).labels)
    open_part(page, "Seconds")
    assert cells(page, "#seconds", 0)[0] in truth
    assert float(cells(page, "#seconds", 1)[0]) > 0

    parts = page.locator("#timeline [data-start]")
    expect(page.locator("#key-frames img").nth(1)).to_be_visible()
    second = float(parts.nth(1).get_attribute("data-start") or 0)
    end = float(parts.nth(2).get_attribute("data-start") or 0)
    parts.nth(1).click()
    assert second <= player_time(page) <= end
    page.locator("#key-frames button").nth(0).click()
    page.wait_for_function(f"document.querySelector('#clip video').currentTime < {second}")
    parts.nth(2).press("Enter")
    assert player_time(page) == pytest.approx(end, abs=0.05)


def test_another_clip_takes_the_place_of_the_one_being_read_and_stop_keeps_what_has_arrived(
    page: Page, long_clip: Path
) -> None:
    open_video_tab(page)
    status = page.locator("#status textarea")
    expect(page.locator("#stop")).to_be_disabled()
    upload(page, long_clip)
    expect(summary(page)).to_be_visible()
    page.locator("button.gallery-item:visible").last.press("Enter")
    expect(status).to_have_value(re.compile("^250 frames read"))
    expect(page.locator("#stop")).to_be_disabled()
    page.wait_for_timeout(1500)
    expect(status).to_have_value(re.compile("^250 frames read"))
    # A sentence says what is on screen for how long.
    expect(summary(page)).to_have_text(
        re.compile(r"^Brazil 2\.\d\ss, France 2\.\d\ss, Japan 2\.\d\ss, no flag 3\.\d\ss\s*$")
    )
    colours = page.locator("#timeline .vz-strip button").evaluate_all(
        "all => all.map(part => [part.textContent, part.style.background])"
    )
    # What is none of the labels is called “no flag”, as in the sentence.
    assert len({tuple(pair) for pair in colours}) == len({name for name, _ in colours}) == 4

    clear(page)
    upload(page, long_clip)
    # How long the rest will take is said when it can be known.
    left = re.compile(r"^Reading … \d+%, [\d,]+ frames per second, about [\d:]+ left\.$")
    expect(status).to_have_value(left)
    page.locator("#stop").click()
    expect(status).to_have_value(re.compile("^Stopped at"))
    expect(summary(page)).to_be_visible()
    open_part(page, "Download")
    with page.expect_download() as download:
        page.locator("#clip-files button").first.click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("index,time,label,probability,label_2,")


@pytest.mark.nightly  # test_endpoints.py has visitors without a browser
def test_visitors_who_close_the_page_make_room(open_page: Callable[..., Page], long_clip: Path, tmp_path: Path) -> None:
    """As many clips as are read at once are left alone; the next visitor does not wait for their end."""
    leaving = [open_video_tab(open_page()) for _ in range(2)]
    for page in leaving:
        upload(page, long_clip)
    for page in leaving:
        expect(summary(page)).to_be_visible()
    for page in leaving:
        page.close()
    page = open_video_tab(open_page())
    upload(page, short_clip(tmp_path))
    expect(page.locator("#status input, #status textarea")).to_have_value(re.compile("^20 frames read"), timeout=20_000)


def test_a_clip_that_the_browser_cannot_play_is_said_to_be_one_and_another_plays_with_its_labels(
    page: Page, tmp_path: Path
) -> None:
    open_video_tab(page)
    note = page.locator("#not-playable")
    expect(note).to_be_hidden()

    upload(page, write_clip(tmp_path / "clip.avi", [scene()] * 3, codec="mpeg4", pixels="yuv420p"))

    expect(note).to_be_visible()
    expect(note).to_contain_text("cannot play")
    clear(page)
    expect(note).to_be_hidden()
    upload(page, short_clip(tmp_path))
    expect(page.locator("#clip video")).to_have_js_property("readyState", 4)
    expect(note).to_be_hidden()

    expect(page.locator("#status textarea")).to_have_value(re.compile("^20 frames read"))
    open_part(page, "Download")
    page.locator("#annotate").click()
    page.locator("#annotated video").wait_for()
    page.wait_for_function("document.querySelector('#annotated video').readyState >= 2")
    assert page.evaluate("document.querySelector('#annotated video').error") is None


def test_a_clip_that_comes_before_the_answer_to_the_one_in_its_place_is_read(page: Page, tmp_path: Path) -> None:
    open_video_tab(page)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if not held and "first.mp4" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/queue/join*", hold_the_first)
    upload(page, write_clip(tmp_path / "first.mp4", [scene(64, 48)] * 3, codec="libx264", pixels="yuv420p"))
    expect(page.locator("#status textarea")).to_have_value("Reading …")
    clear(page)
    expect(page.locator("#status textarea")).to_have_value("")
    upload(page, short_clip(tmp_path))
    expect(page.locator("#status textarea")).to_have_value("Reading …")

    held.pop().continue_()

    expect(page.locator("#status textarea")).to_have_value(re.compile("^20 frames read"))


def test_a_file_that_is_no_clip(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no clip")
    open_video_tab(page)
    upload(page, broken)
    expect(page.locator("#status textarea")).to_have_value(re.compile("^“broken.mp4” is not a video that can be read"))
    expect(page.get_by_role("status").filter(has_text="“broken.mp4” is not a video")).to_have_count(1)  # it is heard
    # Nothing else says why, or that it could be read all the same.
    expect(page.locator("#not-playable")).to_be_hidden()
    expect(page.get_by_test_id("toast-body")).to_have_count(0)
    expect(page.locator("#stop")).to_be_disabled()


@pytest.mark.nightly  # test_links.py opens the same with an address
def test_a_phone_shows_the_answer_without_scrolling_sideways(open_page: Callable[..., Page]) -> None:
    page = open_video_tab(open_page(phone=True))
    read_example(page)
    expect(page.locator("#timeline [data-start]").first).to_be_visible()
    assert not scrolls_sideways(page)

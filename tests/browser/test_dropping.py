"""Images and clips that are dropped or pasted are read where they belong."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import JSHandle, Page, expect

from tests.support.browser import selected_tab, top_label
from tests.support.serving import EXAMPLES, IMAGES

pytestmark = pytest.mark.xdist_group("browser")

CANADA = EXAMPLES / "images" / "canada.jpg"


def files(page: Page, *paths: Path) -> JSHandle:
    """What the browser holds when somebody drags or copies files."""
    given = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    return page.evaluate_handle(
        """(given) => {
          const files = new DataTransfer();
          const types = { jpg: "image/jpeg", mp4: "video/mp4" };
          for (const [name, text] of given) {
            const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
            files.items.add(new File([bytes], name, { type: types[name.split(".").pop()] }));
          }
          return files;
        }""",
        given,
    )


def paste(page: Page, *paths: Path) -> None:
    page.evaluate(
        """(files) => document.body.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }))""",
        files(page, *paths),
    )


def read(page: Page, label: str) -> None:
    expect(top_label(page)).to_have_text(label)


def test_an_image_that_is_dropped_is_read(page: Page) -> None:
    box = page.locator("#image").get_by_label("Drop an image here")
    box.dispatch_event("drop", {"dataTransfer": files(page, CANADA)})
    read(page, "Canada")


def test_several_images_dropped_where_one_is_read_go_where_several_are(page: Page) -> None:
    box = page.locator("#image").get_by_label("Drop an image here")
    box.dispatch_event("drop", {"dataTransfer": files(page, *IMAGES[:2])})
    for path in IMAGES[:2]:
        expect(page.locator("#images")).to_contain_text(path.stem)
    assert selected_tab(page) == "batch"
    expect(page.locator("#gallery img")).to_have_count(2)


def test_an_image_that_is_pasted_is_read_whatever_tab_is_open(open_page: Callable[..., Page]) -> None:
    page = open_page(query="?tab=about")
    expect(page.locator("#tab-about")).to_be_visible()
    paste(page, CANADA)
    read(page, "Canada")
    assert selected_tab(page) == "image"
    paste(page, EXAMPLES / "images" / "brazil.jpg")  # in place of the first
    read(page, "Brazil")


def test_a_clip_that_is_pasted_is_read(page: Page) -> None:
    page.locator("#image-examples img").first.wait_for()
    paste(page, next((EXAMPLES / "clips").glob("*.mp4")))
    expect(page.locator("#clip video")).to_be_visible()
    expect(page.locator("#timeline .vz-summary")).to_be_visible()
    assert selected_tab(page) == "video"


def test_several_images_that_are_pasted_go_where_several_are(page: Page) -> None:
    page.locator("#image-examples img").first.wait_for()
    paste(page, *IMAGES[:2])
    for path in IMAGES[:2]:
        expect(page.locator("#images")).to_contain_text(path.stem)


def test_text_that_is_pasted_changes_nothing(page: Page) -> None:
    page.locator("#image-examples img").first.wait_for()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "Canada");
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    page.wait_for_timeout(500)
    assert selected_tab(page) == "image"
    expect(page.locator("#image img")).to_have_count(0)


def test_what_is_in_the_clipboard_is_read_at_the_press_of_a_button(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#image-examples img").first.wait_for()
    page.evaluate(
        """async () => {
          const shown = document.querySelector('img[src$="/canada.jpg"]');
          await shown.decode();
          const canvas = new OffscreenCanvas(shown.naturalWidth, shown.naturalHeight);
          canvas.getContext("2d").drawImage(shown, 0, 0);
          await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
        }"""
    )
    page.locator("#image").get_by_label("Paste from clipboard").click()
    read(page, "Canada")


def test_a_photograph_is_taken_and_read(page: Page) -> None:
    page.locator("#image").get_by_label("Capture from camera").click()
    page.locator("#image").get_by_text("Click to Access Webcam").click()
    page.wait_for_function("document.querySelector('#image video')?.videoWidth > 0")
    page.locator("#image").get_by_label("capture photo").click()
    expect(top_label(page)).not_to_be_empty()

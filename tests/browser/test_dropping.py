"""Images and clips that are dropped or pasted are read where they belong."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import JSHandle, Page, expect

from tests.support.browser import open_tab, selected_tab, top_label
from tests.support.images import scene, write_clip
from tests.support.serving import EXAMPLES, IMAGES

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


def test_an_image_that_is_dropped_or_pasted_is_read_whatever_tab_is_open(page: Page) -> None:
    box = page.locator("#image").get_by_label("Drop an image here")
    box.dispatch_event("drop", {"dataTransfer": files(page, CANADA)})
    read(page, "Canada")

    open_tab(page, "About")
    expect(page.locator("#tab-about")).to_be_visible()
    paste(page, EXAMPLES / "images" / "brazil.jpg")  # in place of the first
    read(page, "Brazil")
    assert selected_tab(page) == "image"


def test_several_images_dropped_where_one_is_read_go_where_several_are_and_are_shown_whole(page: Page) -> None:
    box = page.locator("#image").get_by_label("Drop an image here")
    box.dispatch_event("drop", {"dataTransfer": files(page, *IMAGES[:2])})
    for path in IMAGES[:2]:
        expect(page.locator("#images")).to_contain_text(path.stem)
    assert selected_tab(page) == "batch"
    captions, tiles = page.locator("#gallery .caption-label"), page.locator("#gallery img")
    expect(captions).to_have_count(2)
    sizes = tiles.evaluate_all("all => all.map((image) => [image.width, image.height])")
    assert len({tuple(size) for size in sizes}) == 1 and max(sizes[0]) <= 260
    for place in range(2):
        caption, tile = captions.nth(place).bounding_box(), tiles.nth(place).bounding_box()
        assert caption and tile and caption["y"] >= tile["y"] + tile["height"]
        assert not captions.nth(place).evaluate("text => text.scrollWidth > text.clientWidth + 1")


def test_text_that_is_pasted_changes_nothing_and_clips_and_several_images_are_read_where_they_belong(
    page: Page, tmp_path: Path
) -> None:
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

    paste(page, write_clip(tmp_path / "clip.mp4", [scene(64, 48)] * 5, codec="libx264", pixels="yuv420p"))
    expect(page.locator("#clip video")).to_be_visible()
    expect(page.locator("#timeline .vz-summary")).to_be_visible()
    assert selected_tab(page) == "video"

    paste(page, *IMAGES[:2])
    for path in IMAGES[:2]:
        expect(page.locator("#images")).to_contain_text(path.stem)
    assert selected_tab(page) == "batch"


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


@pytest.mark.nightly
def test_a_photograph_is_taken_and_read(page: Page) -> None:
    page.locator("#image").get_by_label("Capture from camera").click()
    page.locator("#image").get_by_text("Switch the camera on").click()
    page.wait_for_function("document.querySelector('#image video')?.videoWidth > 0")
    page.locator("#image").get_by_label("capture photo").click()
    expect(top_label(page)).not_to_be_empty()


def test_an_address_that_is_pasted_or_dropped_is_fetched_by_the_server_or_refused_beside_the_image(page: Page) -> None:
    address = page.evaluate_handle(
        """() => {
          const data = new DataTransfer();
          data.setData("text/uri-list", "http://127.0.0.1/private.jpg");
          return data;
        }"""
    )
    open_tab(page, "About")
    expect(page.locator("#tab-about")).to_be_visible()
    page.evaluate(
        """(data) => document.body.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))""",
        address,
    )
    expect(page.locator("#answer")).to_contain_text("The file could not be fetched from its address")
    assert selected_tab(page) == "image"

    page.locator("#image-examples button").first.click()
    read(page, "Brazil")
    page.locator("#image > *").first.dispatch_event("drop", {"dataTransfer": address})
    expect(page.locator("#answer")).to_contain_text("The file could not be fetched from its address")
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


def test_a_file_that_is_too_large_is_refused_beside_its_box_and_what_was_there_stays(page: Page) -> None:
    page.locator("#image-examples button").first.click()
    read(page, "Brazil")
    page.evaluate("document.querySelector('[data-most-megabytes]').dataset.mostMegabytes = 0.001")
    page.locator("#image input[type=file]").set_input_files(CANADA)

    expect(page.get_by_role("alert")).to_contain_text("“canada.jpg” is 1 MB; the limit is")
    read(page, "Brazil")
    expect(page.get_by_test_id("toast-body")).to_have_count(0)

    page.evaluate("document.querySelector('[data-most-megabytes]').dataset.mostMegabytes = 200")
    page.locator("#image input[type=file]").set_input_files(CANADA)
    read(page, "Canada")
    expect(page.locator(".vz-too-large")).to_have_count(0)

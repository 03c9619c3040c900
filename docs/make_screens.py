"""Make the images of the app in this folder: `python docs/make_screens.py` (needs the tests' requirements).

An image of the image tab, and an animation of the video tab while it reads an example clip.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.support.browser import FLAGS, chromium_program
from tests.support.serving import running_app

HERE = Path(__file__).resolve().parent
WIDTH = 1120
_SHOWN_WIDTH = 760


def main() -> None:
    """Start the app, visit it, and write the images."""
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(playwright), args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 860}, locale="en-GB")
        page.goto(url)
        _image_tab(page).save(HERE / "image-tab.webp", quality=80)
        first, *others = _video_tab(page)
        first.save(HERE / "video-tab.webp", save_all=True, append_images=others, duration=350, loop=0, quality=60)
        browser.close()


def _image_tab(page: Page) -> Image.Image:
    page.get_by_role("button", name="canada").click()
    page.locator("#answer").get_by_text("Canada").first.wait_for()
    page.locator("#show-heat").click()
    page.locator("#heat img").wait_for()
    page.wait_for_timeout(1500)
    page.set_viewport_size({"width": WIDTH, "height": 900})
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    return _image(page)


def _video_tab(page: Page) -> list[Image.Image]:
    page.get_by_role("tab", name="Video").click()
    page.set_viewport_size({"width": WIDTH, "height": 980})
    page.wait_for_timeout(800)
    images = [_image(page)] * 2
    page.locator("button.gallery-item:visible").last.click()  # read as it arrives
    end = time.monotonic() + 60
    while time.monotonic() < end and "frames read" not in page.locator("#status textarea").input_value():
        images.append(_image(page))
        page.wait_for_timeout(250)
    page.wait_for_timeout(1500)  # the key frames
    for place in (1, 2, 4):
        page.locator("#timeline button").nth(place).click()
        page.wait_for_timeout(600)
        images += [_image(page)] * 3
    return images


def _image(page: Page) -> Image.Image:
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return image.resize((_SHOWN_WIDTH, round(image.height * _SHOWN_WIDTH / image.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()

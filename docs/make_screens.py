"""Make the animation of the README from the real page: `python docs/make_screens.py` (needs the tests' requirements).

A photo is chosen and named, with the heat map that shows why; then a clip is read, and ends with how long each label
was in view.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.support.browser import FLAGS, chromium_program
from tests.support.serving import running_app

TARGET = Path(__file__).resolve().parent / "vistazo.webp"
PHOTO = "canada"
_VIEW = (1180, 880)  # pixels of the page
_SHOWN_WIDTH = 760
# Every example in view has its image.
_LOADED = """() => [...document.querySelectorAll("button.gallery-item img")]
    .every(image => image.offsetParent === null || image.naturalWidth > 0)"""
_READ_SECONDS = 120.0  # the longest that the clip may take


@dataclass
class Film:
    """The frames so far, each with how long it is shown, in milliseconds."""

    images: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)

    def add(self, page: Page, milliseconds: int) -> None:
        """Photograph the page."""
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        size = (_SHOWN_WIDTH, round(image.height * _SHOWN_WIDTH / image.width))
        self.images.append(image.resize(size, Image.Resampling.LANCZOS))
        self.durations.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write an animated WebP that repeats."""
        first, *others = self.images
        first.save(path, save_all=True, append_images=others, duration=self.durations, loop=0, quality=55, method=6)


def main() -> None:
    """Start the app, visit it, and write the animation."""
    film = Film()
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(playwright), args=FLAGS)
        page = browser.new_page(viewport={"width": _VIEW[0], "height": _VIEW[1]}, locale="en-GB")
        page.goto(url)
        _photo(page, film)
        _clip(page, film)
        browser.close()
    film.save(TARGET)
    print(f"{TARGET}: {len(film.images)} frames, {TARGET.stat().st_size / 1000:.0f} kB")


def _photo(page: Page, film: Film) -> None:
    photo = page.locator(f'button.gallery-item:visible img[src$="/{PHOTO}.jpg"]')
    photo.wait_for()
    page.wait_for_function(_LOADED)
    page.wait_for_timeout(1500)
    film.add(page, 1000)
    photo.click()
    page.locator("#answer").get_by_text(PHOTO.capitalize()).first.wait_for()
    _to_top(page)
    film.add(page, 1800)
    page.locator("#show-heat").click()
    page.locator("#heat img").wait_for()
    page.wait_for_timeout(1200)
    _to_top(page)
    film.add(page, 2000)


def _clip(page: Page, film: Film) -> None:
    page.get_by_role("tab", name="Video").click()
    page.locator("button.gallery-item:visible").last.wait_for()
    page.wait_for_timeout(800)
    film.add(page, 1000)
    page.locator("button.gallery-item:visible").last.click()  # read as it arrives
    status = page.locator("#status textarea")
    end = time.monotonic() + _READ_SECONDS
    while "frames read" not in status.input_value():
        if time.monotonic() > end:
            raise TimeoutError(f"The clip should be read within {_READ_SECONDS:g} s.")
        _to_clip(page)
        film.add(page, 300)
        page.wait_for_timeout(400)
    page.wait_for_timeout(2500)  # the key frames
    for place in (2, 4):
        page.locator("#timeline button").nth(place).click()
        page.wait_for_timeout(700)
        _to_clip(page)
        film.add(page, 900)
    page.mouse.move(0, 0)
    _to_clip(page)
    film.add(page, 4000)


def _to_top(page: Page) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)


def _to_clip(page: Page) -> None:
    page.locator("#tabs").evaluate("tabs => scrollTo(0, tabs.getBoundingClientRect().top + scrollY - 8)")
    page.wait_for_timeout(200)


if __name__ == "__main__":
    main()

"""Clips in browsers without WebCodecs: the page plays them, and every frame comes with its true time all the same."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from model.hub.resolve import EMBEDDED
from tests.support.browser import TIMEOUT, open_tab
from tests.support.images import scene, write_clip
from tests.support.serving import EXAMPLES
from tests.support.site import served_site, written_site

FRAMES = """async ([content, range]) => {
    const { openClip } = await import("./engine/clip.js");
    const { clipPlayer } = await import("./page/clip_player.js");
    const file = new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], "clip");
    const { frames } = await openClip(file, range, () => false, clipPlayer(file));
    const found = [];
    for await (const { index, time, image } of frames) found.push([index, time, image.data[0]]);
    return found;
}"""
WITHOUT_WEBCODECS = "delete window.VideoDecoder"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_site(written_site(EMBEDDED, tmp_path_factory.mktemp("site") / "out")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.add_init_script(WITHOUT_WEBCODECS)
    page.goto(site)
    page.get_by_role("tab").first.wait_for()
    yield page
    context.close()


def test_a_played_clip_has_every_frame_in_order_with_its_time(page: Page, tmp_path: Path) -> None:
    """The frames of an H.264 clip with B-frames and uneven times; each has a grey of its own, which names it."""
    times = [0.0, *np.cumsum(np.where(np.arange(24) % 3, 0.04, 0.1)).round(3).tolist()]
    greys = [40 + 7 * place for place in range(len(times))]
    images = [np.full((48, 64, 3), grey, np.uint8) for grey in greys]
    path = write_clip(tmp_path / "clip.mkv", images, times=times, rate=1000, codec="libx264", pixels="yuv420p")
    content = base64.b64encode(path.read_bytes()).decode()

    every = page.evaluate(FRAMES, [content, {"rate": 0, "start": 0, "end": 0}])
    some = page.evaluate(FRAMES, [content, {"rate": 2, "start": 0.3, "end": 1.2}])

    assert [index for index, _, _ in every] == list(range(len(times)))
    np.testing.assert_allclose([time for _, time, _ in every], times, atol=1e-3)
    np.testing.assert_allclose([grey for _, _, grey in every], greys, atol=3)
    assert [index for index, _, _ in some] == [
        next(place for place, time in enumerate(times) if time >= least) for least in (0.5, 1.0)
    ]
    np.testing.assert_allclose([grey for _, _, grey in some], [greys[index] for index, _, _ in some], atol=3)


def test_the_video_tab_reads_a_played_clip_and_shows_its_key_frames(page: Page, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", [scene(64, 48, 1)] * 6, codec="libx264", pixels="yuv420p")
    open_tab(page, "Video")

    page.set_input_files("#clip input", path)

    expect(page.locator("#status")).to_contain_text("6 frames read")
    expect(page.locator("#key-frames li canvas")).to_have_count(1)
    (tmp_path / "notes.mp4").write_bytes(b"no clip at all" * 100)
    page.set_input_files("#clip input", tmp_path / "notes.mp4")
    expect(page.locator("#status")).to_contain_text("“notes.mp4” is not a video that can be read")


@pytest.mark.nightly
def test_a_played_clip_has_the_segments_of_a_decoded_one(browser: Browser, page: Page, site: str) -> None:
    found = []
    decoding = browser.new_context(locale="en-GB").new_page()
    decoding.goto(site)
    for one in (page, decoding):
        open_tab(one, "Video")
        one.set_input_files("#clip input", EXAMPLES / "clips" / "three-flags.mp4")
        expect(one.locator("#status")).to_contain_text("250 frames read")
        found.append(one.locator(".vz-strip button").all_text_contents())
    decoding.context.close()

    assert found[0] == found[1]

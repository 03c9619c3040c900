"""The app in a page of somebody else's: as a web component and as a frame."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import DESKTOP, TIMEOUT
from tests.support.serving import EXAMPLES

PLACEHOLDER = "https://user-app.hf.space"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def embedding_page(url: str, tmp_path: Path) -> Iterator[str]:
    page = (EXAMPLES / "embed" / "index.html").read_text(encoding="utf-8")
    assert page.count(PLACEHOLDER) >= 4
    (tmp_path / "index.html").write_text(page.replace(PLACEHOLDER, url.rstrip("/")), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_both_ways_answer_in_somebody_elses_page(embedding_page: str, browser: Browser) -> None:
    page = browser.new_page(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
    page.set_default_timeout(TIMEOUT)
    page.goto(embedding_page)

    component = page.locator("gradio-app")
    component.locator("#image-examples button").first.click()
    expect(component.locator("#answer").get_by_test_id("label-output-value")).to_have_text("Brazil")

    assert page.url == embedding_page  # a page of somebody else's keeps its address

    frame = page.frame_locator("iframe")
    frame.locator("#image-examples button").first.click()
    expect(frame.locator("#answer").get_by_test_id("label-output-value")).to_have_text("Brasil")
    page.close()

"""Fetching a file by URL: from public addresses only, within a size and a time limit."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import gradio as gr
import pytest
from anyio import to_thread
from gradio import processing_utils

from interface.server import url_fetch
from interface.server.blocks import SafeBlocks
from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from interface.server.url_fetch import fetch, fetch_within_limits, fetched
from model.limits import Limits
from tests.support.serving import loopback_server

IMAGE = b"GIF89a" + bytes(50)
STORAGE = UploadStorage(1)
META = {"_type": "gradio.FileData"}


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on the loopback address, which here counts as public."""
    fetched = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/away" else 200)
            if self.path == "/away":
                self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            if self.path == "/packed" or self.headers["Accept-Encoding"] != "identity":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            try:
                while self.path == "/endless":
                    self.wfile.write(bytes(100_000))
                if self.path == "/slow":
                    self.wfile.write(b"x")
                    fetched.wait()
                self.wfile.write(gzip.compress(IMAGE) if self.path == "/packed" else IMAGE)
            except OSError:
                pass

        def log_message(self, *arguments: object) -> None:
            pass

    looked_up = url_fetch.safehttpx.async_validate_url

    async def validate(host: str) -> str:
        return host if host == "127.0.0.1" else await looked_up(host)

    monkeypatch.setattr(url_fetch.safehttpx, "async_validate_url", validate)
    monkeypatch.setattr(url_fetch, "limits", lambda: Limits(upload_megabytes=1, images=3))
    monkeypatch.setattr(url_fetch, "_places", asyncio.Semaphore(4))
    with loopback_server(Handler) as host:
        yield f"http://{host}"
        fetched.set()


def test_a_file_is_fetched(server: str, tmp_path: Path) -> None:
    path = Path(asyncio.run(fetch(f"{server}/flag.gif", str(tmp_path), STORAGE)))
    assert path.read_bytes() == IMAGE and path.name == "flag.gif" and path.is_relative_to(tmp_path)


@pytest.mark.parametrize("path", ["/endless", "/slow", "/away"])
def test_a_file_too_large_too_slow_or_in_a_private_network_is_refused(
    server: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/slow":
        monkeypatch.setattr(url_fetch, "_SECONDS", 0.2)
    with pytest.raises(gr.Error, match="more than 1 MB"):
        asyncio.run(fetch(server + path, str(tmp_path), STORAGE))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_unpacked(server: str, tmp_path: Path) -> None:
    """A kilobyte may become a gigabyte."""
    with pytest.raises(gr.Error, match="could not be fetched"):
        asyncio.run(fetch(f"{server}/packed", str(tmp_path), STORAGE))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://[::1]/", "http://0.0.0.0/", "http://169.254.169.254/", "http:///x", "http://[bad"],
)
def test_private_addresses_are_not_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(gr.Error, match="could not be fetched"):
        asyncio.run(fetch(url, str(tmp_path), STORAGE))
    assert list(tmp_path.iterdir()) == []


def test_gradio_fetches_in_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", None)
    fetch_within_limits(STORAGE)
    with gr.Blocks():
        image = gr.Image()
    with pytest.raises(gr.Error, match="could not be fetched"):
        asyncio.run(image.async_move_resource_to_block_cache("http://127.0.0.1:1/x.png"))


def test_a_handler_of_the_page_fetches_to_where_uploads_are(server: str, tmp_path: Path) -> None:
    async def handle() -> Path:
        return await to_thread.run_sync(fetched, f"{server}/cat.gif", STORAGE)

    path = asyncio.run(handle())
    assert path.is_relative_to(tmp_path) and path.name == "cat.gif" and path.read_bytes() == IMAGE


Ask = Callable[[Sequence[str]], int]


@pytest.fixture
def ask(server: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Calls an endpoint with the addresses of files, as a visitor who may make two requests a minute."""
    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", None)
    fetch_within_limits(STORAGE)
    monkeypatch.setattr("interface.server.request_guard.address_of", lambda _: "10.0.0.1")
    with SafeBlocks() as page:
        files = gr.JSON()  # which takes objects of any shape
        gr.Button().click(len, files, gr.Number(), preprocess=False)
    page.guard = RequestGuard(2, STORAGE)
    (function,) = page.fns.values()

    def call(paths: Sequence[str]) -> int:
        value = {str(index): {"path": server + path, "meta": META} for index, path in enumerate(paths)}
        return int(asyncio.run(page.process_api(function, [value]))["data"][0])

    return call


def test_a_call_that_names_addresses_counts_before_they_are_fetched(ask: Ask) -> None:
    for _ in range(2):
        with pytest.raises(gr.Error, match="could not be fetched"):
            ask(["/away"])
    with pytest.raises(gr.Error, match="At most 2 requests a minute"):
        ask(["/flag.gif"])


def test_a_call_may_fetch_so_many_files_and_no_more(ask: Ask) -> None:
    assert ask(["/flag.gif"] * 3) == 3
    with pytest.raises(gr.Error, match="takes other arguments"):
        ask(["/flag.gif"] * 4)


def test_all_files_of_a_call_have_one_time_limit(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_fetch, "_SECONDS_OF_A_CALL", 0.2)
    with pytest.raises(gr.Error, match="takes too long"):
        ask(["/slow"] * 2)


def test_nothing_is_fetched_to_a_full_disk(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: False)
    with pytest.raises(gr.Error, match="no room for files"):
        ask(["/flag.gif"])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]

"""Known ways into a Gradio server, each tried on the running app: none is open."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.support.images import IMAGE_KINDS
from tests.support.serving import ROOT, ServedApp, ask, call, loopback_server, upload

SECRET = b"nobody may read this"
FILE = {"path": "{secret}", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def served(served_app: ServedApp) -> tuple[str, Path]:
    """The running app's address, and the folder that holds its uploads and a secret beside them."""
    (served_app.folder / "secret.txt").write_bytes(SECRET)
    return served_app.url, served_app.folder


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Private(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRET)

        do_HEAD = do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    with loopback_server(Private) as host:
        yield host, asked


@pytest.fixture
def private(server: tuple[str, list[str]]) -> tuple[str, list[str]]:
    """A server on the loopback address, and the paths that anybody asked it for."""
    server[1].clear()
    return server


@pytest.mark.parametrize("route", ["/gradio_api/file=", "/file=", "/gradio_api/file/"])
@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "//etc/passwd",
        "{folder}/secret.txt",
        "{folder}/uploads/../secret.txt",
        "{folder}/uploads/%2e%2e/secret.txt",
        "{folder}/uploads/..%2fsecret.txt",
        "file:///etc/passwd",
        "file://{folder}/secret.txt",
        "{root}/app.py",
        "{root}/model/default/config.json",
        "app.py",
        "../../../../../../../../etc/passwd",
        "model/../app.py",
    ],
)
def test_the_file_route_gives_no_file_of_the_server(served: tuple[str, Path], route: str, target: str) -> None:
    address, folder = served

    status, answer = ask(address, route + target.format(folder=folder, root=ROOT))

    assert status >= 300
    assert SECRET not in answer and b"root:" not in answer and b"import " not in answer and b"id2label" not in answer


@pytest.mark.parametrize("route", ["/static/", "/assets/", "/gradio_api/static/", "/svelte/", "/custom_component/"])
@pytest.mark.parametrize("up", ["../", "..%2f", "%2e%2e/", "..%5c", "....//"])
def test_no_path_leads_out_of_the_page_s_own_files(served: tuple[str, Path], route: str, up: str) -> None:
    status, answer = ask(served[0], route + up * 12 + "etc/passwd")

    assert b"root:" not in answer
    assert status >= 300 or b"<!doctype html>" in answer[:200].lower()


@pytest.mark.parametrize("route", ["/gradio_api/proxy=", "/proxy=", "/gradio_api/file="])
@pytest.mark.parametrize("scheme", ["http://", "https://", "", "HTTP://user@"])
def test_the_server_fetches_nothing_for_others(
    served: tuple[str, Path], private: tuple[str, list[str]], route: str, scheme: str
) -> None:
    host, asked = private

    status, answer = ask(served[0], f"{route}{scheme}{host}/secret")

    # A redirection is followed by the visitor's own browser, not by the server.
    assert status >= 300
    assert SECRET not in answer
    assert asked == []


@pytest.mark.parametrize("endpoint", ["predict_image", "predict_video"])
@pytest.mark.parametrize("host", ["{private}", "localhost:{port}", "0.0.0.0:{port}", "[::ffff:127.0.0.1]:{port}"])
def test_no_spelling_of_the_loopback_address_is_fetched(
    served: tuple[str, Path], private: tuple[str, list[str]], endpoint: str, host: str
) -> None:
    address, asked = private
    url = f"http://{host.format(private=address, port=address.partition(':')[2])}/secret.png"

    answer = call(served[0], endpoint, {"path": url, "url": url, "meta": {"_type": "gradio.FileData"}})

    assert "event: complete" not in answer
    assert SECRET.decode() not in answer
    assert asked == []


@pytest.mark.parametrize(
    "path",
    [
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "~/.bashrc",
        "uploads/../secret.txt",
        "{folder}/uploads/../secret.txt",
        "{folder}/secret.txt",
    ],
)
def test_a_call_opens_no_other_file_and_repeats_no_path(served: tuple[str, Path], path: str) -> None:
    address, folder = served
    payload = {"path": path.format(folder=folder), "orig_name": "x.png", "meta": {"_type": "gradio.FileData"}}

    for endpoint in ("predict_image", "predict_video"):
        answer = call(address, endpoint, payload)
        assert "event: complete" not in answer
        assert str(folder) not in answer and "root:" not in answer and SECRET.decode() not in answer


@pytest.mark.parametrize(
    "name",
    [
        "../../outside.png",
        "..\\..\\outside.png",
        "/tmp/vistazo-outside.png",
        "%2e%2e%2foutside.png",
        "....//outside.png",
    ],
)
def test_an_upload_stays_in_its_folder_whatever_its_name(served: tuple[str, Path], name: str, tmp_path: Path) -> None:
    address, folder = served
    content = IMAGE_KINDS["jpeg"](tmp_path).read_bytes()

    status, answer = upload(address, name, content)

    if status == 200:
        (path,) = json.loads(answer)
        assert Path(path).resolve().is_relative_to((folder / "uploads").resolve())
    assert not Path("/tmp/vistazo-outside.png").exists()
    escaped = [*folder.rglob("*outside*"), *folder.parent.glob("*outside.png")]
    assert [path for path in escaped if not path.is_relative_to(folder / "uploads")] == []


def test_an_uploaded_page_or_drawing_is_never_shown_as_one(served: tuple[str, Path]) -> None:
    """Otherwise an untrusted script would run on the app's address."""
    address, _ = served
    for name in ("page.html", "drawing.svg"):
        status, answer = upload(
            address, name, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
        )
        if status != 200:
            continue
        (path,) = json.loads(answer)
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=60)
        connection.request("GET", f"/gradio_api/file={path}")
        response = connection.getresponse()
        response.read()
        shown_as = response.headers.get("Content-Disposition", "")
        connection.close()
        assert response.status >= 300 or shown_as.startswith("attachment"), name


# An agent's tool is called by a client that runs in the server itself: that one could open files of the server.
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        *[("predict_image", {"image": image}) for image in ("{secret}", "file://{secret}", "/etc/passwd", "")],
        *[("predict_image", {"image": f"http://{host}/a"}) for host in ("{private}", "localhost", "169.254.169.254")],
        *[("predict_image", {"image": f"data:{rest}"}) for rest in ("image/../../x;base64,AAAA", ";", "a/b,?")],
        ("predict_image", {"image": FILE}),
        ("predict_image", {"image": "data:image/png;base64,AAAA", "more": FILE}),
        ("locate_image", {"image": FILE}),
        ("explain_image", {"image": FILE, "label": ""}),
        ("explain_image", {"image": "data:image/png;base64,AAAA", "label": FILE}),
        ("predict_images", {"images": [FILE]}),
        ("predict_images", {"images": FILE}),
        ("predict_images", {"images": ["{secret}"]}),
        ("predict_video", {"clip": FILE}),
        ("predict_video", {"clip": {"video": FILE}}),
        ("predict_video", {"clip": "data:video/mp4;base64,AAAA", "frames_per_second": FILE}),
        ("annotate_clip", {}),
        ("holiday", {"x": FILE}),
    ],
)
def test_an_agent_s_tool_opens_no_other_file_and_no_private_address(
    served: tuple[str, Path], private: tuple[str, list[str]], tool: str, arguments: dict[str, Any]
) -> None:
    address, folder = served
    secret = IMAGE_KINDS["jpeg"](folder).rename(folder / "an agent's secret.jpg")  # nobody uploads one of that name
    written = json.dumps(arguments).replace("{secret}", str(secret)).replace("{private}", private[0])

    async def call_tool() -> Any:
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return await session.call_tool(tool, json.loads(written))

    answer = asyncio.run(call_tool())

    assert answer.isError
    assert private[1] == []
    assert not list((folder / "uploads").rglob(secret.name))
    said = (folder / "app.log").read_text(encoding="utf-8")
    assert "Traceback" not in said and secret.name not in said

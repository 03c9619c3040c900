"""Files that a program puts into the call itself."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from interface.server.blocks import SafeBlocks
from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from interface.server.uploads import uploaded_file
from model.limits import Limits

# With both characters in which the alphabet for URLs differs.
CONTENT = b"GIF89a\xfb\xff\xbf" + bytes(range(256))
PACKED = base64.b64encode(CONTENT).decode()


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Path]]:
    """Calls an endpoint that takes an image with an argument; returns the files that its handler gets."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    got: list[Path] = []

    def handler(payload: Any) -> None:
        got.extend(uploaded_file(one, "no_image") for one in (payload if isinstance(payload, list) else [payload]))

    with SafeBlocks() as page:
        image, files = gr.Image(), gr.File(file_count="multiple")
        button = gr.Button()
        button.click(handler, image, preprocess=False)
        button.click(handler, files, preprocess=False)
    page.guard = RequestGuard(1000, UploadStorage(1))
    for_image, for_files = page.fns.values()

    def ask(argument: Any) -> list[Path]:
        got.clear()
        asyncio.run(page.process_api(for_files if isinstance(argument, list) else for_image, [argument]))
        return got

    return ask


@pytest.mark.parametrize(
    "argument",
    [
        f"data:image/gif;base64,{PACKED}",
        {"url": f"data:image/gif;base64,{PACKED}"},
        {"path": f"data:image/gif;base64,{PACKED}"},
        {"path": f"data:image/gif;base64,{PACKED}", "meta": {"_type": "gradio.FileData"}},
        {"path": None, "url": f"data:image/gif;charset=x;base64,{PACKED}"},
        "data:image/gif," + "".join(f"%{byte:02x}" for byte in CONTENT),
        PACKED,
        PACKED.rstrip("="),
        base64.encodebytes(CONTENT).decode(),
        base64.urlsafe_b64encode(CONTENT).decode(),
    ],
)
def test_a_data_url_and_base64_are_uploads(argument: Any, call: Callable[[Any], list[Path]]) -> None:
    (path,) = call(argument)
    assert path.read_bytes() == CONTENT


def test_each_of_several_images_may_be_sent_in_its_own_way(call: Callable[[Any], list[Path]]) -> None:
    first, second = call([PACKED, {"url": f"data:image/gif;base64,{PACKED}", "orig_name": "../../flag.gif"}])
    assert first.read_bytes() == second.read_bytes() == CONTENT
    assert second.name == "flag.gif" and first.parent != second.parent


@pytest.mark.parametrize("argument", ["{}", {"path": "{}"}, {"url": "{}"}, ["{}"]])
def test_an_address_in_plain_json_is_fetched(
    argument: Any, call: Callable[[Any], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, fetched = "https://example.org/flag.gif", []

    async def fetch(url: str, cache_dir: str) -> str:
        fetched.append(url)
        Path(cache_dir).mkdir(parents=True, exist_ok=True)
        (Path(cache_dir) / "flag.gif").write_bytes(CONTENT)
        return str(Path(cache_dir) / "flag.gif")

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_download", fetch)
    filled: Any = address if isinstance(argument, str) else [address]
    if isinstance(argument, dict):
        filled = dict.fromkeys(argument, address)
    (path,) = call(filled)
    assert path.read_bytes() == CONTENT and fetched == [address]


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("cat.jpg", "neither a data URL, base64 nor a public address"),
        ("data:image/png;base64,AAAA!", "/gradio_api/upload"),
        ({"path": "/etc/passwd"}, "/gradio_api/upload"),
        ({"path": "/etc/passwd", "url": f"data:image/gif;base64,{PACKED}"}, "not uploaded here"),
        ({"url": 7}, "takes other arguments"),
        ([PACKED] * 201, "At most 200 images"),
        (
            "data:image/png;base64," + base64.b64encode(bytes(2 * 2**20)).decode(),
            "“file.png” is 2 MB; the limit is 1 MB",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_way_to_send_it(
    argument: Any, sentence: str, call: Callable[[Any], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interface.server.sent_files.limits", lambda: Limits(upload_megabytes=1))
    with pytest.raises(gr.Error, match=sentence):
        call(argument)


def test_a_full_disk_is_said(call: Callable[[Any], list[Path]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: False)
    with pytest.raises(gr.Error, match="no room for files"):
        call(PACKED)


def test_too_many_files_that_were_uploaded_are_left_to_the_handler_which_says_so_on_the_page(
    call: Callable[[Any], list[Path]],
) -> None:
    (path,) = call(PACKED)
    many = [{"path": str(path), "meta": {"_type": "gradio.FileData"}}] * 201
    assert len(call(many)) == 201
    with pytest.raises(gr.Error, match="At most 200 images"):
        call([*many, PACKED])

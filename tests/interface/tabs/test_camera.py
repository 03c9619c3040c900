"""What a browser's camera sends is an image in a data URL, or nothing."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from interface.tabs.camera import _image_bytes, add_camera_tab
from model.errors import ImageError


def test_a_data_url_holds_the_image() -> None:
    url = "data:image/jpeg;base64," + base64.b64encode(b"content").decode()

    assert _image_bytes({"path": None, "url": url}) == b"content"


@pytest.mark.parametrize("payload", [None, {}, {"url": None}, {"url": 5}, {"url": "http://example.org/a.jpg"}, "text"])
def test_nothing_else_is_fetched_or_decoded(payload: object) -> None:
    assert _image_bytes(payload) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("content", ["no base64!", "A" * 8_000_001])
def test_damaged_and_huge_images_are_refused_in_a_sentence(content: str) -> None:
    with pytest.raises(ImageError):
        _image_bytes({"url": f"data:image/jpeg;base64,{content}"})


def test_an_image_that_cannot_be_read_is_told_in_the_place_of_the_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    def unreadable(*_: object) -> None:
        raise ImageError("The image is not an image that can be read. Use JPEG or PNG.")

    classifier: Any = SimpleNamespace(bundle=SimpleNamespace(input=None))
    decoders: Any = SimpleNamespace(call=unreadable)
    with gr.Blocks() as page:
        add_camera_tab(classifier, decoders, RequestGuard(3, UploadStorage(1)))
    predict_live = cast("Any", next(iter(page.fns.values())).fn)

    shown = predict_live({"url": "data:image/jpeg;base64,AAAA"})

    assert html.unescape(shown).count("The camera's image is damaged. Start the camera again.") == 1

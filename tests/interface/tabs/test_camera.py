"""What a browser's camera sends is an image in a data URL, or nothing."""

from __future__ import annotations

import base64

import pytest

from interface.tabs.camera import _image_bytes
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

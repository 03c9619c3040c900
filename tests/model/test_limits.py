"""Each limit can be set by an environment variable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

from model.errors import ImageError, SettingsError
from model.limits import Limits, limits
from model.preprocessing import read_image


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    limits.cache_clear()
    yield
    limits.cache_clear()


def test_without_variables_the_defaults_hold() -> None:
    assert limits() == Limits()


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_each_limit_has_a_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"VISTAZO_MAX_{name.upper()}", " 7 ")
    assert getattr(limits(), name) == 7


@pytest.mark.parametrize("value", ["0", "-3", "many", "1.5", "٣", "9" * 30])
def test_a_limit_that_is_no_whole_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VISTAZO_MAX_IMAGES", value)
    with pytest.raises(SettingsError, match="VISTAZO_MAX_IMAGES should be a whole number above 0"):
        limits()


def test_an_image_beyond_its_limit_is_refused_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (2000, 1000)).save(path)
    monkeypatch.setenv("VISTAZO_MAX_IMAGE_MEGAPIXELS", "1")
    with pytest.raises(ImageError, match=r"too many pixels \(2000 x 1000\); the limit is 1 megapixels"):
        read_image(path)

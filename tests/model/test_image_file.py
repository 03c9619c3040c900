"""Image files of every kind are opened: phones' HEIC, very large JPEGs, PNGs with long texts, 12 bits in 16."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from model.errors import ImageError
from model.limits import Limits
from model.preprocessing import read_image
from model.sandbox.pool import DecoderPool
from tests.support.heic import write_heic
from tests.support.images import scene

CORNERS = np.array([[[250, 20, 20], [20, 250, 20]], [[20, 20, 250], [250, 250, 20]]], np.uint8)
COLOURS = np.kron(CORNERS, np.ones((80, 128, 1), np.uint8))  # (160, 256, 3)


def encoded(pil_image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    pil_image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("ten_bit", [False, True])
@pytest.mark.parametrize("tile", [None, 64, 96])
@pytest.mark.parametrize("quarter_turns", [0, 1])
def test_a_heic_is_read_upright_of_any_depth_and_tiling(
    tile: int | None, quarter_turns: int, ten_bit: bool, tmp_path: Path
) -> None:
    path = write_heic(tmp_path / "a.heic", COLOURS, tile=tile, quarter_turns=quarter_turns, ten_bit=ten_bit)
    image = read_image(path)
    expected = np.rot90(COLOURS, quarter_turns)
    assert image.shape == expected.shape and image.dtype == np.uint8
    assert np.abs(image.astype(int) - expected).mean() < 5


def test_a_heic_is_read_in_the_sandbox(tmp_path: Path) -> None:
    path = write_heic(tmp_path / "a.heic", COLOURS, tile=64)
    pool = DecoderPool(300)
    try:
        np.testing.assert_array_equal(pool.call(read_image, path, 100), read_image(path))
    finally:
        pool.close()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_heic_that_breaks_off_is_refused_in_one_sentence(share: float, tmp_path: Path) -> None:
    content = write_heic(tmp_path / "a.heic", COLOURS, tile=64).read_bytes()
    with pytest.raises(ImageError, match=r"damaged|not an image"):
        read_image(content[: int(len(content) * share)])


def test_a_heic_with_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_heic(tmp_path / "a.heic", COLOURS).read_bytes()
    claimed = content.replace((256).to_bytes(4) + (160).to_bytes(4), (20_000).to_bytes(4) + (10_000).to_bytes(4))
    with pytest.raises(ImageError, match=r"20000 x 10000.*53 megapixels"):
        read_image(claimed)


def test_of_a_large_jpeg_the_pixels_that_are_decoded_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.image_file.limits", lambda: Limits(image_megapixels=1))
    large, larger = Image.new("RGB", (1600, 1200), "red"), Image.new("RGB", (2100, 2000))

    assert read_image(encoded(large, "JPEG"), 300).shape == (300, 400, 3)
    for content, side in (
        (encoded(large, "JPEG"), None),
        (encoded(large, "JPEG"), 1000),
        (encoded(large, "JPEG", progressive=True), 300),  # its decoder holds all of it
        (encoded(large, "PNG"), 300),
        (encoded(larger, "JPEG"), 300),
    ):
        with pytest.raises(ImageError, match="too many pixels"):
            read_image(content, side)


def test_a_progressive_jpeg_within_the_limit_is_still_decoded_smaller() -> None:
    assert read_image(encoded(Image.new("RGB", (1600, 1200)), "JPEG", progressive=True), 300).shape == (300, 400, 3)


def test_a_png_with_long_texts_and_a_large_profile_is_read() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("prompt", "x" * 3_000_000, zip=True)
    notes.add_itxt("workflow", "y" * 3_000_000, zip=True)
    notes.add_text("comment", "z" * 3_000_000)
    profile = np.random.default_rng(0).bytes(2_000_000)
    content = encoded(Image.fromarray(scene()), "PNG", pnginfo=notes, icc_profile=profile)
    np.testing.assert_array_equal(read_image(content), scene())


def test_a_png_keeps_an_orientation_that_stands_in_a_long_text() -> None:
    notes = PngImagePlugin.PngInfo()
    packet = f'<x:xmpmeta tiff:Orientation="6"/>{" " * 4000}'
    notes.add_itxt("XML:com.adobe.xmp", packet)
    assert read_image(encoded(Image.fromarray(scene()), "PNG", pnginfo=notes)).shape == (52, 40, 3)


def test_a_png_cut_within_a_chunk_is_damaged() -> None:
    content = encoded(Image.fromarray(scene()), "PNG")
    with pytest.raises(ImageError, match="damaged"):
        read_image(content[:-100])


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_values_of_fewer_bits_than_16_fill_the_range(kind: str, bits: int) -> None:
    grey = np.linspace(0, 2**bits - 1, 64 * 64).round().astype(np.uint16).reshape(64, 64)
    image = read_image(encoded(Image.fromarray(grey), kind))
    np.testing.assert_array_equal(image[..., 0], grey >> (bits - 8))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("bands", [3, 4])
def test_colours_of_fewer_bits_than_16_fill_the_range(bands: int, suffix: str, bits: int) -> None:
    colours = np.random.default_rng(0).integers(0, 2**bits, (40, 60, bands)).astype(np.uint16)
    colours[..., 3:] = colours[0, 0] = 2**bits - 1  # opaque
    content = cv2.imencode(suffix, colours)[1].tobytes()
    np.testing.assert_array_equal(read_image(content), colours[..., 2::-1] >> (bits - 8))


def test_a_dark_image_of_16_bits_in_colour_with_one_bright_value_stays_dark() -> None:
    colours = np.full((64, 64, 3), 300, np.uint16)
    colours[3, 3] = 60_000
    assert read_image(cv2.imencode(".png", colours)[1].tobytes())[0, 0].tolist() == [1, 1, 1]


def test_a_tiff_may_say_how_large_its_values_may_be() -> None:
    grey = np.linspace(0, 900, 64 * 64).round().astype(np.uint16).reshape(64, 64)
    for tag in (281, 341):
        image = read_image(encoded(Image.fromarray(grey), "TIFF", tiffinfo={tag: 4095}))
        np.testing.assert_array_equal(image[..., 0], grey >> 4)


def test_a_dark_image_of_16_bits_with_one_bright_value_stays_dark() -> None:
    grey = np.full((64, 64), 300, np.uint16)
    grey[3, 3] = 60_000
    assert read_image(encoded(Image.fromarray(grey), "PNG"))[..., 0].max(initial=0, where=grey < 1000) == 1


def test_an_image_of_nothing_but_zeros_is_black() -> None:
    assert not read_image(encoded(Image.fromarray(np.zeros((8, 8), np.uint16)), "PNG")).any()

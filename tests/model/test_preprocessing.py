"""An image is decoded as people see it and brought to the network's size in one way."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from model.errors import DecodingError, ImageError
from model.limits import Limits
from model.preprocessing import (
    COLOUR_MODES,
    RESIZE_RULES,
    ColourMode,
    InputSpec,
    ResizeRule,
    prepare,
    prepared_and_shown,
    prepared_image,
    read_image,
    shown_image,
)
from tests.fuzz.seeds import write_images
from tests.support.images import IMAGE_KINDS, ORIENTATION, png_header, scene

LOSSLESS_COLOUR = ["rgb", "16-bit colour"]
LOSSLESS_GREY = {"greyscale": "L", "16-bit grey": "R"}


def encoded(pil_image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    pil_image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_every_kind_of_image_becomes_8_bit_rgb(kind: str, tmp_path: Path) -> None:
    image = read_image(IMAGE_KINDS[kind](tmp_path))

    assert image.dtype == np.uint8
    assert image.shape == ((52, 40, 3) if kind == "EXIF-rotated" else (40, 52, 3))
    assert image.std() > 30


@pytest.mark.parametrize("kind", LOSSLESS_COLOUR)
def test_lossless_colour_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_image(IMAGE_KINDS[kind](tmp_path)), scene())


def test_lossless_grey_fills_three_equal_channels(tmp_path: Path) -> None:
    grey = np.asarray(Image.fromarray(scene()).convert("L"))

    np.testing.assert_array_equal(read_image(IMAGE_KINDS["greyscale"](tmp_path)), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_keeps_its_upper_8_bits(kind: str) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)

    image = read_image(encoded(Image.fromarray(values), kind))

    np.testing.assert_array_equal(image[..., 0], values >> 8)
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_big_endian_16_bit_tiff_is_read_like_little_endian() -> None:
    little = encoded(Image.fromarray(np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)), "TIFF")
    big = encoded(Image.frombytes("I;16B", (64, 64), np.arange(0, 65536, 16, dtype=">u2").tobytes()), "TIFF")

    np.testing.assert_array_equal(read_image(big), read_image(little))


def test_transparent_areas_become_white() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0, 3], pixels[0, 1, 3] = 255, 128

    image = read_image(encoded(Image.fromarray(pixels), "PNG"))

    assert image[0, 0].tolist() == [0, 0, 0]
    assert image[0, 1].tolist() == [127, 127, 127]
    assert image[1, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_single_transparent_colour_becomes_white(mode: str) -> None:
    pil_image = Image.new(mode, (4, 4), 0)
    transparent: object = (0, 0, 0) if mode == "RGB" else 0

    image = read_image(encoded(pil_image, "PNG", transparency=transparent))

    assert (image == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_are_turned_upright(orientation: int) -> None:
    upright = scene(16, 12)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright.transpose(1, 0, 2), 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    image = read_image(encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif))

    np.testing.assert_array_equal(image, upright)


def test_an_image_with_broken_exif_is_shown_as_it_is() -> None:
    content = encoded(Image.fromarray(scene()), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)

    np.testing.assert_array_equal(read_image(content), scene())


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]

    image = read_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert image[0, 0].tolist() == [255, 0, 0]


def test_a_path_and_its_content_give_the_same(tmp_path: Path) -> None:
    path = IMAGE_KINDS["jpeg"](tmp_path)

    np.testing.assert_array_equal(read_image(path), read_image(path.read_bytes()))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "not an image"),
        (b"\xff\xd8\xff\xe0", "not an image"),
        (png_header(30, 30), "damaged"),
        (png_header(10_000, 10_000), "megapixels"),
        (png_header(60_000, 60_000), "megapixels"),
    ],
    ids=["empty", "text", "EPS", "SVG", "PNG start", "JPEG start", "cut PNG", "large", "bomb"],
)
def test_what_is_no_image_is_refused_in_one_sentence(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(content)

    for source in (tmp_path / "file.png", content):
        with pytest.raises(ImageError, match=reason) as caught:
            read_image(source)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF", "JPEG2000"])
def test_an_image_cut_in_half_is_damaged_and_raises_nothing_else(kind: str) -> None:
    content = encoded(Image.fromarray(scene(200, 200)), kind)

    with pytest.raises(ImageError):
        read_image(content[: len(content) // 2])


@given(
    place=st.integers(0, 10_000),
    junk=st.binary(min_size=1, max_size=40),
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"]),
)
def test_junk_in_an_image_gives_an_image_or_our_error(place: int, junk: bytes, kind: str) -> None:
    content = encoded(Image.fromarray(scene(24, 24)), kind)
    place %= len(content)

    try:
        image = read_image(content[:place] + junk + content[place + len(junk) :])
    except ImageError as error:
        assert "\n" not in str(error)
    else:
        assert image.shape[2] == 3


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"missing\.png"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(ImageError, match=tmp_path.name):
        read_image(tmp_path)


def test_an_image_converted_in_strips_is_the_very_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path)
    files = sorted(tmp_path.iterdir())
    whole = [read_image(file) for file in files]
    assert len(files) > 20

    monkeypatch.setattr("model.preprocessing._STRIP_PIXELS", 150)  # three rows at a time

    for file, expected in zip(files, whole, strict=True):
        np.testing.assert_array_equal(read_image(file), expected, err_msg=file.name)


def test_an_image_for_which_memory_is_short_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(pil_image: Image.Image) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr("model.preprocessing.to_rgb", fail)

    with pytest.raises(DecodingError, match="too much memory"):
        read_image(encoded(Image.fromarray(scene()), "PNG"))


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "JPEG2000"])
def test_of_costly_formats_half_as_many_pixels_are_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.image_file.limits", lambda: Limits(image_megapixels=2))
    pil_image = Image.new("RGB", (1300, 1000))

    with pytest.raises(ImageError, match="the limit is 1 megapixels"):
        read_image(encoded(pil_image, kind))
    assert read_image(encoded(pil_image, "PNG")).shape == (1000, 1300, 3)


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("mode", COLOUR_MODES)
@given(data=st.data())
def test_any_image_is_brought_to_the_input_size(rule: str, mode: str, data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 150)), data.draw(st.integers(1, 150))
    spec = InputSpec(data.draw(st.integers(8, 70)), data.draw(st.integers(8, 70)), mode, rule)  # type: ignore[arg-type]
    image = data.draw(arrays(np.uint8, (height, width, 3), fill=st.just(7)))

    prepared = prepare(image, spec)

    assert prepared.shape == (spec.height, spec.width, 3)
    assert prepared.dtype == np.uint8
    if mode == "grey":
        assert (prepared == prepared[..., :1]).all()


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("shape", [(1, 70_000, 3), (70_000, 1, 3), (1, 1, 3), (3, 4000, 3)])
def test_images_of_extreme_shape_are_resized_too(rule: str, shape: tuple[int, int, int]) -> None:
    prepared = prepare(np.full(shape, 90, np.uint8), InputSpec(32, 48, "rgb", rule))  # type: ignore[arg-type]

    assert prepared.shape == (48, 32, 3)
    assert (prepared == 90).any()


def test_an_image_of_the_input_size_is_not_changed() -> None:
    image = scene(32, 32)

    for rule in RESIZE_RULES:
        np.testing.assert_array_equal(prepare(image, InputSpec(32, 32, "rgb", rule)), image)  # type: ignore[arg-type]


def test_preparing_leaves_the_image_alone() -> None:
    image = scene()
    before = image.copy()

    for rule in RESIZE_RULES:
        prepare(image, InputSpec(16, 16, "grey", rule))  # type: ignore[arg-type]

    np.testing.assert_array_equal(image, before)


def test_grey_mode_of_a_grey_image_keeps_its_values() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)[..., np.newaxis].repeat(3, axis=-1)

    np.testing.assert_array_equal(prepare(grey, InputSpec(16, 16, "grey")), grey)


def test_stretch_shows_everything_crop_the_centre_and_pad_everything_on_grey() -> None:
    image = np.zeros((20, 60, 3), np.uint8)
    image[:, :20, 0], image[:, 20:40, 1], image[:, 40:, 2] = 255, 255, 255

    stretched, cropped, padded = (
        prepare(image, InputSpec(30, 30, "rgb", rule))  # type: ignore[arg-type]
        for rule in ("stretch", "crop", "pad")
    )

    assert (stretched[15, 2].tolist(), stretched[15, 27].tolist()) == ([255, 0, 0], [0, 0, 255])
    assert (cropped[..., 1] == 255).all()
    assert (padded[:9] == 128).all()
    assert (padded[15, 2].tolist(), padded[15, 27].tolist()) == ([255, 0, 0], [0, 0, 255])


@pytest.mark.parametrize("side", [100, 333, 1001])
def test_reduction_averages_rather_than_skips(side: int) -> None:
    """Fine patterns become their mean: nearest or bare bilinear sampling would flicker between 0 and 255."""
    fine = (np.indices((side, side)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., np.newaxis].repeat(3, axis=-1)

    prepared = prepare(fine, InputSpec(16, 16)).astype(int)

    assert abs(prepared - 128).max() < 25


@pytest.mark.parametrize("size", [(97, 61), (640, 480), (300, 31)])
def test_the_two_step_reduction_stays_close_to_an_area_filter(size: tuple[int, int]) -> None:
    width, height = size
    rows, columns = np.mgrid[0 : 12 : height * 1j, 0 : 12 : width * 1j]
    image = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], axis=-1) * 100 + 128
    image = image.astype(np.uint8)

    prepared = prepare(image, InputSpec(24, 24)).astype(int)
    area = cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA).astype(int)

    assert abs(prepared - area).mean() < 8


@pytest.mark.parametrize("size", [(1600, 1200), (1201, 1599), (4000, 300), (640, 480), (90, 1000)])
@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_a_large_jpeg_decoded_smaller_gives_nearly_the_same_input(size: tuple[int, int], rule: str) -> None:
    spec = InputSpec(96, 64, resize_rule=rule)  # type: ignore[arg-type]
    content = encoded(Image.fromarray(scene(*size)), "JPEG", quality=92)
    whole, smaller = read_image(content), read_image(content, spec.ample_side)
    assert whole.shape == (size[1], size[0], 3)
    assert min(smaller.shape[:2]) >= min(spec.ample_side, *size)
    assert smaller.shape == whole.shape or min(size) >= 2 * spec.ample_side
    difference = np.abs(prepare(whole, spec).astype(int) - prepare(smaller, spec).astype(int))
    assert difference.mean() < 1.5


def test_other_formats_are_decoded_whole() -> None:
    assert read_image(encoded(Image.fromarray(scene(800, 600)), "PNG"), 100).shape == (600, 800, 3)


def test_orientation_holds_for_an_image_decoded_smaller() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.fromarray(scene(1600, 800)), "JPEG", exif=exif)
    assert read_image(content, 200).shape == (400, 200, 3)


@pytest.mark.parametrize("colour_mode", ["rgb", "grey"])
@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_a_frame_in_opencv_s_channel_order_becomes_the_very_same(colour_mode: ColourMode, rule: ResizeRule) -> None:
    image = scene(200, 130, seed=4)
    spec = InputSpec(64, 48, colour_mode, rule)

    np.testing.assert_array_equal(prepare(image[..., ::-1].copy(), spec, "bgr"), prepare(image, spec))


SMALL = InputSpec(32, 24)


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_a_prepared_image_is_what_training_saw(kind: str, tmp_path: Path) -> None:
    path = IMAGE_KINDS[kind](tmp_path)

    np.testing.assert_array_equal(prepared_image(path, SMALL), prepare(read_image(path, SMALL.ample_side), SMALL))


@pytest.mark.parametrize(("width", "height"), [(900, 300), (300, 900), (40, 30)])
def test_a_shown_image_keeps_its_shape_and_is_not_larger_than_asked_for(
    width: int, height: int, tmp_path: Path
) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(scene(width, height)).save(path)

    shown = shown_image(path, 300)

    assert max(shown.shape[:2]) == min(300, max(width, height))
    assert shown.shape[1] / shown.shape[0] == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize("side", [20, 300])
def test_one_decoding_serves_network_and_people(side: int, tmp_path: Path) -> None:
    path = IMAGE_KINDS["rgb"](tmp_path)

    prepared, shown = prepared_and_shown(path, SMALL, side)

    np.testing.assert_array_equal(prepared, prepared_image(path, SMALL))
    assert shown.shape == shown_image(path, side).shape

"""Small images, data folders and clips for the tests, all made by code."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

ORIENTATION = 0x0112


def scene(width: int = 52, height: int = 40, seed: int = 0) -> np.ndarray:
    """An image without symmetry: gradients, a coloured block in one corner and some noise; uint8 RGB."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    image = np.stack([255 * columns / width, 255 * rows / height, 255 * (rows + columns) / (width + height)], axis=-1)
    image[: height // 3, : width // 3] = rng.integers(0, 256, 3)
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def _save(pil_image: Image.Image, path: Path, **options: Any) -> Path:
    pil_image.save(path, **options)
    return path


def rgb(directory: Path) -> Path:
    return _save(Image.fromarray(scene()), directory / "rgb.png")


def jpeg(directory: Path) -> Path:
    return _save(Image.fromarray(scene()), directory / "colour.jpg", quality=90)


def greyscale(directory: Path) -> Path:
    return _save(Image.fromarray(scene()).convert("L"), directory / "grey.png")


def palette_with_transparency(directory: Path) -> Path:
    pil_image = Image.fromarray(scene()).quantize(16)
    return _save(pil_image, directory / "palette.png", transparency=bytes([0, 128] + [255] * 14))


def rgba(directory: Path) -> Path:
    pil_image = Image.fromarray(scene())
    pil_image.putalpha(Image.fromarray(scene(seed=3)[..., 0]))
    return _save(pil_image, directory / "rgba.webp", lossless=True)


def sixteen_bit_grey(directory: Path) -> Path:
    values = scene()[..., 0].astype(np.uint16) * 257
    return _save(Image.fromarray(values), directory / "deep_grey.png")


def sixteen_bit_colour(directory: Path) -> Path:
    path = directory / "deep_colour.png"
    path.write_bytes(cv2.imencode(".png", scene()[..., ::-1].astype(np.uint16) * 257)[1].tobytes())
    return path


def cmyk(directory: Path) -> Path:
    return _save(Image.fromarray(scene()).convert("CMYK"), directory / "print.jpg", quality=95)


def exif_rotated(directory: Path) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be shown turned a quarter clockwise
    return _save(Image.fromarray(scene()), directory / "turned.jpg", exif=exif, quality=95)


# Each writes one image into a directory and returns its path.
IMAGE_KINDS: dict[str, Callable[[Path], Path]] = {
    "rgb": rgb,
    "jpeg": jpeg,
    "greyscale": greyscale,
    "palette with transparency": palette_with_transparency,
    "rgba": rgba,
    "16-bit grey": sixteen_bit_grey,
    "16-bit colour": sixteen_bit_colour,
    "CMYK": cmyk,
    "EXIF-rotated": exif_rotated,
}

COLOURS = {"10 red": (200, 40, 40), "2 green": (40, 180, 60), "Blue": (40, 60, 200)}


def write_class(folder: Path, colour: Sequence[int], count: int, seed: int = 0, size: int = 40) -> None:
    """Write `count` noisy images of one colour, no two alike."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng([seed, *colour])
    for index in range(count):
        values = np.asarray(colour) + rng.normal(0, 30, (size, size, 3)) + rng.normal(0, 20, 3)
        Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(folder / f"{index}.png")


def write_colours(root: Path, per_class: int = 12, seed: int = 0) -> Path:
    """Write a data folder with a folder for each of `COLOURS`."""
    for name, colour in COLOURS.items():
        write_class(root / name, colour, per_class, seed)
    return root


def squares(seed: int) -> Image.Image:
    """An image of coloured squares, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(np.kron(rng.integers(0, 240, (6, 6, 3)), np.ones((12, 12, 1))).astype(np.uint8))


def write_squares(root: Path) -> Path:
    """Write a data folder of 20 cats and 20 dogs, no two alike."""
    for place, label in enumerate(("cat", "dog")):
        (root / label).mkdir(parents=True)
        for index in range(20):
            squares(100 * place + index).save(root / label / f"{index}.png")
    return root


def write_wide(root: Path, told_by: str, count: int = 12, seed: int = 0) -> Path:
    """Write images of 192 x 64 pixels with the class's colour in the centre, or at both ends, and any beside it."""
    rng = np.random.default_rng(seed)
    for label, colour in (("red", (200, 60, 60)), ("blue", (60, 60, 200))):
        (root / label).mkdir(parents=True)
        for index in range(count):
            image = np.empty((64, 192, 3))
            other = rng.uniform(0, 255, 3)
            image[:] = other if told_by == "centre" else colour
            image[:, 64:128] = colour if told_by == "centre" else other
            noisy = np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(root / label / f"{index}.png")
    return root


def write_stripes(root: Path, per_class: int = 12, seed: int = 0) -> Path:
    """Write a data folder of greyscale images: stripes across, stripes down, none."""
    rng = np.random.default_rng([5, seed])
    place = np.arange(40) // 5 % 2 * 150.0
    for name, values in (("across", place[:, None]), ("down", place[None, :]), ("none", np.full((1, 1), 75.0))):
        folder = root / name
        folder.mkdir(parents=True)
        for index in range(per_class):
            noisy = values + rng.normal(50, 15, (40, 40))
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{index}.png")
    return root


H264: dict[str, Any] = {"codec": "libx264", "pixels": "yuv420p"}  # for `write_clip`


def scenes(count: int) -> list[np.ndarray]:
    """Small frames that differ."""
    return [scene(64, 48, seed) for seed in range(count)]


@contextmanager
def _scheduled_as_before() -> Iterator[None]:
    """SVT-AV1 makes its caller a real-time thread where it may, as root; so would be all that the tests start later."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def write_clip(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    times: Sequence[float] | None = None,
    rate: int = 10,
    codec: str = "ffv1",
    pixels: str = "bgr0",
    rotation: int = 0,
    matrix: tuple[int, int, int, int] | None = None,
    encoder: dict[str, str] | None = None,
    index_first: bool = False,
    sound_seconds: float = 0,
    title: str = "",
) -> Path:
    """Write RGB or RGBA frames as a clip, without loss unless another codec is given, at `times` in seconds."""
    options = {"movflags": "faststart"} if index_first else {}
    with _scheduled_as_before(), av.open(str(path), "w", options=options) as container:
        if title:
            container.metadata["title"] = title
        stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=encoder))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixels
        sound = container.add_stream("aac", rate=44100, layout="mono") if sound_seconds else None
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(frames):
            given = "rgba" if image.shape[2] == 4 else "rgb24"
            frame = av.VideoFrame.from_ndarray(image, format=given).reformat(format=pixels)
            if times is not None:
                frame.pts, frame.time_base = round(times[index] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            _encode_noise(container, sound, sound_seconds)
    if rotation:
        matrix = _turning(rotation)
    if matrix:
        _set_matrix(path, matrix)
    return path


def _turning(degrees: int) -> tuple[int, int, int, int]:
    cosine, sine = (round(f(np.radians(degrees))) for f in (np.cos, np.sin))
    return cosine, sine, -sine, cosine


def _set_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Change the display matrix of an MP4's only track, which is how phones say which way is up."""
    upright = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()
    a, b, c, d = (value << 16 for value in matrix)
    turned = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    content = path.read_bytes()
    place = content.index(upright, content.index(b"tkhd"))
    path.write_bytes(content[:place] + turned + content[place + 36 :])


def write_sound(path: Path, cover: np.ndarray | None = None) -> Path:
    """Write half a second of noise, sound only, with a cover image if given."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        if cover is not None:
            image = cast("VideoStream", container.add_stream("mjpeg", rate=1))
            image.height, image.width = cover.shape[:2]
            image.pix_fmt = "yuvj420p"
            image.disposition = Disposition.attached_pic
            container.mux(image.encode(av.VideoFrame.from_ndarray(cover, format="rgb24")))
            container.mux(image.encode())
        _encode_noise(container, stream, 0.5)
    return path


def _encode_noise(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, round(44100 * seconds))).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
    frame.sample_rate = 44100
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def hashes(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under a folder, by relative path."""
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly any data."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")

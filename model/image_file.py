"""Open image files of every kind that is read, within limits that are checked before anything is decoded."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from model.errors import ImageError, Sentence
from model.limits import limits

# Pillow reads many more formats. None of these runs a program, as PostScript does, or reads a second file.
IMAGE_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "PPM", "AVIF", "JPEG2000")
IMAGE_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
        ".png",
        ".apng",
        ".gif",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".avif",
        ".avifs",
        ".heic",
        ".heif",
        ".hif",
        ".jp2",
        ".j2k",
    ]
)

# Their decoders hold several copies of the image at once: up to 20 bytes for each pixel, of HEIC 10.
_COST = {"WEBP": 2, "AVIF": 2, "JPEG2000": 2, "HEIF": 1.5}
# A JPEG that is decoded at a fraction of its size may have so many times the pixels; they cost time, not memory.
_REDUCED_AT_MOST = 4
# ISO/IEC 23008-12: images and sequences of images in HEVC.
_HEIC_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"])
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# None of these changes how a pixel is read, unless it holds the orientation. Pillow refuses files with large ones.
_PNG_NOTES = frozenset([b"iCCP", b"tEXt", b"zTXt", b"iTXt"])
_PNG_ORIENTATION = (b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp")
_LONG_NOTE = 1000  # bytes; shorter ones may be compressed, but not by more than a thousand times
_SMALLEST_MAXIMUM, _MAX_SAMPLE, _MAX_SAMPLE_OF_TYPE = 256, 281, 341  # TIFF 6.0


def open_image(content: bytes, name: str, ample_side: int | None = None) -> ImageFile.ImageFile:
    """Open an image, without decoding it yet.

    Args:
        content: The file.
        name: The file's name in quotation marks, or another subject for messages.
        ample_side: A larger JPEG will be decoded at a half, a quarter or an eighth of its size, as long as both sides
            keep at least this many pixels.

    Returns:
        An image that `load` decodes; of HEIC upright already.

    Raises:
        ImageError: It has more pixels than `Limits.image_megapixels`: those that will be decoded are counted. Fewer
            are allowed in formats whose decoders take several times the memory.
        Exception: Those of Pillow: it is not an image, or is damaged.
    """
    image = open_header(content)
    try:
        limit = limits().image_megapixels
        if image.format in ("JPEG", "MPO"):
            _refuse_too_many(image, name, limit * _REDUCED_AT_MOST)
        is_progressive = "progressive" in image.info  # then all of it is held in memory before it is reduced
        if ample_side and not is_progressive:
            image.draft(None, (ample_side, ample_side))
        _refuse_too_many(image, name, max(1, int(limit / _COST.get(image.format or "", 1))))
        if ample_side and is_progressive:
            image.draft(None, (ample_side, ample_side))
    except BaseException:
        image.close()
        raise
    return image


def too_many_pixels(name: str, size: str, limit: int) -> Sentence:
    """Return the message for an image with too many pixels; `limit` is in megapixels."""
    return Sentence(
        "{name} has too many pixels{size}; the limit is {limit} megapixels. Make it smaller first, or raise "
        "VISTAZO_MAX_IMAGE_MEGAPIXELS on your own machine.",
        name=name,
        size=size,
        limit=limit,
    )


def sample_bits(image: Image.Image, highest: int) -> int:
    """Return how many bits the values of a 16-bit image use: cameras and microscopes often store 10, 12 or 14.

    Args:
        image: The image; a TIFF may say it.
        highest: The highest value in it.

    Returns:
        8 to 16. Where the file does not say, values that never reach an eighth of the range were not scaled to it.
    """
    tags = getattr(image, "tag_v2", {})
    for tag in (_MAX_SAMPLE_OF_TYPE, _MAX_SAMPLE):
        with contextlib.suppress(Exception):  # a damaged tag says nothing
            said = tags[tag]
            said = max(said) if isinstance(said, tuple) else said
            if max(highest, _SMALLEST_MAXIMUM - 1) <= said < 1 << 16:
                return int(said).bit_length()
    if highest >= 1 << 13:
        return 16
    return next(bits for bits in (8, 10, 12, 13) if highest < 1 << bits)


def load_image(image: ImageFile.ImageFile, content: bytes) -> None:
    """Decode an image that `open_image` has opened, so that colours of 16 bits keep the upper 8 of those that are used.

    Args:
        image: The image; its pixels are decoded into it.
        content: The file.

    Raises:
        Exception: Those of Pillow: it is damaged.
    """
    is_16_bit = image.mode in ("RGB", "RGBA") and any(_lower_bytes(tile) != tile for tile in image.tile)
    image.load()
    if not is_16_bit:
        return
    # Pillow has kept the upper byte of each value, which is 0 to 15 where 12 bits are used.
    upper = np.array(image)
    if sample_bits(image, int(upper[..., :3].max(initial=0)) << 8 | 255) == 16:
        return
    with open_header(content) as again:
        again.tile = [_lower_bytes(tile) for tile in again.tile]
        lower = np.array(again)
    for bands in (slice(0, 3), slice(3, None)):
        values = upper[..., bands].astype(np.uint16) << 8 | lower[..., bands]
        bits = sample_bits(image, int(values.max(initial=0)))
        upper[..., bands] = np.minimum(values >> (bits - 8), 255)
    image.paste(Image.fromarray(upper))


def _lower_bytes(tile: Any) -> Any:
    """Return how to decode the lower byte of each value instead of the upper one; other pixels as they are."""
    arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
    swapped = [
        re.sub(r"(?<=;16)[LBN]", lambda order: "L" if _is_big_endian(order[0]) else "B", argument)
        if isinstance(argument, str)
        else argument
        for argument in arguments
    ]
    return tile._replace(args=tuple(swapped) if isinstance(tile.args, tuple) else swapped[0])


def _is_big_endian(order: str) -> bool:
    return order == "B" or (order == "N" and sys.byteorder == "big")


def open_header(content: bytes) -> ImageFile.ImageFile:
    """Open an image, whose size is not checked, for its size as it is stored, its format and mode; see `open_image`."""
    if _is_heic(content):
        from pi_heif import options  # here, because most files are of other kinds
        from pi_heif.as_plugin import HeifImageFile

        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        options.DECODE_THREADS = 1  # whoever reads many images does so in several threads
        return HeifImageFile(io.BytesIO(content))
    Image.MAX_IMAGE_PIXELS = None  # Pillow would count before `draft`
    return Image.open(io.BytesIO(_without_long_notes(content)), formats=IMAGE_FORMATS)


def _is_heic(content: bytes) -> bool:
    """Return whether a file begins with a box `ftyp` that names HEVC images."""
    if content[4:8] != b"ftyp":
        return False
    brands = content[8 : min(int.from_bytes(content[:4]), 256)]
    return any(brands[start : start + 4] in _HEIC_BRANDS for start in range(0, len(brands), 4))


def _without_long_notes(content: bytes) -> bytes:
    """Return a PNG without its long texts and colour profiles; another file as it is."""
    if not content.startswith(_PNG_SIGNATURE):
        return content
    kept, end = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    for kind, start, end in _png_chunks(content):
        is_short = end - start < _LONG_NOTE
        if is_short or kind not in _PNG_NOTES or content.startswith(_PNG_ORIENTATION, start + 8):
            kept.append(content[start:end])
    return b"".join([*kept, content[end:]]) if sum(map(len, kept)) < end else content


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the start and the end of each whole chunk of a PNG (ISO/IEC 15948)."""
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 12 + length
        if end > len(content):
            return
        yield content[start + 4 : start + 8], start, end
        start = end


def _refuse_too_many(image: Image.Image, name: str, limit: int) -> None:
    if image.width * image.height > limit * 1_000_000:
        raise ImageError(too_many_pixels(name, f" ({image.width} x {image.height})", limit))

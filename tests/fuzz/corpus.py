"""Files that once broke a reader, here or elsewhere, all made by code; each is read in every run of the tests."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from tests.support.images import ORIENTATION, scene, write_clip


def png(width: int, height: int, colour: int = 0, bits: int = 1, more: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a whole, black PNG of any size.

    Args:
        width: In pixels.
        height: In pixels.
        colour: As in the standard: 0 grey, 2 RGB, 3 palette, 6 RGBA.
        bits: Of each value.
        more: Names and contents of chunks between header and data.
    """
    row = bytes(1 + (width * bits * {0: 1, 2: 3, 3: 1, 6: 4}[colour] + 7) // 8)
    packer = zlib.compressobj(9 if bits == 1 else 1)
    packed = b"".join(packer.compress(row * 100) for _ in range(height // 100))
    packed += packer.compress(row * (height % 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = ((b"IHDR", header), *more, (b"IDAT", packed), (b"IEND", b""))
    chunks = [struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bomb(path: Path) -> None:
    """169 megapixels in some 20 kB, which Pillow only warns about."""
    path.write_bytes(png(13_000, 13_000))


def large_palette(path: Path) -> None:
    """79 megapixels, just allowed, with a palette and transparency: took 2.0 GB."""
    path.write_bytes(png(8900, 8900, 3, more=[(b"PLTE", bytes(6)), (b"tRNS", b"\0\xff")]))


def large_and_turned(path: Path) -> None:
    """79 megapixels that a camera marked as turned: took 1.9 GB."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path.write_bytes(png(8900, 8900, 2, 8, more=[(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))]))


def large_webp(path: Path) -> None:
    """79 megapixels in 34 bytes, of which WebP's decoder alone took 1.9 GB."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "WEBP", lossless=True)
    content = bytearray(buffer.getvalue())
    place = content.index(b"VP8L") + 9  # then 14 bits each of width and height, less one
    size = int.from_bytes(content[place : place + 4], "little")
    assert size & 0x0FFFFFFF == 7 << 14 | 7
    content[place : place + 4] = (size - (7 << 14 | 7) + (8899 << 14 | 8899)).to_bytes(4, "little")
    path.write_bytes(content)


def gif_without_a_palette(path: Path) -> None:
    """An animation whose second frame has a palette that Pillow loses, and then asserts."""
    control = b"\x21\xf9\x04\x08\0\0\0\0"

    def pixel(flags: int, table: bytes) -> bytes:
        place = struct.pack("<HHHHB", 0, 0, 1, 1, flags)
        return control + b"\x2c" + place + table + b"\x08\x04\x00\x01\x04\x04\x00"

    path.write_bytes(b"GIF87a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + pixel(0, b"") + pixel(0x81, bytes(12)) + b";")


def avi_of_huge_frames(path: Path) -> None:
    """An AVI that declares 16,000 x 16,000 pixels."""
    write_clip(path, [scene(64, 48)] * 3)
    size, huge = struct.pack("<II", 64, 48), struct.pack("<II", 16_000, 16_000)
    content = path.read_bytes()
    assert content.count(size) >= 2  # the file's header and its stream's
    path.write_bytes(content.replace(size, huge))


def frames_that_grow(colour: int, bits: int) -> Callable[[Path], None]:
    """Two small frames, then some of 16,000 x 16,000 pixels, which once took 2.3 GB (4.4 GB with transparency)."""

    def write(path: Path) -> None:
        small, huge = png(64, 64, colour, bits), png(16_000, 16_000, colour, bits)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("png", rate=10)
            stream.width = stream.height = 64
            stream.pix_fmt = {0: "monob", 6: "rgba"}[colour]
            for index in range(4):
                packet = av.Packet(small if index < 2 else huge)
                packet.stream, packet.pts, packet.dts = stream, index, index
                packet.time_base, packet.is_keyframe = Fraction(1, 10), True
                container.mux(packet)

    return write


def avi_that_claims(**fields: int) -> Callable[[Path], None]:
    """An AVI of five frames with other numbers in its headers (RIFF, avih and strh)."""
    # Where each field lies after the name of its chunk and the chunk's size.
    places = {
        "microseconds": (b"avih", 8),
        "frames": (b"avih", 24),
        "scale": (b"strh", 28),
        "rate": (b"strh", 32),
        "start": (b"strh", 36),
        "length": (b"strh", 40),
    }

    def write(path: Path) -> None:
        write_clip(path, [scene(64, 48, seed) for seed in range(5)], codec="mpeg4", pixels="yuv420p")
        content = bytearray(path.read_bytes())
        for name, value in fields.items():
            chunk, offset = places[name]
            struct.pack_into("<I", content, content.index(chunk) + offset, value % 2**32)
        path.write_bytes(content)

    return write


# Name of the file → its target, what becomes of it, and how it is made. None: either, within the limits.
CORPUS: dict[str, tuple[str, str | None, Callable[[Path], None]]] = {
    "bomb.png": ("image", "refused", bomb),
    "palette.png": ("image", "answered", large_palette),
    "turned.png": ("image", "answered", large_and_turned),
    "large.webp": ("image", "refused", large_webp),
    "palette.gif": ("clip", "answered", gif_without_a_palette),
    "huge.avi": ("clip", "refused", avi_of_huge_frames),
    "grows.mov": ("clip", "answered", frames_that_grow(0, 1)),
    "many-frames.avi": ("clip", "answered", avi_that_claims(frames=2**31 - 1, length=2**31 - 1)),
    "minus-frames.avi": ("clip", "answered", avi_that_claims(frames=-1, length=-1)),
    "no-frames.avi": ("clip", None, avi_that_claims(frames=0, length=0)),
    "slow.avi": ("clip", "answered", avi_that_claims(rate=2, scale=1000, microseconds=500_000_000)),
    "fast.avi": ("clip", "answered", avi_that_claims(rate=10_000, scale=1, microseconds=100)),
    "no-rate.avi": ("clip", None, avi_that_claims(rate=0, scale=0, microseconds=0)),
    "late.avi": ("clip", None, avi_that_claims(start=2**31 - 1)),
}

"""Write HEIC files as phones store them: HEVC images in the boxes of ISO/IEC 23008-12, one or a grid of tiles."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box (ISO/IEC 14496-12): its size, its kind of four characters, and its content."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def full_box(kind: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, bytes([version]) + flags.to_bytes(3) + content)


def write_heic(
    path: Path, image: np.ndarray, *, tile: int | None = None, quarter_turns: int = 0, ten_bit: bool = False
) -> Path:
    """Write an image, (height, width, 3) uint8 RGB, both sides even.

    Args:
        path: Where to.
        image: The image as it is stored.
        tile: Side of the tiles of a grid; None for one image.
        quarter_turns: How often it is to be turned anticlockwise by 90 degrees to be shown.
        ten_bit: Store 10 bits a channel.
    """
    height, width = image.shape[:2]
    side = tile or max(width, height)
    rows, columns = -(-height // side), -(-width // side)
    if tile:
        padded = np.pad(image, [(0, rows * side - height), (0, columns * side - width), (0, 0)], mode="edge")
        tiles = [
            padded[y : y + side, x : x + side]
            for y in range(0, rows * side, side)
            for x in range(0, columns * side, side)
        ]
    else:
        tiles = [image]
    configuration, samples = _encoded(tiles, "yuv420p10le" if ten_bit else "yuv420p")
    tile_height, tile_width = tiles[0].shape[:2]
    items = [(b"hvc1", sample) for sample in samples]
    if tile:
        items.append((b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)))
    properties = [
        configuration,
        _extent(tile_width, tile_height),
        _extent(width, height),
        box(b"irot", bytes([quarter_turns])),
    ]
    path.write_bytes(_file(items, properties, tiled=bool(tile)))
    return path


def _extent(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def _encoded(tiles: Sequence[np.ndarray], pixel_format: str) -> tuple[bytes, list[bytes]]:
    """Return the decoder's configuration (a box hvcC), and an HEVC key frame for each tile."""
    samples, configuration = [], b""
    for tile in tiles:
        target = io.BytesIO()
        with av.open(target, "w", format="mp4") as container:
            options = {"x265-params": "keyint=1:log-level=none:pools=none", "crf": "12", "preset": "ultrafast"}
            stream = container.add_stream("libx265", rate=1, options=options)
            stream.height, stream.width = tile.shape[:2]
            stream.pix_fmt = pixel_format
            frame = av.VideoFrame.from_ndarray(tile, format="rgb24")
            for packet in [*stream.encode(frame), *stream.encode()]:
                samples.append(bytes(packet))
                container.mux(packet)
        content = target.getvalue()
        start = content.index(b"hvcC") - 4
        configuration = content[start : start + int.from_bytes(content[start : start + 4])]
        media = content.index(b"mdat") + 4
        samples[-1] = content[media : media + int.from_bytes(content[media - 8 : media - 4]) - 8]
    return configuration, samples


def _file(items: Sequence[tuple[bytes, bytes]], properties: Sequence[bytes], *, tiled: bool) -> bytes:
    """Return a file whose last item is the one to show; each item has its number in the list, from 1."""
    primary = len(items)
    entries = b"".join(
        full_box(
            b"infe", struct.pack(">HH", number, 0) + kind + b"\0", version=2, flags=int(tiled and number < primary)
        )
        for number, (kind, _) in enumerate(items, 1)
    )
    # Properties by their position, from 1; the highest bit marks those that a reader has to understand.
    used = [bytes([2, 0x81, 2])] * primary
    used[-1] = bytes([2, 3, 0x84]) if tiled else bytes([3, 0x81, 2, 0x84])
    association = struct.pack(">I", primary) + b"".join(
        struct.pack(">H", number) + which for number, which in enumerate(used, 1)
    )
    tiles = list(range(1, primary)) if tiled else []
    derived = box(b"dimg", struct.pack(f">HH{len(tiles)}H", primary, len(tiles), *tiles))
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(first: int) -> bytes:
        locations, offset = struct.pack(">BBH", 0x44, 0, primary), first
        for number, (_, content) in enumerate(items, 1):
            locations += struct.pack(">HHHII", number, 0, 1, offset, len(content))
            offset += len(content)
        return full_box(
            b"meta",
            full_box(b"hdlr", b"\0\0\0\0pict" + bytes(13))
            + full_box(b"pitm", struct.pack(">H", primary))
            + full_box(b"iloc", locations)
            + full_box(b"iinf", struct.pack(">H", primary) + entries)
            + (full_box(b"iref", derived) if tiled else b"")
            + box(b"iprp", box(b"ipco", b"".join(properties)) + full_box(b"ipma", association)),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", b"".join(content for _, content in items))

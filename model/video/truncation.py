"""Find out from a clip's container, since decoders do not report it, whether the file is truncated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MAX_ELEMENTS = 100_000  # a malicious file may consist of the smallest boxes only
_LAST_BYTES = 1 << 17  # more than the longest Ogg page (RFC 3533) has
_EBML_HEADER, _SEGMENT = 0x1A45DFA3, 0x18538067  # RFC 8794, RFC 9559
_ASF_OBJECT = 24  # a name of 16 bytes, a size of 8 bytes


def is_cut_short(path: Path, container: str) -> bool | None:
    """Return whether a file ends before its container does.

    Args:
        path: The clip.
        container: FFmpeg's name of the container, or Pillow's of the animation.

    Returns:
        None where the container does not say, as in a recording that was never closed.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if "mp4" in container:
            return _any_exceeds(_boxes(file, 0, size), size)
        if container in {"avi", "webp"}:
            return _any_exceeds(_riff_chunks(file, size), size)
        if "matroska" in container:
            return _ebml_exceeds(file, size)
        if container == "asf":
            return _any_exceeds(_asf_objects(file, size), size)
        file.seek(max(0, size - _LAST_BYTES))
        ending = file.read()
    if container == "ogg":
        return _ogg_exceeds(ending)
    if container == "gif":
        return not ending.rstrip(b"\0").endswith(b";")  # the trailer (GIF89a, 27)
    if container == "png":
        return b"IEND" not in ending
    return None


def lacks_index(path: Path) -> bool:
    """Return whether a file is an MP4 without its index, which is written last: it stopped early."""
    with path.open("rb") as file:
        kinds = {kind for kind, _, _ in _boxes(file, 0, path.stat().st_size)}
    return bool(kinds & {b"ftyp", b"mdat"}) and not kinds & {b"moov", b"moof", b"meta"}


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start of the content and end of the boxes of an MP4 file."""
    for _ in range(_MAX_ELEMENTS):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return
        size, kind, body = int.from_bytes(head[:4], "big"), head[4:8], start + 8
        if size == 1 and len(head) == 16:
            size, body = int.from_bytes(head[8:], "big"), start + 16
        elif size == 0:  # up to the end of the file
            size = end - start
        if size < body - start or not all(0x20 <= letter < 0x7F or letter == 0xA9 for letter in kind):
            return
        yield kind, body, start + size
        start += size


def _riff_chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the outermost chunks; AVI files of more than a gigabyte have several (OpenDML)."""
    start = 0
    for _ in range(_MAX_ELEMENTS):
        file.seek(start)
        head = file.read(8)
        size = int.from_bytes(head[4:], "little")
        if len(head) < 8 or head[:4] != b"RIFF" or start >= end or size in {0, 0xFFFFFFFF}:
            return
        yield head[:4], start + 8, start + 8 + size
        start += 8 + size + size % 2


def _asf_objects(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    start = 0
    for _ in range(_MAX_ELEMENTS):
        file.seek(start)
        head = file.read(_ASF_OBJECT)
        size = int.from_bytes(head[16:], "little")
        if len(head) < _ASF_OBJECT or start >= end or size < _ASF_OBJECT:
            return
        yield head[:16], start + _ASF_OBJECT, start + size
        start += size


def _any_exceeds(elements: Iterator[tuple[bytes, int, int]], size: int) -> bool | None:
    last = None
    for _, _, last in elements:
        if last > size:
            return True
    return None if last is None else False


def _ebml_exceeds(file: BinaryIO, size: int) -> bool | None:
    place = 0
    for wanted in (_EBML_HEADER, _SEGMENT):
        file.seek(place)
        head = file.read(12)
        if len(head) < 12 or int.from_bytes(head[:4], "big") != wanted or not head[4]:
            return None
        length = 9 - head[4].bit_length()
        content = int.from_bytes(head[4 : 4 + length], "big") & ((1 << 7 * length) - 1)
        if content == (1 << 7 * length) - 1:  # all ones: unknown, as in live recordings
            return None
        place += 4 + length + content
    return place > size


def _ogg_exceeds(ending: bytes) -> bool | None:
    place = ending.rfind(b"OggS")
    page = ending[place:]
    if place < 0 or len(page) < 27 or len(page) < 27 + page[26]:
        return place >= 0
    whole = 27 + page[26] + sum(page[27 : 27 + page[26]])
    return len(page) < whole or not page[5] & 4  # the last page says that it is the last

"""Find copies of a file and pictures that look the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image

# Measured on photos, faces and drawings by looking at the pairs: beyond these, different pictures meet.
MOST_BITS = 6
MOST_DIFFERENCE = 8.0
_THUMBNAIL = 16
_BLOCK = 256


def exact_copies(paths: Sequence[Path]) -> list[int]:
    """Return a number for each file: the same for files of the same content."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(_digest(path), len(numbers)) for path in paths]


def near_duplicates(pictures: Sequence[np.ndarray] | np.ndarray) -> list[tuple[int, int]]:
    """Find the pairs of pictures that look the same.

    Their perceptual hashes (64 bits of the cosine transform, ImageHash's `phash`) differ in a few bits
    at most, and so do the colours of their thumbnails: the hash alone knows no colours, and takes
    drawings of the same shape for copies.

    Args:
        pictures: (n, height, width, 3), uint8 RGB, prepared to one size.

    Returns:
        Pairs of indices, the smaller one first, in order.
    """
    if len(pictures) < 2:
        return []
    with ThreadPoolExecutor() as pool:
        hashes = np.array(list(pool.map(_perceptual_hash, pictures)), np.uint64)
        thumbnails = np.array(list(pool.map(_thumbnail, pictures)), np.uint8)
    pairs = []
    for start in range(0, len(hashes), _BLOCK):
        bits = np.bitwise_count(hashes[start : start + _BLOCK, np.newaxis] ^ hashes[np.newaxis, start:])
        rows, columns = np.nonzero(bits <= MOST_BITS)
        later = columns > rows
        rows, columns = rows[later] + start, columns[later] + start
        for piece in range(0, len(rows), 65536):  # many alike would otherwise fill the memory
            these = slice(piece, piece + 65536)
            left, right = thumbnails[rows[these]], thumbnails[columns[these]]
            difference = np.abs(left.astype(np.int16) - right).mean(axis=1)
            close = difference <= MOST_DIFFERENCE
            pairs += list(zip(rows[these][close].tolist(), columns[these][close].tolist(), strict=True))
    return pairs


def join(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return a group number for each of `count` things: the same for those that pairs connect."""
    leader = list(range(count))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for left, right in pairs:
        first, second = sorted((find(left), find(right)))
        leader[second] = first
    return [find(index) for index in range(count)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _perceptual_hash(picture: np.ndarray) -> int:
    return int(str(imagehash.phash(Image.fromarray(np.asarray(picture)))), 16)


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(np.asarray(picture), (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA).ravel()

"""Find images that look the same: saved again, resized, brightened or cropped a little differently."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

# Largest distance of near duplicates: of 64 hash bits, and of 16 x 16 thumbnails in grey levels. Images of one kind
# (two photographs of one flag, two frames of one film) differ by far more in one or the other.
MOST_BITS, MOST_LEVELS = 6, 8.0

_THUMBNAIL = 16
_COMPARED_AT_ONCE = 2**23  # pairs: 64 MiB of them


def near_duplicates(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the pairs of near duplicates.

    Candidates have perceptual hashes (the signs of an image's lowest frequencies; Zauner 2010) that
    differ in few bits, and count when their thumbnails look alike in colour as well.

    Args:
        images: (n, height, width, 3), uint8 RGB.

    Yields:
        Two rows of `images`, the lower one first.
    """
    hashes, thumbnails = _signatures(images)
    most = MOST_LEVELS * _THUMBNAIL * _THUMBNAIL * 3
    rows = max(1, _COMPARED_AT_ONCE // max(1, len(hashes)))
    for start in range(0, len(hashes), rows):
        block = hashes[start : start + rows]
        bits = np.bitwise_count(block[:, np.newaxis] ^ hashes[np.newaxis, start:])
        for row, other in np.argwhere(bits <= MOST_BITS):
            one, two = start + int(row), start + int(other)
            if one < two and cv2.norm(thumbnails[one], thumbnails[two], cv2.NORM_L1) <= most:
                yield one, two


def _signatures(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hashes (n,), uint64, and thumbnails (n, 16, 16, 3), uint8."""
    hashes = np.zeros(len(images), np.uint64)
    thumbnails = np.zeros((len(images), _THUMBNAIL, _THUMBNAIL, 3), np.uint8)
    weights = np.uint64(1) << np.arange(64, dtype=np.uint64)
    for row, image in enumerate(images):
        grey = cv2.cvtColor(cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
        low[0] = np.median(low[1:])  # the mean brightness does not distinguish images
        hashes[row] = weights[low > np.median(low[1:])].sum()
        thumbnails[row] = cv2.resize(image, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return hashes, thumbnails

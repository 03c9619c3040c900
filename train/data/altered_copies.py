"""Find copies of images that were mirrored, brightened or cropped, by their thumbnails.

A rule for all data would call most X-rays or portraits copies of each other. So images have to be at most half as
different as images of the same data usually are from the one that is most like them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

MOST_COMPARED = 20_000  # images; the time grows with their square
_MOST_BITS = 10  # of 64
_MOST_DIFFERENT = 0.35  # mean difference of thumbnails, in standard deviations
_SHARE_OF_USUAL = 0.5
_SAMPLE = 300
_LEAST_SPREAD = 4.0  # grey levels; the noise of an image of one colour is no picture
_KEPT = 0.875  # of width and height, for crops of 10 to 15%
_WEIGHTS = np.uint64(1) << np.arange(64, dtype=np.uint64)

Change = Callable[[np.ndarray], np.ndarray]


def hash_of(grey: np.ndarray) -> np.uint64:
    """Return the signs of an image's lowest frequencies (Zauner 2010).

    Args:
        grey: (32, 32), uint8.

    Returns:
        64 bits; 0 for an image of one colour.
    """
    low = cv2.dct(grey.astype(np.float32))[:8, :8].ravel()
    low[0] = median = np.partition(low[1:], 31)[31]  # the mean brightness does not distinguish images
    return np.uint64(_WEIGHTS[low > median].sum())


def altered_copies(thumbnails: np.ndarray, hashes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of images of which one may be an altered copy of the other.

    Args:
        thumbnails: (n, side, side, 3), uint8 RGB.
        hashes: (n,), uint64, as `hash_of` returns them for the images.

    Yields:
        Two rows, the lower one first; a pair may come more than once.
    """
    if not 1 < len(thumbnails) <= MOST_COMPARED:
        return
    compared = np.stack([_levelled(thumbnail) for thumbnail in thumbnails]).astype(np.float16)
    most = min(_MOST_DIFFERENT, _SHARE_OF_USUAL * _usual_difference(compared))
    for change in _changes(thumbnails.shape[1]):
        for one in np.flatnonzero(hashes):
            changed = np.ascontiguousarray(change(thumbnails[one]))
            grey = cv2.resize(cv2.cvtColor(changed, cv2.COLOR_RGB2GRAY), (32, 32))
            near = np.flatnonzero(np.bitwise_count(hashes ^ hash_of(grey)) <= _MOST_BITS)
            near = near[(near != one) & (hashes[near] != 0)]
            if len(near):
                differences = np.abs(compared[near] - _levelled(changed)).mean(axis=1)
                for other in near[differences <= most].tolist():
                    yield min(int(one), other), max(int(one), other)


def _changes(side: int) -> list[Change]:
    """Return what may have been done to an image: nothing but its brightness, a mirror, and nine crops."""
    kept = round(side * _KEPT)
    places = np.linspace(0, side - kept, 3).round().astype(int).tolist()
    crops = [_crop(top, left, kept) for top in places for left in places]
    return [lambda image: image, lambda image: image[:, ::-1], *crops]


def _crop(top: int, left: int, kept: int) -> Change:
    return lambda image: cv2.resize(image[top : top + kept, left : left + kept], image.shape[:2])


def _levelled(thumbnail: np.ndarray) -> np.ndarray:
    """Return the values of an image, in a row, with mean 0 and spread 1: brightness and contrast do not count."""
    values = thumbnail.astype(np.float32).ravel()
    return (values - values.mean()) / max(float(values.std()), _LEAST_SPREAD)


def _usual_difference(compared: np.ndarray) -> float:
    """Return how different images usually are from the one that is most like them, among some of them."""
    rows = np.linspace(0, len(compared) - 1, min(len(compared), _SAMPLE)).astype(int)
    sample = compared[rows].astype(np.float32)
    differences = np.stack([np.abs(sample - one).mean(axis=1) for one in sample])
    np.fill_diagonal(differences, np.inf)
    return float(np.median(differences.min(axis=1)))

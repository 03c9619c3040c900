"""Find images that look the same: saved again, resized, mirrored, brightened or cropped."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from train.data.altered_copies import altered_copies, hash_of

# Largest distance of near duplicates: of 64 hash bits, and of 16 x 16 thumbnails in grey levels. Images of one kind
# (two photographs of one flag, two frames of one film) differ by far more in one or the other.
MOST_BITS, MOST_LEVELS = 6, 8.0

_THUMBNAIL = 16


class Signatures:
    """What near duplicates are found by: a perceptual hash and a thumbnail of each image.

    Args:
        count: The number of images.
    """

    def __init__(self, count: int) -> None:
        self.hashes = np.zeros(count, np.uint64)
        self.thumbnails = np.zeros((count, _THUMBNAIL, _THUMBNAIL, 3), np.uint8)

    def set(self, row: int, image: np.ndarray) -> None:
        """Set the signature of an image, (height, width, 3), uint8 RGB."""
        grey = cv2.cvtColor(cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        self.hashes[row] = hash_of(grey)
        self.thumbnails[row] = cv2.resize(image, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)

    def move(self, row: int, place: int) -> None:
        """Move the signature of an image to an earlier row, over that of an image that could not be read."""
        if row != place:
            self.hashes[place], self.thumbnails[place] = self.hashes[row], self.thumbnails[row]

    def keep(self, count: int) -> None:
        """Keep the first rows only."""
        self.hashes, self.thumbnails = self.hashes[:count], self.thumbnails[:count]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of near duplicates that connect all of them, the fewest that do.

        An image that looks like several others is paired with the first of them, so that there are fewer pairs than
        images, however many frames of one scene there are.

        Yields:
            Two rows, the lower one first.
        """
        yield from _SimilarPairs(self).find()


class _SimilarPairs:
    """The search for pairs: images that are connected already are not compared again."""

    def __init__(self, signatures: Signatures) -> None:
        self._hashes, self._thumbnails = signatures.hashes, signatures.thumbnails
        count = len(self._hashes)
        self._group = np.arange(count)
        self._members: dict[int, list[int]] = {}

    def find(self) -> Iterator[tuple[int, int]]:
        first: dict[int, int] = {}  # by a number for each thumbnail, since the thumbnails themselves need much memory
        rows = []
        for row, thumbnail in enumerate(self._thumbnails):
            one = first.setdefault(hash(thumbnail.tobytes()), row)
            if one == row or not np.array_equal(self._thumbnails[one], thumbnail):
                rows.append(row)
            elif self._connect(one, row):
                yield one, row
        first.clear()
        different = np.array(rows, np.intp)
        hashes = self._hashes[different]
        means = self._thumbnails[different].mean(axis=(1, 2), dtype=np.float32)
        for place, one in enumerate(rows):
            # An image of one colour has the hash 0, and nothing that could look like another image.
            if not hashes[place]:
                continue
            bits = np.bitwise_count(hashes[place + 1 :] ^ hashes[place])
            near = place + 1 + np.flatnonzero(bits <= MOST_BITS)
            near = near[self._group[different[near]] != self._group[one]]
            if len(near) > 1:  # the difference of the mean colours is never larger than that of the thumbnails
                near = near[np.abs(means[near] - means[place]).sum(axis=1) <= 3 * MOST_LEVELS + 0.01]
            for other in different[near].tolist():
                if self._group[one] != self._group[other] and self._look_alike(one, other):
                    self._connect(one, other)
                    yield one, other
        for first_place, second_place in altered_copies(self._thumbnails[different], hashes):
            if self._connect(rows[first_place], rows[second_place]):
                yield rows[first_place], rows[second_place]

    def _look_alike(self, one: int, other: int) -> bool:
        most = MOST_LEVELS * _THUMBNAIL * _THUMBNAIL * 3
        return bool(cv2.norm(self._thumbnails[one], self._thumbnails[other], cv2.NORM_L1) <= most)

    def _connect(self, one: int, other: int) -> bool:
        """Join the groups of two rows; returns whether they were apart."""
        large, small = int(self._group[one]), int(self._group[other])
        if large == small:
            return False
        members = self._members
        if len(members.get(large, ())) < len(members.get(small, ())):
            large, small = small, large
        moved = members.pop(small, [small])
        members.setdefault(large, [large]).extend(moved)
        self._group[moved] = large
        return True


def near_duplicates(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of near duplicates that connect all of them, as `Signatures.pairs` does.

    Args:
        images: (n, height, width, 3), uint8 RGB.
    """
    signatures = Signatures(len(images))
    for row, image in enumerate(images):
        signatures.set(row, image)
    yield from signatures.pairs()

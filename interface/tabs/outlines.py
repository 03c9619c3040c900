"""Boxes on an image as lines: Gradio would fill a box with colour, and a green flag would turn brown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Place = tuple[int, int, int, int]
Box = tuple[Place, str]
Outline = tuple[np.ndarray, str]

# The lines of a box, in pixels from its edge inwards.
_WHITE_LINE, _COLOURED_LINE = 8, (2, 6)


def outlined(image: np.ndarray, found: Sequence[Box]) -> tuple[np.ndarray, list[Outline]]:
    """Return an image and its boxes as lines.

    Args:
        image: (height, width, 3), uint8 RGB.
        found: Boxes, which lie in the image, and their labels.

    Returns:
        The image with white lines, which set a box apart from an object of its colour, and for each box a mask,
        (height, width), 1 on its coloured line, which lies between white ones, and 0 elsewhere.
    """
    drawn = image.copy()
    for place, _ in found:
        drawn[_lines(place, image.shape, 0, _WHITE_LINE) > 0] = 255
    return drawn, [(_lines(place, image.shape, *_COLOURED_LINE), name) for place, name in found]


def _lines(place: Place, shape: tuple[int, ...], outer: int, inner: int) -> np.ndarray:
    """Return a mask of what lies at least `outer` and less than `inner` pixels inside a box."""
    left, top, right, bottom = place
    mask = np.zeros(shape[:2], np.float32)
    for inset, value in ((outer, 1), (inner, 0)):
        mask[top + inset : max(0, bottom - inset), left + inset : max(0, right - inset)] = value
    return mask

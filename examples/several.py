"""Compose photos of two or three flags with known boxes: ground truth for localization."""

from __future__ import annotations

import cv2
import numpy as np

from examples import scenes
from examples.camera import shoot
from examples.cloth import fit, random_cloth, render_cloth
from examples.flags import catalogue

Box = tuple[int, int, int, int]

_LEAST_SHARE = 0.22  # of the image's width; the network was not trained on smaller flags


def several_flags(
    labels: list[str], rng: np.random.Generator, size: tuple[int, int] = (480, 720)
) -> tuple[np.ndarray, list[tuple[str, Box]]]:
    """Return an image of flags side by side, none over another, and where each is.

    Args:
        labels: The flags, two or three, from left to right.
        rng: Draws the cloths, the light and the background.
        size: Height and width in pixels.

    Returns:
        The image, (height, width, 3) uint8 RGB, and each label with its box: left, top, right
        and bottom in pixels.
    """
    height, width = size
    image = scenes.background(rng, size).astype(np.float32)
    column = width / len(labels)
    boxes = []
    for place, label in enumerate(labels):
        flag = catalogue.draw(label, height=256)
        cloth = random_cloth(rng)
        aspect = flag.shape[1] / flag.shape[0]
        wide = rng.uniform(max(_LEAST_SHARE * width / column, 0.6), 0.95) * column
        at = ((place + 0.5) * column, rng.uniform(0.3, 0.7) * height)
        placement = fit(cloth, aspect, (height, int(column)), wide, at)
        while flag.shape[0] > 2 * placement.scale and flag.shape[0] > 48:  # halve first, or it would alias
            flag = cv2.resize(flag, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        colours, cover = render_cloth(flag, cloth, placement, size)
        image += (np.minimum(colours, 1.0) * 255 - image) * cover[..., None]
        ys, xs = np.nonzero(cover > 0.5)
        boxes.append((label, (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)))
    return shoot(np.clip(image, 0, 255).astype(np.uint8), rng, 0.5), boxes

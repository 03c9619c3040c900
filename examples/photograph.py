"""Turn the drawing of a flag into an image of it, as people publish and photograph flags."""

from __future__ import annotations

import cv2
import numpy as np

from examples.artwork import artwork, shades
from examples.camera import shoot
from examples.flag_scene import random_scene, render
from examples.paint import to_bytes
from examples.scenes import frame
from examples.surfaces import surface

_KINDS = ("artwork", "cloth", "surface")
_SHARES = (0.25, 0.55, 0.2)


def photograph(flag: np.ndarray, rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Make one image of a flag.

    Args:
        flag: The flag's drawing, RGBA uint8, hoist to the left.
        rng: Everything random comes from here: the same state gives the same image.
        size: Longer side of the image in pixels.

    Returns:
        The image, RGB uint8.
    """
    flag = shades(_reduced(flag, size), rng)
    kind = rng.choice(_KINDS, p=_SHARES)
    if kind == "artwork":
        return shoot(artwork(flag, rng, size), rng, strength=0.35 if rng.random() < 0.7 else 1.0)
    shape = frame(rng, size)
    if kind == "surface":
        return shoot(to_bytes(surface(flag, rng, shape)), rng)
    flag = _worn_proportions(flag, rng)
    return shoot(render(flag, random_scene(flag.shape[1] / flag.shape[0], rng, shape)), rng)


def _reduced(flag: np.ndarray, size: int) -> np.ndarray:
    """Halve the drawing until it is no larger than images need."""
    while flag.shape[0] > 1.6 * size:
        flag = cv2.resize(flag, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return flag


def _worn_proportions(flag: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Makers sew flags 2:3 or 3:5 whatever the law says; some have a white band along the hoist."""
    height, width = flag.shape[:2]
    if rng.random() < 0.45 and flag[..., 3].min() == 255:
        width = round(height * float(rng.choice([1.5, 5 / 3, 1.4])))
        flag = cv2.resize(flag, (width, height), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.2 and flag[..., 3].min() == 255:
        flag = flag.copy()
        flag[:, : max(2, round(width * rng.uniform(0.01, 0.025))), :3] = int(rng.integers(200, 250))
    return flag

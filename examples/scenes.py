"""Backgrounds for flags, and whole images without any flag."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from examples import scenes_graphics, scenes_objects, scenes_outdoors, textures
from examples.camera import shoot
from examples.noise import Size
from examples.paint import colour, near, outline, stamp, to_bytes

Scene = Callable[[np.random.Generator, Size], np.ndarray]

_BACKGROUNDS: tuple[tuple[Scene, float], ...] = (
    (scenes_outdoors.sky, 9),
    (scenes_outdoors.land, 3),
    (scenes_outdoors.trees, 2),
    (scenes_outdoors.foliage, 2),
    (scenes_outdoors.facade, 3),
    (scenes_outdoors.street, 2),
    (scenes_outdoors.crowd, 2),
    (scenes_outdoors.stands, 1),
    (scenes_outdoors.ground, 1),
    (scenes_outdoors.water, 1),
    (scenes_outdoors.night, 1),
    (scenes_outdoors.mirage, 2),
    (scenes_objects.room, 2),
    (textures.material, 3),
)


def background(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Return something for a flag to hang in front of, RGB uint8, often out of focus.

    People and things stand in it now and then: were they seen only in images without a flag,
    they would become the sign that there is none.
    """
    scene = _draw(_BACKGROUNDS, rng, size) if rng.random() < 0.93 else patches(rng, size).astype(np.float32)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            scenes_objects.thing(rng, scene, rng.uniform(0.1, 0.5))
    image = to_bytes(scene)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 5) * size[1] / 256)
    return image


def without_flag(rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Return an image without a flag, RGB uint8, its longer side `size` pixels."""
    shape = frame(rng, size)
    kind = rng.choice(["photo", "patches", "graphic", "texture"], p=[0.5, 0.2, 0.22, 0.08])
    if kind == "photo":
        image = _photo(rng, shape)
    elif kind == "patches":
        image = patches(rng, shape)
    elif kind == "graphic":
        image = scenes_graphics.graphic(rng, shape)
        if rng.random() < 0.35:
            image = _stuck_up(rng, shape, image)
    else:
        image = to_bytes(textures.material(rng, shape))
    return shoot(image, rng, strength=0.5 if kind == "graphic" else 1.0)


def frame(rng: np.random.Generator, size: int) -> Size:
    """Return height and width of an image in one of the usual shapes, the longer side `size`."""
    shapes = (4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4, 2 / 3, 9 / 16, 2.0)
    aspect = float(rng.choice(shapes, p=[0.24, 0.24, 0.14, 0.16, 0.1, 0.05, 0.04, 0.03]))
    return (round(size / aspect), size) if aspect >= 1 else (size, round(size * aspect))


def patches(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Shapes of all sizes over one another, each of some material.

    Such "dead leaves" have the statistics of photographs (edges, occlusion, 1/f spectrum)
    without showing anything, which makes them a good example of everything else there is.
    """
    height, width = size
    image = textures.material(rng, size)
    fills = [textures.material(rng, size) for _ in range(int(rng.integers(2, 6)))]
    palette = [colour(rng) for _ in range(int(rng.integers(2, 8)))]
    kind = str(rng.choice(["any", "blob", "box", "polygon", "ellipse"]))
    relief = rng.uniform(0, 1) if rng.random() < 0.6 else 0.0
    blurred = rng.random() < 0.3
    count = int(rng.integers(6, 60))
    for k in range(count):
        radius = width * np.clip(0.03 * (1 - rng.random()) ** -0.8, 0.02, 0.5)
        points = outline(rng, rng.uniform(0, width), rng.uniform(0, height), radius, kind)
        fill = (
            fills[int(rng.integers(len(fills)))]
            if rng.random() < 0.6
            else near(rng, palette[int(rng.integers(len(palette)))], 12)
        )
        stamp(image, points, fill, rng, relief)
        if blurred and k == count // 2:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(1, 5))
    return to_bytes(image)


def _photo(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A place with things in it, sharp in front and soft behind."""
    image: np.ndarray = background(rng, size).astype(np.float32)
    for _ in range(int(rng.integers(0, 3))):
        scenes_objects.thing(rng, image, rng.uniform(0.08, 0.25))
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 3.5) * size[1] / 256)
    for _ in range(int(rng.choice([0, 1, 2, 3, 5, 8], p=[0.08, 0.34, 0.24, 0.16, 0.12, 0.06]))):
        scenes_objects.thing(rng, image, rng.uniform(0.12, 0.75) if rng.random() < 0.8 else rng.uniform(0.75, 1.6))
    return to_bytes(image)


def _stuck_up(rng: np.random.Generator, size: Size, sheet: np.ndarray) -> np.ndarray:
    """Hang a sheet on a wall and look at it from an angle."""
    wall = textures.material(rng, size)
    height, width = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inner = (corners - (width / 2, height / 2)) * rng.uniform(0.5, 0.85) + (width / 2, height / 2)
    inner += rng.uniform(-0.07, 0.07, (4, 2)) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, inner.astype(np.float32))
    hung = cv2.warpPerspective(sheet, matrix, (width, height))
    stamp(wall, inner + 3, wall * 0.5, soft=3)
    stamp(wall, inner, hung.astype(np.float32))
    return to_bytes(wall)


def _draw(table: tuple[tuple[Scene, float], ...], rng: np.random.Generator, size: Size) -> np.ndarray:
    weights = np.array([weight for _, weight in table], float)
    scene = table[int(rng.choice(len(table), p=weights / weights.sum()))][0]
    return scene(rng, size)

"""Images drawn by hand or as a mark: logos, sketches, abstract art, icons, cartoons, mosaics."""

from __future__ import annotations

import cv2
import numpy as np

from examples import textures
from examples.noise import NATURAL, Size, fractal
from examples.paint import blend, colour, ellipse_points, limb, near, outline, plain, ramp, stamp, word, write

INK = np.array([25, 25, 28], np.float32)


def paper(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Return an empty page: mostly white, sometimes coloured."""
    light = rng.random() < 0.6
    return plain(size, near(rng, np.full(3, 245, np.float32), 8) if light else colour(rng))


def anywhere(rng: np.random.Generator, size: Size) -> tuple[float, float]:
    """Return a point in the image, x before y."""
    return rng.uniform(0, size[1]), rng.uniform(0, size[0])


def logo(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A mark of a few simple shapes, perhaps with a name."""
    height, width = size
    image = paper(rng, size)
    palette = [colour(rng, vivid=rng.uniform(0.4, 1)) for _ in range(int(rng.integers(1, 4)))]
    x, y, radius = width / 2, height * rng.uniform(0.35, 0.5), min(size) * rng.uniform(0.15, 0.36)
    count = int(rng.integers(1, 7))
    turn = rng.uniform(0, 6.3)
    kind = str(rng.choice(["blob", "box", "polygon", "ellipse"]))
    for k in range(count):
        away = radius * 0.6 if count > 1 else 0
        t = turn + 2 * np.pi * k / count
        part = outline(rng, x + away * np.cos(t), y + away * np.sin(t), radius * (0.55 if count > 1 else 1), kind)
        stamp(image, part, palette[k % len(palette)])
    if rng.random() < 0.7:
        write(
            image,
            word(rng),
            width * rng.uniform(0.15, 0.4),
            height * 0.78,
            height * rng.uniform(0.08, 0.18),
            palette[0],
        )
    return image


def drawing(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Lines on white: sketches, plans, diagrams, handwriting."""
    height, width = size
    image = plain(size, near(rng, np.full(3, 248, np.float32), 6))
    ink = (INK if rng.random() < 0.7 else colour(rng) * 0.7).tolist()
    thick = int(rng.integers(1, 4))
    for _ in range(int(rng.integers(3, 40))):
        kind = rng.random()
        if kind < 0.35:
            cv2.polylines(
                image,
                [outline(rng, *anywhere(rng, size), rng.uniform(0.03, 0.3) * width).astype(np.int32)],
                True,
                ink,
                thick,
                cv2.LINE_AA,
            )
        elif kind < 0.7:
            path = np.cumsum(rng.normal(0, 0.04 * width, (int(rng.integers(3, 20)), 2)), axis=0) + anywhere(rng, size)
            cv2.polylines(image, [path.astype(np.int32)], False, ink, thick, cv2.LINE_AA)
        elif kind < 0.9:
            a, b = anywhere(rng, size), anywhere(rng, size)
            cv2.line(image, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), ink, thick, cv2.LINE_AA)
        else:
            write(image, word(rng), *anywhere(rng, size), height * rng.uniform(0.05, 0.12), np.array(ink, np.float32))
    return image


def abstract(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Abstract art: overlapping shapes, strokes, drips and gradients."""
    width = size[1]
    image = textures.material(rng, size)
    palette = [colour(rng) for _ in range(int(rng.integers(2, 7)))]
    for _ in range(int(rng.integers(4, 30))):
        fill = palette[int(rng.integers(len(palette)))]
        if rng.random() < 0.5:
            a, b = anywhere(rng, size), anywhere(rng, size)
            stamp(image, limb(*a, *b, rng.uniform(0.01, 0.12) * width, rng.uniform(0.01, 0.12) * width), fill)
        else:
            stamp(
                image,
                outline(rng, *anywhere(rng, size), rng.uniform(0.03, 0.3) * width),
                fill,
                soft=float(rng.choice([0, 0, 3])),
            )
    if rng.random() < 0.4:
        image *= (1 + 0.15 * fractal(rng, size, NATURAL, stretch=rng.uniform(1, 6)))[..., None]
    return image


def icon(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A small symbol in the middle of nothing: a face, heart, arrow, cross, star or button."""
    height, width = size
    image = plain(size, np.full(3, 255, np.float32)) if rng.random() < 0.6 else plain(size, colour(rng))
    x, y, radius = width / 2, height / 2, min(size) * rng.uniform(0.2, 0.48)
    fill, mark = colour(rng, vivid=0.8), colour(rng, vivid=0.2)
    kind = rng.choice(["face", "heart", "arrow", "letter", "rings"])
    if kind in ("face", "letter"):
        stamp(image, ellipse_points(x, y, radius, radius), fill, rng, float(rng.choice([0, 0.6])))
    if kind == "face":
        for sign in (-1, 1):
            stamp(image, ellipse_points(x + sign * radius * 0.35, y - radius * 0.25, radius * 0.12, radius * 0.16), INK)
        t = np.linspace(0.3, np.pi - 0.3, 20)
        mouth = np.stack([x + radius * 0.6 * np.cos(t), y + radius * 0.6 * np.sin(t)], -1)
        stamp(image, mouth, INK)
    elif kind == "heart":
        t = np.linspace(0, 2 * np.pi, 60)
        line = np.stack(
            [16 * np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))], -1
        )
        stamp(image, line * radius / 17 + (x, y), fill, rng, float(rng.choice([0, 0.7])))
    elif kind == "arrow":
        arrow = np.array([[-1, -0.3], [0.1, -0.3], [0.1, -0.8], [1, 0], [0.1, 0.8], [0.1, 0.3], [-1, 0.3]])
        stamp(image, arrow * radius * [rng.choice([-1, 1]), 1] + (x, y), fill)
    elif kind == "letter":
        write(image, word(rng)[:1].upper(), x - radius * 0.5, y - radius * 0.6, radius * 1.4, mark)
    else:
        for k in range(5, 0, -1):
            stamp(image, ellipse_points(x, y, radius * k / 5, radius * k / 5), (fill, mark)[k % 2])
    return image


def cartoon(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Flat colours with dark outlines: comics, animated films, children's books."""
    width = size[1]
    image = blend(colour(rng), colour(rng), ramp(size, np.pi / 2)) if rng.random() < 0.5 else paper(rng, size)
    thick = max(1, int(width * rng.uniform(0.004, 0.015)))
    for _ in range(int(rng.integers(4, 22))):
        points = outline(
            rng,
            *anywhere(rng, size),
            width * rng.uniform(0.03, 0.3),
            str(rng.choice(["blob", "ellipse", "box", "blob"])),
        )
        stamp(image, points, colour(rng))
        cv2.polylines(image, [points.astype(np.int32)], True, (20, 18, 20), thick, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 3))):  # a face
        x, y = anywhere(rng, size)
        radius = width * rng.uniform(0.08, 0.25)
        skin = near(rng, np.array([250, 215, 110] if rng.random() < 0.4 else [240, 200, 170], np.float32), 12)
        for points, fill in (
            (ellipse_points(x, y - radius * 0.3, radius * 1.1, radius * 1.2), colour(rng)),
            (ellipse_points(x, y, radius * 0.9, radius * 1.1), skin),
            (
                ellipse_points(x - radius * 0.35, y - radius * 0.1, radius * 0.25, radius * 0.28),
                np.full(3, 250, np.float32),
            ),
            (
                ellipse_points(x + radius * 0.35, y - radius * 0.1, radius * 0.25, radius * 0.28),
                np.full(3, 250, np.float32),
            ),
            (ellipse_points(x - radius * 0.3, y - radius * 0.08, radius * 0.1, radius * 0.14), colour(rng) * 0.5),
            (ellipse_points(x + radius * 0.3, y - radius * 0.08, radius * 0.1, radius * 0.14), colour(rng) * 0.5),
            (
                limb(
                    x - radius * 0.3,
                    y + radius * 0.6,
                    x + radius * 0.3,
                    y + radius * 0.55,
                    radius * 0.08,
                    radius * 0.06,
                ),
                INK,
            ),
        ):
            stamp(image, points, fill)
            cv2.polylines(image, [points.astype(np.int32)], True, (20, 18, 20), thick, cv2.LINE_AA)
    return image


def mosaic(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Many small tiles: toys, pixel art, stained glass, spreadsheets."""
    palette = np.array([colour(rng) for _ in range(int(rng.integers(2, 9)))], np.float32)
    cells = (int(rng.integers(5, 24)), int(rng.integers(5, 24)))
    noise = cv2.resize(fractal(rng, size, NATURAL), cells[::-1], interpolation=cv2.INTER_AREA)
    noise = noise + rng.uniform(0, 1) * rng.standard_normal(cells)
    steps = np.clip(((noise - noise.min()) / (np.ptp(noise) + 1e-6) * len(palette)).astype(int), 0, len(palette) - 1)
    return cv2.resize(palette[steps], size[::-1], interpolation=cv2.INTER_NEAREST)

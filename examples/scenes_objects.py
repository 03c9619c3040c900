"""Things that stand in an image: people, cars, balls, signs, posters, furniture, food."""

from __future__ import annotations

import cv2
import numpy as np

from examples import scenes_graphics, scenes_people, textures
from examples.noise import NATURAL, Size, fractal
from examples.paint import colour, ellipse_points, limb, near, outline, plain, ramp, stamp, word, write


def thing(rng: np.random.Generator, image: np.ndarray, share: float) -> None:
    """Draw one random thing into an image (float32), in place.

    Args:
        rng: Draws everything.
        image: The image.
        share: Size of the thing, as a share of the image's longer side.
    """
    height, width = image.shape[:2]
    large = share * max(height, width)
    x, y = rng.uniform(0.08, 0.92) * width, rng.uniform(0.25, 0.9) * height
    things = (figure, bust, shape, ball, car, sheet, sign, road_sign, books, food, bottle, wheels, awning, pole, animal)
    weights = np.array([9, 5, 5, 2, 2, 2.5, 1.5, 1.2, 1, 1.2, 1, 1, 0.8, 0.8, 2])
    things[int(rng.choice(len(things), p=weights / weights.sum()))](rng, image, x, y, large)


def figure(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A person from head to foot."""
    scenes_people.figure(rng, image, x, y, large * 1.3)


def bust(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """Head and shoulders of a person."""
    scenes_people.portrait(rng, image, x, y, large)


def shape(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """Anything: a rounded or angular body of some material, with a few parts on it."""
    fill = textures.material(rng, (image.shape[0], image.shape[1]))
    stamp(image, outline(rng, x, y, large * 0.5), fill, rng, rng.uniform(0, 1))
    for _ in range(int(rng.integers(0, 5))):
        px, py = x + rng.normal(0, large * 0.25), y + rng.normal(0, large * 0.2)
        stamp(image, outline(rng, px, py, large * rng.uniform(0.05, 0.22)), colour(rng), rng, rng.uniform(0, 0.8))


def ball(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A ball: one colour, or with panels."""
    radius = large * 0.3
    base = colour(rng)
    layer = plain((image.shape[0], image.shape[1]), base)
    ink = colour(rng)
    kind = rng.random()
    for _ in range(int(rng.integers(3, 9)) if kind < 0.5 else 0):
        stamp(
            layer,
            outline(rng, x + rng.normal(0, radius / 2), y + rng.normal(0, radius / 2), radius / 3, "polygon"),
            ink,
        )
    if kind > 0.75:
        for k in (-0.6, 0, 0.6):
            curve = ellipse_points(x + k * radius, y, radius * abs(k) + 1, radius * 1.1).astype(np.int32)
            cv2.polylines(layer, [curve], True, ink.tolist(), max(1, int(radius / 14)), cv2.LINE_AA)
    stamp(
        image,
        ellipse_points(x, y + radius * 0.95, radius * 0.9, radius * 0.2),
        image.mean(axis=(0, 1)) * 0.4,
        soft=radius / 8,
    )
    stamp(image, ellipse_points(x, y, radius, radius), layer, rng, 1.0)
    gleam = ellipse_points(x - radius * 0.35, y - radius * 0.4, radius * 0.2, radius * 0.15)
    stamp(image, gleam, np.array([250, 250, 250], np.float32), soft=radius * 0.12)


def car(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A car or van from the side."""
    paint = colour(rng)
    body = np.array(
        [
            [-0.5, 0.02],
            [-0.48, -0.1],
            [-0.3, -0.13],
            [-0.18, -0.27],
            [0.2, -0.27],
            [0.33, -0.12],
            [0.5, -0.08],
            [0.5, 0.05],
            [-0.5, 0.05],
        ]
    )
    if rng.random() < 0.3:
        body = np.array([[-0.5, 0.05], [-0.5, -0.32], [0.3, -0.34], [0.42, -0.14], [0.5, -0.1], [0.5, 0.05]])
    face = rng.choice([-1, 1])
    place = np.array([x, y])
    stamp(image, place + body * large * [face, 1], paint, rng, 0.8)
    glass = np.array([[-0.25, -0.13], [-0.16, -0.24], [0.17, -0.24], [0.27, -0.13]])
    stamp(image, place + glass * large * [face, 1], near(rng, np.array([55, 65, 75], np.float32), 20), rng, 0.4)
    if rng.random() < 0.4:
        write(image, word(rng), x - large * 0.2, y - large * 0.1, large * 0.09, colour(rng))
    for px in (-0.3, 0.3):
        at = (x + px * large, y + 0.05 * large)
        stamp(image, ellipse_points(*at, large * 0.095, large * 0.095), np.array([25, 25, 27], np.float32))
        stamp(image, ellipse_points(*at, large * 0.05, large * 0.05), np.array([165, 165, 170], np.float32), rng, 0.6)


def sheet(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A poster, screen, magazine or image on a wall."""
    height, width = image.shape[:2]
    half = large * 0.5 * np.array([1, rng.uniform(0.5, 1.2)])
    size = (max(24, int(2 * half[1])), max(24, int(2 * half[0])))
    print_ = scenes_graphics.graphic(rng, size)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + (x, y) + rng.normal(0, 0.05 * large, (4, 2))
    source = np.array([[0, 0], [size[1], 0], [size[1], size[0]], [0, size[0]]], np.float32)
    hung = cv2.warpPerspective(print_, cv2.getPerspectiveTransform(source, corners.astype(np.float32)), (width, height))
    border = (corners - (x, y)) * rng.uniform(1.0, 1.12) + (x, y)
    stamp(image, border, near(rng, np.full(3, rng.choice([20, 240, 130]), np.float32), 15))
    stamp(image, corners, hung.astype(np.float32))


def sign(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A board with a word on it: shop, advert along a pitch, banner."""
    ground, ink = colour(rng), colour(rng)
    wide, high = large * rng.uniform(0.6, 1.4), large * rng.uniform(0.15, 0.35)
    lean = rng.normal(0, 0.06) * high
    board = np.array(
        [
            [x - wide / 2, y - lean],
            [x + wide / 2, y + lean],
            [x + wide / 2, y + high + lean],
            [x - wide / 2, y + high - lean],
        ]
    )
    stamp(image, board, ground, rng, 0.2)
    for k in range(int(rng.integers(1, 4))):
        write(image, word(rng), x - wide * 0.45 + k * wide * 0.32, y + high * 0.2, high * 0.55, ink)


def road_sign(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A round or triangular sign on a post."""
    radius = large * 0.22
    stamp(
        image, limb(x, y, x, y + large, radius * 0.15, radius * 0.15), np.array([140, 142, 145], np.float32), rng, 0.5
    )
    tones = ((200, 25, 30), (20, 80, 170), (250, 205, 40), (245, 245, 245), (20, 120, 70))
    rim, inner = (near(rng, np.array(tones[int(k)], np.float32), 12) for k in rng.choice(5, 2, replace=False))
    sides = int(rng.choice([3, 4, 8, 36]))
    for share, fill in ((1.0, rim), (0.78, inner)):
        t = np.arange(sides) * 2 * np.pi / sides - np.pi / 2 + (np.pi / 8 if sides == 8 else 0)
        stamp(image, np.stack([x + share * radius * np.cos(t), y + share * radius * np.sin(t)], -1), fill)
    write(image, word(rng)[:3], x - radius * 0.45, y - radius * 0.3, radius * 0.6, np.array([20, 20, 20], np.float32))


def books(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A row of books or boxes, uneven in height and colour."""
    left = x - large / 2
    while left < x + large / 2:
        wide, high = large * rng.uniform(0.04, 0.12), large * rng.uniform(0.4, 0.65)
        lean = rng.normal(0, 0.04) * high
        spine = np.array([[left + lean, y - high], [left + wide + lean, y - high], [left + wide, y], [left, y]])
        stamp(image, spine, colour(rng), rng, 0.5)
        stamp(image, spine * [1, 0.1] + [0, (y - high * 0.8) * 0.9], colour(rng))
        left += wide * 1.03


def food(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A plate or bowl of something."""
    radius = large * 0.45
    flat = rng.uniform(0.5, 1)
    stamp(image, ellipse_points(x, y, radius, radius * flat), near(rng, np.full(3, 235, np.float32), 12), rng, 0.5)
    tones = ((200, 60, 40), (230, 170, 60), (90, 140, 50), (240, 220, 180), (120, 70, 40), (170, 40, 70))
    for _ in range(int(rng.integers(5, 30))):
        t, r = rng.uniform(0, 6.3), radius * 0.65 * np.sqrt(rng.random())
        base = near(rng, np.array(tones[int(rng.integers(len(tones)))], np.float32), 20)
        spot = outline(rng, x + r * np.cos(t), y + r * flat * np.sin(t), radius * rng.uniform(0.06, 0.25), "blob")
        stamp(image, spot, base, rng, 1.0)


def bottle(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A bottle, can or vase with a label."""
    wide, high = large * rng.uniform(0.1, 0.2), large * rng.uniform(0.4, 0.7)
    neck = rng.uniform(0.3, 1)
    half = np.array([[wide * neck, -high], [wide * neck, -high * 0.7], [wide, -high * 0.55], [wide, 0]])
    stamp(image, np.array([x, y]) + np.concatenate([half, half[::-1] * [-1, 1]]), colour(rng), rng, 1.0)
    label = np.array([[-wide, -high * 0.45], [wide, -high * 0.45], [wide, -high * 0.15], [-wide, -high * 0.15]])
    stamp(image, np.array([x, y]) + label, colour(rng), rng, 0.3)
    write(image, word(rng), x - wide * 0.7, y - high * 0.38, high * 0.12, colour(rng))


def wheels(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A bicycle or motorcycle: two wheels and a frame."""
    radius, gap = large * 0.2, large * 0.3
    ink = near(rng, np.array([30, 30, 32], np.float32), 10).tolist()
    thick = max(1, int(large * 0.02))
    for px in (x - gap, x + gap):
        cv2.circle(image, (int(px), int(y)), max(1, int(radius)), ink, thick, cv2.LINE_AA)
    frame = colour(rng)
    joints = [
        (x - gap, y),
        (x - gap * 0.2, y - radius * 1.4),
        (x + gap * 0.7, y - radius * 1.5),
        (x + gap, y),
        (x, y + radius * 0.1),
    ]
    for a, b in ((0, 1), (1, 2), (2, 3), (4, 1), (4, 2), (0, 4)):
        stamp(image, limb(*joints[a], *joints[b], thick * 1.5, thick * 1.5), frame, rng, 0.6)


def awning(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A striped awning or parasol: many narrow stripes."""
    first, second = colour(rng), near(rng, np.full(3, 235, np.float32), 10)
    count = int(rng.integers(8, 18))
    high = large * rng.uniform(0.25, 0.5)
    spread = rng.uniform(0.3, 1)
    for k in range(count):
        a, b = (k / count - 0.5) * large, ((k + 1) / count - 0.5) * large
        panel = np.array([[a * spread, -high], [b * spread, -high], [b, 0], [a, 0]])
        stamp(image, np.array([x, y]) + panel, (first, second)[k % 2] * (0.85 + 0.3 * k / count))


def pole(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A post, lamp or mast without anything on it."""
    height = image.shape[0]
    thick = large * rng.uniform(0.02, 0.07) + 1
    top = y - large * rng.uniform(0.5, 1.5)
    metal = near(rng, np.array([150, 150, 152], np.float32), 40)
    stamp(image, limb(x, top, x + rng.normal(0, 0.05) * large, height + 5, thick * 0.8, thick), metal, rng, 0.8)
    if rng.random() < 0.4:
        stamp(
            image,
            ellipse_points(x, top, thick * 1.5, thick * 1.5),
            near(rng, np.array([235, 225, 180], np.float32), 15),
            rng,
            0.5,
        )


def animal(rng: np.random.Generator, image: np.ndarray, x: float, y: float, large: float) -> None:
    """A four-legged animal."""
    tones = ((90, 60, 40), (40, 35, 32), (200, 180, 150), (150, 100, 60), (130, 128, 125))
    coat = near(rng, np.array(tones[int(rng.integers(len(tones)))], np.float32), 15)
    fur = coat * (1 + 0.15 * fractal(rng, (image.shape[0], image.shape[1]), NATURAL, zoom=0.5))[..., None]
    face = rng.choice([-1, 1])
    for px in (-0.25, -0.17, 0.2, 0.28):
        stamp(
            image,
            limb(
                x + px * large, y, x + (px + rng.normal(0, 0.08)) * large, y + 0.36 * large, large * 0.09, large * 0.05
            ),
            fur * 0.8,
            rng,
            0.5,
        )
    stamp(image, ellipse_points(x, y, large * 0.34, large * 0.16), fur, rng, 0.7)
    head = (x + face * large * 0.42, y - large * rng.uniform(0.05, 0.3))
    stamp(image, limb(x + face * large * 0.27, y - large * 0.04, *head, large * 0.2, large * 0.12), fur, rng, 0.5)
    stamp(
        image,
        limb(*head, head[0] + face * large * 0.14, head[1] + large * 0.06, large * 0.15, large * 0.08),
        fur,
        rng,
        0.6,
    )
    stamp(
        image,
        limb(
            x - face * large * 0.33,
            y,
            x - face * large * 0.48,
            y + large * rng.uniform(-0.2, 0.2),
            large * 0.04,
            large * 0.02,
        ),
        fur,
    )


def room(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A wall and a floor, perhaps with a window, a door, images or furniture."""
    height, width = size
    wall = near(rng, np.array([205, 198, 188], np.float32), 30) if rng.random() < 0.6 else colour(rng, vivid=0.3)
    image = (
        wall
        * (1 + 0.03 * fractal(rng, size, NATURAL))[..., None]
        * (0.8 + 0.35 * ramp(size, rng.uniform(0, 6.3)))[..., None]
    )
    line = rng.uniform(0.6, 0.95) * height
    floor = textures.wood(rng, size, wall) if rng.random() < 0.6 else textures.mottled(rng, size, wall * 0.6)
    tilt = rng.normal(0, 0.04) * height
    stamp(image, np.array([[0, line - tilt], [width, line + tilt], [width, height], [0, height]]), floor)
    for _ in range(int(rng.integers(0, 4))):
        wide, high = rng.uniform(0.1, 0.35) * width, rng.uniform(0.15, 0.6) * height
        x, y = rng.uniform(0, 0.9) * width, rng.uniform(0.05, 0.5) * height
        block = np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]])
        stamp(image, block + 3, image.mean(axis=(0, 1)) * 0.5, soft=3)
        stamp(image, block, textures.material(rng, size), rng, rng.uniform(0, 0.5))
    return image

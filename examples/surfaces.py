"""Flags on things: painted on walls, printed on shirts and patches, shown on screens, on strings of bunting."""

from __future__ import annotations

import cv2
import numpy as np

from examples import scenes, scenes_people, textures
from examples.artwork import on
from examples.noise import CLOUDY, NATURAL, ROUGH, SMOOTH, Size, fractal
from examples.paint import colour, ellipse_points, limb, near, outline, stamp, xy


def surface(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """Return an image (float32, 0 to 255) of the flag on some surface."""
    kinds = (wall, patch, shirt, screen, stamped, face, bunting, sticker)
    weights = np.array([0.24, 0.15, 0.14, 0.12, 0.08, 0.07, 0.1, 0.1])
    return kinds[int(rng.choice(len(kinds), p=weights))](flag, rng, size)


def laid(flag: np.ndarray, corners: np.ndarray, size: Size) -> np.ndarray:
    """Return the flag seen with its corners at the given pixels (clockwise from the top left), RGBA."""
    height, width = flag.shape[:2]
    while height > 2.2 * np.ptp(corners[:, 1]) and height > 40:  # halve first, or it would alias
        flag = cv2.resize(flag, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        height, width = flag.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.warpPerspective(flag, cv2.getPerspectiveTransform(source, corners.astype(np.float32)), size[::-1])


def box(flag: np.ndarray, rng: np.random.Generator, size: Size, low: float, high: float, skew: float) -> np.ndarray:
    """Return random corners for the flag: its width between two shares of the image's width."""
    height, width = size
    aspect = flag.shape[1] / flag.shape[0]
    wide = rng.uniform(low, high) * width
    tall = wide / aspect
    if tall > 1.05 * height:
        wide, tall = wide * 1.05 * height / tall, 1.05 * height
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (wide / 2, tall / 2)
    corners = corners + rng.uniform(-skew, skew, (4, 2)) * min(wide, tall)
    turn = np.clip(rng.normal(0, 0.12), -0.4, 0.4)
    cos, sin = np.cos(turn), np.sin(turn)
    slack = np.maximum(np.array([width, height]) - (wide, tall), 0) / 2
    centre = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * slack
    return corners @ np.array([[cos, sin], [-sin, cos]]) + centre


def _printed(ground: np.ndarray, flag: np.ndarray, relief: np.ndarray) -> np.ndarray:
    """Lay the flag on and let the relief of the surface (about 1) show through everything."""
    return on(ground, flag) * relief[..., None]


def wall(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """Paint on a wall, wood or the ground, worn in places."""
    ground = textures.material(rng, size)
    base = np.full(3, 180, np.float32)
    kinds = (textures.mottled, textures.brick, textures.wood, textures.two_tone)
    texture = kinds[int(rng.integers(len(kinds)))](rng, size, base)
    tone = texture.mean(axis=2)
    relief = np.clip(tone / max(float(tone.mean()), 1), 0.3, 1.6) ** rng.uniform(0.5, 1.2)
    if rng.random() < 0.6:
        ground = texture
        relief = relief**0.7
    layer = laid(flag, box(flag, rng, size, 0.5, 1.25, 0.07), size)
    if rng.random() < 0.6:
        worn = np.clip((fractal(rng, size, float(rng.choice([NATURAL, ROUGH]))) + rng.uniform(0.8, 2.5)) * 2, 0, 1)
        layer[..., 3] = layer[..., 3] * worn
    return _printed(ground, layer, relief)


def patch(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """An embroidered patch on cloth."""
    ground = textures.weave(rng, size, colour(rng))
    corners = box(flag, rng, size, 0.4, 0.8, 0.02)
    thread = 1 + rng.uniform(0.04, 0.14) * fractal(rng, size, ROUGH, zoom=0.7, stretch=float(rng.choice([0.2, 4])))
    rim = corners + (corners - corners.mean(axis=0)) * 0.06
    stamp(ground, rim + 3, ground * 0.5, soft=3)
    stamp(ground, rim, colour(rng), rng, 0.6)
    return _printed(ground, laid(flag, corners, size), thread)


def shirt(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """Printed on the front of a shirt, a bag or a mug."""
    height, width = size
    image = scenes.background(rng, size).astype(np.float32)
    if rng.random() < 0.6:
        scenes_people.portrait(
            rng, image, width * rng.uniform(0.4, 0.6), height * rng.uniform(0.15, 0.3), width * rng.uniform(0.85, 1.2)
        )
    else:
        stamp(
            image,
            outline(rng, width / 2, height / 2, width * 0.6, "box"),
            textures.weave(rng, size, colour(rng)),
            rng,
            0.5,
        )
    folds = fractal(rng, size, SMOOTH, zoom=0.6, stretch=0.4)
    relief = np.clip(1 + rng.uniform(0.05, 0.25) * np.sin(folds * 3), 0.4, 1.5)
    flag_corners = box(flag, rng, size, 0.34, 0.55, 0.04)
    flag_corners[:, 1] += height * 0.68 - flag_corners[:, 1].mean()
    bend = (3 * folds).astype(np.float32)
    layer = laid(flag, flag_corners, size)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    layer = cv2.remap(layer, x + bend, y + bend * 0.6, cv2.INTER_LINEAR)
    return _printed(image, layer, relief)


def screen(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """Shown on a monitor, telephone or scoreboard."""
    image = scenes.background(rng, size).astype(np.float32)
    corners = box(flag, rng, size, 0.45, 0.85, 0.06)
    centre = corners.mean(axis=0)
    rim = centre + (corners - centre) * rng.uniform(1.04, 1.2)
    stamp(image, rim, near(rng, np.full(3, rng.choice([15, 40, 200]), np.float32), 10), rng, 0.3)
    image = on(image, laid(flag, corners, size))
    rows = np.arange(size[0])[:, None]
    glow = 1 + rng.uniform(0, 0.12) * np.sin(rows * rng.uniform(1, 3))
    if rng.random() < 0.4:  # a reflection of a window
        shine = np.zeros(size, np.float32)
        cv2.fillConvexPoly(shine, (outline(rng, *xy(centre), 0.3 * size[1], "box")).astype(np.int32), 1.0)
        image += (255 - image) * (rng.uniform(0.05, 0.25) * cv2.GaussianBlur(shine, (0, 0), 4))[..., None]
    return image * glow[..., None].astype(np.float32)


def stamped(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """A postage stamp or label with a toothed edge."""
    image = textures.material(rng, size)
    corners = box(flag, rng, size, 0.45, 0.8, 0.01)
    centre = corners.mean(axis=0)
    rim = centre + (corners - centre) * rng.uniform(1.12, 1.3)
    paper = near(rng, np.full(3, 238, np.float32), 10)
    stamp(image, rim + 2, image * 0.6, soft=2)
    stamp(image, rim, paper)
    side = rng.uniform(0.02, 0.035) * size[1]
    for a, b in zip(rim, np.roll(rim, -1, axis=0), strict=True):
        for t in np.arange(0.5, max(2, np.hypot(*(b - a)) / (side * 2))) / max(2, np.hypot(*(b - a)) / (side * 2)):
            stamp(image, ellipse_points(*xy(a + (b - a) * t), side * 0.6, side * 0.6), image[0, 0].copy())
    grained = 1 + 0.05 * fractal(rng, size, ROUGH)
    return _printed(image, laid(flag, corners, size), grained)


def face(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """Paint on skin: a cheek, an arm, a hand."""
    skin = scenes_people.skin_tone(rng)
    image = textures.mottled(rng, size, skin)
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j].astype(np.float32)
    round_ = np.clip(1.15 - rng.uniform(0.2, 0.6) * ((x - rng.uniform(-0.3, 0.3)) ** 2 + 0.7 * y * y), 0.25, 1.2)
    layer = laid(flag, box(flag, rng, size, 0.5, 0.95, 0.08), size)
    thin = np.clip(0.75 + 0.2 * fractal(rng, size, NATURAL, zoom=0.6), 0.3, 1)
    layer[..., 3] = cv2.GaussianBlur(layer[..., 3], (0, 0), 1.5) * thin
    return _printed(image, layer, round_)


def bunting(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """The same small flag several times on a string."""
    height, width = size
    image = scenes.background(rng, size).astype(np.float32)
    count = int(rng.integers(2, 5))
    wide = width / count * rng.uniform(0.8, 1.02)
    tall = wide * flag.shape[0] / flag.shape[1]
    for row in range(max(1, int(height / (tall * rng.uniform(1.5, 2.5)) + 0.5))):
        y0 = height * rng.uniform(0.05, 0.15) + row * tall * rng.uniform(1.35, 1.8)
        sag = rng.uniform(-0.12, 0.12) * height
        shift = rng.uniform(-0.5, 0.2) * wide
        string = near(rng, np.full(3, rng.choice([40, 220]), np.float32), 15)
        stamp(image, limb(0, y0, width, y0 + sag, 1.6, 1.6), string)
        for k in range(count + 1):
            x = shift + k * width / count
            y = y0 + sag * (x + wide / 2) / width
            corners = np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]])
            corners += rng.normal(0, 0.04, (4, 2)) * wide * [[0, 0], [0, 0], [1, 1], [1, 1]]
            light = 1 + rng.uniform(0, 0.3) * fractal(rng, size, SMOOTH, zoom=0.4)
            layer = laid(flag, corners, size)
            alpha = layer[..., 3:].astype(np.float32) / 255
            image += (np.clip(layer[..., :3] * light[..., None], 0, 255) - image) * alpha
    return image


def sticker(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """A sticker, badge or card on some material."""
    image = textures.material(rng, size)
    corners = box(flag, rng, size, 0.4, 0.85, 0.05)
    centre = corners.mean(axis=0)
    rim = centre + (corners - centre) * rng.uniform(1.0, 1.15)
    stamp(image, rim + rng.uniform(0, 4, 2), image * 0.5, soft=2.5)
    stamp(image, rim, near(rng, np.full(3, 245, np.float32), 8))
    gleam = 1 + rng.uniform(0, 0.15) * fractal(rng, size, CLOUDY)
    return _printed(image, laid(flag, corners, size), gleam)

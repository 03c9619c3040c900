"""Places outside: skies, land, water, foliage, streets, facades, crowds, stadiums, night."""

from __future__ import annotations

import cv2
import numpy as np

from examples.noise import CLOUDY, NATURAL, ROUGH, SMOOTH, Size, fractal, grain
from examples.paint import blend, colour, ellipse_points, near, outline, plain, ramp, stamp

_SKIES = {
    "clear": ((40, 95, 175), (165, 205, 235)),
    "deep": ((15, 60, 150), (90, 150, 215)),
    "pale": ((150, 185, 215), (225, 235, 240)),
    "overcast": ((150, 155, 165), (205, 208, 212)),
    "white": ((225, 230, 235), (250, 250, 250)),
    "sunset": ((70, 75, 130), (250, 160, 90)),
    "storm": ((60, 68, 82), (140, 148, 158)),
    "dusk": ((12, 18, 45), (90, 85, 120)),
}


def sky(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A sky, with or without clouds."""
    kind = str(rng.choice(list(_SKIES), p=[0.3, 0.2, 0.12, 0.12, 0.06, 0.1, 0.05, 0.05]))
    top, bottom = (near(rng, np.array(value, np.float32), 14) for value in _SKIES[kind])
    image = blend(top, bottom, ramp(size, np.pi / 2 + rng.normal(0, 0.15)) * rng.uniform(0.5, 1.2))
    if rng.random() < 0.7:
        wide = rng.uniform(1.2, 3) if rng.random() < 0.7 else 1.0
        cover = fractal(rng, size, float(rng.choice([NATURAL + 0.2, CLOUDY])), zoom=rng.uniform(0.4, 1.5), stretch=wide)
        share = np.clip((cover - rng.uniform(-0.6, 1.2)) * rng.uniform(0.5, 1.4), 0, 1)
        light = (
            np.array([250, 250, 250], np.float32) if kind not in ("sunset", "dusk", "storm") else near(rng, bottom, 30)
        )
        shade = 1 - 0.25 * np.clip(cv2.GaussianBlur(share, (0, 0), 5) - 0.35, 0, 1)
        image = image + (light * shade[..., None] - image) * (share * rng.uniform(0.5, 1))[..., None]
    return image


def ground(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Grass, earth, sand, snow, asphalt or a sports floor, nearer towards the bottom."""
    tones = ((70, 105, 45), (95, 130, 60), (130, 110, 80), (205, 190, 150), (235, 238, 245), (95, 95, 98), (60, 62, 65))
    vivid = rng.random() < 0.15  # a court, a pitch, a gym floor
    base = colour(rng) if vivid else near(rng, np.array(tones[int(rng.integers(len(tones)))], np.float32), 15)
    fine = fractal(rng, size, ROUGH, zoom=0.6, stretch=rng.uniform(1.2, 4))
    coarse = fractal(rng, size, CLOUDY, stretch=3)
    strength = 0.03 if vivid else rng.uniform(0.05, 0.22)
    return base * (1 + strength * fine + 0.1 * coarse)[..., None] * (0.85 + 0.3 * ramp(size, np.pi / 2))[..., None]


def water(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Sea, lake or pool."""
    tones = ((30, 75, 110), (60, 130, 160), (45, 80, 80), (40, 160, 200), (120, 140, 155))
    base = near(rng, np.array(tones[int(rng.integers(len(tones)))], np.float32), 15)
    ripples = fractal(rng, size, NATURAL, zoom=rng.uniform(0.3, 1), stretch=rng.uniform(2, 7))
    image = base * (1 + rng.uniform(0.08, 0.3) * ripples)[..., None]
    glints = np.clip(ripples - rng.uniform(1, 2.5), 0, 1)
    return image + (250 - image) * glints[..., None]


def foliage(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Leaves close by, or a wood."""
    base = near(rng, np.array([60, 90, 40], np.float32), 18)
    if rng.random() < 0.2:
        base = near(rng, np.array([160, 100, 40], np.float32), 25)  # autumn
    light = fractal(rng, size, NATURAL, zoom=rng.uniform(0.3, 1.2))
    fine = fractal(rng, size, ROUGH, zoom=rng.uniform(0.5, 1.5))
    image = base * np.clip(0.9 + 0.4 * light + 0.22 * fine, 0.08, 3)[..., None]
    if rng.random() < 0.5:  # sky through the branches
        gaps = np.clip((fractal(rng, size, NATURAL, zoom=0.5) - rng.uniform(0.6, 2)) * 4, 0, 1)
        image += (near(rng, np.array([210, 225, 240], np.float32), 15) - image) * gaps[..., None]
    return image


def land(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Sky, one or more ridges or tree lines, and ground or water in front."""
    height, width = size
    image = sky(rng, size)
    horizon = rng.uniform(0.25, 0.8) * height
    haze = image[int(horizon * 0.9)].mean(axis=0)
    tone = near(rng, np.array([75, 95, 70], np.float32), 25)
    ridges = int(rng.integers(0, 4))
    x = np.arange(width)
    for k in range(ridges):
        lift = (ridges - k) * rng.uniform(0.02, 0.1) * height
        line = horizon - lift + fractal(rng, (1, width), NATURAL + 0.3, zoom=rng.uniform(0.5, 2))[0] * height * 0.035
        away = (ridges - k) / (ridges + 1.5)
        fill = (tone * (1 - away) + haze * away) * (1 + 0.2 * (1 - away) * fractal(rng, size, ROUGH))[..., None]
        stamp(image, np.concatenate([np.stack([x, line], -1), [[width, height], [0, height]]]), fill)
    front = water(rng, size) if rng.random() < 0.3 else ground(rng, size)
    tilt = rng.normal(0, 0.02) * height
    stamp(
        image, np.array([[0, horizon - tilt], [width, horizon + tilt], [width, height], [0, height]]), front, soft=0.8
    )
    return image


def facade(rng: np.random.Generator, size: Size) -> np.ndarray:
    """The front of a building with rows of windows, seen a little from the side."""
    height, width = size
    tones = ((190, 175, 150), (160, 90, 70), (205, 200, 195), (140, 140, 140), (215, 190, 140), (120, 130, 145))
    base = near(rng, np.array(tones[int(rng.integers(len(tones)))], np.float32), 20)
    image = plain(size, base)
    rows, columns = int(rng.integers(2, 9)), int(rng.integers(2, 10))
    high, wide = height / rows, width / columns
    share_x, share_y = rng.uniform(0.35, 0.85), rng.uniform(0.4, 0.85)
    glass = near(rng, np.array([70, 85, 100], np.float32), 30)
    frame = near(rng, base, 45)
    for row in range(rows):
        for column in range(columns):
            x, y = (column + (1 - share_x) / 2) * wide, (row + (1 - share_y) / 2) * high
            a, b = (int(x), int(y)), (int(x + wide * share_x), int(y + high * share_y))
            cv2.rectangle(image, a, b, near(rng, glass, 22).tolist(), -1)
            cv2.rectangle(image, a, b, frame.tolist(), max(1, width // 160))
            if share_x * wide > 14:
                middle = int(x + wide * share_x / 2)
                cv2.line(image, (middle, a[1]), (middle, b[1]), frame.tolist(), 1)
        if rng.random() < 0.5:
            cv2.line(image, (0, int(row * high)), (width, int(row * high)), near(rng, base, 40).tolist(), 2)
    image *= (1 + 0.07 * fractal(rng, size, NATURAL))[..., None]
    return _lean(image, rng, 0.22)


def street(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Houses on both sides, a road between them, sky above."""
    height, width = size
    image = sky(rng, size)
    x, y = rng.uniform(0.3, 0.7) * width, rng.uniform(0.4, 0.65) * height
    for left in (True, False):
        side = facade(rng, size)
        top = rng.uniform(-0.3, 0.25) * height
        edge = 0.0 if left else float(width)
        gap = rng.uniform(0.04, 0.12) * width * (-1 if left else 1)
        points = np.array([[edge, top], [x + gap, y - 0.12 * height], [x + gap, y + 4], [edge, height * 0.95]])
        stamp(image, points, side * rng.uniform(0.6, 1.1))
    road = near(rng, np.array([95, 95, 98], np.float32), 20) * (1 + 0.1 * fractal(rng, size, ROUGH))[..., None]
    stamp(image, np.array([[-0.2 * width, height], [x - 6, y], [x + 6, y], [1.2 * width, height]]), road)
    return image


def crowd(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Rows of people seen from a distance: heads and shoulders in all colours."""
    height, width = size
    image = plain(size, near(rng, np.array([60, 60, 65], np.float32), 25))
    palette = [colour(rng) for _ in range(int(rng.integers(2, 9)))]
    head = rng.uniform(0.015, 0.06) * width
    step = head * rng.uniform(1.6, 2.4)
    for row, y in enumerate(np.arange(-head, height + head, step)):
        for x in np.arange(-head, width + head, head * 2.6):
            if rng.random() < 0.06:
                continue
            px, py = x + rng.normal(0, head * 0.35) + (row % 2) * head, y + rng.normal(0, head * 0.2)
            cloth = near(rng, palette[int(rng.integers(len(palette)))], 20).tolist()
            cv2.ellipse(
                image, (int(px), int(py + head * 1.6)), (int(head * 1.25), int(head * 1.2)), 0, 0, 360, cloth, -1
            )
            hair, skin = _SKINS[int(rng.integers(len(_SKINS)))]
            cv2.circle(image, (int(px), int(py - head * 0.12)), max(1, int(head * 0.62)), hair, -1, cv2.LINE_AA)
            cv2.circle(image, (int(px), int(py + head * 0.1)), max(1, int(head * 0.52)), skin, -1, cv2.LINE_AA)
    image *= (1 + 0.12 * fractal(rng, size, NATURAL, zoom=0.5) + 0.08 * grain(rng, size))[..., None]
    return image


_SKINS = (
    ((40, 30, 25), (225, 180, 150)),
    ((30, 25, 22), (140, 95, 70)),
    ((120, 85, 50), (235, 195, 170)),
    ((25, 22, 20), (95, 65, 50)),
    ((170, 150, 120), (220, 170, 140)),
)


def stands(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Rows of seats in a stadium, with a few people."""
    height, width = size
    seat = colour(rng, vivid=rng.uniform(0.2, 0.9))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    rows, wide = rng.uniform(8, 24), rng.uniform(14, 40)
    lean = rng.normal(0, 0.1)
    row = (y + lean * x) / height * rows
    along = x / width * wide + 0.5 * np.mod(np.floor(row), 2)
    on = ((np.mod(row, 1) > 0.25) & (np.mod(along, 1) > 0.2)).astype(np.float32)
    image = blend(seat * 0.35, seat, on * (0.6 + 0.4 * np.mod(row, 1)))
    for _ in range(int(rng.integers(0, 60))):
        px, py, r = rng.uniform(0, width), rng.uniform(0, height), width / wide * 0.5
        stamp(image, ellipse_points(px, py + r, r, r * 1.3), colour(rng))
        stamp(
            image,
            ellipse_points(px, py - r * 0.5, r * 0.55, r * 0.6),
            np.array(_SKINS[int(rng.integers(5))][1], np.float32),
        )
    return image * (1 + 0.1 * fractal(rng, size, NATURAL))[..., None]


def night(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Lights in the dark, out of focus."""
    height, width = size
    image = blend(
        near(rng, np.array([8, 10, 20], np.float32), 6),
        near(rng, np.array([40, 35, 50], np.float32), 15),
        ramp(size, 1.57),
    )
    for _ in range(int(rng.integers(8, 70))):
        spot = colour(rng, vivid=rng.uniform(0, 0.8)) + 60
        radius = rng.uniform(0.004, 0.04) * width
        layer = ellipse_points(rng.uniform(0, width), height * rng.beta(2, 2), radius, radius)
        stamp(image, layer, image[0, 0] * 0.3 + spot * rng.uniform(0.3, 0.9), soft=rng.uniform(0.5, 3))
    return image


def trees(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A few trees against the sky."""
    height, width = size
    image = land(rng, size)
    for _ in range(int(rng.integers(1, 6))):
        x, y, radius = rng.uniform(0, width), rng.uniform(0.2, 0.6) * height, rng.uniform(0.08, 0.3) * width
        trunk = near(rng, np.array([70, 55, 40], np.float32), 12)
        stamp(
            image,
            np.array(
                [
                    [x - radius / 9, y],
                    [x + radius / 9, y],
                    [x + radius / 7, y + 2.2 * radius],
                    [x - radius / 7, y + 2.2 * radius],
                ]
            ),
            trunk,
        )
        leaves = foliage(rng, size)
        for _ in range(5):
            stamp(
                image,
                outline(rng, x + rng.normal(0, radius / 2), y + rng.normal(0, radius / 2), radius * 0.6, "blob"),
                leaves,
                soft=1,
            )
    return image


def _lean(image: np.ndarray, rng: np.random.Generator, amount: float) -> np.ndarray:
    """View a flat scene from the side: move the corners, outwards only so that no gap opens."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    away = rng.uniform(0, amount, (4, 2)) * (width, height) * [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    matrix = cv2.getPerspectiveTransform(corners, (corners + away).astype(np.float32))
    return cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def mirage(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A background so far out of focus that only soft colours are left."""
    image = blend(colour(rng), colour(rng), 0.5 + 0.5 * fractal(rng, size, SMOOTH, zoom=rng.uniform(0.4, 1.5)))
    return blend_images(image, colour(rng), 0.3 + 0.4 * fractal(rng, size, SMOOTH, zoom=0.6))


def blend_images(image: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix a colour into an image by a map."""
    return image + (other - image) * np.clip(share, 0, 1)[..., None]

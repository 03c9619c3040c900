"""Materials that fill an image or a shape: plaster, wood, brick, fabric, patterns, plain colours."""

from __future__ import annotations

import cv2
import numpy as np

from examples.noise import CLOUDY, NATURAL, ROUGH, SMOOTH, Size, fractal, grain
from examples.paint import blend, colour, near, plain, ramp


def material(rng: np.random.Generator, size: Size, base: np.ndarray | None = None) -> np.ndarray:
    """Return an image (float32, 0 to 255) filled with one material."""
    base = colour(rng) if base is None else base
    kinds = (mottled, two_tone, gradient, stripes, checks, dots, wood, brick, weave, brushed, studio, ragged)
    weights = np.array([6, 3, 4, 2, 1, 1, 2, 2, 2, 1, 3, 2], float)
    return kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))](rng, size, base)


def mottled(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Plaster, concrete, skin, leather, sand: one colour with fractal light and dark."""
    slope = float(rng.choice([ROUGH, NATURAL, CLOUDY]))
    strength = rng.uniform(0.03, 0.3)
    noise = fractal(rng, size, slope, zoom=rng.uniform(0.4, 2))
    return base * (1 + strength * noise)[..., None]


def two_tone(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Marble, camouflage, rock, rust: two colours mixed by noise."""
    other = colour(rng) if rng.random() < 0.5 else near(rng, base, 60)
    noise = fractal(rng, size, float(rng.choice([NATURAL, CLOUDY])), zoom=rng.uniform(0.3, 2))
    return blend(base, other, 0.5 + noise * rng.uniform(0.2, 1.5)) * (1 + 0.05 * grain(rng, size))[..., None]


def gradient(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """One colour that turns into another."""
    return blend(base, colour(rng) if rng.random() < 0.4 else near(rng, base, 60), ramp(size, rng.uniform(0, 6.3)))


def studio(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """A plain backdrop, brighter in the middle."""
    y, x = np.mgrid[0 : 1 : size[0] * 1j, 0 : 1 : size[1] * 1j].astype(np.float32)
    away = (x - rng.uniform(0.2, 0.8)) ** 2 + (y - rng.uniform(0.2, 0.8)) ** 2
    return base * (1.15 - rng.uniform(0, 0.9) * away)[..., None]


def stripes(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Many thin stripes of two or three colours: shirts, awnings, deckchairs, blinds."""
    count = int(rng.integers(6, 30))
    turn = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]))
    wave = ramp(size, turn) * count
    wave = wave + rng.uniform(0, 0.4) * fractal(rng, size, SMOOTH, zoom=2)
    share = (np.mod(wave, 1) > rng.uniform(0.3, 0.7)).astype(np.float32)
    image = blend(base, colour(rng), share)
    return image * (1 + 0.08 * fractal(rng, size, CLOUDY))[..., None]


def checks(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Plaid, tiles, chessboards."""
    count = rng.uniform(4, 20)
    turn = float(rng.choice([0, np.pi / 4, rng.uniform(0, np.pi)]))
    first = (np.mod(ramp(size, turn) * count, 1) > rng.uniform(0.3, 0.8)).astype(np.float32)
    second = (np.mod(ramp(size, turn + np.pi / 2) * count * size[0] / size[1], 1) > rng.uniform(0.3, 0.8)).astype(
        np.float32
    )
    share = np.abs(first - second) if rng.random() < 0.4 else (first + second) / 2
    return blend(base, colour(rng), share) * (1 + 0.06 * fractal(rng, size, NATURAL))[..., None]


def dots(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Polka dots, confetti, bokeh."""
    image = plain(size, base)
    palette = [colour(rng) for _ in range(int(rng.integers(1, 5)))]
    radius = rng.uniform(0.01, 0.05) * size[1]
    for _ in range(int(rng.integers(20, 90))):
        centre = (int(rng.uniform(0, size[1])), int(rng.uniform(0, size[0])))
        ink = palette[int(rng.integers(len(palette)))]
        cv2.circle(image, centre, max(1, int(radius * rng.uniform(0.6, 1.4))), ink.tolist(), -1, cv2.LINE_AA)
    return image


def wood(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Planks with a grain."""
    brown = near(rng, np.array([150, 105, 65], np.float32), 30) if rng.random() < 0.8 else base
    image: np.ndarray = (
        brown * (1 + 0.18 * fractal(rng, size, NATURAL, zoom=0.7, stretch=rng.uniform(8, 25)))[..., None]
    )
    plank = size[0] / rng.integers(2, 9)
    rows = np.arange(size[0])
    shade = 1 + 0.12 * rng.standard_normal(40)[(rows / plank).astype(int) % 40]
    shade[np.mod(rows, plank) < max(1.0, size[0] / 200)] *= 0.45
    image *= shade[:, None, None].astype(np.float32)
    if rng.random() < 0.4:  # upright boards
        image = cv2.resize(np.ascontiguousarray(image.transpose(1, 0, 2)), size[::-1])
    return image


def brick(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Courses of brick, or blocks of stone."""
    red = near(rng, np.array([150, 80, 60], np.float32), 30) if rng.random() < 0.6 else base
    course = size[0] / rng.uniform(5, 22)
    length = course * rng.uniform(1.8, 3)
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    row = np.floor(y / course)
    along = x / length + 0.5 * np.mod(row, 2)
    joint = (np.mod(y / course, 1) < 0.13) | (np.mod(along, 1) < 0.06)
    number = (row * 31 + np.floor(along) * 17).astype(int) % 97
    tone = (1 + 0.14 * rng.standard_normal(97)).astype(np.float32)[number] + 0.1 * fractal(rng, size, ROUGH)
    image = red * tone[..., None]
    image[joint] = near(rng, np.array([175, 168, 158], np.float32), 25)
    return image


def weave(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Cloth of one colour with threads and soft folds: curtains, clothes, sofas."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    thread = 0.06 * np.sin(x * rng.uniform(1, 2.5)) + 0.06 * np.sin(y * rng.uniform(1, 2.5))
    folds = fractal(rng, size, SMOOTH, zoom=rng.uniform(0.4, 1.2), stretch=float(rng.choice([1, 0.3, 3])))
    folds = np.sin(folds * rng.uniform(1, 5))
    return base * (1 + thread + rng.uniform(0.05, 0.45) * folds)[..., None]


def brushed(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Metal, hair, water far away: fine streaks."""
    return base * (1 + 0.25 * fractal(rng, size, ROUGH, stretch=rng.uniform(10, 40)))[..., None]


def ragged(rng: np.random.Generator, size: Size, base: np.ndarray) -> np.ndarray:
    """Leaves, gravel, rubble: hard-edged patches of noise in several tones."""
    noise = fractal(rng, size, NATURAL, zoom=rng.uniform(0.15, 0.6))
    steps = np.array([near(rng, base, 45) for _ in range(5)], np.float32)
    return steps[np.clip(((noise + 2) * 1.25).astype(int), 0, 4)]

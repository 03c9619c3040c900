"""People drawn by code: whole figures in action, heads and shoulders, hands."""

from __future__ import annotations

import numpy as np

from examples import textures
from examples.paint import colour, ellipse_points, limb, near, stamp, word, write, xy

_SKIN = ((235, 195, 170), (225, 175, 145), (200, 150, 115), (150, 105, 75), (100, 70, 52))
_HAIR = ((30, 25, 22), (70, 48, 32), (150, 110, 65), (200, 170, 115), (130, 125, 120), (140, 60, 35))


def skin_tone(rng: np.random.Generator) -> np.ndarray:
    """Return a colour of skin."""
    return near(rng, np.array(_SKIN[int(rng.integers(len(_SKIN)))], np.float32), 10)


def clothing(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Return a fill for clothes: mostly one colour, sometimes a pattern."""
    base = colour(rng)
    kind = rng.random()
    if kind < 0.5:
        return base
    size = (image.shape[0], image.shape[1])
    return textures.weave(rng, size, base) if kind < 0.8 else textures.material(rng, size, base)


def figure(rng: np.random.Generator, image: np.ndarray, x: float, y: float, tall: float) -> None:
    """Draw a person `tall` pixels high around (x, y), standing, running or jumping."""
    lively = rng.uniform(0, 1)
    skin, shirt, trousers = skin_tone(rng), clothing(rng, image), clothing(rng, image)
    lean = rng.normal(0, 0.12 + 0.3 * lively)
    up, side = np.array([np.sin(lean), -np.cos(lean)]), np.array([np.cos(lean), np.sin(lean)])
    hip = np.array([x, y])
    neck = hip + up * tall * 0.3
    thick = tall * rng.uniform(0.075, 0.12)

    def joint(start: np.ndarray, length: float, turn: float, fill: np.ndarray, wide: float, end: float) -> np.ndarray:
        stop = start + length * tall * (np.sin(turn) * side - np.cos(turn) * up)
        stamp(image, limb(*xy(start), *xy(stop), wide, end), fill, rng, 0.5)
        return stop

    def arm(sign: int) -> None:
        turn = sign * (0.15 + lively * rng.uniform(0, 2.6))
        sleeve = shirt if rng.random() < 0.6 else skin
        elbow = joint(neck + sign * side * tall * 0.085, 0.17, turn, sleeve, thick * 0.75, thick * 0.6)
        hand = joint(elbow, 0.16, turn + sign * rng.normal(0.2, 0.7 * lively + 0.1), skin, thick * 0.55, thick * 0.4)
        stamp(image, ellipse_points(*xy(hand), thick * 0.32, thick * 0.32), skin)

    arm(1)
    for sign in (-1, 1):
        turn = sign * (0.08 + lively * rng.uniform(0, 0.9))
        knee = joint(hip + sign * side * tall * 0.045, 0.24, turn, trousers, thick * 1.05, thick * 0.8)
        lower = trousers if rng.random() < 0.6 else skin
        foot = joint(knee, 0.24, turn - sign * rng.uniform(-0.1, 0.9 * lively), lower, thick * 0.75, thick * 0.45)
        stamp(image, ellipse_points(foot[0] + thick * 0.2, foot[1], thick * 0.6, thick * 0.3), colour(rng))
    wide = tall * rng.uniform(0.085, 0.12)
    torso = np.array([neck - side * wide, neck + side * wide, hip + side * wide * 0.75, hip - side * wide * 0.75])
    stamp(image, torso, shirt, rng, 0.6)
    if rng.random() < 0.3:
        write(
            image, str(rng.integers(1, 99)), *xy(hip + up * tall * 0.22 - side * wide * 0.5), tall * 0.09, colour(rng)
        )
    arm(-1)
    _head(rng, image, neck + up * tall * 0.09, tall * 0.062, skin)


def portrait(rng: np.random.Generator, image: np.ndarray, x: float, y: float, wide: float) -> None:
    """Draw head and shoulders, `wide` pixels across the shoulders, the chin near (x, y)."""
    skin = skin_tone(rng)
    head = wide * rng.uniform(0.22, 0.3)
    body = ellipse_points(x, y + wide * 0.62, wide * 0.5, wide * 0.5)
    body = np.concatenate([body[18:], [[x + wide * 0.5, y + wide * 2], [x - wide * 0.5, y + wide * 2]]])
    stamp(image, body, clothing(rng, image), rng, 0.5)
    stamp(image, limb(x, y - head * 0.4, x, y + head * 0.5, head * 0.95, head * 1.2), skin * 0.88)
    if rng.random() < 0.4:  # long hair, behind the shoulders
        hair = near(rng, np.array(_HAIR[int(rng.integers(len(_HAIR)))], np.float32), 12)
        stamp(image, ellipse_points(x, y - head * 0.5, head * 1.25, head * 1.7), hair, rng, 0.5)
    _head(rng, image, np.array([x, y - head * 0.9]), head, skin, face=True)


def hand(rng: np.random.Generator, image: np.ndarray, x: float, y: float, wide: float) -> None:
    """Draw a fist around (x, y) with a forearm that comes from below."""
    skin = skin_tone(rng)
    away = x + rng.normal(0, 1.2) * wide
    stamp(image, limb(x, y, away, y + wide * 6, wide * 0.9, wide * 1.4), skin, rng, 0.6)
    stamp(image, ellipse_points(x, y, wide * 0.75, wide * 0.65), skin, rng, 0.5)
    for k in range(4):
        py = y + (k - 1.5) * wide * 0.28
        stamp(image, limb(x - wide * 0.5, py, x + wide * 0.45, py, wide * 0.3, wide * 0.26), skin * 0.94, rng, 0.5)


def _head(
    rng: np.random.Generator, image: np.ndarray, at: np.ndarray, radius: float, skin: np.ndarray, face: bool = False
) -> None:
    x, y = at
    hair = near(rng, np.array(_HAIR[int(rng.integers(len(_HAIR)))], np.float32), 12)
    tilt = rng.normal(0, 0.1)
    covered = rng.random()
    stamp(image, ellipse_points(x, y - radius * 0.25, radius * 1.02, radius * 1.12, tilt), hair)
    stamp(image, ellipse_points(x, y + radius * 0.1, radius * 0.84, radius * 1.12, tilt), skin, rng, 0.45)
    if covered < 0.3:  # hat, helmet or cap
        hat = colour(rng)
        stamp(image, ellipse_points(x, y - radius * 0.55, radius * 1.1, radius * 0.75, tilt), hat, rng, 0.7)
    if not face:
        return
    dark = np.array([45, 35, 35], np.float32)
    for sign in (-1, 1):
        px = x + sign * radius * 0.34
        stamp(
            image,
            ellipse_points(px, y - radius * 0.02, radius * 0.15, radius * 0.09),
            np.array([240, 238, 235], np.float32),
        )
        stamp(image, ellipse_points(px, y - radius * 0.02, radius * 0.075, radius * 0.08), dark)
        stamp(
            image,
            limb(
                px - radius * 0.2, y - radius * 0.24, px + radius * 0.2, y - radius * 0.26, radius * 0.08, radius * 0.06
            ),
            hair * 0.8,
        )
    stamp(
        image,
        limb(x, y, x + radius * 0.05, y + radius * 0.35, radius * 0.1, radius * 0.22),
        skin * 0.9,
        soft=radius * 0.04,
    )
    lips = np.clip(skin * (0.85, 0.55, 0.55), 0, 255)
    stamp(
        image,
        ellipse_points(x, y + radius * 0.62, radius * rng.uniform(0.2, 0.38), radius * rng.uniform(0.05, 0.16)),
        lips,
    )
    if rng.random() < 0.1:
        write(image, word(rng), x - radius, y + radius * 2.2, radius * 0.5, colour(rng))

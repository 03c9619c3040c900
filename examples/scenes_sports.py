"""What is most often taken for a flag where there is none: people at sports, and a small thing before the sky."""

from __future__ import annotations

import numpy as np

from examples import scenes, scenes_objects, scenes_outdoors, scenes_people, textures
from examples.camera import shoot
from examples.noise import Size
from examples.paint import colour, ellipse_points, limb, near, stamp, to_bytes, word, write, xy

_KIT = ((200, 25, 40), (20, 50, 140), (245, 245, 245), (20, 20, 22), (0, 120, 60), (250, 205, 20), (90, 160, 220))


def sports(rng: np.random.Generator, shape: Size) -> np.ndarray:
    """Return an image of people in plain kit, of water, a pitch, a hall or a vehicle; no flag in it. RGB uint8.

    Args:
        rng: Draws everything.
        shape: Height and width of the image in pixels.
    """
    grounds = (scenes_outdoors.ground, scenes_outdoors.water, scenes_outdoors.stands, scenes_outdoors.crowd, _hall)
    image = grounds[int(rng.integers(len(grounds)))](rng, shape).astype(np.float32)
    if rng.random() < 0.35:
        _bands(rng, image)
    if rng.random() < 0.35:
        _lines(rng, image)
    if rng.random() < 0.3:
        _board(rng, image)
    if rng.random() < 0.3:
        _vehicle(rng, image)
    for _ in range(int(rng.choice([0, 1, 2, 3, 6], p=[0.12, 0.4, 0.25, 0.13, 0.1]))):
        _athlete(rng, image, max(shape) * rng.uniform(0.4, 1.5))
    return shoot(to_bytes(image), rng)


def lone_thing(rng: np.random.Generator, shape: Size) -> np.ndarray:
    """Return an image of one or two small things, such as a sign on a post, where a flag far away could be.

    Args:
        rng: Draws everything.
        shape: Height and width of the image in pixels.
    """
    empty = rng.random() < 0.6
    image = scenes_outdoors.sky(rng, shape) if empty else scenes.background(rng, shape).astype(np.float32)
    height, width = shape
    things = (
        scenes_objects.road_sign,
        scenes_objects.sign,
        scenes_objects.shape,
        scenes_objects.ball,
        scenes_objects.bottle,
        scenes_objects.pole,
    )
    for _ in range(int(rng.integers(1, 3))):
        thing = things[int(rng.choice(len(things), p=(0.35, 0.2, 0.15, 0.1, 0.1, 0.1)))]
        thing(rng, image, rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.8) * height, rng.uniform(0.12, 0.6) * width)
    return shoot(to_bytes(image), rng)


def _hall(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A dark or plain wall above a floor."""
    tone = near(rng, np.full(3, rng.choice([20, 60, 150, 220]), np.float32), 20)
    image = textures.gradient(rng, size, tone) if rng.random() < 0.5 else textures.material(rng, size, _kit(rng))
    edge = int(size[0] * rng.uniform(0.4, 0.9))
    image[edge:] = scenes_outdoors.ground(rng, size)[edge:]
    return image


def _kit(rng: np.random.Generator) -> np.ndarray:
    return near(rng, np.array(_KIT[int(rng.integers(len(_KIT)))], np.float32), 18)


def _athlete(rng: np.random.Generator, image: np.ndarray, tall: float) -> None:
    height, width = image.shape[:2]
    x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.3, 0.9) * height
    if rng.random() < 0.75:
        scenes_people.figure(rng, image, x, y, tall)
        return
    # Close by: a body in two or three colours, cut by the frame.
    skin, first, second = scenes_people.skin_tone(rng), _kit(rng), _kit(rng)
    wide = tall * rng.uniform(0.18, 0.35)
    turn = rng.normal(0, 0.9)
    up = np.array([np.sin(turn), -np.cos(turn)]) * tall * 0.25
    at = np.array([x, y])
    for start, end, fill, thick in (
        (at, at - up * 2, second, wide * 0.8),
        (at, at + up, first, wide),
        (at + up, at + up * 1.6, skin, wide * 0.45),
    ):
        stamp(image, limb(*xy(start), *xy(end), thick, thick * 0.85), fill, rng, 0.7)
    for _ in range(int(rng.integers(1, 4))):
        away = at + up * rng.uniform(0, 1) + rng.normal(0, tall * 0.3, 2)
        stamp(image, limb(*xy(at + up * 0.8), *xy(away), wide * 0.35, wide * 0.25), skin, rng, 0.6)
    if rng.random() < 0.5:
        write(image, word(rng), x - wide * 0.4, y - abs(float(up[1])) * 0.5, wide * 0.3, colour(rng))


def _bands(rng: np.random.Generator, image: np.ndarray) -> None:
    """Two or three uneven areas of bold colours: mats, walls, boards and sails."""
    height, width = image.shape[:2]
    y = height * rng.uniform(-0.1, 0.6)
    for _ in range(int(rng.integers(1, 4))):
        thick = height * rng.uniform(0.05, 0.4)
        lean = rng.normal(0, 0.25) * height
        points = np.array([[-9, y], [width + 9, y + lean], [width + 9, y + lean * rng.uniform(0.3, 1.5) + thick]])
        stamp(image, np.concatenate([points, [[-9, y + thick * rng.uniform(0.6, 1.6)]]]), _kit(rng), rng, 0.3)
        y += thick * rng.uniform(0.7, 2)


def _lines(rng: np.random.Generator, image: np.ndarray) -> None:
    """Lane ropes, court lines, ropes of a ring, bars of a fence."""
    height, width = image.shape[:2]
    tones, lean = (_kit(rng), _kit(rng)), rng.normal(0, 0.3)
    gap = height * rng.uniform(0.08, 0.3)
    for number, y in enumerate(np.arange(-height * 0.3, height * 1.3, gap)):
        thick = height * rng.uniform(0.008, 0.03)
        stamp(image, limb(-9, y, width + 9, y + lean * height, thick, thick), tones[number % 2], rng, 0.4)


def _board(rng: np.random.Generator, image: np.ndarray) -> None:
    """An advertising board with a name."""
    height, width = image.shape[:2]
    y, thick = height * rng.uniform(0, 0.8), height * rng.uniform(0.08, 0.25)
    stamp(image, np.array([[0, y], [width, y], [width, y + thick], [0, y + thick]]), _kit(rng))
    for x in np.arange(rng.uniform(-0.2, 0.1) * width, width, width * rng.uniform(0.3, 0.6)):
        write(image, word(rng), x, y + thick * 0.2, thick * 0.55, _kit(rng))


def _vehicle(rng: np.random.Generator, image: np.ndarray) -> None:
    """Something streamlined with coloured panels: a boat, a sledge, a motorcycle, a helmet."""
    height, width = image.shape[:2]
    x, y, large = rng.uniform(0.2, 0.8) * width, rng.uniform(0.3, 0.8) * height, rng.uniform(0.15, 0.4) * width
    for _ in range(int(rng.integers(2, 6))):
        at = np.array([x, y]) + rng.normal(0, 0.3, 2) * large
        part = ellipse_points(float(at[0]), float(at[1]), large * rng.uniform(0.2, 0.9), large * rng.uniform(0.1, 0.4))
        stamp(image, part, _kit(rng), rng, 0.8)

"""Flags as artwork: drawn, printed or shown as an icon, never photographed as cloth."""

from __future__ import annotations

import cv2
import numpy as np

from examples import textures
from examples.noise import Size
from examples.paint import colour, to_bytes, word, write


def shades(flag: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the flag in other shades: emoji-bright, muted, dark or faded, as makers of artwork choose them."""
    kind = rng.choice(["own", "bright", "muted", "dark", "pale", "turned"], p=[0.4, 0.2, 0.13, 0.1, 0.05, 0.12])
    if kind == "own":
        return flag
    saturation, value, lift, turn = {
        "bright": (rng.uniform(1.1, 1.5), rng.uniform(1.0, 1.2), 0, 0.0),
        "muted": (rng.uniform(0.6, 0.9), rng.uniform(0.85, 1.05), rng.uniform(0, 25), 0.0),
        "dark": (rng.uniform(0.9, 1.2), rng.uniform(0.6, 0.85), 0, 0.0),
        "pale": (rng.uniform(0.55, 0.85), 0.85, rng.uniform(25, 55), 0.0),
        "turned": (rng.uniform(0.85, 1.15), rng.uniform(0.9, 1.1), 0, rng.normal(0, 0.09)),
    }[str(kind)]
    grey = np.array([[0.299, 0.587, 0.114]], np.float32).repeat(3, axis=0)
    mix = np.eye(3, dtype=np.float32) * saturation + grey * (1 - saturation)
    # A small turn about the grey axis shifts every hue a little.
    cos, sin = np.cos(turn), np.sin(turn) / np.sqrt(3)
    around = np.full((3, 3), (1 - cos) / 3) + np.eye(3) * cos + sin * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    matrix = np.concatenate([(mix @ around) * value, np.full((3, 1), lift)], axis=1).astype(np.float32)
    return np.dstack([cv2.transform(np.ascontiguousarray(flag[..., :3]), matrix), flag[..., 3]])


def on(ground: np.ndarray, flag: np.ndarray) -> np.ndarray:
    """Lay an RGBA image over one of the same size (float32); returns float32."""
    alpha = flag[..., 3:].astype(np.float32) / 255
    return ground + (flag[..., :3] - ground) * alpha


def artwork(flag: np.ndarray, rng: np.random.Generator, size: int) -> np.ndarray:
    """Return flat artwork of the flag, RGB uint8, its longer side `size` pixels."""
    aspect = flag.shape[1] / flag.shape[0]
    if rng.random() < 0.5:
        aspect = float(rng.choice([1.0, 4 / 3, 1.5, 5 / 3, 2.0], p=[0.12, 0.25, 0.33, 0.15, 0.15]))
    aspect *= float(np.exp(rng.normal(0, 0.04)))
    if rng.random() < 0.45:
        shape = _longer(aspect, size)
        return to_bytes(on(_page(rng, shape), _sized(flag, shape)))
    return _with_margins(flag, rng, size, aspect)


def _with_margins(flag: np.ndarray, rng: np.random.Generator, size: int, aspect: float) -> np.ndarray:
    """The flag as an icon or figure on a page."""
    shape = _longer(float(rng.choice([1.0, 4 / 3, 1.5, 16 / 9, 0.75], p=[0.4, 0.2, 0.2, 0.12, 0.08])), size)
    kind = rng.choice(["sheet", "rounded", "circle", "waving", "button"], p=[0.34, 0.2, 0.16, 0.2, 0.1])
    if kind in ("circle", "button") and aspect > 1.25:
        aspect = float(rng.uniform(1.0, 1.25))  # a round icon shows the middle, or squeezes the flag a little
    share = rng.uniform(0.5, 0.97)
    wide = min(shape[1] * share, shape[0] * share * aspect)
    inner = (max(8, round(wide / aspect)), max(8, round(wide)))
    body = _sized(flag, inner)
    if kind in ("circle", "button"):
        side = min(inner)
        x = (inner[1] - side) // 2
        body = body[:side, x : x + side]
        y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
        away = np.hypot(x, y)
        body = _cut(body, np.clip((0.97 - away) * side / 2, 0, 1))
        if kind == "button":
            body = _lit(
                body, 1 - 0.5 * np.clip(away - 0.55, 0, 1) + 0.5 * np.exp(-8 * ((x + 0.3) ** 2 + (y + 0.45) ** 2))
            )
    elif kind == "rounded":
        body = _cut(body, _rounded(inner, rng.uniform(0.05, 0.4)))
        if rng.random() < 0.4:
            height = np.linspace(0, 1, inner[0], dtype=np.float32)[:, None]
            body = _lit(body, np.where(height < 0.5, rng.uniform(1.05, 1.35), 1.0) * np.ones(inner, np.float32))
    elif kind == "waving":
        body = _wave(body, rng)
    page = _page(rng, shape)
    edge = np.concatenate([body[2, :, :3], body[-3, :, :3], body[:, 2, :3], body[:, -3, :3]]).mean(axis=0)
    lost = float(np.abs(edge - page[0, 0]).max()) < 30  # white on white: without a border it would be no flag
    border = rng.random() < 0.4 and kind in ("sheet", "rounded", "circle")
    return to_bytes(_placed(page, body, rng, border or lost))


def _placed(page: np.ndarray, body: np.ndarray, rng: np.random.Generator, border: bool) -> np.ndarray:
    """Put the icon on the page with a border or a shadow, and sometimes its name beneath."""
    height, width = page.shape[:2]
    high, wide = body.shape[:2]
    layer = np.zeros((height, width, 4), np.uint8)
    y = int((height - high) * np.clip(rng.normal(0.5, 0.12), 0, 1))
    x = int((width - wide) * np.clip(rng.normal(0.5, 0.12), 0, 1))
    layer[y : y + high, x : x + wide] = body
    mask = layer[..., 3]
    if rng.random() < 0.35:
        soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6)).astype(np.float32) / 255
        soft = np.roll(soft, (int(rng.integers(0, 6)), int(rng.integers(-3, 6))), axis=(0, 1))
        page = page * (1 - rng.uniform(0.2, 0.7) * soft[..., None])
    if border:
        edge = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 4))).astype(np.float32) / 255
        ink = np.full(3, rng.choice([0, 60, 150, 255]), np.float32)
        page = page + (ink - page) * edge[..., None]
    page = on(page, layer)
    if rng.random() < 0.08 and height - y - high > 14:
        write(page, word(rng), x, y + high + 3, (height - y - high) * 0.5, np.full(3, rng.choice([0, 120]), np.float32))
    return page


def _page(rng: np.random.Generator, size: Size) -> np.ndarray:
    """White mostly; also black, grey, coloured, the checkerboard that stands for transparency, a texture."""
    kind = rng.choice(["white", "black", "grey", "colour", "checker", "texture"], p=[0.55, 0.1, 0.1, 0.1, 0.07, 0.08])
    if kind == "checker":
        cell = int(rng.integers(4, 14))
        y, x = np.mgrid[0 : size[0], 0 : size[1]] // cell
        return (255 - 51.0 * ((y + x) % 2)).astype(np.float32)[..., None].repeat(3, axis=2)
    if kind == "texture":
        return textures.material(rng, size)
    ground = {
        "white": np.full(3, 255.0),
        "black": np.full(3, rng.integers(0, 30)),
        "grey": np.full(3, rng.integers(60, 245)),
    }
    return np.broadcast_to(ground.get(str(kind), colour(rng)).astype(np.float32), (*size, 3)).copy()


def _longer(aspect: float, size: int) -> Size:
    return (max(16, round(size / aspect)), size) if aspect >= 1 else (size, max(16, round(size * aspect)))


def _sized(flag: np.ndarray, size: Size) -> np.ndarray:
    return cv2.resize(flag, size[::-1], interpolation=cv2.INTER_AREA)


def _cut(flag: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.dstack([flag[..., :3], (flag[..., 3] * mask).astype(np.uint8)])


def _lit(flag: np.ndarray, light: np.ndarray) -> np.ndarray:
    return np.dstack([np.clip(flag[..., :3] * light[..., None], 0, 255).astype(np.uint8), flag[..., 3]])


def _rounded(size: Size, share: float) -> np.ndarray:
    """Return a rectangle with round corners, float32 from 0 to 1."""
    height, width = size
    radius = share * min(size)
    y = np.maximum(np.abs(np.arange(height) - (height - 1) / 2) - (height / 2 - radius), 0)[:, None]
    x = np.maximum(np.abs(np.arange(width) - (width - 1) / 2) - (width / 2 - radius), 0)[None, :]
    return np.clip(radius - np.hypot(x, y), 0, 1).astype(np.float32)


def _wave(flag: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The gentle wave of emoji and clip art: columns shifted up and down, shaded along the wave."""
    height, width = flag.shape[:2]
    phase = rng.uniform(0, 6.3) if rng.random() < 0.5 else 0.0
    turns = rng.uniform(0.7, 2.2)
    swing = rng.uniform(0.03, 0.1) * height
    t = np.arange(width, dtype=np.float32) / width
    lift = swing * np.sin(2 * np.pi * turns * t + phase)
    room = swing * 1.1
    y = (np.arange(height, dtype=np.float32)[:, None] - room - lift[None, :]) * (height / (height - 2 * room))
    x = np.broadcast_to(np.arange(width, dtype=np.float32)[None, :], y.shape)
    bent = cv2.remap(flag, np.ascontiguousarray(x), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    shade = 1 + rng.uniform(0, 0.3) * np.cos(2 * np.pi * turns * t + phase)
    return _lit(bent, np.broadcast_to(shade.astype(np.float32)[None, :], (height, width)))

"""Small helpers for images drawn by code: colours, blending, shaded shapes, written words."""

from __future__ import annotations

import colorsys
import functools

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from examples.noise import Size

_BOLD = (
    (205, 20, 40), (190, 30, 30), (0, 50, 140), (20, 80, 180), (90, 170, 225), (0, 130, 70), (20, 100, 40),
    (255, 205, 0), (245, 165, 30), (250, 250, 250), (235, 235, 235), (15, 15, 18), (60, 60, 62), (150, 150, 150),
)  # fmt: skip
_SYLLABLES = (
    "ba",
    "co",
    "di",
    "fe",
    "gu",
    "ha",
    "jo",
    "ka",
    "li",
    "mo",
    "nu",
    "or",
    "pa",
    "qui",
    "re",
    "ve",
    "xe",
    "zo",
)


def colour(rng: np.random.Generator, vivid: float | None = None) -> np.ndarray:
    """Return a random colour, float32 RGB from 0 to 255; `vivid` sets its saturation, from 0 to 1.

    Half of them are the reds, blues, greens, yellows, whites and blacks that flags are made of, so
    that colour alone never gives a flag away.
    """
    if vivid is None and rng.random() < 0.5:
        return near(rng, np.array(_BOLD[int(rng.integers(len(_BOLD)))], np.float32), 18)
    saturation = rng.beta(1.2, 1.6) if vivid is None else vivid
    value = rng.beta(1.8, 1.3)
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, value), np.float32) * 255


def near(rng: np.random.Generator, base: np.ndarray, spread: float = 20) -> np.ndarray:
    """Return a colour close to another."""
    return np.clip(base + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 0, 255).astype(np.float32)


def plain(size: Size, base: np.ndarray) -> np.ndarray:
    """Return an image of one colour."""
    return np.broadcast_to(base.astype(np.float32), (*size, 3)).copy()


def ramp(size: Size, turn: float) -> np.ndarray:
    """Return values that rise from about 0 to 1 in direction `turn` (radians, 0 to the right, clockwise)."""
    height, width = size
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    return np.float32(np.cos(turn)) * x + np.float32(np.sin(turn)) * y + np.float32(0.5)


def blend(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix two colours by a map from 0 to 1."""
    share = np.clip(share, 0, 1)[..., None]
    return low + (high - low) * share


def over(image: np.ndarray, top: np.ndarray, alpha: np.ndarray) -> None:
    """Lay `top` (an image or a colour) over `image`, in place."""
    image += (top - image) * alpha[..., None]


def outline(rng: np.random.Generator, x: float, y: float, radius: float, kind: str = "any") -> np.ndarray:
    """Return the outline of a random shape: "blob", "box", "polygon" or "ellipse"."""
    if kind == "any":
        kind = str(rng.choice(["blob", "box", "polygon", "ellipse"]))
    turn = rng.uniform(0, 2 * np.pi)
    if kind == "box":
        half = radius * np.array([1, rng.uniform(0.3, 1)])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        turn = turn if rng.random() < 0.4 else rng.normal(0, 0.08)
    elif kind == "polygon":
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
        corners = radius * np.stack([np.cos(angles), np.sin(angles)], -1)
    else:
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        reach = np.ones(40)
        if kind == "blob":
            for k in range(2, 6):
                reach += rng.normal(0, 0.35 / k) * np.cos(k * angles + rng.uniform(0, 6.3))
        corners = radius * reach[:, None] * np.stack([np.cos(angles), rng.uniform(0.5, 1) * np.sin(angles)], -1)
    cos, sin = np.cos(turn), np.sin(turn)
    return corners @ np.array([[cos, sin], [-sin, cos]]) + (x, y)


def stamp(
    image: np.ndarray,
    points: np.ndarray,
    fill: np.ndarray,
    rng: np.random.Generator | None = None,
    relief: float = 0.0,
    soft: float = 0.0,
) -> None:
    """Paint a filled outline into `image` (float32), in place.

    Args:
        image: The image, float32 from 0 to 255.
        points: Outline in pixels, (n, 2).
        fill: A colour, or an image of the whole image's size.
        rng: Draws the direction of the light; needed for `relief`.
        relief: How round the shape looks: 0 is flat, 1 strongly shaded.
        soft: Blur of the edge in pixels.
    """
    height, width = image.shape[:2]
    margin = 2 + int(3 * soft)
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + margin, (width, height))
    if (high - low).min() <= 1:
        return
    window = np.s_[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.round((points - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    if soft > 0.3:
        mask = cv2.GaussianBlur(mask, (0, 0), soft)
    alpha = mask.astype(np.float32) / 255
    top = fill[window] if fill.ndim == 3 else fill
    if relief and rng is not None:
        height_map = cv2.GaussianBlur(alpha, (0, 0), max(1.0, 0.18 * float((high - low).min())))
        turn = rng.uniform(0, 2 * np.pi)
        slope = cv2.Sobel(height_map, cv2.CV_32F, 1, 0) * np.cos(turn) + cv2.Sobel(
            height_map, cv2.CV_32F, 0, 1
        ) * np.sin(turn)
        slope /= float(np.abs(slope).max()) + 1e-6
        shade = 1 + relief * (0.5 * slope + 0.4 * (height_map - 0.6))
        top = np.clip(top * shade[..., None], 0, 255)
    over(image[window], top, alpha)


def ellipse_points(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> np.ndarray:
    """Return the outline of an ellipse."""
    t = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    px, py = rx * np.cos(t), ry * np.sin(t)
    return np.stack([x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)], -1)


def xy(point: np.ndarray) -> tuple[float, float]:
    """Return a point as two plain numbers."""
    return float(point[0]), float(point[1])


def limb(x1: float, y1: float, x2: float, y2: float, start: float, end: float) -> np.ndarray:
    """Return the outline of a tapering stroke with round ends, `start` and `end` thick."""
    turn = np.arctan2(y2 - y1, x2 - x1)
    a = turn + np.linspace(np.pi / 2, 3 * np.pi / 2, 8)
    b = turn + np.linspace(-np.pi / 2, np.pi / 2, 8)
    first = np.stack([x1 + start / 2 * np.cos(a), y1 + start / 2 * np.sin(a)], -1)
    last = np.stack([x2 + end / 2 * np.cos(b), y2 + end / 2 * np.sin(b)], -1)
    return np.concatenate([first, last])


def word(rng: np.random.Generator) -> str:
    """Return a made-up word, a number or an abbreviation."""
    kind = rng.random()
    if kind < 0.2:
        return str(rng.integers(0, 10 ** int(rng.integers(1, 5))))
    made = "".join(str(rng.choice(_SYLLABLES)) for _ in range(int(rng.integers(1, 4))))
    return made.upper() if kind < 0.6 else made.capitalize() if kind < 0.8 else made


@functools.lru_cache(maxsize=32)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=height)


def write(image: np.ndarray, text: str, x: float, y: float, height: float, ink: np.ndarray, alpha: float = 1.0) -> None:
    """Write a word, its top left corner at (x, y), in place."""
    size = max(6, min(160, round(height)))
    font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    area = (int(right - left) + 2, int(bottom - top) + 2)
    if area[0] < 3 or area[1] < 3:
        return
    sheet = Image.new("L", area)
    ImageDraw.Draw(sheet).text((1 - left, 1 - top), text, font=font, fill=255)
    x0, y0 = int(x), int(y)
    x1, y1 = max(x0, 0), max(y0, 0)
    x2, y2 = min(x0 + area[0], image.shape[1]), min(y0 + area[1], image.shape[0])
    if x2 > x1 and y2 > y1:
        mask = np.asarray(sheet, np.float32)[y1 - y0 : y2 - y0, x1 - x0 : x2 - x0] * (alpha / 255)
        over(image[y1:y2, x1:x2], ink, mask)


def to_bytes(image: np.ndarray) -> np.ndarray:
    """Return a float image (0 to 255) as uint8."""
    return np.clip(image, 0, 255).astype(np.uint8)

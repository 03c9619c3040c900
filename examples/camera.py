"""What a camera, a screen and a file format do to an image: exposure, colour, blur, noise, JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from examples.noise import CLOUDY, SMOOTH, Size, fractal, grain
from examples.paint import ramp

_LEVELS = np.arange(256, dtype=np.float32) / 255
_WORDS = ("NEWS", "LIVE", "sample", "stock photo", "(c) 2019", "HD", "Group A", "24/7", "www.", "1 : 0", "Day 3")


def shoot(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Photograph a scene.

    Args:
        image: RGB, uint8.
        rng: Draws everything.
        strength: 1 for photographs; smaller for artwork that was never photographed.

    Returns:
        RGB, uint8, the same size.
    """
    if rng.random() < 0.6 * strength:
        image = _uneven_light(image, rng)
    image = _colours(image, rng, strength)
    if rng.random() < 0.45 * strength + 0.15:
        image = _blur(image, rng, strength)
    if rng.random() < 0.06:
        _watermark(image, rng)
    if rng.random() < 0.65 * strength:
        image = _sensor_noise(image, rng)
    if rng.random() < 0.3:
        image = _resample(image, rng)
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.7, 1.6))
        amount = rng.uniform(0.3, 1.2)
        image = cv2.addWeighted(image, 1 + amount, soft, -amount, 0)
    return _jpeg(image, rng) if rng.random() < 0.8 else image


def vignette(size: Size, strength: float) -> np.ndarray:
    """Return how bright each place is when the corners are darker by `strength`, (height, width)."""
    y, x = (np.linspace(-1, 1, length, dtype=np.float32) ** 2 for length in size)
    return 1 - strength / 2 * (y[:, None] + x[None, :])


def _colours(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Change exposure, contrast, white balance, gamma and saturation."""
    exposure = np.exp(rng.normal(0, 0.2 * strength))
    gamma = np.exp(rng.normal(0, 0.16 * strength))
    contrast = np.exp(rng.normal(0, 0.16 * strength))
    lift = rng.uniform(0, 0.22) if rng.random() < 0.18 * strength else 0.0  # haze, a faded print
    warmth = rng.normal(0, 0.075 * strength)
    tint = rng.normal(0, 0.03 * strength)
    gains = np.exp([warmth, -tint, -warmth])
    table = np.empty((256, 1, 3), np.uint8)
    for channel, gain in enumerate(gains):
        level = (np.clip(_LEVELS * exposure * gain, 0, 1.6) ** gamma - 0.45) * contrast + 0.45
        level = np.where(level > 0.85, 0.85 + 0.15 * np.tanh((level - 0.85) / 0.15), level)  # film's shoulder
        table[:, 0, channel] = np.clip((lift + (1 - lift) * level) * 255, 0, 255)
    image = cv2.LUT(image, table)
    saturation = float(np.exp(rng.normal(0, 0.22 * strength)))
    if rng.random() < 0.04 * strength:
        saturation = rng.uniform(0.35, 0.6)
    grey = np.array([[0.299, 0.587, 0.114]], np.float32) * (1 - saturation)
    return cv2.transform(image, np.eye(3, dtype=np.float32) * saturation + grey.repeat(3, axis=0))


def _uneven_light(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Darken corners, lay a soft shadow across, or let light spill in from one side."""
    height, width = image.shape[:2]
    light = vignette((height, width), rng.uniform(0.05, 0.35) if rng.random() < 0.5 else 0.0)
    if rng.random() < 0.5:
        light = light + rng.uniform(0.1, 0.6) * (ramp((height, width), rng.uniform(0, 2 * np.pi)) - 0.5)
    if rng.random() < 0.35:
        shadow = fractal(rng, (height, width), CLOUDY if rng.random() < 0.5 else SMOOTH, zoom=rng.uniform(0.5, 2))
        soft = rng.uniform(2, 12)
        light *= 1 - rng.uniform(0.1, 0.45) / (1 + np.exp(-soft * (shadow - rng.uniform(-0.3, 1))))
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


def _blur(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Move the camera, or miss the focus."""
    unit = max(image.shape[:2]) / 256
    if rng.random() < 0.25 * strength:
        length = max(1, int(rng.uniform(3, 9) * unit))
        kernel = np.zeros((length, length), np.float32)
        turn = rng.uniform(0, np.pi)
        half = length / 2
        dx, dy = np.cos(turn) * half, np.sin(turn) * half
        cv2.line(kernel, (int(half - dx), int(half - dy)), (int(half + dx), int(half + dy)), 1.0)
        return cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1.0))
    return cv2.GaussianBlur(image, (0, 0), min(0.4 + rng.exponential(0.65 if strength > 0.5 else 0.4), 2.4) * unit)


def _sensor_noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add noise: mostly in brightness, a little in colour."""
    size = image.shape[:2]
    spread = min(rng.exponential(4.5), 22)
    noise: np.ndarray = grain(rng, size) * spread
    coloured = rng.uniform(0, 0.6)
    channels = [noise + grain(rng, size) * spread * coloured for _ in range(3)] if coloured > 0.25 else [noise] * 3
    noise = cv2.merge(channels)
    if rng.random() < 0.4:
        noise = cv2.GaussianBlur(noise, (3, 3), 0.8)
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def _resample(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Store it small and show it large again."""
    height, width = image.shape[:2]
    factor = rng.uniform(0.3, 0.85)
    small = (max(16, round(width * factor)), max(16, round(height * factor)))
    back = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST], p=[0.5, 0.42, 0.08])
    return cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=int(back))


def _watermark(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    place = (int(rng.uniform(0, 0.6) * width), int(rng.uniform(0.1, 0.98) * height))
    level = int(rng.choice([255, 255, 20]))
    scale = rng.uniform(0.3, 1.0) * width / 256
    written = image.copy()
    cv2.putText(written, str(rng.choice(_WORDS)), place, cv2.FONT_HERSHEY_DUPLEX, scale, (level,) * 3, 1, cv2.LINE_AA)
    share = rng.uniform(0.3, 1)
    cv2.addWeighted(written, share, image, 1 - share, 0, dst=image)


def _jpeg(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    quality = int(rng.integers(25, 96))
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)

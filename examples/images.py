"""Make the example images: a few flags, one image without a flag, and one flag that the model has to misclassify."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from examples.dataset import image_of, write_jpeg

SIZE = 640
_JPEG_QUALITY = 88

# Label and seed; the seeds were chosen by eye.
IMAGES: tuple[tuple[str, int], ...] = (
    ("Brazil", 204),
    ("Canada", 120),
    ("France", 334),
    ("Germany", 296),
    ("Portugal", 304),
    ("South Africa", 224),
    ("Sweden", 277),
    ("United Kingdom", 241),
    ("no flag", 331),
)

# Upside down, Poland's flag is Indonesia's.
UPSIDE_DOWN: tuple[tuple[str, int], ...] = (("Poland", 12),)


def write_images(
    out: Path,
    images: tuple[tuple[str, int], ...] = IMAGES,
    upside_down: tuple[tuple[str, int], ...] = UPSIDE_DOWN,
) -> list[Path]:
    """Write the example images as `<label>.jpg`, in lower case and with hyphens.

    Args:
        out: The folder, which is made if it is missing.
        images: Labels and seeds of the images to draw.
        upside_down: Labels and seeds of more images, turned by 180 degrees and named `<label>-upside-down.jpg`.

    Returns:
        The paths, in the order asked for.
    """
    out.mkdir(parents=True, exist_ok=True)
    upright = [_write(out, label, seed) for label, seed in images]
    return upright + [_write(out, label, seed, turned=True) for label, seed in upside_down]


def _write(out: Path, label: str, seed: int, turned: bool = False) -> Path:
    name = re.sub(r"[^a-z0-9]+", "-", label.lower())
    path = out / (f"{name}-upside-down.jpg" if turned else f"{name}.jpg")
    image = image_of(label, np.random.default_rng(seed), SIZE)
    write_jpeg(path, np.ascontiguousarray(image[::-1, ::-1]) if turned else image, _JPEG_QUALITY)
    return path

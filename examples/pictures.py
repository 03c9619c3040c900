"""Make the example pictures: a few flags, and one picture without."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from examples.dataset import picture_of, write_jpeg

SIZE = 640
_JPEG_QUALITY = 88

# Label and seed; the seeds were chosen by eye.
PICTURES: tuple[tuple[str, int], ...] = (
    ("Brazil", 1),
    ("Japan", 1),
    ("France", 1),
    ("Germany", 1),
    ("South Africa", 1),
    ("Canada", 1),
    ("United Kingdom", 1),
    ("no flag", 1),
)


def write_pictures(out: Path, pictures: tuple[tuple[str, int], ...] = PICTURES) -> list[Path]:
    """Write the example pictures as `<label>.jpg`, in lower case and with hyphens, and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for label, seed in pictures:
        picture = picture_of(label, np.random.default_rng(seed), SIZE)
        path = out / f"{re.sub(r'[^a-z0-9]+', '-', label.lower())}.jpg"
        write_jpeg(path, picture, _JPEG_QUALITY)
        paths.append(path)
    return paths

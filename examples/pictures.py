"""Make the example pictures: a few flags, one picture without, and one flag that is bound to be misread."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from examples.dataset import picture_of, write_jpeg

SIZE = 640
_JPEG_QUALITY = 88

# Label and seed; the seeds were chosen by eye.
PICTURES: tuple[tuple[str, int], ...] = (
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

# What the model cannot know: upside down, Poland's flag is Indonesia's.
UPSIDE_DOWN: tuple[str, int] = ("Poland", 12)


def write_pictures(out: Path, pictures: tuple[tuple[str, int], ...] = PICTURES) -> list[Path]:
    """Write the example pictures as `<label>.jpg`, in lower case and with hyphens, and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for label, seed in pictures:
        picture = picture_of(label, np.random.default_rng(seed), SIZE)
        path = out / f"{re.sub(r'[^a-z0-9]+', '-', label.lower())}.jpg"
        write_jpeg(path, picture, _JPEG_QUALITY)
        paths.append(path)
    label, seed = UPSIDE_DOWN
    paths.append(out / f"{label.lower()}-upside-down.jpg")
    picture = picture_of(label, np.random.default_rng(seed), SIZE)
    write_jpeg(paths[-1], np.ascontiguousarray(picture[::-1, ::-1]), _JPEG_QUALITY)
    return paths

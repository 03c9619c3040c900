"""Write a data set of synthetic flag images: one folder per flag, and one of images without a flag."""

from __future__ import annotations

import functools
import multiprocessing
from pathlib import Path

import cv2
import numpy as np

from examples.flags import catalogue
from examples.photograph import photograph
from examples.scenes import frame, without_flag
from examples.scenes_sports import lone_thing, sports
from examples.unusual import unusual

NO_FLAG = "no flag"
_FIRST_VARIANT_SHARE = 0.65
_JPEG_QUALITY = 92
_USUAL_IN_A_ROW = 2  # of each label's images; the next one is unusual, or shows people at sports and no flag


def write_dataset(out: Path, per_class: int, no_flag: int, seed: int, workers: int, size: int = 192) -> int:
    """Write the data set.

    Every image has its own random numbers, drawn from the seed, its class and its own number:
    the files are the same whatever the number of workers.

    Args:
        out: Folder to write to; it must not exist or be empty.
        per_class: Images of each flag.
        no_flag: Images without a flag.
        seed: Another seed gives other images.
        workers: Processes to share the work.
        size: Longer side of the images, pixels.

    Returns:
        Number of images written.

    Raises:
        ValueError: If the folder is not empty, or a number is negative.
    """
    if min(per_class, no_flag, seed) < 0:
        raise ValueError("The numbers of images and the seed must not be negative.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"The folder “{out}” is not empty: choose a new one.")
    wanted = [*((label, per_class) for label in catalogue.labels()), (NO_FLAG, no_flag)]
    jobs = [(number, label, i) for number, (label, count) in enumerate(wanted) for i in range(count)]
    for label, count in wanted:
        if count:
            (out / label).mkdir(parents=True, exist_ok=True)
    write = functools.partial(_write_one, out, seed, size)
    if workers <= 1:
        for job in jobs:
            write(job)
    else:
        with multiprocessing.get_context("spawn").Pool(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            for _ in pool.imap_unordered(write, jobs, chunksize=64):
                pass
    return len(jobs)


def image_of(label: str, rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Return a new image of a flag, or without one for NO_FLAG, RGB uint8."""
    if label == NO_FLAG:
        return without_flag(rng, size)
    return photograph(_drawing(label, rng), rng, size)


def unusual_image_of(label: str, rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Return a new image of a flag that is limp, turned, far away or cut; for NO_FLAG, of sports or a small thing."""
    if label == NO_FLAG:
        scene = sports if rng.random() < 0.6 else lone_thing
        return scene(rng, frame(rng, size))
    return unusual(_drawing(label, rng), label, rng, size)


def _drawing(label: str, rng: np.random.Generator) -> np.ndarray:
    variant = 0
    others = catalogue.variants(label) - 1
    if others and rng.random() > _FIRST_VARIANT_SHARE:
        variant = 1 + int(rng.integers(others))
    return catalogue.draw(label, variant)


def _write_one(out: Path, seed: int, size: int, job: tuple[int, str, int]) -> None:
    number, label, i = job
    draw = unusual_image_of if i % (_USUAL_IN_A_ROW + 1) == _USUAL_IN_A_ROW else image_of
    image = draw(label, np.random.default_rng([seed, number, i]), size)
    write_jpeg(out / label / f"{i + 1:04d}.jpg", image, _JPEG_QUALITY)


def write_jpeg(path: Path, image: np.ndarray, quality: int) -> None:
    """Write an RGB image; unlike `cv2.imwrite`, also to paths with any letters on every system."""
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())

"""Images a second that decoding and augmentation feed, against a training step of the same images.

    python benchmarks/training_feed.py [--steps 8]

All of it alternates in one process, with the settings of `best`: JPEGs of 640 x 480 pixels are decoded and prepared
once, before a training; the prepared images are augmented in every epoch.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np

from benchmarks.training_epoch import ROUNDS, made_up_training
from model.preprocessing import prepared_image


def main() -> None:
    """Print the rates, and the ratio of each to the step's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=8, help="batches in a round")
    steps = parser.parse_args().steps
    training = made_up_training(steps)
    spec, batches, network = training.spec, training.batches, training.network
    count, rng = steps * training.settings.batch_size, np.random.default_rng(1)
    ready = [batches[index] for index in range(steps)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as threads:
        photos = [Path(folder) / f"{index}.jpg" for index in range(count)]
        for path in photos:
            smooth = cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(path), smooth)
        kinds: dict[str, Callable[[], object]] = {
            "a step": lambda: [network.train_on_batch(*batch) for batch in ready],
            "augmented, 1 thread": lambda: [batches[index] for index in range(steps)],
            f"augmented, {os.cpu_count()} threads": lambda: list(threads.map(batches.__getitem__, range(steps))),
            "decoded, 1 thread": lambda: [prepared_image(path, spec) for path in photos],
        }
        seconds: dict[str, list[float]] = {name: [] for name in kinds}
        for round_number in range(ROUNDS + 1):
            for name, work in kinds.items():
                start = time.perf_counter()
                work()
                if round_number:  # the first round compiles
                    seconds[name].append(time.perf_counter() - start)
    rates = {name: count / statistics.median(values) for name, values in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:24}{rate:8.0f} images per second {rate / rates['a step']:8.1f} times the step")


if __name__ == "__main__":
    main()

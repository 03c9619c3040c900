"""Time training steps with and without `train.trainer.memory.keep_freed_memory`, alternately in fresh processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS, STEPS, BATCH, SIDE = 3, 12, 64, 96


def one_run(keep: bool) -> None:
    """Print the seconds per training step of the network “small”."""
    import keras
    import numpy as np

    from model.preprocessing import InputSpec
    from train.network.architectures import build
    from train.settings import Settings
    from train.trainer.memory import keep_freed_memory

    if keep:
        keep_freed_memory()
    network = build(Settings(size=SIDE), InputSpec(SIDE, SIDE), 100)
    network.compile("adamw", keras.losses.CategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (BATCH, SIDE, SIDE, 3), np.uint8)
    targets = np.eye(100, dtype=np.float32)[rng.integers(0, 100, BATCH)]
    for _ in range(4):
        network.train_on_batch(images, targets)
    start = time.perf_counter()
    for _ in range(STEPS):
        network.train_on_batch(images, targets)
    print((time.perf_counter() - start) / STEPS)


def main() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    seconds: dict[str, list[float]] = {"glibc default": [], "memory kept": []}
    for _ in range(ROUNDS):
        for name, values in seconds.items():
            command = [sys.executable, __file__, "kept" if name == "memory kept" else "plain"]
            run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            values.append(float(run.stdout))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        print(f"{name:18}{BATCH / median:8.0f} images per second")
    print(f"ratio             {medians['glibc default'] / medians['memory kept']:8.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one_run(sys.argv[1] == "kept")
    else:
        main()

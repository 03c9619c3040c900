"""Share of an epoch of `best` that is spent in the network: epochs of training against epochs of one prepared batch.

    python benchmarks/training_epoch.py [--steps 8]

Both kinds alternate in one process, on images of noise, since the content does not change the time.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np

from model.preprocessing import InputSpec
from train.data.batches import LabelledImages, TrainingBatches
from train.input_selection import first_input
from train.network.architectures import build, scaled_size
from train.recipes.registry import load_recipe
from train.settings import Settings
from train.trainer.memory import keep_freed_memory

CLASSES, ROUNDS = 100, 5


class ReadyBatch(keras.utils.PyDataset):
    """The same batch repeatedly, so that only the network takes time."""

    def __init__(self, batch: tuple[np.ndarray, np.ndarray], steps: int) -> None:
        super().__init__()
        self._batch, self._steps = batch, steps

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self._batch


@dataclass(frozen=True)
class MadeUpTraining:
    """A training of the default recipe on random images, and its network from random weights.

    Attributes:
        settings: Those of the recipe.
        spec: The network's input.
        batches: As many batches as steps were asked for.
        network: The network, compiled.
    """

    settings: Settings
    spec: InputSpec
    batches: TrainingBatches
    network: keras.Model


def made_up_training(steps: int) -> MadeUpTraining:
    """Return a training of so many steps an epoch."""
    keep_freed_memory()
    settings = dataclasses.replace(load_recipe("best"), min_steps_per_epoch=1)
    spec = first_input(settings)
    size = scaled_size(settings, spec, settings.training_scale)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (steps * settings.batch_size, spec.height, spec.width, 3), np.uint8)
    targets = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, len(images))]
    batches = TrainingBatches(LabelledImages(images, targets), settings, size, grey=False)
    network = build(settings, spec, CLASSES, scale=settings.training_scale, pretrained=False)
    network.compile("adamw", keras.losses.CategoricalCrossentropy(from_logits=True))
    return MadeUpTraining(settings, spec, batches, network)


def main() -> None:
    """Print the share, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=8, help="steps per epoch")
    steps = parser.parse_args().steps
    training = made_up_training(steps)
    batches, network = training.batches, training.network
    kinds = {"as trained": batches, "network only": ReadyBatch(batches[0], len(batches))}
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for round_number in range(ROUNDS + 1):
        for name, data in kinds.items():
            start = time.perf_counter()
            network.fit(data, shuffle=False, verbose=0)
            if round_number:  # the first round compiles
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        print(f"{name:16}{median / steps * 1000:8.0f} ms per step of {training.settings.batch_size} images")
    print(f"in the network  {medians['network only'] / medians['as trained']:8.0%}")
    print(f"peak memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:8.1f} GB")


if __name__ == "__main__":
    main()

"""Batches for Keras: shuffled and augmented for training, in order for validation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from model.cores import cores
from train.data.augmentation import augment, mix, shrink_all
from train.data.loading import LoadedSplit
from train.data.targets import multi_hot
from train.settings import Settings

# Images in one call without gradients. More take longer: the largest activations then leave the allocator's arenas, and
# their memory is mapped anew in every call (docs/lab-notebook.md, “Memory of a prediction”).
INFERENCE_BATCH = 8
_AT_ONCE = 8  # batches that are augmented or wait for the network


@dataclass(frozen=True)
class LabelledImages:
    """Images of one split with their targets.

    Attributes:
        images: (n, height, width, 3), uint8 RGB, prepared.
        targets: (n, classes), float32: 1 for every label of an image, 0 for the others.
    """

    images: np.ndarray
    targets: np.ndarray


def labelled_images(split: LoadedSplit, labels: Sequence[str]) -> LabelledImages:
    """Return the images of a split with their targets, in the class order of `labels`."""
    return LabelledImages(
        split.images, multi_hot(split.examples, {label: i for i, label in enumerate(labels)}, len(labels))
    )


@dataclass(frozen=True)
class BatchShare:
    """The part of every batch that one process trains on, where several devices divide the batches.

    Attributes:
        devices: Number of devices of all processes, a multiple of their number.
        process: Number of this process, from 0.
        processes: Number of processes, each with as many devices.
    """

    devices: int = 1
    process: int = 0
    processes: int = 1

    def rows(self, count: int) -> np.ndarray:
        """Return which images of a batch of `count` this process takes, (m,), int.

        A batch that the devices cannot divide, such as the last one of an epoch, is repeated until they can: the mean
        of its gradients and the statistics of batch normalization stay what they are on one device.
        """
        repeated = np.tile(np.arange(count), self.devices // math.gcd(count, self.devices))
        return np.split(repeated, self.processes)[self.process]


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled and augmented batches; the same seed gives the same batches, whatever the number of threads and devices.

    Args:
        data: The training images.
        settings: Batch size, seed, class balance, mixup, CutMix and augmentation.
        size: Width and height of the images in a batch, pixels.
        grey: Whether the images are grey and stay so.
        first_epoch: Number of epochs already done: the random numbers continue from there.
        share: The images of each batch that are wanted.
    """

    def __init__(
        self,
        data: LabelledImages,
        settings: Settings,
        size: tuple[int, int],
        *,
        grey: bool,
        first_epoch: int = 0,
        share: BatchShare = BatchShare(),
    ) -> None:
        super().__init__(workers=min(_AT_ONCE, cores()), max_queue_size=_AT_ONCE)
        self._images, self._targets = data.images, data.targets
        self._settings, self._size, self._grey = settings, size, grey
        self._epoch, self._share = first_epoch, share
        self._order = self._shuffle()

    def __len__(self) -> int:
        return -(-len(self._order) // self._settings.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        settings = self._settings
        chosen = self._order[index * settings.batch_size : (index + 1) * settings.batch_size]
        rows = self._share.rows(len(chosen))
        rng = np.random.default_rng([settings.seed, self._epoch, index])
        if rng.random() >= settings.mixup_cutmix_prob:
            return self._augmented(chosen, rows, index), self._targets[chosen[rows]]
        images = self._augmented(chosen, np.arange(len(chosen)), index)
        images, targets = mix(images, self._targets[chosen], rng, union=settings.multi_label)
        return images[rows], targets[rows]

    def _augmented(self, chosen: np.ndarray, rows: np.ndarray, index: int) -> np.ndarray:
        """Return augmented copies of some images of a batch, each with random numbers of its own."""
        generators = (np.random.default_rng([self._settings.seed, self._epoch, index, 1 + row]) for row in rows)
        return np.stack(
            [
                augment(self._images[i], rng, self._settings, self._size, grey=self._grey)
                for i, rng in zip(chosen[rows], generators, strict=True)
            ]
        )

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._epoch += 1
        self._order = self._shuffle()

    def _shuffle(self) -> np.ndarray:
        rng = np.random.default_rng([self._settings.seed, self._epoch])
        steps = -(-len(self._images) // self._settings.batch_size)
        passes = -(-self._settings.min_steps_per_epoch // steps) if steps else 1
        return np.concatenate([self._one_pass(rng) for _ in range(passes)])

    def _one_pass(self, rng: np.random.Generator) -> np.ndarray:
        order = rng.permutation(len(self._images))
        if not self._settings.class_balance:
            return order
        expected = expected_draws(self._targets, self._settings.class_balance)[order]
        # Systematic sampling: each image is drawn its expected number of times, rounded up or down at random.
        marks = np.arange(len(order)) + rng.random()
        return rng.permutation(order[np.minimum(np.searchsorted(expected.cumsum(), marks), len(order) - 1)])


class PlainBatches(keras.utils.PyDataset):
    """Batches in order, without augmentation, for validation.

    Args:
        data: The images.
        size: Width and height of the images in a batch, pixels.
        batch_size: Images per batch.
    """

    def __init__(self, data: LabelledImages, size: tuple[int, int], batch_size: int = INFERENCE_BATCH) -> None:
        super().__init__()
        self._images, self._targets = data.images, data.targets
        self._size, self._batch_size = size, batch_size

    def __len__(self) -> int:
        return -(-len(self._images) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return shrink_all(self._images[chosen], self._size), self._targets[chosen]


def expected_draws(targets: np.ndarray, balance: float) -> np.ndarray:
    """Return how often each image is drawn in an epoch, on average, when rare classes are drawn more often.

    Args:
        targets: (n, classes), float32: 1 for every label of an image.
        balance: From 0 for every image once to 1 for every class equally often.

    Returns:
        (n,), float64, with mean 1. The rarest label of a multi-label image counts.
    """
    counts = targets.sum(axis=0)
    weights = np.where(targets > 0, np.maximum(counts, 1) ** -balance, 0).max(axis=1)
    weights = np.where(weights > 0, weights, 1 / len(targets) ** balance)  # images without a label
    return weights * (len(weights) / weights.sum())

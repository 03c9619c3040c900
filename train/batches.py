"""Feed prepared pictures to Keras in shuffled, augmented batches."""

from __future__ import annotations

import keras
import numpy as np

from train.augmentation import augment, shrink
from train.settings import Settings


class TrainingBatches(keras.utils.PyDataset):
    """Shuffled and augmented batches; the same seed gives the same batches, whatever the threads do.

    Args:
        pictures: (n, height, width, 3), uint8.
        classes: (n,), int: class indices.
        settings: Batch size, seed and augmentation.
        side: Side of the pictures in a batch, pixels.
        grey: Whether the network sees brightness only.
        first_epoch: Number of epochs already done: the random numbers go on from there.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        classes: np.ndarray,
        settings: Settings,
        side: int,
        *,
        grey: bool,
        first_epoch: int = 0,
    ) -> None:
        super().__init__(workers=2, max_queue_size=8)
        self._pictures, self._classes = pictures, classes
        self._settings, self._side, self._grey = settings, side, grey
        self._epoch = first_epoch
        self._order = self._shuffle()

    def __len__(self) -> int:
        return -(-len(self._pictures) // self._settings.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size = self._settings.batch_size
        chosen = self._order[index * size : (index + 1) * size]
        rng = np.random.default_rng([self._settings.seed, self._epoch, index])
        pictures = [augment(self._pictures[i], rng, self._settings, self._side, grey=self._grey) for i in chosen]
        return np.stack(pictures), self._classes[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle anew for the next epoch."""
        self._epoch += 1
        self._order = self._shuffle()

    def _shuffle(self) -> np.ndarray:
        return np.random.default_rng([self._settings.seed, self._epoch]).permutation(len(self._pictures))


class PlainBatches(keras.utils.PyDataset):
    """Batches in order, as they are: for validation.

    Args:
        pictures: (n, height, width, 3), uint8.
        classes: (n,), int: class indices.
        side: Side of the pictures in a batch, pixels.
        batch_size: Pictures a batch.
    """

    def __init__(self, pictures: np.ndarray, classes: np.ndarray, side: int, batch_size: int = 64) -> None:
        super().__init__()
        self._pictures, self._classes = pictures, classes
        self._side, self._batch_size = side, batch_size

    def __len__(self) -> int:
        return -(-len(self._pictures) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return np.stack([shrink(p, self._side) for p in self._pictures[chosen]]), self._classes[chosen]

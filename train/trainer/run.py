"""What one training run needs: a record that is handed through fitting instead of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from model.preprocessing import InputSpec
from train.data.batches import LabelledImages
from train.settings import Settings
from train.trainer.checkpoint import ProgressFile


@dataclass(frozen=True)
class TrainingRun:
    """One training run.

    Attributes:
        settings: What to train and how.
        spec: Input size and colour mode.
        classes: Number of labels.
        train: Images to fit on.
        validation: Images that choose the best epoch (where `settings.checkpoint` is "last", whether the end
            is better than the beginning); may be empty, then the last epoch counts.
        progress_file: Where the progress is kept and read from, if anywhere.
        tensorboard: Directory for TensorBoard's logs, if any.
        on_epoch: Receives the metrics of every epoch; what it raises ends the training.
    """

    settings: Settings
    spec: InputSpec
    classes: int
    train: LabelledImages
    validation: LabelledImages
    progress_file: ProgressFile | None = None
    tensorboard: Path | None = None
    on_epoch: Callable[[Mapping[str, Any]], None] | None = None

    @cached_property
    def targets(self) -> np.ndarray:
        """The targets of the training and then of the validation images, (n, classes), float32."""
        return np.concatenate([self.train.targets, self.validation.targets])

    def images(self, rows: np.ndarray) -> LabelledImages:
        """Return some of the training and validation images, copied into memory.

        Args:
            rows: (m,), int, in order: rows of `targets`.
        """
        first = len(self.train.images)
        parts = self.train.images[rows[rows < first]], self.validation.images[rows[rows >= first] - first]
        return LabelledImages(np.concatenate(parts), self.targets[rows])

    def all_images(self) -> LabelledImages:
        """Return the training and the validation images together, copied into memory."""
        return self.images(np.arange(len(self.targets)))

"""Fit a second time with the validation images, once they have done their work."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

from model.preprocessing import InputSpec
from train.data.batches import LabelledImages
from train.settings import Settings
from train.trainer.checkpoint import ProgressFile
from train.trainer.loop import FitResult, fit


def wants_refit(settings: Settings, train: LabelledImages, validation: LabelledImages) -> bool:
    """Say whether the settings ask for a second fit: for few images, where no epoch is chosen by validation."""
    both = len(train.images) + len(validation.images)
    return settings.checkpoint == "last" and len(validation.images) > 0 and both <= settings.refit


def refit(
    first: FitResult,
    settings: Settings,
    spec: InputSpec,
    labels: int,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    file: ProgressFile | None = None,
    tensorboard: Path | None = None,
) -> FitResult:
    """Train again, from the beginning, on training and validation images together.

    What was fitted on validation, temperature and thresholds, has to come from the first network, which never saw
    these images.

    Args:
        first: The finished first training.
        settings: As for the first.
        spec: Input size and colour mode.
        labels: Number of classes.
        train: Training images.
        validation: Images to add to them; few, since both are copied into memory.
        file: Where the progress of this second training is kept.
        tensorboard: Directory for TensorBoard's records.

    Returns:
        The second network, with the history of the first training, whose figures on validation mean something. Where
        the second was cut short: the first network, as one that was interrupted.
    """
    print(f"Fitting again, with the {len(validation.images)} validation images as well …", file=sys.stderr)
    both = LabelledImages(
        np.concatenate([train.images, validation.images]), np.concatenate([train.targets, validation.targets])
    )
    nothing = LabelledImages(validation.images[:0], validation.targets[:0])
    try:
        second = fit(settings, spec, labels, both, nothing, file=file, tensorboard=tensorboard)
    except KeyboardInterrupt:  # before its first epoch ended
        return dataclasses.replace(first, interrupted=True, by_user=True)
    if second.interrupted:
        print("Keeping the network without the validation images instead, which is finished.", file=sys.stderr)
        return dataclasses.replace(first, interrupted=True, by_user=second.by_user)
    return dataclasses.replace(first, model=second.model, best_epoch=second.best_epoch)

"""Fit a second time with the validation images added to the training images."""

from __future__ import annotations

import dataclasses
import sys

from train.data.batches import LabelledImages
from train.trainer.loop import FitResult, fit
from train.trainer.run import TrainingRun


def wants_refit(run: TrainingRun, first: FitResult) -> bool:
    """Return whether the settings ask for a second fit: with few images, where validation has chosen no epoch."""
    train, validation, settings = len(run.train.images), len(run.validation.images), run.settings
    chosen = settings.checkpoint == "best" or first.best_epoch < settings.epochs
    return not chosen and validation > 0 and train + validation <= settings.refit


def refit(first: FitResult, run: TrainingRun) -> FitResult:
    """Train again, from the beginning, on training and validation images together.

    The temperature and the thresholds have to come from the first network, which never saw the validation images.

    Args:
        first: The finished first training.
        run: What it was. The images are copied into memory; the progress and TensorBoard's logs of the second
            training are kept beside those of the first.

    Returns:
        The second network with the history of the first training, since only its validation metrics mean something.
        When the second training was interrupted: the first network, marked as interrupted.
    """
    validation = run.validation
    print(f"Fitting again, with the {len(validation.images)} validation images as well …", file=sys.stderr)
    again = dataclasses.replace(
        run,
        train=run.all_images(),
        validation=LabelledImages(validation.images[:0], validation.targets[:0]),
        progress_file=run.progress_file and run.progress_file.stage("refit"),
        tensorboard=run.tensorboard and run.tensorboard / "refit",
    )
    try:
        second = fit(again)
    except KeyboardInterrupt:  # before its first epoch ended
        return dataclasses.replace(first, interrupted=True, by_user=True)
    if second.interrupted:
        print("Keeping the finished network that was trained without the validation images.", file=sys.stderr)
        return dataclasses.replace(first, interrupted=True, by_user=second.by_user)
    return dataclasses.replace(first, model=second.model, best_epoch=second.best_epoch)

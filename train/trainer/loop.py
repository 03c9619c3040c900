"""Fit a network in phases and keep the weights that did best on validation, or the last ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.data.batches import LabelledImages, PlainBatches, TrainingBatches
from train.network.architectures import build, scaled_size
from train.network.linear_probe import start_from_probe
from train.settings import Settings
from train.trainer.callbacks import EpochEnd
from train.trainer.checkpoint import Progress, ProgressFile
from train.trainer.memory import keep_freed_memory, refuse_small_memory
from train.trainer.phases import Phase, freeze, optimizer, plan


class NotANumberError(SettingsError):
    """The loss has become infinite or no number."""


@dataclass(frozen=True)
class FitResult:
    """What a training run gave.

    Attributes:
        model: The network with its best weights, not compiled.
        history: One dict an epoch.
        interrupted: Whether the run was stopped before its end.
        by_user: Whether that was by Ctrl-C.
        best_epoch: The epoch whose weights were kept; 0 is the network before the first.
    """

    model: keras.Model
    history: list[dict[str, Any]]
    interrupted: bool
    best_epoch: int
    by_user: bool = False


def fit(
    settings: Settings,
    spec: InputSpec,
    labels: int,
    train: LabelledImages,
    validation: LabelledImages,
    *,
    file: ProgressFile | None = None,
    tensorboard: Path | None = None,
    on_epoch: Callable[[Mapping[str, Any]], None] | None = None,
) -> FitResult:
    """Train a network.

    Args:
        settings: What to train and how.
        spec: Input size and colour mode.
        labels: Number of classes.
        train: Images to fit on.
        validation: Images that choose the best epoch (unless `settings.checkpoint` is "last"); may be empty, then the
            last one counts.
        file: Where the progress is kept, and what it may go on from.
        tensorboard: Directory for TensorBoard's records.
        on_epoch: Receives the figures of every epoch; what it raises ends the training.

    Returns:
        The network with its best weights, and how it came to be.

    Raises:
        SettingsError: The weights do not fit, the stored progress is of another run, the memory is too
            small, or the loss was no longer a number before any epoch ended.
        KeyboardInterrupt: Ctrl-C before any epoch ended; later it ends the training with the best so far.
    """
    keep_freed_memory()
    progress = (file and file.load()) or Progress()
    if progress.epoch:
        print(f"Going on after epoch {progress.epoch} of {settings.epochs}.", file=sys.stderr)
    stopped, by_user = "", False
    try:
        _fit_phases(settings, spec, labels, train, validation, progress, file, tensorboard, on_epoch)
    except KeyboardInterrupt:
        if not progress.best:
            raise
        stopped, by_user = "Stopped by Ctrl-C.", True
    except NotANumberError as error:
        if not progress.best:
            raise
        stopped = str(error)
    if stopped:
        print(f"{stopped} Keeping the best so far, that of epoch {progress.best_epoch}.", file=sys.stderr)
    # A fresh network, because a compiled one would be stored with its optimizer, twice its size.
    fitted = build(settings, spec, labels, pretrained=False)
    fitted.set_weights(progress.best)
    return FitResult(fitted, progress.history, bool(stopped), progress.best_epoch, by_user)


def predict_logits(model: keras.Model, images: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Return the logits of prepared images, (n, classes), float32."""
    if not len(images):
        return np.zeros((0, model.output_shape[-1]), np.float32)
    starts = range(0, len(images), batch_size)
    return np.concatenate([np.asarray(model.predict_on_batch(images[s : s + batch_size])) for s in starts])


def _fit_phases(
    settings: Settings,
    spec: InputSpec,
    labels: int,
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress,
    file: ProgressFile | None,
    tensorboard: Path | None,
    on_epoch: Callable[[Mapping[str, Any]], None] | None,
) -> None:
    phases = plan(settings)
    model: keras.Model | None = None
    for number in range(progress.phase, len(phases)):
        phase = phases[number]
        if number > progress.phase:
            progress.enter(number)
        if progress.phase_done:
            continue
        if model is None or phase.scale != phases[number - 1].scale:
            keras.utils.set_random_seed(settings.seed)
            model = build(settings, spec, labels, scale=phase.scale, pretrained=not progress.best)
            refuse_small_memory(model, settings.batch_size)
        _fit_phase(model, phase, settings, spec, train, validation, progress, file, tensorboard, on_epoch)


def _fit_phase(
    model: keras.Model,
    phase: Phase,
    settings: Settings,
    spec: InputSpec,
    train: LabelledImages,
    validation: LabelledImages,
    progress: Progress,
    file: ProgressFile | None,
    tensorboard: Path | None,
    on_epoch: Callable[[Mapping[str, Any]], None] | None,
) -> None:
    size = scaled_size(settings, spec, phase.scale)
    grey = spec.colour_mode == "grey"
    batches = TrainingBatches(train.images, train.targets, settings, size, grey=grey, first_epoch=progress.epoch)
    checks = PlainBatches(validation.images, validation.targets, size)
    freeze(model, phase, settings)
    if progress.best:
        model.set_weights(progress.best)
    elif settings.starts_from_probe:
        print("Starting from a regression on the pretrained features …", file=sys.stderr)
        start_from_probe(model, train, validation, mirror=settings.flip, seed=settings.seed)
    model.compile(
        optimizer=optimizer(settings, phase, len(batches)),
        loss=_loss(settings),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)]
        if settings.multi_label
        else [keras.metrics.CategoricalAccuracy("accuracy")],
    )
    model.optimizer.build(model.trainable_variables)
    if progress.variables:
        for variables, values in (
            (model.variables, progress.variables),
            (model.optimizer.variables, progress.optimizer),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
    last_epoch = progress.phase_start + phase.epochs
    watch = EpochEnd(progress, phase, settings, checks, last_epoch, file, on_epoch)
    if not progress.best and settings.starts_from_probe:
        watch.set_model(model)
        watch.keep_if_best(watch.measure())
    print(f"{phase.name}: up to {phase.epochs} epochs at {size[0]} x {size[1]} pixels", file=sys.stderr)
    model.fit(
        batches,
        epochs=last_epoch,
        initial_epoch=progress.epoch,
        callbacks=[watch, *([keras.callbacks.TensorBoard(tensorboard, write_graph=False)] if tensorboard else [])],
        shuffle=False,  # the batches do that themselves; Keras would use Python's global generator
        verbose=1 if sys.stdout.isatty() else 2,
    )
    if watch.broken:
        raise NotANumberError(
            f"The loss is no longer a number with --learning-rate {settings.learning_rate}. Try a lower one."
        )


def _loss(settings: Settings) -> keras.losses.Loss:
    kind = keras.losses.BinaryCrossentropy if settings.multi_label else keras.losses.CategoricalCrossentropy
    return kind(from_logits=True, label_smoothing=settings.label_smoothing)

"""Fit a network in phases, and keep the weights of the best epoch on validation or of the last one."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from model.errors import SettingsError
from train.data.batches import INFERENCE_BATCH, BatchShare, PlainBatches, TrainingBatches
from train.network.architectures import build, scaled_size
from train.network.linear_probe import start_from_probe
from train.settings import Settings
from train.trainer.callbacks import ValidationCheckpoint
from train.trainer.checkpoint import Progress
from train.trainer.devices import all_devices
from train.trainer.hosts import is_first_host, joined
from train.trainer.memory import keep_freed_memory, refuse_small_memory
from train.trainer.phases import Phase, freeze, loss_function, optimizer, plan
from train.trainer.run import TrainingRun


class NotANumberError(SettingsError):
    """The loss has become infinite or not a number."""


@dataclass(frozen=True)
class FitResult:
    """The outcome of a training run.

    Attributes:
        model: The network with its best weights, not compiled.
        history: One dict per epoch.
        interrupted: Whether the run was stopped before its end.
        best_epoch: The epoch whose weights were kept; 0 is the network before the first epoch.
        by_user: Whether it was stopped by Ctrl-C.
    """

    model: keras.Model
    history: list[dict[str, Any]]
    interrupted: bool
    best_epoch: int
    by_user: bool = False


def fit(run: TrainingRun) -> FitResult:
    """Train a network, and continue from stored progress where there is any.

    Args:
        run: What to train, on which images.

    Returns:
        The network with its best weights, and how it was trained.

    Raises:
        SettingsError: The weights do not fit, the stored progress is of another run, the memory is too
            small, or the loss was no longer a number before any epoch ended.
        KeyboardInterrupt: Ctrl-C before any epoch ended; later it ends the training with the best so far.
    """
    keep_freed_memory()
    settings = run.settings
    progress = (run.progress_file and run.progress_file.load()) or Progress()
    if progress.epoch:
        print(f"Resuming after epoch {progress.epoch} of {settings.epochs}.", file=sys.stderr)
    stopped, by_user = "", False
    try:
        with all_devices(settings.batch_size) as share:
            _fit_phases(run, progress, share)
    except KeyboardInterrupt:
        if not progress.best or joined():  # the other hosts cannot end with it
            raise
        stopped, by_user = "Stopped by Ctrl-C.", True
    except NotANumberError as error:
        if not progress.best:
            raise
        stopped = str(error)
    if stopped:
        print(f"{stopped} Keeping the best so far, that of epoch {progress.best_epoch}.", file=sys.stderr)
    elif settings.checkpoint == "last" and progress.best_epoch < progress.epoch == settings.epochs:
        kept = f"epoch {progress.best_epoch}" if progress.best_epoch else "the regression"
        print(
            f"The last epoch predicts the validation images less well than the regression. Keeping {kept}.",
            file=sys.stderr,
        )
    # A fresh network, in float32 on one device; a compiled one would be stored with its optimizer, twice its size.
    fitted = build(settings, run.spec, run.classes, pretrained=False)
    fitted.set_weights(progress.best)
    return FitResult(fitted, progress.history, bool(stopped), progress.best_epoch, by_user)


def predict_logits(model: keras.Model, images: np.ndarray, batch_size: int = INFERENCE_BATCH) -> np.ndarray:
    """Return the logits of prepared images, (n, classes), float32."""
    if not len(images):
        return np.zeros((0, model.output_shape[-1]), np.float32)
    starts = range(0, len(images), batch_size)
    return np.concatenate([np.asarray(model.predict_on_batch(images[s : s + batch_size])) for s in starts])


def _fit_phases(run: TrainingRun, progress: Progress, share: BatchShare) -> None:
    settings, phases = run.settings, plan(run.settings)
    model: keras.Model | None = None
    for number in range(progress.phase, len(phases)):
        phase = phases[number]
        if number > progress.phase:
            progress.enter(number)
        if progress.phase_done:
            continue
        if model is None or phase.scale != phases[number - 1].scale:
            keras.utils.set_random_seed(settings.seed)
            model = build(settings, run.spec, run.classes, scale=phase.scale, pretrained=not progress.best)
            refuse_small_memory(model, settings.batch_size)
        _fit_phase(run, progress, phase, model, share)


def _fit_phase(run: TrainingRun, progress: Progress, phase: Phase, model: keras.Model, share: BatchShare) -> None:
    settings, size = run.settings, scaled_size(run.settings, run.spec, phase.scale)
    grey = run.spec.colour_mode == "grey"
    batches = TrainingBatches(run.train, settings, size, grey=grey, first_epoch=progress.epoch, share=share)
    validation = PlainBatches(run.validation, size)
    freeze(model, phase, settings)
    if progress.best:
        model.set_weights(progress.best)
    elif settings.starts_from_probe:
        print("Starting from a regression on the pretrained features …", file=sys.stderr)
        start_from_probe(model, run.train, run.validation, settings)
    _compile(model, settings, phase, len(batches))
    _restore(model, progress)
    checkpoint = ValidationCheckpoint(run, progress, phase, validation)
    if not progress.best and settings.starts_from_probe:
        checkpoint.set_model(model)
        started = checkpoint.evaluate()
        checkpoint.keep_if_best(started)
        progress.start_loss = started.get("val_loss", math.inf)
    epochs = "1 epoch" if phase.epochs == 1 else f"up to {phase.epochs} epochs"
    print(f"{phase.name}: {epochs} at {size[0]} x {size[1]} pixels", file=sys.stderr)
    callbacks: list[keras.callbacks.Callback] = [checkpoint]
    if run.tensorboard and is_first_host():
        callbacks.append(keras.callbacks.TensorBoard(run.tensorboard, write_graph=False))
    model.fit(
        batches,
        epochs=progress.phase_start + phase.epochs,
        initial_epoch=progress.epoch,
        callbacks=callbacks,
        shuffle=False,  # the batches are shuffled already; Keras would use Python's global generator
        verbose=1 if sys.stdout.isatty() else 2,
    )
    if checkpoint.not_a_number:
        raise NotANumberError(
            f"The loss is no longer a number with --learning-rate {settings.learning_rate}. Try a lower one."
        )


def _compile(model: keras.Model, settings: Settings, phase: Phase, steps: int) -> None:
    """Compile a network for a phase of so many steps per epoch, and make the optimizer's variables."""
    if settings.multi_label:
        accuracy = keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
    else:
        accuracy = keras.metrics.CategoricalAccuracy("accuracy")
    model.compile(
        optimizer=optimizer(settings, phase, steps),
        loss=loss_function(settings),
        metrics=[accuracy],
    )
    model.optimizer.build(model.trainable_variables)


def _restore(model: keras.Model, progress: Progress) -> None:
    """Set the variables of a network and its optimizer to those of an interrupted phase, where there was one."""
    if not progress.variables:
        return
    for variables, values in (
        (model.variables, progress.variables),
        (model.optimizer.variables, progress.optimizer),
    ):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

"""What happens after each epoch: measure on validation, keep the best weights, stop in time, save the progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from model.classifier import probabilities_of
from train.data.batches import PlainBatches
from train.metrics.classification import calibrate, cross_entropy
from train.settings import Settings
from train.trainer.checkpoint import Progress, ProgressFile
from train.trainer.phases import Phase

_PLATEAU_FACTOR = 1 / 3


class EpochEnd(keras.callbacks.Callback):
    """Watch a phase; what comes of it is in the progress.

    The loss that counts is that of the calibrated network, for that is what will be served: with
    label smoothing or mixing a network is too modest at first, which its temperature puts right.

    Args:
        progress: Where the run is; changed as it goes on.
        phase: The phase that is trained.
        settings: Patience, schedule and averaging.
        checks: Validation images; may be empty, then the last weights count as the best.
        last_epoch: The number of the phase's last epoch.
        file: Where the progress is kept, if anywhere.
        on_epoch: Receives the figures of every epoch.

    Attributes:
        broken: Whether the loss is no longer a number.
    """

    def __init__(
        self,
        progress: Progress,
        phase: Phase,
        settings: Settings,
        checks: PlainBatches,
        last_epoch: int,
        file: ProgressFile | None,
        on_epoch: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        super().__init__()
        self.broken = False
        self._progress, self._phase, self._settings = progress, phase, settings
        self._checks, self._last_epoch, self._file, self._on_epoch = checks, last_epoch, file, on_epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stop at once when the loss is no longer a number: every later weight would be none either."""
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.broken = True
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Measure, remember and decide; Keras prints what is added to `logs`."""
        if self.broken:
            return
        logs = {} if logs is None else logs
        progress = self._progress
        progress.epoch = epoch + 1
        with averaged_weights(self.model):
            logs |= self.measure()
            self.keep_if_best(logs)
        if progress.best_epoch == progress.epoch:
            progress.waited = 0
        else:
            progress.waited += 1
            self._follow_plateau()
        logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        progress.history.append(
            {"phase": self._phase.name, "epoch": progress.epoch} | {k: float(logs[k]) for k in logs}
        )
        if progress.waited >= self._settings.patience:
            self.model.stop_training = True
        progress.phase_done = progress.epoch == self._last_epoch or progress.waited >= self._settings.patience
        if self._file:
            progress.variables = [keras.ops.convert_to_numpy(v) for v in self.model.variables]
            progress.optimizer = [keras.ops.convert_to_numpy(v) for v in self.model.optimizer.variables]
            self._file.save(progress)
        if self._on_epoch:
            self._on_epoch(progress.history[-1])

    def measure(self) -> dict[str, float]:
        """Return loss and accuracy on validation; nothing without validation images."""
        if not len(self._checks):
            return {}
        batches = [self._checks[index] for index in range(len(self._checks))]
        logits = np.concatenate([np.asarray(self.model.predict_on_batch(images)) for images, _ in batches])
        targets = np.concatenate([targets for _, targets in batches])
        if self._settings.multi_label:
            loss = float(np.logaddexp(0, np.where(targets > 0, -logits, logits)).mean())
            return {"val_loss": loss, "val_accuracy": float(((logits > 0) == (targets > 0)).mean())}
        classes = targets.argmax(axis=1)
        temperature = calibrate(logits, classes).temperature
        return {
            "val_loss": cross_entropy(probabilities_of(logits, temperature), classes),
            "val_accuracy": float((logits.argmax(axis=1) == classes).mean()),
        }

    def keep_if_best(self, logs: dict[str, float]) -> None:
        """Keep the present weights when none did better at this size, or when they are the last and the last count.

        Weights that are no numbers are never kept.
        """
        progress, weights = self._progress, self.model.get_weights()
        loss = logs.get("val_loss", -math.inf)  # without validation the last epoch is the best
        last = self._settings.checkpoint == "last" and progress.epoch == self._settings.epochs
        worse = not last and progress.best_scale == self._phase.scale and progress.best_loss <= loss > -math.inf
        if math.isnan(loss) or (progress.best and worse) or not all(np.isfinite(w).all() for w in weights):
            return
        progress.best_loss, progress.best_scale = loss, self._phase.scale
        progress.best_epoch = progress.epoch
        progress.best = weights

    def _follow_plateau(self) -> None:
        if self._settings.schedule != "plateau":
            return
        if self._progress.waited % max(2, self._settings.patience // 3) == 0:
            rate = self.model.optimizer.learning_rate
            rate.assign(rate * _PLATEAU_FACTOR)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Put the moving average of the weights (Polyak & Juditsky 1992) in their place for a while, where there is one."""
    if not model.optimizer.use_ema:
        yield
        return
    raw = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        # A copy: in JAX variable and average would share an array, which a step gives away with the variable.
        variable.assign(np.array(keras.ops.convert_to_numpy(variable)))
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, raw, strict=True):
            variable.assign(value)

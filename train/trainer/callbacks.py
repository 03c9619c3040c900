"""The callback of every training: validation, best weights, early stopping, learning-rate plateaus, saved progress."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from train.data.batches import PlainBatches
from train.metrics.calibration import calibrated_losses
from train.metrics.classification import share_right
from train.trainer.checkpoint import Progress
from train.trainer.phases import Phase
from train.trainer.run import TrainingRun

_PLATEAU_FACTOR = 1 / 3


class ValidationCheckpoint(keras.callbacks.Callback):
    """Evaluates after every epoch, keeps the best weights, stops early and saves the progress.

    The validation loss is that of the network after temperature scaling, which is what will be served: with
    label smoothing or mixup a network is under-confident at first, which its temperature corrects.

    Args:
        run: The training run.
        progress: Its progress, which is updated.
        phase: The phase that is trained.
        validation: Validation images; may be empty, then the last weights count as the best.

    Attributes:
        not_a_number: Whether the loss has become infinite or not a number.
    """

    def __init__(self, run: TrainingRun, progress: Progress, phase: Phase, validation: PlainBatches) -> None:
        super().__init__()
        self.not_a_number = False
        self._run, self._settings = run, run.settings
        self._progress, self._phase, self._validation = progress, phase, validation

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stop at once when the loss is no longer a number: no later weight would be one either."""
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self.not_a_number = True
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Evaluate, keep the best, decide whether to go on, and save; Keras prints what is added to `logs`."""
        if self.not_a_number:
            return
        logs = {} if logs is None else logs
        progress, patience = self._progress, self._settings.patience
        progress.epoch = epoch + 1
        with averaged_weights(self.model):
            logs |= self.evaluate()
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
        if progress.waited >= patience:
            self.model.stop_training = True
        last_epoch = progress.phase_start + self._phase.epochs
        progress.phase_done = progress.epoch == last_epoch or progress.waited >= patience
        if self._run.progress_file:
            progress.variables = [keras.ops.convert_to_numpy(v) for v in self.model.variables]
            progress.optimizer = [keras.ops.convert_to_numpy(v) for v in self.model.optimizer.variables]
            self._run.progress_file.save(progress)
        if self._run.on_epoch:
            self._run.on_epoch(progress.history[-1])

    def evaluate(self) -> dict[str, float]:
        """Return loss and accuracy on validation; nothing without validation images."""
        if not len(self._validation):
            return {}
        batches = [self._validation[index] for index in range(len(self._validation))]
        logits = np.concatenate([np.asarray(self.model.predict_on_batch(images)) for images, _ in batches])
        targets = np.concatenate([targets for _, targets in batches])
        several = self._settings.multi_label
        loss = float(calibrated_losses(logits, targets, multi_label=several).mean())
        return {"val_loss": loss, "val_accuracy": share_right(logits, targets, multi_label=several)}

    def keep_if_best(self, logs: dict[str, float]) -> None:
        """Keep the current weights when their loss is the lowest at this image size, or when the last epoch is wanted.

        The last epoch is not wanted when the regression that the training started from has a lower loss: it has
        overfitted then. Weights that are not finite are never kept.
        """
        progress, weights = self._progress, self.model.get_weights()
        loss = logs.get("val_loss", -math.inf)  # without validation the last epoch is the best
        ended = self._settings.checkpoint == "last" and progress.epoch == self._settings.epochs
        last = ended and loss <= progress.start_loss
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
    """Replace the weights by their moving average (Polyak & Juditsky 1992) for a while, where there is one."""
    if not model.optimizer.use_ema:
        yield
        return
    raw = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    for variable in model.trainable_variables:
        # A copy: in JAX variable and average would share an array, which a training step donates with the variable.
        variable.assign(np.array(keras.ops.convert_to_numpy(variable)))
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, raw, strict=True):
            variable.assign(value)

"""Fit a network in phases and keep the weights that did best on validation."""

from __future__ import annotations

import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.architectures import build, head_layers
from train.batches import PlainBatches, TrainingBatches
from train.memory import keep_freed_memory
from train.settings import Settings


@dataclass(frozen=True)
class Part:
    """Pictures of one part with their class indices.

    Attributes:
        pictures: (n, height, width, 3), uint8 RGB, prepared.
        classes: (n,), int.
    """

    pictures: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one input size and one learning-rate curve.

    Attributes:
        name: What is printed.
        epochs: How many at most.
        side: Side of the pictures, pixels.
        first_rate: Learning rate after the warm-up.
        last_rate: Learning rate at the end of the cosine.
        head_only: Keep everything before the head as it is.
    """

    name: str
    epochs: int
    side: int
    first_rate: float
    last_rate: float
    head_only: bool = False


def plan(settings: Settings) -> list[Phase]:
    """Return the phases that the settings ask for."""
    side, rate, epochs = settings.input_size, settings.learning_rate, settings.epochs
    if settings.weights != "none" and epochs > 1:
        # The new head first, or its first large gradients would spoil the pretrained features
        # (Kornblith et al. 2019 fine-tune everything afterwards, at a lower rate).
        head = max(1, epochs // 4)
        return [
            Phase("head", head, side, rate, rate / 10, head_only=True),
            Phase("fine-tuning", epochs - head, side, rate / 4, 0),
        ]
    if settings.early_size < 1 and epochs > 1:
        # Progressive resizing (Tan & Le 2021): most of the learning at a fraction of the cost.
        early = max(1, round(epochs * 0.6))
        least = 32 if settings.architecture == "mobilenet_v2" else 16
        early_side = min(side, max(least, round(side * settings.early_size / 16) * 16))
        return [
            Phase("small pictures", early, early_side, rate, rate * 0.4),
            Phase("full size", epochs - early, side, rate * 0.4, 0),
        ]
    return [Phase("training", epochs, side, rate, 0)]


def fit(settings: Settings, spec: InputSpec, labels: int, train: Part, validation: Part) -> keras.Model:
    """Train a network.

    Args:
        settings: What to train and how.
        spec: Input size and colour mode.
        labels: Number of classes.
        train: Pictures to fit on.
        validation: Pictures that choose the best epoch; may be empty, then the last one counts.

    Returns:
        The network with its best weights, not compiled.

    Raises:
        SettingsError: The weights do not fit, or the loss is no longer a number.
    """
    keep_freed_memory()
    keras.utils.set_random_seed(settings.seed)
    weights: list[np.ndarray] | None = None
    done = 0
    for phase in plan(settings):
        model = build(settings, spec, labels, side=phase.side)
        if weights is not None:
            model.set_weights(weights)
        print(f"{phase.name}: up to {phase.epochs} epochs at {phase.side} x {phase.side} pixels", file=sys.stderr)
        _fit_phase(model, phase, settings, spec, train, validation, done)
        weights = model.get_weights()
        done += phase.epochs
    # A fresh network, because a compiled one would be stored with its optimizer, twice its size.
    fitted = build(settings, spec, labels)
    fitted.set_weights(weights)
    return fitted


def predict_logits(model: keras.Model, pictures: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Return the logits of prepared pictures, (n, classes), float32."""
    if not len(pictures):
        return np.zeros((0, model.output_shape[-1]), np.float32)
    starts = range(0, len(pictures), batch_size)
    return np.concatenate([np.asarray(model.predict_on_batch(pictures[s : s + batch_size])) for s in starts])


def _fit_phase(
    model: keras.Model, phase: Phase, settings: Settings, spec: InputSpec, train: Part, validation: Part, done: int
) -> None:
    classes = int(model.output_shape[-1])
    grey = spec.colour_mode == "grey"
    batches = TrainingBatches(
        train.pictures, one_hot(train.classes, classes), settings, phase.side, grey=grey, first_epoch=done
    )
    checks = PlainBatches(validation.pictures, one_hot(validation.classes, classes), phase.side)
    _freeze(model, phase, pretrained=settings.weights != "none")
    model.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(phase, steps=len(batches)), weight_decay=settings.weight_decay, clipnorm=1.0
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    with tempfile.TemporaryDirectory(prefix="vistazo-") as directory:
        best = Path(directory) / "best.weights.h5"
        callbacks: list[keras.callbacks.Callback] = [keras.callbacks.TerminateOnNaN()]
        if len(checks):
            callbacks += [
                keras.callbacks.ModelCheckpoint(
                    str(best), monitor="val_loss", save_best_only=True, save_weights_only=True
                ),
                keras.callbacks.EarlyStopping(monitor="val_loss", patience=settings.patience),
            ]
        history = model.fit(
            batches,
            validation_data=checks if len(checks) else None,
            epochs=done + phase.epochs,
            initial_epoch=done,
            callbacks=callbacks,
            shuffle=False,  # the batches do that themselves; Keras would use Python's global generator
            verbose=1 if sys.stdout.isatty() else 2,
        )
        if best.is_file():
            model.load_weights(best)
    if not all(math.isfinite(loss) for loss in history.history["loss"]):
        raise SettingsError(
            f"The loss is no longer a number with --learning-rate {settings.learning_rate}. Try a lower one."
        )


def _freeze(model: keras.Model, phase: Phase, *, pretrained: bool) -> None:
    head = {layer.name for layer in head_layers(model)}
    for layer in model.layers:
        # Pretrained batch statistics come from far more pictures than a small data set has.
        statistics = pretrained and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name in head or not (phase.head_only or statistics)


def _schedule(phase: Phase, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Warm up for at most one epoch, then follow a cosine (Loshchilov & Hutter 2017)."""
    total = steps * phase.epochs
    warm_up = min(steps, max(1, total // 10))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=phase.first_rate / 10,
        warmup_target=phase.first_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, total - warm_up),
        alpha=phase.last_rate / phase.first_rate,
    )


def one_hot(classes: np.ndarray, count: int) -> np.ndarray:
    """Return class indices (n,) as (n, count) float32 rows with a single one."""
    return np.eye(count, dtype=np.float32)[classes]

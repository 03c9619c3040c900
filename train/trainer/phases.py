"""Divide a training run into phases: one input size, one learning-rate curve and one set of trained layers each."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from train.network.architectures import head_layers
from train.settings import Settings


@dataclass(frozen=True)
class Phase:
    """One phase of a training.

    Attributes:
        name: Its name, which is printed.
        epochs: Most epochs.
        first_rate: Learning rate after the warm-up.
        last_rate: Learning rate at the end, where the schedule falls.
        scale: Size of the images as a share of the network's input.
        head_only: Freeze all layers before the head.
    """

    name: str
    epochs: int
    first_rate: float
    last_rate: float
    scale: float = 1.0
    head_only: bool = False


def plan(settings: Settings) -> list[Phase]:
    """Return the phases that the settings ask for."""
    rate, epochs, scale = settings.learning_rate, settings.epochs, settings.training_scale
    if settings.weights != "none":
        # The new head first: its first large gradients would damage the pretrained features (Kornblith et al. 2019
        # then fine-tune all layers, at a lower rate). A head that starts from a linear probe needs no such epochs
        # (Kumar et al. 2022).
        usual = 0 if settings.probe else min(max(1, epochs // 4), epochs)
        head = usual if settings.head_epochs is None else settings.head_epochs
        tuned_rate = settings.finetune_learning_rate or (rate if settings.probe else rate / 4)
        phases = [
            Phase("head", head, rate, rate / 10, scale, head_only=True),
            Phase("fine-tuning", epochs - head, tuned_rate, 0, scale),
        ]
        return [phase for phase in phases if phase.epochs]
    if settings.progressive_resize < scale and epochs > 1:
        # Progressive resizing (Tan & Le 2021): most epochs at a fraction of the cost.
        early = max(1, round(epochs * 0.6))
        return [
            Phase("small images", early, rate, rate * 0.4, settings.progressive_resize),
            Phase("full size", epochs - early, rate * 0.4, 0, scale),
        ]
    return [Phase("training", epochs, rate, 0, scale)]


def freeze(model: keras.Model, phase: Phase, settings: Settings) -> None:
    """Freeze the layers that a phase does not train."""
    head = {layer.name for layer in head_layers(model)}
    backbone = [layer for layer in model.layers if layer.name not in head]
    first = len(backbone) - settings.finetune_layers if settings.finetune_layers > 0 else -settings.finetune_layers
    pretrained = settings.weights != "none"
    for place, layer in enumerate(backbone):
        tuned = not phase.head_only and (not pretrained or place >= first)
        # Pretrained batch statistics come from far more images than a small data set has (docs/lab-notebook.md).
        statistics = pretrained and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = tuned and not statistics
    for layer in model.layers:
        if layer.name in head:
            layer.trainable = True


def optimizer(settings: Settings, phase: Phase, steps: int) -> keras.optimizers.Optimizer:
    """Return the phase's optimizer.

    Args:
        settings: Optimizer, schedule, weight decay and moving average.
        phase: Learning rates and number of epochs.
        steps: Steps per epoch.
    """
    rate = _cosine(phase, steps) if settings.schedule == "cosine" else phase.first_rate
    average = {"use_ema": True, "ema_momentum": settings.ema_decay} if settings.ema_decay else {}
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **average)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate, **average)
    chosen = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, clipnorm=1.0, **average)
    # Biases and normalisation parameters are not decayed (He et al. 2019).
    chosen.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return chosen


def loss_function(settings: Settings) -> keras.losses.Loss:
    """Return the loss: of a sigmoid for each label where an image may have several, of a softmax otherwise."""
    loss = keras.losses.BinaryCrossentropy if settings.multi_label else keras.losses.CategoricalCrossentropy
    return loss(from_logits=True, label_smoothing=settings.label_smoothing)


def _cosine(phase: Phase, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
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

"""Show what a trained network looks at: Grad-CAM, saliency of every block, and feature maps, as contact sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.bundle import Bundle
from model.classifier import Classifier
from model.errors import BundleError, SettingsError
from model.grad_cam import explain, overlay
from model.hub.resolve import resolve_model
from model.preprocessing import prepare, read_image

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

CHANNELS = 12
FEATURES = "features"  # as in train/network/architectures.py
_SHOWN_SIDE = 480


@dataclass(frozen=True)
class Block:
    """What happens in one block of the network for one image.

    Attributes:
        name: The layer that ends the block.
        activation: (h, w, channels), float32: its feature maps.
        saliency: (h, w), float32, 0 or more: how much each place speaks for or against the label, as
            gradient times activation, summed over the channels (Draelos and Carin 2020, HiResCAM).
    """

    name: str
    activation: np.ndarray
    saliency: np.ndarray


def run_explain(bundle: str, images: Sequence[Path], out: Path, label: str | None = None) -> Iterator[dict[str, Any]]:
    """Write two contact sheets for each image.

    Args:
        bundle: A bundle's directory or a Hub repository.
        images: Files.
        out: Directory for the sheets; made when it is not there.
        label: The label to explain; the likeliest one of each image when not given.

    Yields:
        For each image its path, the label that is explained, its probability and the sheets.

    Raises:
        SettingsError: There is no such label.
        BundleError: The bundle has no Keras files.
        ImageError: A file is no image.
    """
    classifier = Classifier.load(resolve_model(bundle))
    labels = classifier.bundle.labels
    if label is not None and label not in labels:
        raise SettingsError(f"The model has no label “{label[:120]}”. Choose one of: {', '.join(labels[:20])}.")
    network = _load(classifier.bundle)
    out.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(images, 1):
        image = read_image(path)
        explanation = explain(classifier, image, labels.index(label) if label else None)
        parts = blocks(network, prepare(image, classifier.bundle.input), explanation.label)
        name = f"{number:03}-{path.stem[:80]}"
        title = f"{labels[explanation.label]} {explanation.probabilities[explanation.label]:.0%}"
        shown = read_image(path, _SHOWN_SIDE)
        heat = overlay(shown, explanation.heat, classifier.bundle.input)
        sheets = [out / f"{name}.saliency.png", out / f"{name}.features.png"]
        _draw_saliency(sheets[0], title, shown, heat, parts)
        _draw_features(sheets[1], title, parts)
        yield {
            "path": str(path),
            "label": labels[explanation.label],
            "probability": round(float(explanation.probabilities[explanation.label]), 6),
            "sheets": [str(sheet) for sheet in sheets],
        }


def blocks(network: keras.Model, prepared: np.ndarray, label: int) -> list[Block]:
    """Look into the network at the end of every block: where the next layer makes the maps smaller.

    Args:
        network: As it was trained: a flat model whose output is logits.
        prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.
        label: Index of the label whose logit is followed.

    Returns:
        From the first block to the last.

    Raises:
        SettingsError: Keras runs on another backend than TensorFlow, which computes the gradients.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise SettingsError(
            f"Saliency needs TensorFlow. Received: KERAS_BACKEND={keras.backend.backend()}. Unset it and try again."
        )
    import tensorflow as tf

    ends = _block_ends(network)
    inside = keras.Model(network.input, [*(layer.output for layer in ends), network.output])
    with tf.GradientTape() as tape:
        *activations, logits = inside(tf.constant(prepared[np.newaxis]), training=False)
        logit = logits[0, label]
    gradients = tape.gradient(logit, activations)
    return [
        Block(
            layer.name,
            np.asarray(activation[0]),
            np.abs((np.asarray(gradient[0]) * np.asarray(activation[0])).sum(axis=-1)),
        )
        for layer, activation, gradient in zip(ends, activations, gradients, strict=True)
        if gradient is not None
    ]


def _block_ends(network: keras.Model) -> list[keras.Layer]:
    """Return, for every size that maps have in the network, the last layer with maps of that size."""
    ends: dict[tuple[int, int], keras.Layer] = {}
    for layer in network.layers:
        shape = tuple(getattr(layer.output, "shape", ()))
        if len(shape) == 4 and (layer.weights or layer.name == FEATURES):
            _, height, width, _ = shape
            ends[height, width] = layer
    return list(ends.values())


def _load(bundle: Bundle) -> keras.Model:
    import keras

    try:
        return keras.saving.load_model(bundle.directory, compile=False)
    except Exception as error:  # Keras raises whatever a missing or foreign file leads to
        raise BundleError(
            f"“{bundle.directory}” has no Keras model that can be opened (config.json, metadata.json and "
            "model.weights.h5). Give a bundle that `train fit` wrote."
        ) from error


def _draw_saliency(target: Path, title: str, image: np.ndarray, heat: np.ndarray, parts: Sequence[Block]) -> None:
    from matplotlib.figure import Figure

    count = 2 + len(parts)
    figure = Figure(figsize=(2.4 * count, 3.0), layout="constrained")
    axes = figure.subplots(1, count)
    figure.suptitle(title)
    _show(axes[0], image, "image")
    _show(axes[1], heat, "Grad-CAM")
    for place, part in zip(axes[2:], parts, strict=True):
        height, width = part.saliency.shape
        _show(place, part.saliency, f"{part.name}\n{width} x {height}")
    figure.savefig(target, dpi=90)


def _draw_features(target: Path, title: str, parts: Sequence[Block]) -> None:
    """Draw the channels of each block that answer most strongly to the image, a row a block."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.15 * CHANNELS, 1.5 * len(parts) + 0.4), layout="constrained")
    axes = figure.subplots(len(parts), CHANNELS, squeeze=False)
    figure.suptitle(title)
    for row, part in zip(axes, parts, strict=True):
        strength = np.abs(part.activation).mean(axis=(0, 1))
        strongest = np.argsort(-strength)[:CHANNELS]
        for column, place in enumerate(row):
            place.axis("off")
            if column < len(strongest):
                channel = int(strongest[column])
                heading = f"{part.name}\n#{channel}" if column == 0 else f"\n#{channel}"
                _show(place, part.activation[..., channel], heading)
    figure.savefig(target, dpi=90)


def _show(place: Axes, values: np.ndarray, heading: str) -> None:
    place.imshow(values, cmap="inferno")
    place.set_title(heading, fontsize=8, loc="left", parse_math=False)
    place.axis("off")

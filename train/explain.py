"""Contact sheets of what a network responds to: Grad-CAM, saliency of every block, and feature maps."""

from __future__ import annotations

import sys
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
from train.export.bundle import refuse_in_bundle

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

CHANNELS = 12
_SHOWN_SIDE = 480
_DOTS_PER_INCH = 90
_KERAS_FILES = ("config.json", "metadata.json", "model.weights.h5")


@dataclass(frozen=True)
class Block:
    """Activation and saliency of one block of the network for one image.

    Attributes:
        name: The last layer of the block.
        activation: (h, w, channels), float32: its feature maps.
        saliency: (h, w), float32, 0 or more: how much each position changes the logit of the label:
            the absolute value of gradient times activation, summed over channels (HiResCAM, Draelos & Carin 2020).
    """

    name: str
    activation: np.ndarray
    saliency: np.ndarray


def run_explain(bundle: str, images: Sequence[Path], out: Path, label: str | None = None) -> Iterator[dict[str, Any]]:
    """Write two contact sheets for each image.

    Args:
        bundle: A bundle's directory or a Hub repository.
        images: Files.
        out: Directory for the sheets, created when needed.
        label: The label to explain; the most probable label of each image when not given.

    Yields:
        For each image "path", "label" (the explained one), its "probability", the "verdict" on the image and the paths
        of the "sheets".

    Raises:
        SettingsError: There is no such label.
        BundleError: The bundle has no Keras files.
        ImageError: A file is not an image.
    """
    classifier = Classifier.load(resolve_model(bundle))
    labels = classifier.bundle.labels
    if label is not None and label not in labels:
        raise SettingsError(f"The model has no label “{label[:120]}”. Choose one of: {', '.join(labels[:20])}.")
    for path in images:  # before TensorFlow is started, which takes seconds
        read_image(path, _SHOWN_SIDE)
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    refuse_in_bundle(out)
    network = _load(classifier.bundle)
    out.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(images, 1):
        print(f"{number}/{len(images)} {path.name} …", file=sys.stderr)
        image = read_image(path, classifier.bundle.input.ample_side)  # as `predict` and the app read it
        explanation = explain(classifier, image, labels.index(label) if label else None)
        prepared = prepare(image, classifier.bundle.input)
        found = blocks(network, prepared, explanation.label)
        name = f"{number:03}-{path.stem[:80]}"
        title = f"{labels[explanation.label]} {explanation.probabilities[explanation.label]:.0%}"
        shown = read_image(path, _SHOWN_SIDE)
        heat = overlay(shown, explanation.heat, classifier.bundle.input)
        sheets = [out / f"{name}.saliency.png", out / f"{name}.features.png"]
        _draw_saliency(sheets[0], title, shown, heat, found)
        _draw_features(sheets[1], title, found)
        yield {
            "path": str(path),
            "label": labels[explanation.label],
            "probability": round(float(explanation.probabilities[explanation.label]), 6),
            "verdict": classifier.predict(prepared).verdict,
            "sheets": [str(sheet) for sheet in sheets],
        }


def blocks(network: keras.Model, prepared: np.ndarray, label: int) -> list[Block]:
    """Return activation and saliency at the end of every block, which is where the next layer makes the maps smaller.

    Args:
        network: A flat model whose output is logits.
        prepared: (height, width, 3), uint8 RGB, as `prepare` returns it.
        label: Index of the label whose logit is differentiated.

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
    """Return the last layer of every map size in the network."""
    from train.network.architectures import FEATURES  # here, since it starts Keras

    ends: dict[tuple[int, int], keras.Layer] = {}
    for layer in network.layers:
        shape = tuple(getattr(layer.output, "shape", ()))
        if len(shape) == 4 and (layer.weights or layer.name == FEATURES):
            _, height, width, _ = shape
            ends[height, width] = layer
    return list(ends.values())


def _load(bundle: Bundle) -> keras.Model:
    refusal = BundleError(
        f"“{bundle.directory}” has no Keras model that can be opened ({', '.join(_KERAS_FILES)}). Give a bundle that "
        "`vistazo fit` wrote."
    )
    if not all((bundle.directory / name).is_file() for name in _KERAS_FILES):
        raise refusal
    print("Starting TensorFlow …", file=sys.stderr)
    import keras

    try:
        return keras.saving.load_model(bundle.directory, compile=False)
    except Exception as error:  # Keras raises errors of many types for foreign files
        raise refusal from error


def _draw_saliency(target: Path, title: str, image: np.ndarray, heat: np.ndarray, found: Sequence[Block]) -> None:
    from matplotlib.figure import Figure

    from train.report.plot_style import save

    count = 2 + len(found)
    figure = Figure(figsize=(2.4 * count, 3.0), layout="constrained", dpi=_DOTS_PER_INCH)
    axes = figure.subplots(1, count)
    figure.suptitle(title, parse_math=False)
    _show(axes[0], image, "image")
    _show(axes[1], heat, "Grad-CAM")
    for panel, block in zip(axes[2:], found, strict=True):
        height, width = block.saliency.shape
        _show(panel, block.saliency, f"{block.name}\n{width} x {height}")
    save(figure, target)


def _draw_features(target: Path, title: str, found: Sequence[Block]) -> None:
    """Draw the most active channels of each block, one row per block."""
    from matplotlib.figure import Figure

    from train.report.plot_style import save

    figure = Figure(figsize=(1.15 * CHANNELS, 1.5 * len(found) + 0.4), layout="constrained", dpi=_DOTS_PER_INCH)
    axes = figure.subplots(len(found), CHANNELS, squeeze=False)
    figure.suptitle(title, parse_math=False)
    for row, block in zip(axes, found, strict=True):
        strength = np.abs(block.activation).mean(axis=(0, 1))
        strongest = np.argsort(-strength)[:CHANNELS]
        for column, panel in enumerate(row):
            panel.axis("off")
            if column < len(strongest):
                channel = int(strongest[column])
                heading = f"{block.name}\n#{channel}" if column == 0 else f"\n#{channel}"
                _show(panel, block.activation[..., channel], heading)
    save(figure, target)


def _show(panel: Axes, values: np.ndarray, heading: str) -> None:
    panel.imshow(values, cmap="inferno")
    panel.set_title(heading, fontsize=8, loc="left", parse_math=False)
    panel.axis("off")

"""The probabilities of the older model, which the converted network has to reproduce."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.errors import BundleError
from model.preprocessing import InputSpec
from model.verdict import probabilities_of
from train.convert.job import ConversionOptions
from train.convert.scales import scaled

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-4  # of probabilities; float32 with another order of operations


def random_images(spec: InputSpec) -> np.ndarray:
    """Return two images of random blocks and noise, the same in every run.

    Args:
        spec: The network's input.

    Returns:
        (2, height, width, 3), uint8 RGB.
    """
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (2, -(-spec.height // 8), -(-spec.width // 8), 3))
    blocks = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, : spec.height, : spec.width]
    noise = random.integers(-40, 41, blocks.shape)
    images = np.clip(blocks + noise, 0, 255).astype(np.uint8)
    return images[..., :1].repeat(3, axis=-1) if spec.colour_mode == "grey" else images


def reference_probabilities(
    model: keras.Model, activation: str, images: np.ndarray, options: ConversionOptions
) -> np.ndarray:
    """Return the older model's probabilities.

    Args:
        model: The older model.
        activation: Name of its last activation.
        images: (n, height, width, 3), uint8 RGB.
        options: What the user says about the model, with its scale.

    Returns:
        (n, classes), float64, 0 to 1.

    Raises:
        BundleError: The model's output is not finite.
    """
    inputs = scaled(images, str(options.scale), options.bgr, model.inputs[0].shape[3])
    outputs = np.asarray(model.predict_on_batch(inputs), np.float64)
    if not np.isfinite(outputs).all():
        raise BundleError("The model's outputs are not finite numbers. Train it again.")
    return as_probabilities(outputs, activation, options)


def as_probabilities(outputs: np.ndarray, activation: str, options: ConversionOptions) -> np.ndarray:
    """Return (n, classes) probabilities from a model's outputs, (n, outputs); see `reference_probabilities`."""
    if activation == "linear":
        outputs = probabilities_of(outputs, multi_label=options.multi_label or outputs.shape[1] == 1)
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def check_same(
    logits: np.ndarray, expected: np.ndarray, multi_label: bool, network: str, rounding: float = 0.0
) -> float:
    """Return the largest difference between a network's probabilities and those of the older model.

    Args:
        logits: (n, classes), of the network.
        expected: (n, classes), probabilities of the older model.
        multi_label: Whether several labels may be true at once.
        network: What it is called in the message.
        rounding: By how much the older model rounds its probabilities, 0 for floating-point numbers.

    Raises:
        BundleError: They differ by more than `TOLERANCE`, or by more than two roundings.
    """
    difference = float(np.abs(probabilities_of(logits, multi_label=multi_label) - expected).max())
    tolerance = TOLERANCE + 2 * rounding
    if not difference <= tolerance:  # NaN as well
        raise BundleError(
            f"Probabilities of the {network} differ by up to {difference:.2g}, more than {tolerance:.2g}: no bundle "
            "was written. Please report this with the model's summary()."
        )
    return difference

"""Read the options of a stored layer: plain values that shape its output, nothing that Keras would build."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.errors import BundleError
from model.labels import shown
from train.convert.text import printable

_LAYER_NAMES = """
Conv2D DepthwiseConv2D SeparableConv2D Conv2DTranspose Dense Flatten Reshape Permute
MaxPooling2D AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D
BatchNormalization LayerNormalization GroupNormalization UnitNormalization Normalization
Dropout SpatialDropout2D GaussianDropout GaussianNoise AlphaDropout ActivityRegularization
Activation ReLU LeakyReLU PReLU ELU Softmax
ZeroPadding2D Cropping2D UpSampling2D Rescaling Resizing CenterCrop
Add Subtract Multiply Average Maximum Minimum Concatenate
RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness
"""
LAYERS = frozenset(_LAYER_NAMES.split())
_ACTIVATION_NAMES = """
linear relu relu6 softmax sigmoid tanh elu selu gelu softplus softsign swish silu exponential
hard_sigmoid hard_silu hard_swish leaky_relu mish log_softmax
"""
ACTIVATIONS = frozenset(_ACTIVATION_NAMES.split())
_ACTIVATION_LAYERS = ("ReLU", "LeakyReLU", "ELU")
_TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")
_MAX_UNITS = 65_536


def options_of(layer: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a stored layer; raises `BundleError` where it has none."""
    options = layer.get("config")
    if not isinstance(options, dict):
        raise BundleError("A layer of the architecture has no options. Save the model again.")
    return options


def cleaned(options: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """Return the options that shape a layer's output.

    Args:
        options: As stored.
        kind: The layer's class name.
        name: The layer's name.

    Raises:
        BundleError: An option is not supported, or is not a plain value.
    """
    kept: dict[str, Any] = {}
    for key, value in options.items():
        if key.endswith(_TRAINING_ONLY) or key in ("dtype", "batch_input_shape", "batch_shape", "input_shape", "name"):
            continue
        if key == "activation":
            kept[key] = _activation(value, name)
        elif key == "quantization_config" or value is None:
            if value is not None:
                raise BundleError(
                    f"The layer “{printable(name)}” is quantized. Save the model before it was quantized."
                )
        elif key == "axis" and kind == "BatchNormalization" and isinstance(value, list) and len(value) == 1:
            kept[key] = value[0]
        elif key == "alpha" and kind == "LeakyReLU":
            kept["negative_slope"] = value
        else:
            _check_plain(value, name)
            kept[key] = value
    if kept.get("data_format") == "channels_first":
        raise BundleError("The model uses channels first. Build it again with channels last, and save that.")
    for key in ("units", "filters"):
        if key in kept and not (type(kept[key]) is int and 0 < kept[key] <= _MAX_UNITS):
            raise BundleError(
                f"The layer “{printable(name)}” has {shown(kept[key])} {key}; the limit is {_MAX_UNITS:,}."
            )
    return kept | {"name": name}


def _activation(value: Any, name: str) -> Any:
    if isinstance(value, dict) and value.get("class_name") in _ACTIVATION_LAYERS:
        kind = value["class_name"]
        return {
            "class_name": kind,
            "config": cleaned(options_of(value), kind, str(options_of(value).get("name", kind))),
        }
    if isinstance(value, dict) and value.get("class_name") == "function":  # by its name, as Keras 2.12 to 3.1 wrote it
        value = value.get("config")
    elif value is None:
        value = "linear"
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise BundleError(
            f"The layer “{printable(name)}” has the activation {shown(value)}, which is not one of Keras's. Build "
            "the model again with one of those, and save that."
        )
    return value


def _check_plain(value: Any, name: str, depth: int = 0) -> None:
    """Check that an option is a number, a short text, or lists of these: nothing that Keras would build."""
    if isinstance(value, list) and depth < 6:
        for item in value:
            _check_plain(item, name, depth + 1)
    elif not (
        value is None or isinstance(value, bool | float) or (isinstance(value, str) and len(value) < 200)
    ) and not (type(value) is int and abs(value) < 2**31):
        raise BundleError(f"The layer “{printable(name)}” has an option that is not a plain value: {shown(value)}.")


def constant_of(value: Any) -> Any:
    """Return a constant as a number or an array with a number for each channel; None where it is neither."""
    if isinstance(value, dict) and value.get("class_name") in ("__tensor__", "__numpy__"):
        value = value.get("config", {}).get("value") if isinstance(value.get("config"), dict) else None
    try:
        numbers = np.squeeze(np.asarray(value, np.float64))
    except (ValueError, TypeError, OverflowError):
        return None
    return (
        numbers
        if value is not None and numbers.ndim <= 1 and numbers.size <= 4 and np.isfinite(numbers).all()
        else None
    )


def index_of(stored: Any) -> tuple[Any, ...]:
    """Read an index into a tensor: integers, slices and an ellipsis; raises `BundleError` for anything else."""
    key: list[Any] = []
    if isinstance(stored, dict) and stored.get("class_name") == "__tuple__":
        stored = stored.get("config", {}).get("value") if isinstance(stored.get("config"), dict) else None
    for part in stored if isinstance(stored, list) and len(stored) <= 5 else [None]:
        if type(part) is int:
            key.append(part)
            continue
        part = part if isinstance(part, dict) else {}
        kind = part.get("class_name")
        if kind == "__ellipsis__":
            key.append(Ellipsis)
        elif kind == "__slice__":
            options = part["config"] if isinstance(part.get("config"), dict) else {}
            bounds = [options.get(end) for end in ("start", "stop", "step")]
            if not all(bound is None or type(bound) is int for bound in bounds):
                raise BundleError("The model slices its input in a way that is not supported.")
            key.append(slice(*bounds))
        else:
            raise BundleError("The model slices its input in a way that is not supported.")
    return tuple(key)

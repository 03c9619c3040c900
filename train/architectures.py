"""The networks: uint8 RGB pictures in, logits out, scaling included.

Every network is one flat Keras model whose last convolutional activation is the layer "features"
and whose output is the layer "logits": Grad-CAM and the export find them by these names.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
from keras import layers

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.settings import Settings

FEATURES = "features"
LOGITS = "logits"


def build(settings: Settings, spec: InputSpec, classes: int, *, side: int | None = None) -> keras.Model:
    """Build the network that the settings name.

    Args:
        settings: Architecture, weights and dropout.
        spec: Input size and colour mode.
        classes: Number of labels.
        side: Input side in pixels when it differs from the spec's (in the early phase); the
            weights have the same shapes at every size.

    Returns:
        A model from uint8 (batch, height, width, 3), 0 to 255, to float32 logits (batch, classes).

    Raises:
        SettingsError: The weights cannot be loaded.
    """
    pictures = layers.Input((side or spec.height, side or spec.width, 3), dtype="uint8", name="picture")
    features = {"small": _small, "mobilenet_v2": _mobilenet_v2}[settings.architecture](pictures, settings, spec)
    features = layers.Activation("linear", name=FEATURES)(features)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(features)
    pooled = layers.Dropout(settings.dropout, name="dropout")(pooled)
    return keras.Model(pictures, layers.Dense(classes, name=LOGITS)(pooled), name=settings.architecture)


def head_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers after "features", in order."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index(FEATURES) + 1 :]


def _small(pictures: keras.KerasTensor, settings: Settings, spec: InputSpec) -> keras.KerasTensor:
    """Stack residual blocks (He et al. 2016) for data of any size; 0.4 million parameters."""
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(pictures)
    if spec.colour_mode == "grey":
        x = x[..., :1]  # the three channels are equal
    x = _conv(x, 16, 3, stride=2)  # (H/2, W/2, 16)
    for filters, stride in ((24, 2), (48, 2), (48, 1), (72, 2), (72, 1)):
        x = _residual(x, filters, filters, stride)  # down to (H/16, W/16, 72)
    stride = 2 if spec.height >= 96 else 1  # small inputs keep enough places to look at
    return _residual(x, 72, 128, stride)


def _residual(x: keras.KerasTensor, middle: int, filters: int, stride: int) -> keras.KerasTensor:
    y = _conv(x, middle, 3, stride=stride)
    y = _conv(y, filters, 3, activation=False)
    if stride > 1:
        x = layers.AveragePooling2D(stride, padding="same")(x)
    if x.shape[-1] != filters:
        x = _conv(x, filters, 1, activation=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _conv(
    x: keras.KerasTensor, filters: int, size: int, stride: int = 1, *, activation: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.98)(x)
    return layers.ReLU()(x) if activation else x


def _mobilenet_v2(pictures: keras.KerasTensor, settings: Settings, spec: InputSpec) -> keras.KerasTensor:
    """MobileNetV2 without its top (Sandler et al. 2018)."""
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(pictures)
    weights = {"none": None, "imagenet": "imagenet"}.get(settings.weights, settings.weights)
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise SettingsError(f"--weights should be imagenet, none or a file. There is no file “{weights}”.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns about each layer that does not fit, before it raises
            # `input_tensor` and not a call: a nested model would hide its layers from Grad-CAM.
            return keras.applications.MobileNetV2(
                input_tensor=x, alpha=settings.alpha, include_top=False, weights=weights
            ).output
    except Exception as error:  # Keras raises bare Exceptions for failed downloads
        if weights is None:
            raise SettingsError(f"MobileNetV2 cannot be built with --alpha {settings.alpha}: {error}") from error
        if weights == "imagenet":
            raise SettingsError(
                f"The ImageNet weights for MobileNetV2 with --alpha {settings.alpha} could not be fetched. Check the "
                "network and that alpha is 0.35, 0.5, 0.75, 1.0, 1.3 or 1.4; or use --weights FILE or --weights none."
            ) from error
        raise SettingsError(
            f"“{weights}” does not hold the weights of MobileNetV2 with --alpha {settings.alpha} and without its top. "
            "Give the matching --alpha or another file."
        ) from error

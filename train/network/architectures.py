"""The networks: uint8 RGB images in, logits out, scaling included.

Every network is one flat Keras model. Its layer "features" is the last activation with height and width, and its
output is the layer "logits": Grad-CAM and the export find them by these names. After "features" come only layers
whose gradient the served file can compute.
"""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
from keras import layers

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.network.efficientnet_lite0 import efficientnet_lite0, load_imagenet_weights
from train.resource_errors import resource_error
from train.settings import PRETRAINED, Settings

FEATURES = "features"
LOGITS = "logits"
_LONGEST_REASON = 200  # characters
_LEAST_SQUARES = 1e-4  # no smaller: the served file may hold it as a float16 number


def build(
    settings: Settings, spec: InputSpec, classes: int, *, scale: float = 1.0, pretrained: bool = True
) -> keras.Model:
    """Build the network that the settings name.

    Args:
        settings: Architecture, weights, hidden layers and dropout.
        spec: Input size and colour mode.
        classes: Number of labels.
        scale: Size of the input as a share of the spec's; the weights have the same shapes at every size.
        pretrained: Load the weights that the settings name; otherwise start from random ones.

    Returns:
        A model from uint8 (batch, height, width, 3), 0 to 255, to float32 logits (batch, classes).

    Raises:
        SettingsError: The weights cannot be loaded.
    """
    width, height = scaled_size(settings, spec, scale)
    images = layers.Input((height, width, 3), dtype="uint8", name="image")
    weights = settings.weights if pretrained else "none"
    if settings.architecture == "plain":
        features, flat = _plain(images, settings, spec), layers.Flatten(name="flat")
    else:
        flat = layers.GlobalAveragePooling2D(name="pooled")
        if settings.architecture == "small":
            features = _small(images, settings, spec)
        elif settings.architecture == "efficientnet_lite0":
            features = _efficientnet_lite0(images, weights)
        elif settings.architecture == "mobilenet_v2":
            features = _mobilenet_v2(images, settings, weights)
        elif settings.architecture == "efficientnet_v2_b0":
            features = _efficientnet_v2_b0(images, weights)
        else:
            features = _resnet50(images, weights)
    x = flat(layers.Activation("linear", name=FEATURES)(features))
    for number, (units, dropout) in enumerate(settings.hidden_layers, 1):
        x = layers.Dense(units, kernel_regularizer=_penalty(settings), name=f"hidden_{number}")(x)
        x = layers.ReLU(name=f"hidden_{number}_relu")(x)
        x = layers.Dropout(dropout, name=f"hidden_{number}_dropout")(x)
    x = layers.Dropout(settings.dropout, name="dropout")(x)
    return keras.Model(images, layers.Dense(classes, dtype="float32", name=LOGITS)(x), name=settings.architecture)


def check_weights(settings: Settings) -> None:
    """Raise `SettingsError` when the pretrained weights are not available, before the images are decoded."""
    if settings.weights != "none":
        build(settings, InputSpec(*settings.input_size), 2)


def scaled_size(settings: Settings, spec: InputSpec, scale: float) -> tuple[int, int]:
    """Return width and height of a network's input at a share of the full size, in steps of 16 pixels."""
    if scale == 1:
        return spec.width, spec.height
    least = 32 if settings.architecture in PRETRAINED else 16
    width, height = (min(side, max(least, round(side * scale / 16) * 16)) for side in (spec.width, spec.height))
    return width, height


def head_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers after "features", in order."""
    names = [layer.name for layer in model.layers]
    return model.layers[names.index(FEATURES) + 1 :]


def reference_model(model: keras.Model) -> keras.Model:
    """Return the network from images to the features by which images of something else are recognised.

    They are those of "features" and of the last residual sum before it: training makes the last layer alone blind to
    what does not tell the labels apart.
    """
    sums = [layer.output for layer in model.layers if isinstance(layer, layers.Add)]
    return keras.Model(model.inputs, pooled_units(model.get_layer(FEATURES).output, *sums[-1:]))


def pooled_units(*activations: keras.KerasTensor, weights: Sequence[float] = ()) -> keras.KerasTensor:
    """Return activations, (batch, height, width, channels), each averaged over all places and scaled to length 1.

    Args:
        activations: The activations.
        weights: How much each counts in the cosine of two images; by default they count the same.

    Returns:
        All of them side by side, (batch, channels).
    """
    pooled = [_unit(layers.GlobalAveragePooling2D()(one)) for one in activations]
    if weights:
        pooled = [layers.Rescaling(weight**0.5)(one) for one, weight in zip(pooled, weights, strict=True)]
    return layers.Concatenate()(pooled) if len(pooled) > 1 else pooled[0]


def _unit(rows: keras.KerasTensor) -> keras.KerasTensor:
    """Return rows scaled to length 1, zeros as they are.

    The layer of Keras bounds the inverse by 1e12, which is infinite in a file of float16 numbers.
    """
    squares = keras.ops.sum(keras.ops.square(rows), axis=-1, keepdims=True)
    return rows * keras.ops.rsqrt(keras.ops.maximum(squares, _LEAST_SQUARES))


def _small(images: keras.KerasTensor, settings: Settings, spec: InputSpec) -> keras.KerasTensor:
    """Residual blocks (He et al. 2016), 0.4 million parameters."""
    x = _scaled(images)
    if spec.colour_mode == "grey":
        x = x[..., :1]  # the three channels are equal
    x = _conv(x, 16, 3, stride=2)  # (H/2, W/2, 16)
    for filters, stride in ((24, 2), (48, 2), (48, 1), (72, 2), (72, 1)):
        x = _residual(x, filters, filters, stride)  # down to (H/16, W/16, 72)
    stride = 2 if min(spec.width, spec.height) >= 96 else 1  # small inputs keep enough positions for Grad-CAM
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


def _plain(images: keras.KerasTensor, settings: Settings, spec: InputSpec) -> keras.KerasTensor:
    """Repeated convolution, ReLU and max pooling."""
    x = layers.Rescaling(1 / 255, name="scale")(images)
    if spec.colour_mode == "grey":
        x = x[..., :1]  # the three channels are equal
    for filters in settings.filters:
        x = layers.Conv2D(filters, 3, activation="relu", padding="same", kernel_regularizer=_penalty(settings))(x)
        x = layers.MaxPooling2D(padding="same")(x)
    return x


def _penalty(settings: Settings) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(settings.l2) if settings.l2 else None


def _scaled(images: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Rescaling(1 / 127.5, offset=-1, name="scale")(images)


def _mobilenet_v2(images: keras.KerasTensor, settings: Settings, weights: str) -> keras.KerasTensor:
    """MobileNetV2 without its top (Sandler et al. 2018)."""
    # `input_tensor` instead of a call: a nested model would hide its layers from Grad-CAM.
    return _with_weights(
        lambda source: keras.applications.MobileNetV2(
            input_tensor=_scaled(images), alpha=settings.alpha, include_top=False, weights=source
        ),
        weights,
        f"MobileNetV2 with --alpha {settings.alpha}",
        "that alpha is 0.35, 0.5, 0.75, 1.0, 1.3 or 1.4",
    )


def _efficientnet_lite0(images: keras.KerasTensor, weights: str) -> keras.KerasTensor:
    """EfficientNet-Lite0 without its top; its ImageNet weights come with a package, so that nothing is downloaded."""
    if weights not in ("imagenet", "none"):
        raise SettingsError(f"--weights should be imagenet or none for EfficientNet-Lite0. Received: {weights}.")
    features = efficientnet_lite0(images)
    if weights == "imagenet":
        load_imagenet_weights(keras.Model(images, features))
    return features


def _efficientnet_v2_b0(images: keras.KerasTensor, weights: str) -> keras.KerasTensor:
    """EfficientNetV2-B0 without its top (Tan & Le 2021), which scales its input itself."""
    return _with_weights(
        lambda source: keras.applications.EfficientNetV2B0(
            input_tensor=layers.Rescaling(1.0, name="scale")(images), include_top=False, weights=source
        ),
        weights,
        "EfficientNetV2-B0",
        "that 30 MB of disk space are free",
    )


def _resnet50(images: keras.KerasTensor, weights: str) -> keras.KerasTensor:
    """ResNet50 without its top (He et al. 2016); its weights expect BGR less the ImageNet means."""
    means = layers.Rescaling(1.0, offset=[-103.939, -116.779, -123.68], name="scale")
    return _with_weights(
        lambda source: keras.applications.ResNet50(
            input_tensor=means(images[..., ::-1]), include_top=False, weights=source
        ),
        weights,
        "ResNet50",
        "that 100 MB of disk space are free",
    )


@contextmanager
def _deadline(seconds: float = 30.0) -> Iterator[None]:
    """Set a timeout on downloads, since Keras sets none."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _with_weights(
    backbone: Callable[[str | None], keras.Model], weights: str, name: str, check: str
) -> keras.KerasTensor:
    """Build a pretrained network; an error becomes a `SettingsError`, but for a full disk and too little memory."""
    source = {"none": None, "imagenet": "imagenet"}.get(weights, weights)
    if source not in (None, "imagenet") and not Path(source).is_file():
        raise SettingsError(f"--weights should be imagenet, none or a file. There is no file “{weights}”.")
    try:
        with warnings.catch_warnings(), _deadline():
            warnings.simplefilter("ignore")  # Keras warns about each layer that does not fit, before it raises
            return backbone(source).output
    except Exception as error:  # Keras raises bare Exceptions for failed downloads
        if resource_error(error):  # has a sentence of its own
            raise
        if source is None:
            raise SettingsError(f"{name} cannot be built: {error}") from error
        if source == "imagenet":
            reason = " ".join(str(error).split())[:_LONGEST_REASON].rstrip(".")
            raise SettingsError(
                f"The ImageNet weights for {name} could not be loaded: {reason}. Check the network and {check}; or "
                "use --weights FILE or --weights none (--recipe small is made for training without pretrained weights)."
            ) from error
        raise SettingsError(
            f"“{weights}” does not hold the weights of {name} without its top. Give the matching network or "
            "another file."
        ) from error

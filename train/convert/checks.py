"""Check that an older network, its labels and the user's options fit together."""

from __future__ import annotations

from model.errors import BundleError, SettingsError
from train.convert.graph import NetworkSpec
from train.convert.job import ConversionOptions
from train.data.data_set import listed

MISSING_SCALE = (
    "Say with --scale how images were scaled before the network: 0..1 (divided by 255), -1..1 (preprocess_input of "
    "MobileNet, Inception and Xception), 0..255 (not at all, or by the network itself, as in EfficientNet), caffe "
    "(preprocess_input of ResNet50 and VGG) or torch (preprocess_input of DenseNet)."
)
_SIDES = range(8, 2049)


def is_teachable_machine(network: NetworkSpec) -> bool:
    """Return whether a network has the structure of Teachable Machine's export for Keras.

    It is a `Sequential` of two: MobileNet with a global pooling, and two dense layers, the last without a bias.
    """
    parts = [layer.inner for layer in network.layers if layer.inner]
    if not network.sequential or len(parts) != 2 or not all(part.sequential for part in parts):
        return False
    features, head = ([layer for layer in part.layers if layer.kind != "InputLayer"] for part in parts)
    return (
        [layer.kind for layer in features] == ["", "GlobalAveragePooling2D"]
        and [layer.kind for layer in head] == ["Dense", "Dense"]
        and head[-1].config.get("use_bias") is False
    )


def scale_of(options: ConversionOptions, network: NetworkSpec) -> str:
    """Return how images are scaled; raises `SettingsError` where that is unknown."""
    if options.scale:
        return options.scale
    if network.dtype == "uint8":  # the network scales images itself
        return "0..255"
    raise SettingsError(MISSING_SCALE)


def input_size(options: ConversionOptions, network: NetworkSpec) -> tuple[int, int]:
    """Return height and width of the network's input in pixels.

    Raises:
        BundleError: The network takes something else than images of a supported size.
        SettingsError: The size is unknown, or the option contradicts the network.
    """
    shape = network.shape
    if shape is None or len(shape) != 3 or shape[2] not in (1, 3):
        received = "nothing" if shape is None else " x ".join(str(side or "any") for side in shape)
        raise BundleError(
            f"The input of the model should be images with 1 or 3 channels, as 224 x 224 x 3. Received: {received}."
        )
    height, width, _ = shape
    if options.size:
        if (width or options.size[0], height or options.size[1]) != options.size:
            raise SettingsError(f"--size does not fit: the model takes {width} x {height} pixels. Leave it out.")
        width, height = options.size
    if height is None or width is None:
        raise SettingsError(
            "The model takes images of any size. Choose one with --size, as 224 or, width first, 64x60."
        )
    check_sides(width, height)
    return height, width


def check_sides(width: int, height: int) -> None:
    """Raise `BundleError` where a network takes images that are too small or too large, in pixels."""
    if width not in _SIDES or height not in _SIDES:
        raise BundleError(
            f"The model takes {width} x {height} pixels; sides from {_SIDES[0]} to {_SIDES[-1]} are supported."
        )


def check_outputs(options: ConversionOptions, labels: tuple[str, ...], activation: str, outputs: int) -> None:
    """Check the network's outputs against labels and options.

    Args:
        options: What the user says about the model.
        labels: The labels in class order.
        activation: Name of the last activation.
        outputs: Number of outputs.

    Raises:
        BundleError: No classifier has such outputs.
        SettingsError: Labels or options do not fit the outputs.
    """
    classes = 2 if outputs == 1 else outputs
    if activation == "softmax" and outputs == 1:
        raise BundleError("The model ends in a softmax over one output, which is always 1. Train it again.")
    if activation not in ("softmax", "sigmoid", "linear"):
        raise BundleError(
            f"The model's last activation should be softmax, sigmoid, or none for logits. Received: {activation}."
        )
    if options.multi_label and (activation == "softmax" or outputs == 1):
        raise SettingsError(
            "--multi-label needs a model with a sigmoid for each label; this model predicts one of them. Leave it out."
        )
    if activation == "sigmoid" and outputs > 1 and not options.multi_label:
        raise SettingsError(
            f"The model ends in a sigmoid for each of {outputs} labels, so several may be true at once. "
            "Add --multi-label."
        )
    if len(labels) != classes:
        raise SettingsError(
            f"The model has {classes} classes, and there are {len(labels)} labels ({listed(labels, 5)}). Give --labels "
            "FILE with one label a line."
        )

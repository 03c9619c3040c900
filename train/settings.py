"""Every choice that shapes a training run, in one frozen record that is stored in the bundle."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import SettingsError
from model.preprocessing import COLOUR_MODES, RESIZE_RULES

ARCHITECTURES = ("small", "plain", "mobilenet_v2", "efficientnet_lite0", "efficientnet_v2_b0", "resnet50")
BUILT_IN = "efficientnet_lite0"  # its weights are installed, not downloaded
PRETRAINED = ("mobilenet_v2", "efficientnet_lite0", "efficientnet_v2_b0", "resnet50")
OPTIMIZERS = ("adamw", "adam", "sgd")
SCHEDULES = ("cosine", "constant", "plateau")
CHECKPOINTS = ("best", "last")
_USUAL_SIZE = {"small": 128, "plain": 128} | dict.fromkeys(PRETRAINED, 224)
_USUAL_FOLDS, _FEW_IMAGES = 5, 500
_MOST_ACTIVATIONS = 20_000  # images; of more, the stored activations take more memory than training does
# What the training of the last layers alone does not use: their activations are computed once.
_NOT_FOR_LAST_LAYERS = (
    "learning_rate",
    "head_epochs",
    "finetune_layers",
    "mixup_cutmix_prob",
    "ema_decay",
    "checkpoint",
    "patience",
    "training_scale",
)
_NOT_BY_FOLDS = (*_NOT_FOR_LAST_LAYERS, "refit", "validation_share", "test_share")
# How the command line's help groups the settings.
GROUPS: dict[str, tuple[str, ...]] = {
    "data": ("size", "resize_rule", "colour", "multi_label"),
    "network": ("architecture", "alpha", "weights", "convolutions", "hidden", "l2", "dropout"),
    "optimisation": (
        "epochs",
        "batch_size",
        "min_steps_per_epoch",
        "optimizer",
        "learning_rate",
        "schedule",
        "weight_decay",
        "probe",
        "head_epochs",
        "finetune_layers",
        "finetune_learning_rate",
        "label_smoothing",
        "class_balance",
        "ema_decay",
        "checkpoint",
        "patience",
        "refit",
        "progressive_resize",
        "training_scale",
        "seed",
    ),
    "augmentation": (
        "rotation",
        "translate",
        "zoom",
        "shear",
        "brightness_contrast",
        "colour_shift",
        "random_erasing_prob",
        "mixup_cutmix_prob",
        "flip",
    ),
    "splits": ("folds", "validation_share", "test_share", "group_by", "near_duplicates"),
    "output": ("quantize",),
}
# The lowest and the highest value of each number; a value of None is not checked.
_RANGES: dict[str, tuple[float, float]] = {
    "progressive_resize": (0.25, 1),
    "training_scale": (0.25, 1),
    "finetune_learning_rate": (1e-8, 10),
    "ema_decay": (0, 0.99999),
    "l2": (0, 10),
    "alpha": (0.05, 3),
    "epochs": (1, 100_000),
    "batch_size": (1, 4096),
    "min_steps_per_epoch": (1, 100_000),
    "learning_rate": (1e-8, 10),
    "weight_decay": (0, 10),
    "patience": (1, 100_000),
    "refit": (0, 100_000),
    "seed": (0, 2**32 - 1),
    "rotation": (0, 180),
    "dropout": (0, 0.95),
    "label_smoothing": (0, 0.95),
    "translate": (0, 0.95),
    "zoom": (0, 0.95),
    "shear": (0, 0.95),
    "brightness_contrast": (0, 0.95),
    "colour_shift": (0, 0.95),
    "random_erasing_prob": (0, 1),
    "mixup_cutmix_prob": (0, 1),
    "class_balance": (0, 1),
    "folds": (0, 20),
    "validation_share": (0.01, 0.8),
    "test_share": (0.01, 0.8),
}


@dataclass(frozen=True)
class Settings:
    """The settings of a training run; `python -m train fit --help` explains each.

    Attributes:
        recipe: Name of the recipe that the other settings come from.
        architecture: "small" (a residual CNN for training from scratch), "plain" (convolutions, each
            followed by pooling, then dense layers), "mobilenet_v2", "efficientnet_lite0" (its weights come
            with an installed package, nothing is downloaded), "efficientnet_v2_b0" or "resnet50".
        alpha: MobileNetV2's width multiplier.
        weights: "imagenet", "none", or the path of a weights file without the top layer.
        convolutions: Filters of each convolution of "plain", such as 32,64,128.
        hidden: Dense layers before the logits, each with the dropout after it, such as 512:0.4,256:0.3.
        l2: Strength of the L2 penalty on the kernels of "plain".
        size: Network input in pixels, as 224 or, width first, 64x60; the architecture's usual size
            when left out.
        resize_rule: How images of another aspect ratio are fitted: "stretch", "crop" (the centre), "pad" (with
            grey), or "auto": the rule with which a regression on the pretrained features has the lowest loss;
            "stretch" where there is no such regression.
        colour: "rgb", "grey", or "auto": grey when every training image is.
        multi_label: Several labels per image: a folder named cat+dog holds images of both.
        epochs: Passes over the training images, all phases together.
        batch_size: Images per step.
        min_steps_per_epoch: Fewest steps per epoch: a small data set is passed several times.
        optimizer: "adamw", "adam" or "sgd" (with Nesterov momentum of 0.9).
        learning_rate: Highest learning rate.
        schedule: "cosine" falls to zero after a warm-up, "constant" stays, "plateau" falls to a third
            whenever validation has not improved for a third of the patience (where all layers are trained).
        weight_decay: Decoupled weight decay of AdamW.
        probe: Start the logits of a pretrained network from a logistic regression on its features (linear probe).
        head_epochs: Epochs with the pretrained layers frozen; a quarter of all when left out.
        finetune_layers: Layers trained after that: 0 for all, 20 for the last 20 before the head, -100
            for all but the first 100. Where a network that starts from a linear probe trains its last layers only, and
            by folds, these are its last blocks, on activations computed once: six of EfficientNet-Lite0's sixteen, four
            for more than 1,000 images.
        finetune_learning_rate: Highest rate of fine-tuning. When left out: 0.001 where the last layers alone are
            trained; otherwise the other rate, or a quarter of it without a linear probe.
        dropout: Share of the pooled features dropped in training, 0 to 1.
        label_smoothing: Share of the target probability spread over all labels, 0 to 1.
        mixup_cutmix_prob: Probability that a batch is mixed with itself, half by mixup, half by CutMix.
        class_balance: How far rare classes are oversampled: 0 not at all, 1 until all are equally frequent.
        ema_decay: Decay of the moving average of the weights that is kept; 0 keeps the weights themselves.
        checkpoint: "best" keeps the epoch with the lowest validation loss; "last" keeps the end of a run that was
            not cut short, which is better with few validation images and a rate that falls to zero, unless the
            regression that it started from has a lower validation loss.
        refit: Fit a second time with the validation images as well when these and the training images are at most
            this many, unless validation has chosen the epoch; 0 for never. The metrics still come from the test split,
            the temperature and the thresholds from the first fit.
        rotation: Largest rotation either way, degrees.
        translate: Largest shift either way, as a share of the side.
        zoom: Largest zoom in or out, as a share.
        shear: Largest shear either way, as a share of the side.
        brightness_contrast: Largest change of brightness and of contrast, as a share.
        colour_shift: Largest change of saturation and of each channel, as a share.
        random_erasing_prob: Probability of covering a random rectangle.
        flip: Whether images may be mirrored left to right.
        progressive_resize: Scale of the input during the first phase of training from scratch; 1 for none.
        training_scale: Size of the images in training as a share of the network's input; below 1 the network is
            served larger than it is trained, because random zoom makes objects look larger in training
            (Touvron et al. 2019).
        quantize: Serve 8-bit integers, calibrated on training images, instead of float32. Where the metrics come from
            folds, they are of float32: measure the file with `vistazo evaluate` on other images.
        patience: Epochs without improvement on validation before a phase ends early.
        group_by: Regular expression for file names; images that agree in its first group (a person, a
            film) stay in one split.
        folds: Folds of the cross-validation: a network that did not see an image predicts it, for the metrics, and
            the network of the bundle is trained on all images; 0 for a test split instead, which needs more images.
            When left out: 5 for at most 500 images, with a network that starts from a linear probe.
        near_duplicates: Keep images that look the same in one split.
        validation_share: Share of the images kept for validation when the data has no validation folder.
        test_share: Share of the images kept for the test when the data has no validation and no test folder.
        seed: Seed of the split, the initial weights, the order and the augmentation.
    """

    recipe: str = "small"
    architecture: str = "small"
    alpha: float = 0.35
    weights: str = "none"
    convolutions: str = "32,64,128"
    hidden: str = ""
    l2: float = 0.0
    size: int | str | None = None
    resize_rule: str = "stretch"
    colour: str = "auto"
    multi_label: bool = False
    epochs: int = 40
    batch_size: int = 32
    min_steps_per_epoch: int = 1
    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    weight_decay: float = 1e-4
    probe: bool = False
    head_epochs: int | None = None
    finetune_layers: int = 0
    finetune_learning_rate: float | None = None
    dropout: float = 0.2
    label_smoothing: float = 0.05
    mixup_cutmix_prob: float = 0.0
    class_balance: float = 0.0
    ema_decay: float = 0.0
    checkpoint: str = "best"
    refit: int = 0
    rotation: float = 12.0
    translate: float = 0.1
    zoom: float = 0.2
    shear: float = 0.1
    brightness_contrast: float = 0.2
    colour_shift: float = 0.1
    random_erasing_prob: float = 0.15
    flip: bool = True
    progressive_resize: float = 1.0
    training_scale: float = 1.0
    quantize: bool = False
    patience: int = 15
    group_by: str = ""
    folds: int | None = None
    near_duplicates: bool = True
    validation_share: float = 0.15
    test_share: float = 0.15
    seed: int = 1

    def __post_init__(self) -> None:
        _choice("--architecture", self.architecture, ARCHITECTURES)
        _choice("--resize-rule", self.resize_rule, ("auto", *RESIZE_RULES))
        _choice("--colour", self.colour, ("auto", *COLOUR_MODES))
        _choice("--optimizer", self.optimizer, OPTIMIZERS)
        _choice("--schedule", self.schedule, SCHEDULES)
        _choice("--checkpoint", self.checkpoint, CHECKPOINTS)
        if self.weights != "none" and self.architecture not in PRETRAINED:
            raise SettingsError(
                f"--weights {self.weights} needs --architecture {' or '.join(PRETRAINED)}: “{self.architecture}” has "
                "no pretrained weights."
            )
        for side in self.input_size:
            _range("--size", side, 32 if self.architecture in PRETRAINED else 16, 1024)
        for filters in self.filters:
            _range("--convolutions", filters, 1, 4096)
        for units, dropout in self.hidden_layers:
            _range("--hidden", units, 1, 65536)
            _range("--hidden", dropout, 0, 0.95)
        try:
            re.compile(self.group_by)
        except re.error as error:
            raise SettingsError(f"--group-by should be a regular expression. {self.group_by}: {error}.") from None
        for name, (low, high) in _RANGES.items():
            if getattr(self, name) is not None:
                _range(_option(name), getattr(self, name), low, high)
        if self.folds == 1 or (self.folds and not self.starts_from_probe):
            raise SettingsError(
                "--folds should be 0 or at least 2."
                if self.folds == 1
                else "--folds needs a pretrained network with --probe and no hidden layers."
            )
        if self.head_epochs is not None:
            _range("--head-epochs", self.head_epochs, 0, self.epochs)
        for name in ("progressive_resize", "training_scale"):
            if getattr(self, name) < 1 and self.architecture == "plain":
                raise SettingsError(
                    f"{_option(name)} needs another architecture: the dense layers of “plain” fix the size."
                )
        if self.validation_share + self.test_share > 0.9:
            raise SettingsError(
                "--validation-share and --test-share should leave at least a tenth for training. "
                f"Received: {self.validation_share} and {self.test_share}."
            )

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input: the given ones or the architecture's usual ones."""
        if self.size is None:
            return (_USUAL_SIZE[self.architecture],) * 2
        return parse_size(str(self.size))

    @property
    def filters(self) -> tuple[int, ...]:
        """Filters of each convolution of "plain"."""
        pieces = [piece.strip() for piece in self.convolutions.split(",")]
        if not all(piece.isdecimal() for piece in pieces):
            raise SettingsError(f"--convolutions should be numbers such as 32,64,128. Received: {self.convolutions}.")
        return tuple(int(piece) for piece in pieces)

    @property
    def hidden_layers(self) -> tuple[tuple[int, float], ...]:
        """Units and dropout of each dense layer before the logits."""
        layers = []
        for piece in filter(None, (piece.strip() for piece in self.hidden.split(","))):
            units, _, dropout = piece.partition(":")
            try:
                layers.append((int(units), float(dropout or 0)))
            except ValueError:
                raise SettingsError(
                    f"--hidden should be units:dropout, such as 512:0.4,256:0.3. Received: {self.hidden}."
                ) from None
        return tuple(layers)

    @property
    def starts_from_probe(self) -> bool:
        """Whether the logits start from a linear probe: it needs pretrained features and no hidden layers."""
        return self.probe and self.weights != "none" and not self.hidden_layers

    def folds_for(self, images: int) -> int:
        """Return the number of folds for so many images; 0 for a test split."""
        if self.folds is None:
            return _USUAL_FOLDS if self.starts_from_probe and images <= _FEW_IMAGES else 0
        return self.folds

    def trains_last_layers(self, images: int) -> bool:
        """Return whether without folds the last layers alone are trained, on activations that are computed once.

        Args:
            images: Number of training and validation images.
        """
        return self.starts_from_probe and self.finetune_layers > 0 and images <= _MOST_ACTIVATIONS

    def unused(self, images: int, *, by_folds: bool) -> tuple[str, ...]:
        """Return the settings that a training on so many images does not use."""
        if not by_folds and not self.trains_last_layers(images):
            return ()
        # A rate that falls with validation needs validation in every epoch.
        plateau = ("schedule",) if self.schedule == "plateau" else ()
        return (_NOT_BY_FOLDS if by_folds else _NOT_FOR_LAST_LAYERS) + plateau

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain values, as they are stored in the bundle."""
        # The name of a weights file without its folder, which is private.
        width, height = self.input_size
        size: int | str = width if width == height else f"{width}x{height}"
        return dataclasses.asdict(self) | {"size": size, "weights": Path(self.weights).name}


def parse_size(text: str) -> tuple[int, int]:
    """Return the width and height in pixels that `--size` gives, as 224 or 64x60.

    Raises:
        SettingsError: The text is neither.
    """
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and len(side) < 6 for side in sides):
        raise SettingsError(f"--size should be a number, or width x height as 64x60. Received: {text}.")
    return int(sides[0]), int(sides[-1])


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{option} should be one of {', '.join(allowed)}. Received: {value}.")


def _range(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{option} should be between {low} and {high}. Received: {value}.")

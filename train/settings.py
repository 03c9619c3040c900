"""Every choice that shapes a training run, in one frozen record that is stored in the bundle."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import SettingsError
from model.preprocessing import COLOUR_MODES, RESIZE_RULES

ARCHITECTURES = ("small", "mobilenet_v2")


@dataclass(frozen=True)
class Settings:
    """The settings of a training run; `python -m train fit --help` explains each.

    Attributes:
        architecture: "small" (a residual CNN for training from scratch) or "mobilenet_v2".
        alpha: MobileNetV2's width multiplier.
        weights: "imagenet", "none", or the path of a weights file without the top layer.
        size: Side of the square network input in pixels; the architecture's usual one when None.
        resize_rule: See `model.preprocessing.InputSpec`.
        colour: "rgb", "grey", or "auto": grey when every training picture is.
        epochs: Passes over the training pictures, all phases together.
        batch_size: Pictures a step.
        learning_rate: Highest learning rate; the schedule falls from it to zero along a cosine.
        weight_decay: Decoupled weight decay of AdamW.
        dropout: Share of the pooled features dropped in training, 0 to 1.
        label_smoothing: Share of the target probability spread over all labels, 0 to 1.
        rotation: Largest turn either way, degrees.
        shift: Largest shift either way, as a share of the side.
        zoom: Largest zoom in or out, as a share.
        shear: Largest shear either way, as a share of the side.
        light: Largest change of brightness and of contrast, as a share.
        colour_shift: Largest change of saturation and of each channel, as a share.
        erase: Probability of covering a random rectangle.
        flip: Whether pictures may be mirrored left to right.
        early_size: Scale of the input during the first phase of training from scratch; 1 for none.
        patience: Epochs without improvement on validation before a phase ends early.
        validation_share: Share of the pictures kept for validation when the data has no such part.
        test_share: Likewise for the test part.
        seed: Seed of the split, the initial weights, the order and the augmentation.
    """

    architecture: str = "small"
    alpha: float = 0.35
    weights: str = "none"
    size: int | None = None
    resize_rule: str = "stretch"
    colour: str = "auto"
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    dropout: float = 0.2
    label_smoothing: float = 0.05
    rotation: float = 12.0
    shift: float = 0.1
    zoom: float = 0.2
    shear: float = 0.1
    light: float = 0.2
    colour_shift: float = 0.1
    erase: float = 0.15
    flip: bool = True
    early_size: float = 1.0
    patience: int = 15
    validation_share: float = 0.15
    test_share: float = 0.15
    seed: int = 1

    def __post_init__(self) -> None:
        _choice("--architecture", self.architecture, ARCHITECTURES)
        _choice("--resize-rule", self.resize_rule, RESIZE_RULES)
        _choice("--colour", self.colour, ("auto", *COLOUR_MODES))
        if self.architecture == "small" and self.weights != "none":
            raise SettingsError(
                f"--weights {self.weights} needs --architecture mobilenet_v2: “small” has no pretrained weights."
            )
        if self.size is not None:
            _range("--size", self.size, 32 if self.architecture == "mobilenet_v2" else 16, 1024)
        _range("--alpha", self.alpha, 0.05, 3)
        _range("--epochs", self.epochs, 1, 100_000)
        _range("--batch-size", self.batch_size, 1, 4096)
        _range("--learning-rate", self.learning_rate, 1e-8, 10)
        _range("--weight-decay", self.weight_decay, 0, 10)
        _range("--patience", self.patience, 1, 100_000)
        _range("--seed", self.seed, 0, 2**32 - 1)
        _range("--early-size", self.early_size, 0.25, 1)
        _range("--rotation", self.rotation, 0, 180)
        for name in ("dropout", "label_smoothing", "shift", "zoom", "shear", "light", "colour_shift"):
            _range(_option(name), getattr(self, name), 0, 0.95)
        _range("--erase", self.erase, 0, 1)
        for name in ("validation_share", "test_share"):
            _range(_option(name), getattr(self, name), 0.01, 0.8)
        if self.validation_share + self.test_share > 0.9:
            raise SettingsError(
                "--validation-share and --test-share should leave at least a tenth for training. "
                f"Received: {self.validation_share} and {self.test_share}."
            )

    @property
    def input_size(self) -> int:
        """Side of the network's input: the given one or the architecture's usual one."""
        return self.size or {"small": 128, "mobilenet_v2": 224}[self.architecture]

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain values, as they are stored in the bundle."""
        # The name of a weights file says which it was; its path is nobody's business.
        return dataclasses.asdict(self) | {"size": self.input_size, "weights": Path(self.weights).name}


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{option} should be one of {', '.join(allowed)}. Received: {value}.")


def _range(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{option} should be between {low} and {high}. Received: {value}.")

"""The settings that a search tries, and their values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from model.errors import SettingsError
from train.settings import Settings

_USUAL = ("learning_rate=1e-4,3e-4,1e-3,3e-3", "dropout=0,0.2,0.4", "mixup_cutmix_prob=0,0.25,0.5")
_USUAL_OF_LAST_LAYERS = ("finetune_learning_rate=3e-4,1e-3,3e-3", "dropout=0,0.2,0.4", "label_smoothing=0,0.1")
# Another size or colour mode would require decoding the images again; losses on another split are not comparable.
_FIXED = {"recipe", "size", "colour", "resize_rule", "multi_label", "folds", "group_by", "near_duplicates", "seed"}
_SERVED = {"quantize", "refit"}  # they change what is served, after the loss is known
_FIXED_ENDINGS = ("_share",)

# The value of a setting; `Settings` itself checks it.
Value = Any
Space = dict[str, list[Value]]


def parse_space(wanted: Sequence[str], settings: Settings) -> Space:
    """Return the values to try of each setting, checked by `Settings`.

    Args:
        wanted: "name=a,b,c" for each setting.
        settings: The settings that stay the same.

    Raises:
        SettingsError: A setting cannot be tuned, or has no such value.
    """
    known = {field.name: field for field in dataclasses.fields(Settings)}
    space: Space = {}
    for text in wanted:
        name, _, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known or name in _FIXED | _SERVED or name.endswith(_FIXED_ENDINGS) or not values:
            raise SettingsError(
                f"--setting should be NAME=A,B,C with the name of a setting that can be tuned. Received: {text}."
            )
        space[name] = [_value(str(known[name].type), value.strip(), text) for value in values.split(",")]
        for value in space[name]:
            dataclasses.replace(settings, **{name: value})
    return space


def space_for(space: Space, settings: Settings, images: int) -> Space:
    """Return what to try: what is asked for, or the usual settings of a training of the last layers or of all.

    Args:
        space: What is asked for; may be empty.
        settings: The settings that stay the same.
        images: Number of training and validation images.

    Raises:
        SettingsError: The training does not use one of the settings.
    """
    by_folds = bool(settings.folds)
    last_layers = by_folds or settings.trains_last_layers(images)
    if not space:
        return parse_space(_USUAL_OF_LAST_LAYERS if last_layers else _USUAL, settings)
    unused = [
        name
        for name, values in space.items()
        if any(name in dataclasses.replace(settings, **{name: one}).unused(images, by_folds=by_folds) for one in values)
    ]
    if unused:
        instead = "--folds 0 --finetune-layers 0" if by_folds else "--finetune-layers 0"
        raise SettingsError(
            f"--setting {unused[0]} changes nothing in this training of the last layers. "
            f"Tune others, such as finetune_learning_rate, or give {instead}."
        )
    return space


def combinations(space: Space) -> int:
    """Return how many combinations of values there are."""
    return math.prod(map(len, space.values()))


def _value(kind: str, text: str, received: str) -> Value:
    try:
        if kind.startswith("bool"):
            return {"true": True, "false": False}[text.lower()]
        if kind.startswith("int"):
            return int(text)
        return float(text) if kind.startswith("float") else text
    except (KeyError, ValueError):
        raise SettingsError(f"--setting {received}: “{text}” is not a value of that setting.") from None

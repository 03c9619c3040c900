"""Load recipes by name."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

from model.errors import SettingsError
from train.settings import BUILT_IN, Settings

_REPRODUCTIONS = (
    "simpsons",
    "sunglasses",
    "athletes-simple",
    "athletes-alexnet",
    "athletes-mobilenet",
    "athletes-resnet",
    "anime",
    "anime-multilabel",
    "sports-cnn",
    "sports-resnet",
)
RECIPES = ("best", "small", *_REPRODUCTIONS)


def changed_recipe(name: str, changes: dict[str, Any]) -> Settings:
    """Return a recipe's settings with some of them changed.

    A weights file is one of MobileNetV2, all layers of which are trained, unless the changes name an architecture.

    Args:
        name: The recipe.
        changes: Settings by name.

    Raises:
        SettingsError: There is no such recipe, or a setting has no such value.
    """
    recipe = load_recipe(name)
    if recipe.architecture == BUILT_IN and changes.get("weights", "imagenet") not in ("imagenet", "none"):
        changes = {"architecture": "mobilenet_v2", "finetune_layers": 0, "refit": 500} | changes
    return dataclasses.replace(recipe, **changes)


def unused_options(settings: Settings, images: int, *, by_folds: bool) -> list[str]:
    """Return the options that change the recipe and that a training on so many images does not use, as written."""
    network = {"architecture": settings.architecture, "weights": settings.weights}
    recipe = changed_recipe(settings.recipe, network)
    changed = [
        name for name in settings.unused(images, by_folds=by_folds) if getattr(settings, name) != getattr(recipe, name)
    ]
    return [f"--{name.replace('_', '-')}" for name in changed]


def load_recipe(name: str) -> Settings:
    """Return a recipe's settings.

    Raises:
        SettingsError: There is no such recipe.
    """
    if name not in RECIPES:
        raise SettingsError(f"--recipe should be one of {', '.join(RECIPES)}. Received: {name}.")
    folder = "train.recipes.reproductions" if name in _REPRODUCTIONS else "train.recipes"
    return importlib.import_module(f"{folder}.{name.replace('-', '_')}").SETTINGS

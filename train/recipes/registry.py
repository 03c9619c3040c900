"""Load recipes by name."""

from __future__ import annotations

import importlib

from model.errors import SettingsError
from train.settings import Settings

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


def load_recipe(name: str) -> Settings:
    """Return a recipe's settings.

    Raises:
        SettingsError: There is no such recipe.
    """
    if name not in RECIPES:
        raise SettingsError(f"--recipe should be one of {', '.join(RECIPES)}. Received: {name}.")
    folder = "train.recipes.reproductions" if name in _REPRODUCTIONS else "train.recipes"
    return importlib.import_module(f"{folder}.{name.replace('-', '_')}").SETTINGS

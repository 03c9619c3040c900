"""Recipes are settings with a name; the command line changes single ones."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

import train.recipes
from model.errors import SettingsError
from train.commands import fit
from train.recipes.registry import RECIPES, changed_recipe, load_recipe, unused_options
from train.settings import Settings


def settings(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    fit.add_arguments(parser)
    return fit.settings_of(parser.parse_args(["data", "--out", "bundle", *options]))


def test_every_file_is_a_recipe_and_every_recipe_a_file() -> None:
    files = {path.stem for path in Path(train.recipes.__path__[0]).rglob("*.py")} - {"__init__", "registry"}

    assert files == {name.replace("-", "_") for name in RECIPES}


def test_the_small_recipe_is_the_defaults_of_the_settings() -> None:
    assert load_recipe("small") == Settings()


def test_best_is_the_default() -> None:
    assert settings() == load_recipe("best")


@pytest.mark.parametrize("options", [["--weights", "none"], ["--architecture", "small"], ["--architecture", "plain"]])
def test_without_pretrained_weights_small_is_the_default(options: list[str]) -> None:
    assert settings(*options).recipe == "small"


def test_the_command_line_wins_over_the_recipe() -> None:
    chosen = settings("--recipe", "sunglasses", "--epochs", "3", "--no-flip", "--size", "32x30")

    assert (chosen.recipe, chosen.epochs, chosen.flip, chosen.input_size) == ("sunglasses", 3, False, (32, 30))
    assert chosen.optimizer == load_recipe("sunglasses").optimizer


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="best, small, simpsons"):
        load_recipe("worst")


@pytest.mark.parametrize(
    ("changes", "unused"),
    [
        ({}, []),
        ({"weights": "file.weights.h5"}, []),
        ({"dropout": 0.5, "finetune_learning_rate": 1e-4}, []),
        ({"learning_rate": 1e-3, "refit": 0}, ["--learning-rate", "--refit"]),
        ({"schedule": "constant"}, []),
        ({"schedule": "plateau"}, ["--schedule"]),
    ],
)
def test_what_a_training_by_folds_does_not_use_is_known_by_its_option(
    changes: dict[str, object], unused: list[str]
) -> None:
    assert unused_options(changed_recipe("best", changes), 100, by_folds=True) == unused


@pytest.mark.parametrize(
    ("images", "unused"),
    [(600, ["--learning-rate"]), (1_000_000, [])],  # so many activations are not stored
)
def test_what_a_training_judged_by_validation_does_not_use_is_known_by_its_option(
    images: int, unused: list[str]
) -> None:
    changed = changed_recipe("best", {"learning_rate": 1e-3, "refit": 0, "validation_share": 0.2})

    assert unused_options(changed, images, by_folds=False) == unused


def test_all_layers_of_a_network_whose_weights_are_given_are_trained() -> None:
    assert not changed_recipe("best", {"weights": "file.weights.h5"}).trains_last_layers(600)

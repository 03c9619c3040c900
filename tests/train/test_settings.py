"""Settings that cannot work are refused before any image is read."""

from __future__ import annotations

import dataclasses
import json

import pytest

from model.errors import SettingsError
from train.__main__ import main
from train.settings import GROUPS, Settings, parse_size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("architecture", "resnet"),
        ("optimizer", "lion"),
        ("schedule", "steps"),
        ("convolutions", "32,many"),
        ("convolutions", ""),
        ("hidden", "many:0.5"),
        ("hidden", "64:1"),
        ("size", "64x"),
        ("size", "64x60x3"),
        ("size", "-64"),
        ("mixup_cutmix_prob", 1.5),
        ("class_balance", -0.5),
        ("ema_decay", 1.0),
        ("head_epochs", 41),
        ("finetune_learning_rate", 0.0),
        ("resize_rule", "squeeze"),
        ("colour", "sepia"),
        ("weights", "imagenet"),
        ("size", 8),
        ("size", 5000),
        ("alpha", 0.0),
        ("epochs", 0),
        ("batch_size", 0),
        ("min_steps_per_epoch", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("weight_decay", -1.0),
        ("weight_decay", float("nan")),
        ("dropout", 1.0),
        ("label_smoothing", -0.1),
        ("rotation", 181.0),
        ("random_erasing_prob", 1.1),
        ("progressive_resize", 0.1),
        ("training_scale", 0.1),
        ("patience", 0),
        ("validation_share", 0.0),
        ("test_share", 0.9),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_option(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match="--" + name.replace("_", "-")) as caught:
        Settings(**{name: value})  # type: ignore[arg-type]

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["progressive_resize", "training_scale"])
def test_dense_layers_fix_the_size(name: str) -> None:
    with pytest.raises(SettingsError, match="needs another architecture"):
        Settings(architecture="plain", **{name: 0.5})  # type: ignore[arg-type]


def test_the_shares_have_to_leave_images_for_training() -> None:
    with pytest.raises(SettingsError, match="tenth"):
        Settings(validation_share=0.5, test_share=0.5)


@pytest.mark.parametrize(("architecture", "side"), [("small", 128), ("mobilenet_v2", 224)])
def test_each_architecture_has_its_usual_size(architecture: str, side: int) -> None:
    assert Settings(architecture=architecture).input_size == (side, side)
    assert Settings(architecture=architecture, size=64).input_size == (64, 64)


def test_a_rectangular_size_is_width_by_height() -> None:
    assert Settings(size="64x60").input_size == (64, 60)
    assert Settings(size="64x60").as_json()["size"] == "64x60"
    assert Settings(size="64").as_json()["size"] == 64


@pytest.mark.parametrize(("text", "size"), [("224", (224, 224)), ("64x60", (64, 60)), ("64X60", (64, 60))])
def test_a_size_is_one_number_or_width_by_height(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


def test_every_setting_but_the_recipe_is_in_one_group_of_the_help() -> None:
    grouped = [name for names in GROUPS.values() for name in names]

    assert sorted(grouped) == sorted({field.name for field in dataclasses.fields(Settings)} - {"recipe"})


def test_dense_layers_are_written_as_units_and_dropout() -> None:
    assert Settings(hidden="512:0.4, 256").hidden_layers == ((512, 0.4), (256, 0.0))


def test_settings_are_stored_as_json_with_the_size_that_was_used() -> None:
    stored = json.loads(json.dumps(Settings().as_json()))

    assert stored["size"] == 128
    assert Settings(**stored) == dataclasses.replace(Settings(), size=128)


def test_every_setting_is_an_option_and_explained_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fit", "--help"])

    text = " ".join(capsys.readouterr().out.split())
    assert caught.value.code == 0
    for field in dataclasses.fields(Settings):
        assert "--" + field.name.replace("_", "-") in text
    assert "seed of the split" in text
    assert "width multiplier (default: 0.35)" in text
    assert "highest learning rate (best: 0.0003, small: 0.002)" in text
    for group in GROUPS:
        assert f"{group}: " in text

"""The parts of the network's input that are "auto" are chosen from the training images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.bundle import load_bundle
from tests.support.fitting import Fitted
from tests.support.images import write_wide
from train.data.image_store import ImageStore
from train.data.loading import LoadedSplit, load_splits
from train.data.source import DataSource, read_data
from train.input_selection import best_rule, choose_input, first_input
from train.settings import Settings


def settings_with(weights: Path | str, **changed: object) -> Settings:
    usual = {"architecture": "mobilenet_v2", "size": 64, "resize_rule": "auto", "probe": True, "seed": 3}
    return Settings(weights=str(weights), **usual | changed)  # type: ignore[arg-type]


def chosen(store: ImageStore, data: Path, settings: Settings) -> tuple[dict[str, LoadedSplit], str, str]:
    spec = first_input(settings)
    splits, spec = choose_input(store, load_splits(store, read_data(DataSource(data)), spec, settings), spec, settings)
    return splits, spec.resize_rule, spec.colour_mode


@pytest.mark.nightly  # the next test has one of the rules
@pytest.mark.parametrize(("told_by", "rule"), [("centre", "crop"), ("ends", "stretch")])
def test_the_resize_rule_is_the_one_that_shows_what_matters(
    told_by: str, rule: str, backbone_weights: Path, tmp_path: Path
) -> None:
    data = write_wide(tmp_path / "data", told_by)

    with ImageStore() as store:
        _, found, _ = chosen(store, data, settings_with(backbone_weights))

    assert found == rule


def test_all_splits_are_decoded_again_with_the_chosen_rule(
    backbone_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_wide(tmp_path / "data", "centre")
    with ImageStore() as store:
        splits, rule, _ = chosen(store, data, settings_with(backbone_weights))
        expected, _, _ = chosen(store, data, settings_with(backbone_weights, resize_rule="crop"))

        assert rule == "crop"
        for name, split in expected.items():
            assert splits[name].examples == split.examples
            np.testing.assert_array_equal(splits[name].images, split.images)
    assert "Resize rule: crop, not stretch" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changed", [{"resize_rule": "pad"}, {"probe": False}, {"multi_label": True}, {"hidden": "8:0.1"}]
)
def test_a_given_rule_counts_and_without_a_regression_images_are_stretched(
    changed: dict[str, object], backbone_weights: Path, tmp_path: Path
) -> None:
    data = write_wide(tmp_path / "data", "centre")

    with ImageStore() as store:
        _, rule, _ = chosen(store, data, settings_with(backbone_weights, **changed))

    assert rule == changed.get("resize_rule", "stretch")


def test_square_images_and_classes_too_small_to_be_divided_leave_nothing_to_choose(
    backbone_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = write_wide(tmp_path / "few", "centre", count=4)
    square = write_wide(tmp_path / "square", "centre")
    for path in square.rglob("*.png"):
        Image.open(path).resize((64, 64)).save(path)

    with ImageStore() as store:
        for data in (few, square):
            assert chosen(store, data, settings_with(backbone_weights))[1] == "stretch"

    assert "Resize rule" not in capsys.readouterr().err


def test_grey_images_make_a_grey_network_unless_colours_are_asked_for(tmp_path: Path) -> None:
    data = write_wide(tmp_path / "data", "ends")
    for path in data.rglob("*.png"):
        Image.open(path).convert("L").save(path)

    with ImageStore() as store:
        for colour, mode in (("auto", "grey"), ("rgb", "rgb")):
            assert chosen(store, data, Settings(size=32, colour=colour))[2] == mode


def test_another_rule_has_to_be_better_beyond_chance() -> None:
    rng = np.random.default_rng(1)
    usual = rng.uniform(0.5, 1.5, 100)

    assert best_rule({}) == "stretch"
    assert best_rule({"stretch": usual, "crop": usual + rng.normal(-0.01, 0.5, 100)}) == "stretch"
    assert best_rule({"stretch": usual, "crop": usual - 0.1, "pad": usual + 0.1}) == "crop"
    assert best_rule({"stretch": usual, "crop": usual - 0.1, "pad": usual - 0.2}) == "pad"


@pytest.mark.nightly
def test_the_bundle_is_served_and_evaluated_with_the_chosen_rule(mobilenet_fit: Fitted) -> None:
    assert "Resize rule: crop, not stretch" in mobilenet_fit.err
    assert load_bundle(mobilenet_fit.bundle).input.resize_rule == "crop"
    assert '"split": "test"' in mobilenet_fit.out

"""With few images a second fit uses the validation images as well."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import train.trainer.refit
from model.bundle import load_bundle
from model.preprocessing import InputSpec
from tests.support.fitting import QUICK
from tests.support.images import COLOURS, write_class
from tests.support.training import TINY, brightness_images
from train.__main__ import main
from train.data.batches import LabelledImages
from train.recipes.registry import load_recipe
from train.settings import Settings
from train.trainer.checkpoint import Progress, ProgressFile, progress_directory
from train.trainer.loop import FitResult, fit, predict_logits
from train.trainer.refit import refit, wants_refit
from train.trainer.run import TrainingRun

SPEC = InputSpec(16, 16)
SETTINGS = Settings(
    architecture="plain",
    convolutions="8",
    size=16,
    epochs=3,
    batch_size=8,
    min_steps_per_epoch=10,
    learning_rate=0.01,
    dropout=0,
    checkpoint="last",
    refit=100,
)
AGAIN = [*TINY, "--checkpoint", "last", "--refit", "500"]


def images_of(*classes: int) -> LabelledImages:
    """Eight images of each of the classes, of three."""
    return brightness_images([index for index in classes for _ in range(8)], 3, side=16)


def run(settings: Settings = SETTINGS, file: ProgressFile | None = None) -> TrainingRun:
    """A run whose class 2 occurs in validation only."""
    return TrainingRun(settings, SPEC, 3, images_of(0, 1), images_of(2), file)


@pytest.fixture(scope="module")
def first() -> FitResult:
    return fit(run())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [({}, True), ({"refit": 24}, True), ({"refit": 23}, False), ({"refit": 0}, False), ({"checkpoint": "best"}, False)],
)
def test_only_few_images_are_fitted_again_and_only_where_validation_chooses_no_epoch(
    changes: dict[str, Any], wanted: bool
) -> None:
    assert wants_refit(run(dataclasses.replace(SETTINGS, **changes))) is wanted


def test_without_validation_images_there_is_nothing_to_add() -> None:
    assert not wants_refit(dataclasses.replace(run(), validation=images_of()))


def test_the_second_network_has_learnt_the_validation_images(first: FitResult) -> None:
    second = refit(first, run())

    only_in_validation = images_of(2)
    rates = [
        float((predict_logits(r.model, only_in_validation.images).argmax(axis=1) == 2).mean()) for r in (first, second)
    ]
    assert rates[0] < 0.2 < 0.8 < rates[1]
    assert second.history == first.history
    assert not second.interrupted


@pytest.mark.parametrize("before_its_first_epoch", [True, False])
def test_a_second_fit_that_is_cut_short_leaves_the_first_network(
    first: FitResult, before_its_first_epoch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object, **options: object) -> FitResult:
        if before_its_first_epoch:
            raise KeyboardInterrupt
        return dataclasses.replace(first, model=None, interrupted=True, by_user=True)

    monkeypatch.setattr(train.trainer.refit, "fit", stopped)

    kept = refit(first, run())

    assert kept.model is first.model
    assert kept.interrupted
    assert kept.by_user


class PowerCut(Exception):
    """Nothing catches this."""


def test_a_second_fit_that_was_killed_resumes_to_the_same_weights(
    first: FitResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(file: ProgressFile) -> list[np.ndarray]:
        return refit(first, run(file=file)).model.get_weights()

    unbroken = again(ProgressFile(tmp_path / "one", {}))
    save = ProgressFile.save

    def cut(self: ProgressFile, progress: Progress) -> None:
        save(self, progress)
        if progress.epoch == 2:
            raise PowerCut

    file = ProgressFile(tmp_path / "other", {})
    with monkeypatch.context() as patched, pytest.raises(PowerCut):
        patched.setattr(ProgressFile, "save", cut)
        again(file)
    assert file.load() is None  # the first training's progress is a file of its own

    for one, other in zip(unbroken, again(file), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    file.remove()
    assert not progress_directory(tmp_path / "other").exists()


def test_the_bundle_states_what_it_was_fitted_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label, colour in list(COLOURS.items())[:2]:
        write_class(tmp_path / "data" / label, colour, 8)
    bundle = tmp_path / "bundle"

    fitted = ["fit", str(tmp_path / "data"), "--out", str(bundle), *QUICK, *AGAIN]
    assert main(fitted) == 0

    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["training"]["refit"] == {"images": 14}
    assert (metrics["split"], metrics["n"]) == ("test", 2)
    assert "14 training and validation images" in (bundle / "README.md").read_text()
    assert "with the 2 validation images as well" in capsys.readouterr().err
    assert "on the 14 images" in (bundle / "report" / "index.html").read_text()
    assert load_bundle(bundle).labels
    assert not progress_directory(bundle).exists()


def test_images_that_the_metrics_come_from_are_never_fitted_on(tmp_path: Path) -> None:
    for folder, count in (("train", 8), ("valid", 2)):
        for label, colour in list(COLOURS.items())[:2]:
            write_class(tmp_path / "data" / folder / label, colour, count)
    bundle = tmp_path / "bundle"

    fitted = ["fit", str(tmp_path / "data"), "--out", str(bundle), *QUICK, *AGAIN]
    assert main(fitted) == 0

    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["split"] == "validation"
    assert "refit" not in metrics["training"]


def test_best_fits_again_where_there_are_few_images() -> None:
    assert load_recipe("best").refit > 0
    assert load_recipe("best").checkpoint == "last"

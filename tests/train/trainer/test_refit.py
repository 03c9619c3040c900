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
from tests.support.fitting import Fitted
from tests.support.training import brightness_images
from train.data.batches import LabelledImages
from train.data.folders import Example
from train.data.loading import LoadedSplit
from train.recipes.registry import load_recipe
from train.settings import Settings
from train.trained_model import Dataset, divided, train_model
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

ENDED = FitResult(None, [], interrupted=False, best_epoch=SETTINGS.epochs)  # type: ignore[arg-type]


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
    assert wants_refit(run(dataclasses.replace(SETTINGS, **changes)), ENDED) is wanted


def test_without_validation_images_there_is_nothing_to_add() -> None:
    assert not wants_refit(dataclasses.replace(run(), validation=images_of()), ENDED)


def test_a_training_whose_last_epoch_was_not_kept_is_not_repeated() -> None:
    assert not wants_refit(run(), dataclasses.replace(ENDED, best_epoch=0))


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


def test_the_bundle_states_what_it_was_fitted_on(plain_fit: Fitted) -> None:
    bundle = plain_fit.bundle
    metrics = json.loads((bundle / "metrics.json").read_text())

    assert "images: train 18, validation 3, test 3" in plain_fit.err
    assert metrics["training"]["refit"] == {"images": 21}
    assert (metrics["split"], metrics["n"]) == ("test", 3)
    assert "21 training and validation images" in (bundle / "README.md").read_text()
    assert "with the 3 validation images as well" in plain_fit.err
    assert "on the 21 images" in (bundle / "report" / "index.html").read_text()
    assert load_bundle(bundle).labels
    assert not progress_directory(bundle).exists()


@pytest.mark.parametrize(("splits", "images"), [(("train", "validation"), 16), (("train", "validation", "test"), 24)])
def test_images_that_the_metrics_come_from_are_never_fitted_on(
    splits: tuple[str, ...], images: int, tmp_path: Path
) -> None:
    counts = {"train": (0, 0, 1, 1), "validation": (2, 2), "test": (0, 1)}
    loaded = {
        name: LoadedSplit(
            brightness_images([index for index in counts[name] for _ in range(4)], 3, side=16).images,
            [Example(tmp_path / f"{name} {index} {n}", "abc"[index]) for index in counts[name] for n in range(4)],
        )
        for name in splits
    }
    dataset = Dataset(loaded, ("a", "b", "c"), {}, SPEC)

    run, _ = divided(dataset, dataclasses.replace(SETTINGS, epochs=1))
    trained = train_model(dataset, dataclasses.replace(run, progress_file=ProgressFile(tmp_path / "bundle", {})))

    assert len(trained.examples) == images
    assert ("refit" in trained.log) is ("test" in splits)
    assert not [example for example in trained.examples if example.path.name.startswith(splits[-1])]


def test_best_fits_again_where_there_are_few_images() -> None:
    assert load_recipe("best").refit > 0
    assert load_recipe("best").checkpoint == "last"

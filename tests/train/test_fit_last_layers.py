"""`fit` with a pretrained network, whose last layers are trained: by folds, or judged by the validation images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from model.bundle import load_bundle
from tests.support.command_line import PROMISED, last_line, refusal
from tests.support.fitting import Fitted, fit
from tests.support.images import write_class, write_colours
from train.__main__ import main
from train.trainer.checkpoint import Progress, ProgressFile

OPTIONS = ["--recipe", "best", "--size", "32", "--epochs", "1", "--min-steps-per-epoch", "1"]
LAST_LAYERS = ["--folds", "0", "--finetune-layers", "30"]


class PowerCut(BaseException):
    """Ends a training at once, as a kill does."""


def load_weights(bundle: Path) -> list[np.ndarray]:
    return keras.saving.load_model(bundle).get_weights()


@pytest.fixture(scope="module")
def folds_fit(backbone_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("folds")
    write_colours(folder / "data", per_class=8)
    return fit(folder / "data", folder / "bundle", *OPTIONS, "--weights", str(backbone_weights), "--folds", "2")


def test_every_image_counts_in_the_metrics_and_is_trained_on(folds_fit: Fitted) -> None:
    metrics = json.loads((folds_fit.bundle / "metrics.json").read_text(encoding="utf-8"))

    assert set(last_line(folds_fit.out)) >= PROMISED
    assert (metrics["split"], metrics["folds"], metrics["n"]) == ("folds", 2, 24)
    assert metrics["training"]["kept"] in ("regression", "fine-tuned", "average")
    assert metrics["accuracy"] > 0.5 > metrics["majority_accuracy"]
    assert 0 <= metrics["regression_accuracy"] <= 1


def test_the_bundle_is_complete_and_its_report_says_how_it_was_evaluated(folds_fit: Fitted) -> None:
    bundle = load_bundle(folds_fit.bundle)
    page = (folds_fit.bundle / "report" / "index.html").read_text(encoding="utf-8")

    assert bundle.statistics is not None
    assert bundle.settings["architecture"] == "mobilenet_v2"
    assert str(bundle.settings["weights"]).endswith(".weights.h5")
    assert "2 folds" in page
    assert "trained on the other folds" in page
    assert not list(folds_fit.bundle.parent.glob(".*"))


@pytest.mark.nightly  # tests/train/data/test_folds.py divides as few
def test_a_handful_of_images_is_enough(backbone_weights: Path, tmp_path: Path) -> None:
    write_colours(tmp_path / "data", per_class=2)

    fitted = fit(tmp_path / "data", tmp_path / "bundle", *OPTIONS, "--weights", str(backbone_weights))

    metrics = json.loads((fitted.bundle / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["split"], metrics["folds"], metrics["n"]) == ("folds", 2, 6)


@pytest.mark.nightly
def test_images_with_several_labels_go_by_folds_as_well(backbone_weights: Path, tmp_path: Path) -> None:
    for name, colour in (("red", (200, 60, 60)), ("blue", (60, 60, 200)), ("blue+red", (200, 60, 200))):
        write_class(tmp_path / "data" / name, colour, 6, 1)

    options = [*OPTIONS, "--weights", str(backbone_weights), "--folds", "2", "--multi-label"]
    bundle = fit(tmp_path / "data", tmp_path / "bundle", *options).bundle

    metrics = json.loads((bundle / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["split"], metrics["n"], metrics["multi_label"]) == ("folds", 18, True)
    assert len(load_bundle(bundle).thresholds or ()) == 2


def test_a_fit_that_was_killed_after_its_first_bundle_is_unfinished_and_resumed(
    tmp_path: Path, backbone_weights: Path, weights_only: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise PowerCut

    bundle = tmp_path / "bundle"
    arguments = ["fit", str(write_colours(tmp_path / "data", per_class=4)), "--out", str(bundle), *OPTIONS]
    arguments += ["--weights", str(backbone_weights), "--folds", "2"]
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr("train.trainer.cross_fit._judged", cut)
        main(arguments)
    assert (bundle / "config.json").is_file()

    assert main(arguments) == 2  # and not “finished”
    assert main([*arguments, "--resume", "--dropout", "0.7"]) == 2  # other settings
    assert main([*arguments, "--resume"]) == 0

    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_stopped_fit_by_folds_says_that_it_begins_again_and_which_bundle_is_there(
    tmp_path: Path,
    backbone_weights: Path,
    weights_only: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    bundle = tmp_path / "bundle"
    arguments = ["fit", str(write_colours(tmp_path / "data", per_class=4)), "--out", str(bundle), *OPTIONS]
    arguments += ["--weights", str(backbone_weights), "--folds", "2"]
    with monkeypatch.context() as patch:
        patch.setattr("train.trainer.cross_fit._judged", stopped)
        assert main(arguments) == 0
    said = f"Stopped: {bundle} holds the regression. The same command with --resume begins again."
    assert said in capsys.readouterr().err

    monkeypatch.setattr("train.trainer.cross_fit._started", stopped)
    assert main([*arguments, "--resume"]) == 130
    said = f"begins again.\nInterrupted; no new bundle was written; {bundle} is the one from before."
    assert said in capsys.readouterr().err


def test_a_set_that_is_not_divided_into_folds_is_measured_on_its_test_split(
    backbone_weights: Path, tmp_path: Path
) -> None:
    data = write_colours(tmp_path / "data", per_class=12)

    done = fit(data, tmp_path / "bundle", *OPTIONS, "--weights", str(backbone_weights), *LAST_LAYERS)

    metrics = json.loads((done.bundle / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["split"] == "test"
    assert metrics["training"]["kept"] in ("regression", "fine-tuned", "average")
    assert metrics["training"]["refit"] == {"images": 36 - metrics["n"]}
    assert 0 <= metrics["regression_accuracy"] <= 1
    assert load_bundle(done.bundle).statistics is not None


def stopping_after(epoch: int, reason: type[BaseException]) -> Callable[[ProgressFile, Progress], None]:
    """Return what keeps the progress of a training and stops it after an epoch."""
    save = ProgressFile.save

    def saved(self: ProgressFile, progress: Progress) -> None:
        save(self, progress)
        if progress.epoch == epoch:
            raise reason

    return saved


def test_a_training_of_the_last_layers_that_was_stopped_goes_on_after_its_last_epoch(
    backbone_weights: Path,
    weights_only: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, broken, whole = tmp_path / "data", tmp_path / "broken", tmp_path / "whole"
    write_colours(data, per_class=8)
    arguments = ["fit", str(data), *OPTIONS, "--epochs", "3", "--weights", str(backbone_weights), *LAST_LAYERS]

    with monkeypatch.context() as patch:
        patch.setattr(ProgressFile, "save", stopping_after(2, KeyboardInterrupt))
        assert main([*arguments, "--out", str(broken)]) == 0
    said = f"Stopped: {broken} holds the regression. The same command with --resume goes on after the last epoch."
    assert said in capsys.readouterr().err
    assert main([*arguments, "--out", str(broken), "--resume"]) == 0
    assert "Resuming after epoch 2 of 3" in capsys.readouterr().err

    assert main([*arguments, "--out", str(whole)]) == 0
    for one, other in zip(load_weights(whole), load_weights(broken), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.nightly
def test_a_training_of_the_last_layers_that_was_killed_twice_goes_on_each_time(
    backbone_weights: Path,
    weights_only: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["fit", str(write_colours(tmp_path / "data", per_class=8)), "--out", str(tmp_path / "bundle")]
    arguments += [*OPTIONS, "--epochs", "4", "--weights", str(backbone_weights), *LAST_LAYERS]
    for epoch, resume in ((2, []), (3, ["--resume"])):
        with monkeypatch.context() as patch, pytest.raises(PowerCut):
            patch.setattr(ProgressFile, "save", stopping_after(epoch, PowerCut))
            main([*arguments, *resume])

    assert main([*arguments, "--resume"]) == 0
    said = capsys.readouterr().err
    assert "Resuming after epoch 2 of 4" in said and "Resuming after epoch 3 of 4" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--folds", "1"], "at least 2"),
        (["--folds", "3", "--recipe", "small"], "pretrained"),
        (["--folds", "-1"], "between 0 and 20"),
    ],
)
def test_folds_that_cannot_be_are_refused_in_a_sentence(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_colours(tmp_path / "data", per_class=2)

    assert said in refusal(capsys, "fit", str(tmp_path / "data"), "--out", str(tmp_path / "bundle"), *options)


GROUPED = ["--folds", "2", "--no-near-duplicates", "--group-by", "^[0-3]"]  # other images stand for themselves


@pytest.mark.nightly
def test_a_training_by_folds_says_that_it_does_not_measure_the_8_bit_file(
    backbone_weights: Path, tmp_path: Path
) -> None:
    data = write_colours(tmp_path / "data", per_class=8)

    done = fit(data, tmp_path / "bundle", *OPTIONS, "--weights", str(backbone_weights), *GROUPED, "--quantize")

    metrics = json.loads((done.bundle / "metrics.json").read_text(encoding="utf-8"))
    assert "come from networks in float32, not from the 8-bit file" in done.err
    assert (metrics["split"], metrics["n"], metrics["groups"]) == ("folds", 24, 16)


def test_a_training_by_folds_keeps_validation_images_for_the_metrics(backbone_weights: Path, tmp_path: Path) -> None:
    data = write_colours(tmp_path / "data", per_class=8)
    options = [*OPTIONS, "--weights", str(backbone_weights), *GROUPED]
    other = write_colours(tmp_path / "other", per_class=4)
    records = tmp_path / "records"
    records.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.fit.find_spec", lambda name: True)
        done = fit(data, tmp_path / "bundle", *options, "--validation", str(other), "--tensorboard", str(records))

    metrics = json.loads((done.bundle / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["split"], metrics["folds"], metrics["n"], metrics["groups"]) == ("validation", 2, 12, 4)
    assert "does not use --tensorboard. With --folds 0 --finetune-layers 0 it does." in done.err
    assert not list(records.iterdir())
    assert "These images were held out" in (done.bundle / "report" / "index.html").read_text(encoding="utf-8")

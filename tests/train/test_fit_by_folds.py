"""`fit` of a small data set with a pretrained network: metrics by folds, a network trained on all images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.bundle import load_bundle
from tests.support.command_line import PROMISED, last_line, refusal
from tests.support.fitting import Fitted, fit
from tests.support.images import write_colours
from train.__main__ import main

OPTIONS = ["--recipe", "best", "--size", "32", "--epochs", "1", "--min-steps-per-epoch", "1"]


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


def test_a_fit_that_was_killed_after_its_first_bundle_is_unfinished_and_resumed(
    tmp_path: Path, backbone_weights: Path, weights_only: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        """Ends a training at once, as a kill does."""

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

"""`vistazo tune` tries settings, survives failed trials, and continues an earlier search."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from model.errors import SettingsError
from tests.support.command_line import refusal
from tests.support.images import COLOURS, write_class, write_colours
from tests.support.training import TINY
from train.__main__ import main
from train.recipes.registry import load_recipe
from train.search_space import space_for
from train.trainer.loop import FitResult
from train.trainer.run import TrainingRun

QUICK = ["--recipe", "small", *TINY, "--epochs", "2", "--batch-size", "8"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tune")
    for label, colour in list(COLOURS.items())[:2]:
        write_class(folder / label, colour, 8)
    return folder


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_grid_is_tried_whole_and_the_best_becomes_a_command(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tune", str(data), "--out", str(tmp_path), "--search", "grid", *QUICK]
    arguments += ["--setting", "learning-rate=1e-3,3e-3", "--setting", "flip=true", "--trials", "9"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_bundle").mkdir()

    assert main(arguments) == 0

    found = rows(tmp_path)
    assert sorted(float(row["learning_rate"]) for row in found) == [1e-3, 3e-3]
    assert [row["state"] for row in found] == ["complete", "complete"]
    assert float(found[0]["val_loss"]) <= float(found[1]["val_loss"])
    best = capsys.readouterr().out.splitlines()[-1]
    assert f"--learning-rate {float(found[0]['learning_rate'])}" in best
    assert " --flip" in best and " --no-flip" not in best
    assert (
        f" fit {data} --out my_bundle_2 --recipe small --architecture plain" in best
        and " --epochs 2 --batch-size 8" in best
    )


def test_a_search_can_be_continued_and_a_failed_trial_does_not_end_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tune", str(data), "--out", str(tmp_path), *QUICK]
    # The penalty of the third makes the loss infinite at once.
    arguments += [
        "--setting",
        "l2=0,1e-4,10",
        "--learning-rate",
        "5",
        "--optimizer",
        "sgd",
        "--search",
        "grid",
        "--batch-size",
        "1",
    ]

    assert main([*arguments, "--trials", "1"]) == 0
    assert len(rows(tmp_path)) == 1
    assert main([*arguments, "--trials", "3"]) == 0

    found = rows(tmp_path)
    assert len(found) == 3
    assert {row["trial"] for row in found} == {"1", "2", "3"}
    assert "fail" in {row["state"] for row in found}
    assert main([*arguments, "--epochs", "3", "--trials", "3"]) == 2
    assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    "setting", ["size=32,64", "speed=1,2", "dropout", "dropout=much", "dropout=0.1,7", "flip=maybe"]
)
def test_settings_that_cannot_be_tuned_are_refused(
    setting: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(data), "--out", str(tmp_path), *QUICK, "--setting", setting, "--trials", "2"]) == 2
    assert "\n" not in capsys.readouterr().err.strip()


def test_a_small_set_is_searched_by_folds_as_fit_trains_it(
    data: Path, tmp_path: Path, backbone_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tune", str(data), "--out", str(tmp_path), "--search", "grid", "--trials", "2", "--folds", "2"]
    arguments += ["--recipe", "best", "--weights", str(backbone_weights), "--size", "32", "--epochs", "1"]
    arguments += ["--min-steps-per-epoch", "1", "--setting", "dropout=0,0.5"]

    assert main(arguments) == 0

    assert [row["state"] for row in rows(tmp_path)] == ["complete", "complete"]
    assert all(0 <= float(row["val_accuracy"]) <= 1 for row in rows(tmp_path))
    printed = capsys.readouterr()
    assert "--folds 2" in printed.out.splitlines()[-1]
    assert "keeps the bundle" not in printed.err


def test_a_setting_that_a_training_by_folds_does_not_use_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["--setting", "dropout=0,0.2", "--setting", "learning-rate=1e-3,3e-3"]

    said = refusal(capsys, "tune", str(data), "--out", str(tmp_path / "out"), "--trials", "1", *wanted)

    assert "--setting learning_rate changes nothing" in said and "--folds 0 --finetune-layers 0" in said


def test_a_value_that_a_training_of_the_last_layers_does_not_use_is_refused() -> None:
    settings = load_recipe("best")

    assert space_for({"schedule": ["cosine", "constant"]}, settings, 600)
    with pytest.raises(SettingsError, match="--setting schedule changes nothing"):
        space_for({"schedule": ["cosine", "plateau"]}, settings, 600)


def test_ctrl_c_ends_the_search_and_its_trial_is_tried_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates: list[float] = []
    stopped = True

    def fit(run: TrainingRun) -> FitResult:
        rates.append(run.settings.learning_rate)
        row = {"val_loss": run.settings.learning_rate, "val_accuracy": 1.0, "epoch": 1}
        return FitResult(None, [row], stopped, 1, by_user=stopped)  # type: ignore[arg-type]

    monkeypatch.setattr("train.trainer.loop.fit", fit)
    arguments = ["tune", str(data), "--out", str(tmp_path), "--search", "grid", *QUICK]
    arguments += ["--setting", "learning-rate=1e-3,3e-3", "--trials", "2"]

    assert main(arguments) == 130
    assert len(rates) == 1
    stopped = False
    assert main(arguments) == 0

    assert len(rates) == 3
    assert set(rates[1:]) == {1e-3, 3e-3}
    assert [row["state"] for row in rows(tmp_path)] == ["complete", "complete"]


def test_a_random_search_that_is_continued_repeats_no_trial_and_other_images_are_another_search(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[tuple[float, float]] = []

    def fit(run: TrainingRun) -> FitResult:
        tried.append((run.settings.learning_rate, run.settings.dropout))
        return FitResult(None, [{"epoch": 1, "val_loss": 0.5, "val_accuracy": 1.0}], False, 1)  # type: ignore[arg-type]

    monkeypatch.setattr("train.trainer.loop.fit", fit)
    arguments = ["--out", str(tmp_path / "out"), *QUICK, "--setting", "learning-rate=1e-3,2e-3,3e-3,4e-3"]
    arguments += ["--setting", "dropout=0,0.1,0.2"]

    assert main(["tune", str(data), *arguments, "--trials", "5"]) == 0
    assert main(["tune", str(data), *arguments, "--trials", "9"]) == 0
    assert len(tried) == len(set(tried)) == 9

    other = write_colours(tmp_path / "other", per_class=8)
    assert main(["tune", str(other), *arguments, "--trials", "9"]) == 2
    assert "over other settings or images" in capsys.readouterr().err


def test_a_trial_that_runs_out_of_memory_does_not_end_the_search(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fit(run: TrainingRun) -> FitResult:
        if run.settings.batch_size == 512:
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return FitResult(None, [{"epoch": 1, "val_loss": 0.5, "val_accuracy": 1.0}], False, 1)  # type: ignore[arg-type]

    monkeypatch.setattr("train.trainer.loop.fit", fit)
    arguments = ["tune", str(data), "--out", str(tmp_path), "--search", "grid", *QUICK]

    assert main([*arguments, "--setting", "batch-size=8,512", "--trials", "2"]) == 0

    assert [row["state"] for row in rows(tmp_path)] == ["complete", "fail"]
    assert "failed: There is too little memory" in capsys.readouterr().err

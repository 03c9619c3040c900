"""`python -m train evaluate`: what it computes, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from model.bundle import Bundle
from model.preprocessing import InputSpec
from model.verdict import Classification
from tests.support.command_line import PROMISED, last_line, refusal
from tests.support.fitting import Fitted
from tests.support.images import hashes, write_class, write_colours
from train.__main__ import main
from train.evaluate import (
    Outputs,
    evaluate_outputs,
    outputs_out_of_fold,
    verdict_counts,
    with_thresholds_of_others,
)
from train.export.bundle import write_json, write_manifest
from train.trainer.cross_fit import OutOfFold


def test_evaluate_gives_the_metrics_of_fit(grey_fit: Fitted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(grey_fit.bundle), str(grey_fit.data), "--json"]) == 0

    metrics, before = last_line(capsys.readouterr().out), last_line(grey_fit.out)
    assert metrics["split"] == "test"
    assert metrics["unreadable"] == 0
    for name in PROMISED:
        assert metrics[name] == pytest.approx(before[name], abs=1e-5)


def test_evaluate_matches_folder_names_to_labels(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4, seed=9)
    (data / "2 green").rename(data / "2_GREEN")
    (data / "10 red").rename(data / "10-Red")
    write_class(data / "Zebra", (0, 0, 0), 2)
    (data / "Blue" / "broken.png").write_bytes(b"broken")
    before = hashes(data)

    assert main(["evaluate", str(colour_bundle), str(data), "--json"]) == 0

    captured = capsys.readouterr()
    metrics = last_line(captured.out)
    assert (metrics["n"], metrics["unreadable"], metrics["split"]) == (12, 1, "whole folder")
    assert metrics["accuracy"] > 0.6
    assert "no such label: Zebra" in captured.err
    assert "broken.png" in captured.err
    assert hashes(data) == before


@pytest.mark.parametrize("inside", [".", "report"])
def test_nothing_is_written_into_a_bundle(
    inside: str, copied_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=1)
    image, before = next(data.rglob("*.png")), hashes(copied_bundle)
    out = copied_bundle / inside
    for command in (
        ["evaluate", str(copied_bundle), str(data), "--out", str(out)],
        ["explain", str(copied_bundle), str(image), "--out", str(out)],
        ["compare", str(copied_bundle), "--data", str(data), "--out", str(out / "table.csv")],
    ):
        assert main(command) == 2
        assert "--out should lie outside the bundle" in capsys.readouterr().err

    assert hashes(copied_bundle) == before


def test_evaluate_writes_metrics_and_report(
    colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "metrics"

    assert main(["evaluate", str(colour_fit.bundle), str(colour_fit.data), "--out", str(out)]) == 0

    accuracy, _, written = capsys.readouterr().out.splitlines()
    assert re.match(r"\d+ of 36 images right \(\d+%, 95% interval \d+ to \d+\)\.", accuracy)
    assert written == f"Wrote {out / 'index.html'}."
    assert set(hashes(out)) == {"metrics.json", "predictions.csv", "index.html"} | {
        f"{name}.png"
        for name in (
            "classes",
            "confusion_matrix",
            "confusion_matrix_normalised",
            "histograms",
            "precision_recall_curves",
            "reliability",
            "roc_curves",
        )
    }
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["n"] == 36
    assert "unknown" not in metrics, "with statistics the threshold decides nothing"
    assert sum(counts["n"] for counts in metrics["verdicts"].values()) == 36
    assert (out / "index.html").read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 36


def test_images_that_the_model_was_trained_on_are_counted_and_said_to_prove_little(
    colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_colours(tmp_path / "new", per_class=4, seed=91)

    assert main(["evaluate", str(colour_fit.bundle), str(colour_fit.data), "--json"]) == 0
    seen = capsys.readouterr()
    assert main(["evaluate", str(colour_fit.bundle), str(new), "--json"]) == 0
    unseen = capsys.readouterr()

    count = last_line(seen.out)["training_images"]
    assert count > 0 and f"was trained on at least {count} of these images" in seen.err
    assert last_line(unseen.out)["training_images"] == 0 and "was trained on" not in unseen.err


def test_each_fold_is_evaluated_with_thresholds_that_were_fitted_on_the_others() -> None:
    """The first fold has its labels from 0.65 on, the second from 0.2 on: neither suits the other."""
    probabilities = np.array([[0.8, 0.8], [0.5, 0.5], [0.3, 0.3], [0.1, 0.1]])
    targets, fold_of = np.array([[1, 1], [0, 0], [1, 1], [0, 0]]), np.array([0, 0, 1, 1])
    bundle = Bundle(Path("bundle"), ("cat", "dog"), InputSpec(8, 8), True, 1.0, None, (0.2, 0.2))
    unseen = OutOfFold(np.log(probabilities / (1 - probabilities)), targets, np.zeros(4), fold_of)

    outputs = outputs_out_of_fold(bundle, unseen)

    assert outputs.predicted.tolist() == [[True] * 2] * 2 + [[False] * 2] * 2
    assert [found.verdict for found in outputs.classifications] == ["sure", "unsure", "none", "none"]
    metrics = evaluate_outputs(bundle, outputs, targets)
    assert (metrics["accuracy"], metrics["unknown_images"]) == (0.5, 2)
    assert metrics["label_counts"]["cat"] == {"found": 1, "missed": 1, "wrong": 1}
    assert metrics["thresholds"] == {"cat": 0.2, "dog": 0.2}, "those that are served"


def test_thresholds_that_were_fitted_on_the_evaluated_images_are_replaced_by_those_of_the_other_half() -> None:
    """Every second image has its label from 0.65 on, the others from 0.2 on: neither suits the other."""
    probabilities = np.array([0.8, 0.3, 0.5, 0.1]).repeat(2).reshape(4, 2)
    targets = np.array([[1, 1], [1, 1], [0, 0], [0, 0]])
    found = [Classification(row, "sure", False) for row in probabilities]
    outputs = Outputs(np.log(probabilities / (1 - probabilities)), found, probabilities >= 0.2)

    replaced = with_thresholds_of_others(outputs, targets)

    assert replaced.predicted.tolist() == [[True] * 2, [False] * 2, [True] * 2, [False] * 2]


def test_images_are_grouped_as_the_model_was_trained(
    copied_bundle: Path, colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((copied_bundle / "config.json").read_text(encoding="utf-8"))
    config["vistazo"]["settings"]["group_by"] = r"^(\d)"
    write_json(copied_bundle / "config.json", config)
    write_manifest(copied_bundle)
    out = tmp_path / "out"

    assert main(["evaluate", str(copied_bundle), str(colour_fit.data), "--out", str(out), "--no-images"]) == 0

    assert json.loads((out / "metrics.json").read_text(encoding="utf-8"))["groups"] < 36


def test_a_verdict_is_right_where_the_most_likely_label_that_is_predicted_is_true() -> None:
    probabilities = np.array([0.7, 0.25])
    found = Classification(probabilities, "unsure", False)
    outputs = Outputs(np.log(probabilities)[None], [found], probabilities[None] >= [0.8, 0.2])

    assert verdict_counts(outputs, np.array([[0, 1]]))["unsure"] == {"n": 1, "accuracy": 1.0}


def test_private_images_can_be_left_out_of_the_report(
    colour_fit: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence: list[object] = []
    monkeypatch.setattr("train.evaluate.write_report", lambda *arguments: evidence.append(arguments[-1]))
    command = ["evaluate", str(colour_fit.bundle), str(colour_fit.data), "--out", str(tmp_path / "out")]

    assert main(command) == 0
    assert main([*command, "--no-images"]) == 0

    assert evidence[0] is not None
    assert evidence[1] is None


def test_evaluate_refuses_what_it_cannot_use(
    colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_class(tmp_path / "strange" / "Zebra", (0, 0, 0), 2)
    (tmp_path / "unreadable" / "Blue").mkdir(parents=True)
    (tmp_path / "unreadable" / "Blue" / "a.png").write_bytes(b"broken")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "website").mkdir()
    (tmp_path / "website" / "index.html").write_text("of somebody else", encoding="utf-8")
    bundle, data = colour_fit.bundle, colour_fit.data

    assert "labels: 2 green" in refusal(capsys, "evaluate", bundle, tmp_path / "strange")
    assert "None of the 1 files" in refusal(capsys, "evaluate", bundle, tmp_path / "unreadable")
    assert "no class folders" in refusal(capsys, "evaluate", bundle, tmp_path / "empty")
    assert "no data folder" in refusal(capsys, "evaluate", bundle, tmp_path / "missing")
    assert "no directory" in refusal(capsys, "evaluate", tmp_path / "missing", data)
    assert "is not a complete bundle" in refusal(capsys, "evaluate", data, data)
    assert "--out should be a directory" in refusal(capsys, "evaluate", bundle, data, "--out", tmp_path / "file")
    assert "website” exists and is not an evaluation" in refusal(
        capsys, "evaluate", bundle, data, "--out", tmp_path / "website"
    )

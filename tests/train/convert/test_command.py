"""`python -m train convert` as a command: one whole conversion, what its bundle is good for, and its messages."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from model.__main__ import main as predict
from model.bundle import load_bundle
from model.classifier import Classifier
from model.grad_cam import explain
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN
from tests.support.conversion import LABELS, check_same
from tests.support.images import scene
from tests.support.legacy_models import alexnet, save, transfer
from tests.support.serving import ROOT, environment
from train.__main__ import main
from train.convert import pipeline


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model]:
    """A bundle that the command made of an architecture and its weights, in the process with limits."""
    folder = tmp_path_factory.mktemp("converted")
    model = transfer(outputs=2)
    old = save(model, folder / "old", "json and weights.h5", ("ignored", "too"))
    np.save(folder / "old" / "label_encoder.npy", np.array(["plain", "dotted"]))
    labels = ["--labels", str(folder / "old" / "label_encoder.npy")]
    assert main(["convert", str(old), "--out", str(folder / "bundle"), "--scale", "-1..1", *labels]) == 0
    return folder / "bundle", model


def test_the_command_gives_the_same_probabilities(converted: tuple[Path, keras.Model]) -> None:
    bundle, model = converted

    assert load_bundle(bundle).labels == ("plain", "dotted")
    check_same(bundle, model, "-1..1")


def test_a_converted_bundle_serves_every_command(
    converted: tuple[Path, keras.Model], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("plain", "dotted"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for seed in range(3):
            Image.fromarray(scene(40, 40, seed)).save(tmp_path / "data" / label / f"{seed}.png")
    model = str(converted[0])

    assert predict(["predict", str(tmp_path / "data" / "plain" / "0.png"), "--model", model, "--json"]) == 0
    assert main(["evaluate", model, str(tmp_path / "data"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["n"] == 6
    assert explain(Classifier.load(converted[0]), scene(40, 40)).heat.max() > 0


def test_a_converted_bundle_can_be_pushed(converted: tuple[Path, keras.Model], tmp_path: Path) -> None:
    with Hub() as hub:
        done = subprocess.run(
            [sys.executable, "-m", "train", "push", str(converted[0]), "somebody/old", "--dry-run", "--json"],
            cwd=ROOT,
            env=environment(tmp_path, **hub.environment(tmp_path / "hub", HF_TOKEN=TOKEN)),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    assert {"model.tflite", "model.weights.h5", "README.md"} <= set(json.loads(done.stdout.splitlines()[-1])["changed"])


def test_a_converted_bundle_says_where_it_comes_from(converted: tuple[Path, keras.Model]) -> None:
    bundle, _ = converted
    card = (bundle / "README.md").read_text(encoding="utf-8")

    assert "converted by Vistazo from the Keras model “architecture.json”" in card and "scaled to “-1..1”" in card
    assert str(bundle.parent) not in "".join(p.read_text(encoding="utf-8") for p in bundle.glob("*.json"))
    assert load_bundle(bundle).settings["converted_from"] == "architecture.json"


def run_refused(arguments: list[str], out: Path, temporary: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, which has to end with status 2, one message and nothing left behind; returns what it said."""
    before = sorted(out.parent.iterdir())
    assert main(["convert", *arguments, "--out", str(out)]) == 2
    shown = capsys.readouterr()
    *progress, error = shown.err.splitlines()
    assert error.startswith("error: ") and shown.out == ""
    assert all(line.endswith(" …") for line in progress)
    assert sorted(out.parent.iterdir()) == before and not list(temporary.iterdir())
    return shown.err


@pytest.mark.nightly  # test_worker.py tests the limit itself
def test_a_file_that_asks_for_all_memory(tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = save(alexnet((16, 16, 3)), tmp_path / "old", "json and weights.h5", LABELS)
    stored = json.loads(old.read_text(encoding="utf-8"))
    for layer in stored["config"]["layers"]:
        if layer["class_name"] == "Dense":
            layer["config"]["units"] = 60_000  # twice in a row: 14 GB
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_shape"] = [None, 512, 512, 3]
    old.write_text(json.dumps(stored), encoding="utf-8")

    error = run_refused([str(old), "--scale", "0..1"], tmp_path / "bundle", temporary, capsys)
    assert "needs more than 4 GiB of memory" in error


def test_a_file_that_takes_too_long(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "OPEN_SECONDS", 0.3)
    monkeypatch.setattr(pipeline, "SAY_SECONDS", 0.0)
    old = save(alexnet(), tmp_path / "old", "keras", LABELS)

    error = run_refused([str(old), "--scale", "0..1"], tmp_path / "bundle", temporary, capsys)
    assert "was not opened within 0.3 s" in error
    assert error.startswith("Opening old.keras") and "It is not opened yet, after" in error


def test_a_process_that_dies(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n", encoding="utf-8")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    old = save(alexnet(), tmp_path / "old", "keras", LABELS)

    error = run_refused([str(old), "--scale", "0..1"], tmp_path / "bundle", temporary, capsys)
    assert "or crashes what opens it" in error


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scale", "0..2"], "--scale should be one of 0..1, -1..1, 0..255, caffe, torch. Received: 0..2."),
        (["--scale", "0..1", "--size", "large"], "--size should be a number"),
        (["--scale", "0..1", "--labels", "missing.txt"], "no file “missing.txt”"),
        (["--scale", "0..1", "--weights", "missing.h5"], "no file “missing.h5”"),
        ([], "Say with --scale how images were scaled"),
    ],
)
def test_typing_mistakes(
    arguments: list[str], sentence: str, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = save(alexnet(), tmp_path / "old", "keras", LABELS)

    assert sentence in run_refused([str(old), *arguments], tmp_path / "bundle", temporary, capsys)


def test_labels_that_are_missing(tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = save(alexnet(), tmp_path / "old", "keras", LABELS)
    (tmp_path / "old" / "labels.txt").unlink()

    error = run_refused([str(old), "--scale", "0..1"], tmp_path / "bundle", temporary, capsys)
    assert "no file with labels in the directory" in error and "--labels FILE" in error

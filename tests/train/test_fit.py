"""`python -m train fit`: what it writes and prints, through the command line."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from model.classifier import Classifier
from model.preprocessing import InputSpec, prepare, read_image
from tests.support.command_line import PROMISED, last_line, refusal
from tests.support.fitting import CORRUPT, QUICK, Fitted
from tests.support.images import COLOURS, hashes, write_class, write_colours
from tests.support.training import TINY, examples_of
from train.__main__ import main
from train.data.folders import fingerprint
from train.data.loading import LoadedSplit
from train.fit import export_model
from train.metrics.calibration import Calibration
from train.trained_model import Dataset, TrainedModel


def test_files_that_are_gone_after_the_training_have_the_fingerprint_of_before(tmp_path: Path) -> None:
    examples = examples_of(tmp_path / "data", {"a": 2, "b": 2})
    split = LoadedSplit(np.zeros((4, 16, 16, 3), np.uint8), examples)
    dataset = Dataset({"train": split}, ("a", "b"), {}, InputSpec(16, 16))
    before = fingerprint(examples, dataset.sizes)  # as the identity of the run is told, before the training
    shutil.rmtree(tmp_path / "data")
    trained = TrainedModel(None, None, Calibration(), {}, examples)  # type: ignore[arg-type]  # the served file alone

    export_model(tmp_path, b"", trained, dataset, {"multi_label": False})

    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert config["vistazo"]["dataset_fingerprint"] == before


def test_fit_orders_labels_naturally(colour_fit: Fitted) -> None:
    assert load_bundle(colour_fit.bundle).labels == ("2 green", "10 red", "Blue")
    assert (colour_fit.bundle / "labels.txt").read_text(encoding="utf-8") == "2 green\n10 red\nBlue\n"


def test_the_bundle_has_a_title_and_example_images_that_it_classifies_rightly(colour_fit: Fitted) -> None:
    classifier = Classifier.load(colour_fit.bundle, threads=1)
    bundle = classifier.bundle

    assert bundle.presentation.title == "2 green, 10 red and Blue"
    assert bundle.presentation.examples
    for example in bundle.presentation.examples:
        found = classifier.predict(prepare(read_image(example.path), bundle.input))
        assert bundle.labels[int(found.probabilities.argmax())] == example.label
        assert f'src="examples/{example.path.name}"' in (bundle.directory / "README.md").read_text(encoding="utf-8")


def test_fit_prints_as_json_the_promised_metrics_and_their_split(colour_fit: Fitted, grey_fit: Fitted) -> None:
    for fitted in (colour_fit, grey_fit):
        metrics = last_line(fitted.out)
        assert set(metrics) >= PROMISED
        assert metrics["split"] == "test"
        stored = json.loads((fitted.bundle / "metrics.json").read_text(encoding="utf-8"))
        assert {name: stored[name] for name in PROMISED} == {name: metrics[name] for name in PROMISED}


def test_fit_leaves_the_data_as_it_was_and_nothing_beside_the_bundle(colour_fit: Fitted, grey_fit: Fitted) -> None:
    for fitted in (colour_fit, grey_fit):
        assert hashes(fitted.data) == fitted.before
        assert sorted(p.name for p in fitted.bundle.parent.iterdir()) == ["bundle", "data"]


def test_a_corrupt_image_is_named_counted_left_out_and_still_there(colour_fit: Fitted) -> None:
    assert f"left out: {colour_fit.data / 'Blue' / CORRUPT}: " in colour_fit.err
    assert "1 unreadable file was left out" in colour_fit.err
    assert "images: train 24, validation 6, test 6" in colour_fit.err
    assert (colour_fit.data / "Blue" / CORRUPT).is_file()


def test_fit_takes_train_valid_and_test_folders_as_they_are(grey_fit: Fitted) -> None:
    assert "images: train 30, validation 9 (Valid), test 12" in grey_fit.err
    assert last_line(grey_fit.out)["n"] == 12


def test_images_without_colour_make_a_grey_network(colour_fit: Fitted, grey_fit: Fitted) -> None:
    assert load_bundle(colour_fit.bundle).input.colour_mode == "rgb"
    assert load_bundle(grey_fit.bundle).input.colour_mode == "grey"
    assert "grey network" in grey_fit.err


def test_a_bundle_tells_images_of_its_labels_from_others(colour_fit: Fitted) -> None:
    classifier = Classifier.load(colour_fit.bundle, threads=1)
    known = [read_image(path) for path in colour_fit.data.rglob("*.png") if path.name != CORRUPT]
    others = [
        np.kron(np.random.default_rng(seed).integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1))) for seed in range(10)
    ]

    def none(images: list[np.ndarray]) -> float:
        found = [classifier.predict(prepare(i.astype(np.uint8), classifier.bundle.input)) for i in images]
        return sum(one.verdict == "none" for one in found) / len(found)

    assert none(known) <= 0.25
    assert none(others) == 1


def test_the_table_of_predictions_names_every_evaluated_image_with_its_verdict(colour_fit: Fitted) -> None:
    with (colour_fit.bundle / "report/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    verdicts = json.loads((colour_fit.bundle / "metrics.json").read_text(encoding="utf-8"))["verdicts"]

    assert list(rows[0]) == ["path", "truth", "predicted", "verdict", "2 green", "10 red", "Blue"]
    assert len(rows) == 6 and {row["truth"] for row in rows} == {"2 green", "10 red", "Blue"}
    assert all(row["path"].startswith(f"{row['truth']}/") for row in rows)
    assert all((colour_fit.data / row["path"]).is_file() for row in rows)
    assert {name: counts["n"] for name, counts in verdicts.items()} == {
        name: sum(row["verdict"] == name for row in rows) for name in ("sure", "unsure", "none")
    }
    assert all(
        sum(float(row[label]) for label in ("2 green", "10 red", "Blue")) == pytest.approx(1, abs=1e-5) for row in rows
    )


def test_small_images_come_first_where_asked_for(colour_fit: Fitted, grey_fit: Fitted) -> None:
    small, full = "small images: up to 5 epochs at 16 x 16 pixels\n", "full size: up to 3 epochs at 32 x 32"
    assert 0 <= grey_fit.err.find(small) < grey_fit.err.find(full)
    assert "training: up to 8 epochs at 32 x 32 pixels" in colour_fit.err


def test_the_options_are_stored_in_the_bundle(grey_fit: Fitted) -> None:
    bundle = load_bundle(grey_fit.bundle)

    assert bundle.input.resize_rule == "pad"
    assert (bundle.settings["seed"], bundle.settings["size"], bundle.settings["epochs"]) == (3, 32, 8)


def test_the_networks_have_learnt_what_was_easy(colour_fit: Fitted, grey_fit: Fitted) -> None:
    assert last_line(colour_fit.out)["accuracy"] > 0.6
    assert last_line(grey_fit.out)["accuracy"] > 0.6


def test_the_metrics_have_the_history_of_every_epoch(colour_fit: Fitted) -> None:
    training = json.loads((colour_fit.bundle / "metrics.json").read_text(encoding="utf-8"))["training"]

    assert [row["epoch"] for row in training["history"]] == list(range(1, 9))
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(training["history"][0])
    best = min(training["history"], key=lambda row: row["val_loss"])
    assert training["best_epoch"] == best["epoch"]


def test_without_tensorboard_s_package_its_option_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4)
    monkeypatch.setattr("train.fit.find_spec", lambda name: None)

    message = refusal(capsys, "fit", data, "--out", tmp_path / "bundle", *QUICK, "--tensorboard", tmp_path / "records")

    assert "pip install tensorboard" in message
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_tensorboard_gets_the_metrics_of_every_epoch(plain_fit: Fitted) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    logs = events.EventAccumulator(str(plain_fit.bundle.with_name("logs") / "train"))
    logs.Reload()
    assert {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"} <= set(logs.Tags()["tensors"])
    assert len(logs.Tensors("epoch_loss")) == 2


def test_an_interrupted_fit_leaves_no_half_bundle_and_keeps_the_old_one(
    weights_only: None,
    copied_bundle: Path,
    colour_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The interrupt comes at the worst moment: when the new bundle has begun to be written."""
    begun: list[str] = []

    def interrupted(*arguments: object, **options: object) -> None:
        begun.extend(path.name for path in tmp_path.glob(".*.partial"))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("train.fit.write_model", interrupted)

    assert main(["fit", str(two_classes(tmp_path)), "--out", str(copied_bundle), "--overwrite", *QUICK, *TINY]) == 130

    assert len(begun) == 1
    said = f"Interrupted; no new bundle was written; {copied_bundle} is the one from before."
    assert f"with --resume goes on after the last epoch.\n{said}" in capsys.readouterr().err
    assert hashes(copied_bundle) == hashes(colour_bundle)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".copied.training", "copied", "data"]


def test_an_interrupt_while_keras_writes_is_reported_as_one(
    weights_only: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras's own clean-up fails then, and would hide it."""

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("keras.src.saving.saving_lib.DiskIOStore", interrupted)

    assert main(["fit", str(two_classes(tmp_path)), "--out", str(tmp_path / "bundle"), *QUICK, *TINY]) == 130
    assert "Interrupted; no bundle was written." in capsys.readouterr().err


def test_an_interrupt_after_a_first_bundle_says_that_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle"

    def interrupted(*arguments: object, **options: object) -> None:
        bundle.mkdir()
        (bundle / "manifest.json").write_text("{}", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr("train.fit.run_fit", interrupted)

    assert main(["fit", str(two_classes(tmp_path)), "--out", str(bundle)]) == 130
    assert f"Interrupted; {bundle} is a whole bundle, without fine-tuning." in capsys.readouterr().err


def two_classes(directory: Path) -> Path:
    """Write a small data folder."""
    for label, colour in list(COLOURS.items())[:2]:
        write_class(directory / "data" / label, colour, 4)
    return directory / "data"

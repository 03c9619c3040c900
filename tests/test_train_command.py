"""`python -m train fit` and `evaluate`: what they write, print and refuse, through the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from model.bundle import load_bundle
from tests.conftest import CORRUPT, QUICK, Fitted, fit
from tests.pictures import COLOURS, hashes, write_class, write_colours
from train.__main__ import main

PROMISED = {"n", "accuracy", "top5_accuracy", "macro_f1", "ece", "loss"}


def last_line(out: str) -> dict:
    return json.loads(out.splitlines()[-1])


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that has to fail; returns its one sentence."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert captured.err.splitlines()[-1] == errors[0]
    assert "Traceback" not in captured.err
    return errors[0]


# --- fit, where it works


def test_fit_orders_labels_as_people_do(colour_fit: Fitted) -> None:
    assert load_bundle(colour_fit.bundle).labels == ("2 green", "10 red", "Blue")
    assert (colour_fit.bundle / "labels.txt").read_text(encoding="utf-8") == "2 green\n10 red\nBlue\n"


def test_fit_s_last_line_has_the_promised_figures_and_where_they_were_measured(
    colour_fit: Fitted, grey_fit: Fitted, mobilenet_fit: Fitted
) -> None:
    for fitted in (colour_fit, grey_fit, mobilenet_fit):
        figures = last_line(fitted.out)
        assert set(figures) >= PROMISED
        assert figures["split"] == "test"
        stored = json.loads((fitted.bundle / "metrics.json").read_text(encoding="utf-8"))
        assert {name: stored[name] for name in PROMISED} == {name: figures[name] for name in PROMISED}


def test_fit_leaves_the_data_as_it_was_and_nothing_beside_the_bundle(colour_fit: Fitted, grey_fit: Fitted) -> None:
    for fitted in (colour_fit, grey_fit):
        assert hashes(fitted.data) == fitted.before
        assert sorted(p.name for p in fitted.bundle.parent.iterdir()) == ["bundle", "data"]


def test_a_corrupt_picture_is_named_counted_left_out_and_still_there(colour_fit: Fitted) -> None:
    assert f"left out: {colour_fit.data / 'Blue' / CORRUPT}: " in colour_fit.err
    assert "1 unreadable files were left out" in colour_fit.err
    assert "pictures: 24 for train, 6 for validation, 6 for test" in colour_fit.err
    assert (colour_fit.data / "Blue" / CORRUPT).is_file()


def test_fit_takes_train_valid_and_test_folders_as_they_are(grey_fit: Fitted) -> None:
    assert "pictures: 30 for train, 9 for validation, 12 for test" in grey_fit.err
    assert last_line(grey_fit.out)["n"] == 12


def test_pictures_without_colour_make_a_grey_network(colour_fit: Fitted, grey_fit: Fitted) -> None:
    assert load_bundle(colour_fit.bundle).input.colour_mode == "rgb"
    assert load_bundle(grey_fit.bundle).input.colour_mode == "grey"
    assert "grey network" in grey_fit.err


def test_small_pictures_come_first_where_asked_for(colour_fit: Fitted, grey_fit: Fitted) -> None:
    assert "small pictures: up to 5 epochs at 16 x 16 pixels\nfull size: up to 3 epochs at 32 x 32" in grey_fit.err
    assert "training: up to 8 epochs at 32 x 32 pixels" in colour_fit.err


def test_the_options_are_stored_in_the_bundle(grey_fit: Fitted) -> None:
    bundle = load_bundle(grey_fit.bundle)

    assert bundle.input.resize_rule == "pad"
    assert (bundle.settings["seed"], bundle.settings["size"], bundle.settings["epochs"]) == (3, 32, 8)


def test_the_networks_have_learnt_what_was_easy(colour_fit: Fitted, grey_fit: Fitted) -> None:
    assert last_line(colour_fit.out)["accuracy"] > 0.6
    assert last_line(grey_fit.out)["accuracy"] > 0.6


# --- evaluate


def test_evaluate_gives_the_figures_that_fit_measured(grey_fit: Fitted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(grey_fit.bundle), str(grey_fit.data)]) == 0

    figures, before = last_line(capsys.readouterr().out), last_line(grey_fit.out)
    assert figures["split"] == "test"
    assert figures["unreadable"] == 0
    for name in PROMISED:
        assert figures[name] == pytest.approx(before[name], abs=1e-5)


def test_evaluate_matches_folder_names_to_labels(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4, seed=9)
    (data / "2 green").rename(data / "2_GREEN")
    (data / "10 red").rename(data / "10-Red")
    write_class(data / "Zebra", (0, 0, 0), 2)
    (data / "Blue" / "broken.png").write_bytes(b"broken")
    before = hashes(data)

    assert main(["evaluate", str(colour_bundle), str(data)]) == 0

    captured = capsys.readouterr()
    figures = last_line(captured.out)
    assert (figures["n"], figures["unreadable"], figures["split"]) == (12, 1, "whole folder")
    assert figures["accuracy"] > 0.6
    assert "no such label: Zebra" in captured.err
    assert "broken.png" in captured.err
    assert hashes(data) == before


def test_evaluate_writes_figures_and_report_where_it_is_told(colour_fit: Fitted, tmp_path: Path) -> None:
    out = tmp_path / "figures"

    assert main(["evaluate", str(colour_fit.bundle), str(colour_fit.data), "--out", str(out)]) == 0

    assert set(hashes(out)) == {"metrics.json", "report/index.html"} | {
        f"report/{name}.png"
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
    figures = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert figures["n"] == 36
    assert figures["unknown"]["threshold"] == load_bundle(colour_fit.bundle).unknown_threshold
    assert (out / "report" / "index.html").read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 36


def test_private_pictures_can_be_left_out_of_the_report(colour_fit: Fitted, tmp_path: Path) -> None:
    out = tmp_path / "figures"

    assert main(["evaluate", str(colour_fit.bundle), str(colour_fit.data), "--out", str(out), "--no-pictures"]) == 0

    page = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in page
    assert not any(path.name in page for path in colour_fit.data.rglob("*.png"))


def test_fit_tells_in_the_figures_how_each_epoch_went(colour_fit: Fitted) -> None:
    training = json.loads((colour_fit.bundle / "metrics.json").read_text(encoding="utf-8"))["training"]

    assert [row["epoch"] for row in training["history"]] == list(range(1, 9))
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(training["history"][0])
    best = min(training["history"], key=lambda row: row["val_loss"])
    assert training["best_epoch"] == best["epoch"]


def test_evaluate_refuses_what_it_cannot_use(
    colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_class(tmp_path / "strange" / "Zebra", (0, 0, 0), 2)
    (tmp_path / "unreadable" / "Blue").mkdir(parents=True)
    (tmp_path / "unreadable" / "Blue" / "a.png").write_bytes(b"broken")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    bundle, data = colour_fit.bundle, colour_fit.data

    assert "labels: 2 green" in refusal(capsys, "evaluate", bundle, tmp_path / "strange")
    assert "None of the 1 files" in refusal(capsys, "evaluate", bundle, tmp_path / "unreadable")
    assert "no class folders" in refusal(capsys, "evaluate", bundle, tmp_path / "empty")
    assert "no data folder" in refusal(capsys, "evaluate", bundle, tmp_path / "missing")
    assert "no directory" in refusal(capsys, "evaluate", tmp_path / "missing", data)
    assert "is not a complete bundle" in refusal(capsys, "evaluate", data, data)
    assert "--out should be a directory" in refusal(capsys, "evaluate", bundle, data, "--out", tmp_path / "file")


# --- fit, where it cannot work


def no_folder(data: Path) -> None:
    pass


def an_empty_folder(data: Path) -> None:
    data.mkdir()


def a_file(data: Path) -> None:
    data.write_text("pictures", encoding="utf-8")


def empty_classes(data: Path) -> None:
    (data / "a").mkdir(parents=True)
    (data / "b").mkdir()


def one_empty_class(data: Path) -> None:
    write_colours(data, per_class=4)
    (data / "Empty").mkdir()


def one_class(data: Path) -> None:
    write_class(data / "only", (10, 20, 30), 5)


def one_picture_in_a_class(data: Path) -> None:
    write_colours(data, per_class=4)
    write_class(data / "few", (1, 2, 3), 1)


def one_readable_picture_in_a_class(data: Path) -> None:
    one_picture_in_a_class(data)
    (data / "few" / "broken.png").write_bytes(b"broken")


def only_copies_in_a_class(data: Path) -> None:
    one_picture_in_a_class(data)
    for index in range(5):
        shutil.copy(data / "few" / "0.png", data / "few" / f"copy {index}.png")


def nothing_readable(data: Path) -> None:
    for name in "ab":
        (data / name).mkdir(parents=True)
        for index in range(3):
            (data / name / f"{index}.png").write_bytes(b"broken")


def parts_without_training(data: Path) -> None:
    write_colours(data / "valid", per_class=3)
    write_colours(data / "test", per_class=3)


def a_test_class_that_training_lacks(data: Path) -> None:
    write_colours(data / "train", per_class=4)
    write_colours(data / "test", per_class=2)
    write_class(data / "test" / "Zebra", (0, 0, 0), 2)


def an_unreadable_test_part(data: Path) -> None:
    write_colours(data / "train", per_class=4)
    (data / "test" / "Blue").mkdir(parents=True)
    (data / "test" / "Blue" / "a.png").write_bytes(b"broken")


def a_class_without_readable_pictures(data: Path) -> None:
    write_colours(data, per_class=4)
    (data / "mute").mkdir()
    for index in range(3):
        (data / "mute" / f"{index}.jpg").write_bytes(b"broken")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (no_folder, "no data folder"),
        (an_empty_folder, "no class folders"),
        (a_file, "is a file and no data folder"),
        (empty_classes, "are empty"),
        (one_empty_class, "without a file .*: Empty"),
        (one_class, "one class only"),
        (one_picture_in_a_class, "“few” has 1 readable picture"),
        (one_readable_picture_in_a_class, "“few” has 1 readable picture"),
        (only_copies_in_a_class, "“few” has 1 different readable picture"),
        (nothing_readable, "“a” has 0 readable pictures"),
        (parts_without_training, "no train folder"),
        (a_test_class_that_training_lacks, "lacks: Zebra. Rename or remove"),
        (an_unreadable_test_part, "None of the 1 files in .*test.* can be read"),
        (a_class_without_readable_pictures, "“mute” has 0 readable pictures"),
    ],
)
def test_data_that_cannot_be_trained_on_gives_one_sentence_and_writes_nothing(
    make, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data")
    before = hashes(tmp_path)

    message = refusal(capsys, "fit", tmp_path / "data", "--out", tmp_path / "bundle", *QUICK)

    assert re.search(reason, message)
    assert hashes(tmp_path) == before
    assert {p.name for p in tmp_path.iterdir()} <= {"data"}


def test_a_fit_that_fails_keeps_the_bundle_that_is_there(
    copied_bundle: Path, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_class(tmp_path / "data")

    refusal(capsys, "fit", tmp_path / "data", "--out", copied_bundle, *QUICK)

    assert hashes(copied_bundle) == hashes(colour_bundle)


@pytest.mark.parametrize("kind", ["a file", "a folder", "the data"])
def test_a_target_that_is_no_bundle_is_refused_before_anything_is_read(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4)
    target = data if kind == "the data" else tmp_path / "target"
    if kind == "a file":
        target.write_text("mine", encoding="utf-8")
    elif kind == "a folder":
        target.mkdir()
        (target / "thesis.txt").write_text("mine", encoding="utf-8")
    before = hashes(tmp_path)

    assert "is not a bundle" in refusal(capsys, "fit", data, "--out", target, *QUICK)

    assert hashes(tmp_path) == before


@pytest.mark.parametrize(
    "options",
    [
        ["--epochs", "0"],
        ["--seed", "-1"],
        ["--size", "7"],
        ["--weights", "imagenet"],
        ["--architecture", "mobilenet_v2", "--weights", "missing.weights.h5"],
        ["--tensorboard", __file__],
    ],
)
def test_options_that_cannot_work_give_one_sentence_and_write_nothing(
    options: list[str], colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fit", colour_fit.data, "--out", tmp_path / "bundle", *QUICK, *options]

    assert options[-2] in refusal(capsys, *arguments)

    assert list(tmp_path.iterdir()) == []


def test_without_tensorboard_s_package_its_option_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4)
    monkeypatch.setattr("train.pipeline.find_spec", lambda name: None)

    message = refusal(capsys, "fit", data, "--out", tmp_path / "bundle", *QUICK, "--tensorboard", tmp_path / "records")

    assert "pip install tensorboard" in message
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_tensorboard_gets_the_figures_of_every_epoch(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    data = tmp_path / "data"
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 6)

    fit(data, tmp_path / "bundle", "--epochs", "2", "--tensorboard", str(tmp_path / "records"))

    records = events.EventAccumulator(str(tmp_path / "records" / "train"))
    records.Reload()
    assert {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"} <= set(records.Tags()["tensors"])
    assert len(records.Tensors("epoch_loss")) == 2


def test_an_interrupted_fit_says_so_leaves_no_half_bundle_and_keeps_the_old_one(
    copied_bundle: Path, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interrupt comes at the worst moment: when the new bundle has begun to be written."""
    data = tmp_path / "data"
    for label, colour in list(COLOURS.items())[:2]:
        write_class(data / label, colour, 4)
    begun: list[str] = []

    def interrupt_once_writing() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            begun.extend(p.name for p in tmp_path.glob(".*.partial"))
            if begun:
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=interrupt_once_writing)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have background jobs ignore it
    try:
        watcher.start()
        status = main(["fit", str(data), "--out", str(copied_bundle), *QUICK, "--epochs", "1"])
        watcher.join()
    finally:
        signal.signal(signal.SIGINT, before)

    assert begun
    assert status == 130
    assert "--resume goes on.\nInterrupted; no bundle was written." in capsys.readouterr().err
    assert hashes(copied_bundle) == hashes(colour_bundle)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".copied.training", "copied", "data"]

"""`python -m train fit` with data or options that cannot be used: one sentence, and nothing is written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import refusal
from tests.support.fitting import QUICK, Fitted
from tests.support.images import hashes, write_class, write_colours
from train.__main__ import main


def no_folder(data: Path) -> None:
    pass


def an_empty_folder(data: Path) -> None:
    data.mkdir()


def a_file(data: Path) -> None:
    data.write_text("images", encoding="utf-8")


def empty_classes(data: Path) -> None:
    (data / "a").mkdir(parents=True)
    (data / "b").mkdir()


def one_empty_class(data: Path) -> None:
    write_colours(data, per_class=4)
    (data / "Empty").mkdir()


def one_class(data: Path) -> None:
    write_class(data / "only", (10, 20, 30), 5)


def one_image_in_a_class(data: Path) -> None:
    write_colours(data, per_class=4)
    write_class(data / "few", (1, 2, 3), 1)


def one_readable_image_in_a_class(data: Path) -> None:
    one_image_in_a_class(data)
    (data / "few" / "broken.png").write_bytes(b"broken")


def only_copies_in_a_class(data: Path) -> None:
    one_image_in_a_class(data)
    for index in range(5):
        shutil.copy(data / "few" / "0.png", data / "few" / f"copy {index}.png")


def nothing_readable(data: Path) -> None:
    for name in "ab":
        (data / name).mkdir(parents=True)
        for index in range(3):
            (data / name / f"{index}.png").write_bytes(b"broken")


def splits_without_training(data: Path) -> None:
    write_colours(data / "valid", per_class=3)
    write_colours(data / "test", per_class=3)


def a_test_class_that_training_lacks(data: Path) -> None:
    write_colours(data / "train", per_class=4)
    write_colours(data / "test", per_class=2)
    write_class(data / "test" / "Zebra", (0, 0, 0), 2)


def an_unreadable_test_split(data: Path) -> None:
    write_colours(data / "train", per_class=4)
    (data / "test" / "Blue").mkdir(parents=True)
    (data / "test" / "Blue" / "a.png").write_bytes(b"broken")


def a_class_without_readable_images(data: Path) -> None:
    write_colours(data, per_class=4)
    (data / "mute").mkdir()
    for index in range(3):
        (data / "mute" / f"{index}.jpg").write_bytes(b"broken")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (no_folder, "no data folder"),
        (an_empty_folder, "no class folders"),
        (a_file, "is a file, not a data folder"),
        (empty_classes, "are empty"),
        (one_empty_class, "without an image .*: Empty"),
        (one_class, "one class only"),
        (one_image_in_a_class, "“few” has 1 readable image"),
        (one_readable_image_in_a_class, "“few” has 1 readable image"),
        (only_copies_in_a_class, "“few” has 1 different readable image"),
        (nothing_readable, "“a” has 0 readable images"),
        (splits_without_training, "no train folder"),
        (a_test_class_that_training_lacks, "lacks: Zebra. Rename or remove"),
        (an_unreadable_test_split, "None of the 1 files of the test split .* can be read"),
        (a_class_without_readable_images, "“mute” has 0 readable images"),
    ],
)
def test_data_that_cannot_be_trained_on_gives_one_sentence_and_writes_nothing(
    make: Callable[[Path], None], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data")
    before = hashes(tmp_path)

    message = refusal(capsys, "fit", tmp_path / "data", "--out", tmp_path / "bundle", *QUICK)

    assert re.search(reason, message)
    assert hashes(tmp_path) == before
    assert {p.name for p in tmp_path.iterdir()} <= {"data"}


@pytest.mark.parametrize("make", [one_empty_class, one_class, only_copies_in_a_class, a_test_class_that_training_lacks])
def test_check_names_what_fit_refuses(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data")
    sentence = refusal(capsys, "fit", tmp_path / "data", "--out", tmp_path / "bundle")

    assert main(["check", str(tmp_path / "data")]) == 1

    assert sentence.removeprefix("error: ") in capsys.readouterr().out


def test_a_target_inside_the_data_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_colours(tmp_path / "data", per_class=4)

    assert "should lie outside the data folder" in refusal(capsys, "fit", data, "--out", data / "model", *QUICK)


def test_a_fit_that_fails_keeps_the_bundle_that_is_there(
    copied_bundle: Path, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_class(tmp_path / "data")

    refusal(capsys, "fit", tmp_path / "data", "--out", copied_bundle, "--overwrite", *QUICK)

    assert hashes(copied_bundle) == hashes(colour_bundle)


def test_a_finished_bundle_is_replaced_only_where_that_is_asked_for(
    copied_bundle: Path, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4)

    message = refusal(capsys, "fit", data, "--out", copied_bundle, *QUICK)

    assert "holds a finished bundle. Add --overwrite to replace it" in message
    assert hashes(copied_bundle) == hashes(colour_bundle)


def test_a_finished_bundle_has_nothing_to_resume(
    copied_bundle: Path, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_colours(tmp_path / "data", per_class=4)

    assert main(["fit", str(data), "--out", str(copied_bundle), "--resume", "--json", *QUICK]) == 0

    captured = capsys.readouterr()
    stored = json.loads((colour_bundle / "metrics.json").read_text(encoding="utf-8"))
    assert json.loads(captured.out)["accuracy"] == stored["accuracy"]
    assert "is finished: there is nothing to resume, and nothing was done." in captured.err
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

"""`python -m model predict`: one sentence for each failure on stderr, and status 2."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model.__main__ import main
from tests.support.command_line import without_notes
from tests.support.images import IMAGE_KINDS, png_header, scene, write_clip
from tests.support.serving import ROOT


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


def one_sentence(err: str) -> str:
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def not_an_image(folder: Path) -> Path:
    (folder / "file.png").write_text("hello", encoding="utf-8")
    return folder / "file.png"


def an_empty_file(folder: Path) -> Path:
    (folder / "file.jpg").touch()
    return folder / "file.jpg"


def an_empty_clip(folder: Path) -> Path:
    (folder / "file.mp4").touch()
    return folder / "file.mp4"


def a_clip_without_frames(folder: Path) -> Path:
    content = write_clip(folder / "whole.mkv", [scene()]).read_bytes()
    (folder / "file.mkv").write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])
    return folder / "file.mkv"


def a_missing_file(folder: Path) -> Path:
    return folder / "missing.png"


def an_empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def a_name_too_long(folder: Path) -> Path:
    return folder / ("x" * 300)


def too_many_pixels(folder: Path) -> Path:
    (folder / "large.png").write_bytes(png_header(10_000, 10_000))
    return folder / "large.png"


BAD_FILES = [
    not_an_image,
    an_empty_file,
    an_empty_clip,
    a_clip_without_frames,
    a_missing_file,
    an_empty_folder,
    a_name_too_long,
    too_many_pixels,
]


@pytest.mark.parametrize("make", BAD_FILES)
def test_a_bad_file_gives_one_sentence_and_status_2(
    make: Callable[[Path], Path], colour_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "predictions.csv"

    assert predict(make(tmp_path), "--csv", table, "--model", colour_bundle) == 2

    captured = capfd.readouterr()
    one_sentence(captured.err)
    assert captured.out == ""
    assert not table.exists()
    assert list(tmp_path.glob("*.partial")) == []


def test_a_file_is_named_with_its_folder(
    colour_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = a_missing_file(tmp_path)

    assert predict(path, "--model", colour_bundle) == 2
    assert f"error: “{path}” cannot be opened" in capfd.readouterr().err


def test_in_a_process_of_its_own_nothing_else_is_printed(colour_bundle: Path, tmp_path: Path) -> None:
    """Libraries print from C as well, and only at their first use."""
    files = [make(tmp_path) for make in (not_an_image, a_clip_without_frames, too_many_pixels)]
    command = [sys.executable, "-m", "model", "predict", *map(str, files), "--model", str(colour_bundle)]

    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert result.returncode == 2
    assert result.stdout == ""
    lines = without_notes(result.stderr).splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["error"] * 3
    assert lines[3:] == ["3 of 3 files could not be read:", *(f"  {file}" for file in files)]


@pytest.mark.parametrize("name", ["no directory of that name", "/no/such/place", "~nobody-of-that-name/m", "x" * 300])
def test_a_model_path_that_does_not_exist_gives_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(IMAGE_KINDS["rgb"](tmp_path), "--model", name) == 2

    assert name[:20] in one_sentence(capsys.readouterr().err)


def test_a_file_as_model_gives_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = IMAGE_KINDS["rgb"](tmp_path)

    assert predict(image, "--model", image) == 2

    assert "is a file" in one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize(("name", "what"), [("old model.h5", "file of Keras"), ("my model.tflite", "a LiteRT file")])
def test_a_file_of_another_program_as_model_is_answered_with_the_command_that_converts_it(
    name: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / name
    model.touch()

    assert predict(IMAGE_KINDS["rgb"](tmp_path), "--model", model) == 2

    sentence = one_sentence(capsys.readouterr().err)
    assert what in sentence and f"convert '{model}' --out my_bundle" in sentence


def test_a_repository_that_cannot_be_reached_gives_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", "predict", str(IMAGE_KINDS["rgb"](tmp_path)), "--model", "nobody/x"]
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "cache")}

    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)

    assert result.returncode == 2
    assert "nobody/x" in one_sentence(result.stderr)


@pytest.mark.parametrize("top", [0, -3])
def test_no_labels_at_all_cannot_be_asked_for(
    top: int, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(IMAGE_KINDS["rgb"](tmp_path), "--top", top, "--model", colour_bundle) == 2

    assert "--top" in one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize("place", [".", "missing/predictions.csv", "rgb.png/predictions.csv", "x" * 300])
def test_a_table_that_cannot_be_written_gives_one_sentence_and_leaves_nothing(
    place: str,
    colour_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = IMAGE_KINDS["rgb"](tmp_path)
    monkeypatch.chdir(tmp_path)

    assert predict(image, "--csv", place, "--model", colour_bundle) == 2

    one_sentence(capsys.readouterr().err)
    assert [p.name for p in tmp_path.iterdir()] == [image.name]


def test_options_that_contradict_each_other_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        predict("a.png", "--json", "--csv", tmp_path / "a.csv")

    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--start", -1], ["--start", 2, "--end", 2], ["--frames-per-second", 0], ["--frames-per-second", "nan"]]
)
def test_times_that_make_no_sense_give_one_sentence(
    options: list[object], colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene()])

    assert predict(clip, *options, "--model", colour_bundle) == 2

    assert str(options[-2]) in one_sentence(capsys.readouterr().err)


def test_a_range_without_frames_gives_one_sentence(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene()])

    assert predict(clip, "--start", 7, "--model", colour_bundle) == 2

    assert "7 s" in one_sentence(capsys.readouterr().err)

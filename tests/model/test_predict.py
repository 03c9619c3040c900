"""`python -m model predict`: predictions on stdout, one sentence for each failure on stderr, status 0 or 2."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main
from model.bulk.predictions import Prediction, predict_file, print_text
from model.bundle import load_bundle
from model.classifier import Classifier
from model.video.prediction import FramePrediction
from model.video.reader import FrameRange
from model.video.record import ClipRecord
from tests.support.images import IMAGE_KINDS, png_header, scene, write_clip
from tests.support.serving import ROOT


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


def one_sentence(err: str) -> str:
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def without_notes(err: str) -> str:
    """Leave out a line about the hardware, which LiteRT prints from C and cannot be told not to print."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("INFO: "))


def test_json_is_one_object_a_line_one_line_a_file(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = IMAGE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [scene(seed=1), scene(seed=2)], times=[0, 0.5])

    assert predict(image, clip, "--json", "--model", colour_bundle) == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["path"], first["kind"], second["kind"]) == (str(image), "image", "video")
    assert sum(entry["probability"] for entry in first["predictions"]) == pytest.approx(1, abs=1e-4)
    assert [(frame["index"], frame["time"]) for frame in second["frames"]] == [(0, 0), (1, 0.5)]
    assert second["aggregate"]["frames"] == 2
    seconds = [segment["end"] - segment["start"] for segment in second["segments"] if segment["label"] is not None]
    assert sum(second["aggregate"]["seconds"].values()) == pytest.approx(sum(seconds))
    assert second["aggregate"]["duration"] == pytest.approx(second["segments"][-1]["end"])
    assert second["aggregate"]["majority"] in (*load_bundle(colour_bundle).labels, None)


def test_the_embedded_model_is_named_once_when_no_other_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VISTAZO_MODEL", raising=False)
    first, second = IMAGE_KINDS["rgb"](tmp_path), IMAGE_KINDS["greyscale"](tmp_path)
    remark = "The embedded model predicts. It knows: "

    assert predict(first, second) == 0
    said = capsys.readouterr().err
    assert said.startswith(remark) and said.count(remark) == 1
    assert said.splitlines()[0].endswith(" more. --model DIRECTORY takes yours.")

    assert predict(first, "--model", "default") == 0
    assert predict(first, "--json") == 0
    assert predict(first, "--csv", tmp_path / "rows.csv") == 0
    monkeypatch.setenv("VISTAZO_MODEL", "default")
    assert predict(first) == 0
    assert remark not in capsys.readouterr().err


def test_text_names_the_file_and_the_likeliest_labels(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = IMAGE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [scene()])

    assert predict(image, clip, "--model", colour_bundle, "--top", 2) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{image}: ")
    assert first.count("%") == 2
    assert "1 frames" in second


def test_text_has_no_label_below_one_percent_but_always_the_likeliest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ranking = [("cat", 0.995), ("dog", 0.004), ("horse", 0.001)]
    print_text(Prediction(tmp_path / "a.jpg", ranking))
    print_text(Prediction(tmp_path / "b.jpg", [(f"label {place}", 0.005) for place in range(200)], "none"))
    print_text(Prediction(tmp_path / "c.jpg", [("cat", 0.9996), ("dog", 0.0004)]))

    first, second, nearly = capsys.readouterr().out.splitlines()
    assert nearly.endswith("c.jpg: cat 99.9%"), "not quite certain"
    assert first.endswith("a.jpg: cat 99.5%")
    assert second.endswith("b.jpg: none of these; label 0 0.5%")


def test_text_of_an_image_with_several_labels_names_those_it_is_predicted_to_have(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = Classifier.load(colour_bundle)
    image = IMAGE_KINDS["rgb"](tmp_path)
    for thresholds in ((0.0, 1.1, 0.0), (1.1, 1.1, 1.1)):
        bundle = replace(classifier.bundle, multi_label=True, thresholds=thresholds, statistics=None)
        found = predict_file(Classifier(bundle), image, 1, FrameRange(), title="", on_warning=print)
        print_text(found)

    some, none = capsys.readouterr().out.splitlines()
    assert "2 green" in some and "Blue" in some and "10 red" not in some
    assert "none of these; " in none and none.count("%") == 1


def test_text_of_a_clip_gives_no_probability_for_none_of_these(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = ClipRecord(["cat", "dog"], 0.5, 2, has_statistics=True)
    for index in range(30):
        unknown = index >= 15
        clip.add(FramePrediction(index, index / 5, np.array([0.9, 0.1]), is_unknown=unknown))

    print_text(Prediction(tmp_path / "clip.mp4", clip.ranking(), clip=clip))

    _, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("  cat 90%")
    assert second.endswith("  none of these")


def test_a_label_that_means_that_nothing_is_there_is_the_name_of_nothing_in_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = ClipRecord(["France", "no flag"], 0.5, 2, has_statistics=True)
    for index in range(15):
        clip.add(FramePrediction(index, index / 5, np.array([0.9, 0.1]), is_unknown=True))

    print_text(Prediction(tmp_path / "a.jpg", [("no flag", 0.94)], "none"))
    print_text(Prediction(tmp_path / "b.jpg", [("no flag", 0.55), ("France", 0.4)], "unsure"))
    print_text(Prediction(tmp_path / "clip.mp4", clip.ranking(), clip=clip))

    nothing, doubtful, of_clip = capsys.readouterr().out.splitlines()
    assert nothing.endswith("a.jpg: no flag 94.0%")
    assert doubtful.endswith("b.jpg: not sure: no flag 55.0%, France 40.0%")
    assert of_clip.endswith(": no flag")


def test_text_of_a_clip_is_its_segments_however_many_frames_and_labels_it_has(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colours = [np.full((48, 64, 3), colour, np.uint8) for colour in ((250, 30, 30), (30, 40, 240))]
    frames = [colours[number // 30] for number in range(60)]
    clip = write_clip(tmp_path / "clip.mkv", frames, times=[number / 10 for number in range(60)])

    assert predict(clip, "--model", colour_bundle) == 0

    head, *segments = capsys.readouterr().out.splitlines()
    assert head.startswith(f"{clip}: 60 frames, 6.0 s")
    assert len(segments) <= 4 and all(
        re.match(r"  0:\d\d\.\d to 0:\d\d\.\d  (.+ \d+%|none of these)$", line) for line in segments
    )


def test_csv_has_a_row_an_image_and_a_row_a_frame(colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    IMAGE_KINDS["rgb"](folder)
    write_clip(folder / "clip.mkv", [scene(seed=1), scene(seed=2)], times=[0, 0.5])
    table = tmp_path / "predictions.csv"

    assert predict(folder, "--csv", table, "--model", colour_bundle, "--top", 1) == 0

    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert list(rows[0]) == ["path", "index", "time", "label", "probability", "segment", "verdict"]
    assert [(Path(r["path"]).name, r["index"], r["time"]) for r in rows] == [
        ("clip.mkv", "0", "0.0"),
        ("clip.mkv", "1", "0.5"),
        ("rgb.png", "", ""),
    ]
    assert [p.name for p in tmp_path.glob("*.partial")] == []


def test_of_folders_the_images_and_clips_are_taken_in_order_of_name(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub" / ".ipynb_checkpoints").mkdir(parents=True)
    names = ("b.PNG", "a.png", "sub/c.png", "sub/.ipynb_checkpoints/c-checkpoint.png", ".hidden.png", "notes.txt")
    for name in names:
        IMAGE_KINDS["rgb"](tmp_path).rename(tmp_path / name)

    assert predict(tmp_path, "--json", "--model", colour_bundle) == 0

    captured = capsys.readouterr()
    paths = [json.loads(line)["path"] for line in captured.out.splitlines()]
    assert [os.path.relpath(path, tmp_path) for path in paths] == ["a.png", "b.PNG", "sub/c.png"]
    assert "2 hidden files and folders, 1 file of another kind (.txt)." in captured.err


def test_one_bad_file_is_named_and_the_others_are_predicted(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = IMAGE_KINDS["rgb"](tmp_path)
    (tmp_path / "bad.png").write_bytes(b"")

    assert predict(tmp_path / "bad.png", good, "--json", "--model", colour_bundle) == 2

    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "bad.png" in captured.err
    assert "1 of 2 files" in captured.err


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


def test_the_model_may_come_from_the_environment(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISTAZO_MODEL", str(colour_bundle))

    assert predict(IMAGE_KINDS["rgb"](tmp_path), "--json") == 0

    labels = {entry["label"] for entry in json.loads(capsys.readouterr().out)["predictions"]}
    assert labels == set(load_bundle(colour_bundle).labels)


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


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_files_whose_names_are_not_utf_8_are_predicted(option: str, colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.rename(os.fsencode(IMAGE_KINDS["rgb"](folder)), os.fsencode(folder) + b"/caf\xe9.png")  # noqa: PTH104
    arguments = ["--json"] if option == "--json" else ["--csv", str(tmp_path / "predictions.csv")]
    command = [sys.executable, "-m", "model", "predict", str(folder), *arguments, "--model", str(colour_bundle)]

    result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)

    assert (result.returncode, without_notes(result.stderr)) == (0, "")
    written = result.stdout if option == "--json" else (tmp_path / "predictions.csv").read_text(encoding="utf-8")
    assert "caf\ufffd.png" in written


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


def test_a_range_of_a_clip_and_some_frames_of_each_second_can_be_chosen(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(20)])
    chosen = ["--start", 0.5, "--end", 1.5, "--frames-per-second", 5]

    assert predict(clip, *chosen, "--json", "--model", colour_bundle) == 0

    prediction = json.loads(capsys.readouterr().out)
    assert [frame["index"] for frame in prediction["frames"]] == [6, 8, 10, 12, 14]
    assert prediction["segments"][0]["first_frame"] == 6


def test_a_range_without_frames_gives_one_sentence(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene()])

    assert predict(clip, "--start", 7, "--model", colour_bundle) == 2

    assert "7 s" in one_sentence(capsys.readouterr().err)


def test_a_clip_that_breaks_off_is_predicted_with_a_warning(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = write_clip(tmp_path / "whole.mkv", [scene(seed=seed) for seed in range(30)]).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])

    assert predict(tmp_path / "cut.mkv", "--json", "--model", colour_bundle) == 0

    captured = capsys.readouterr()
    assert captured.err.startswith("warning: “cut.mkv” is damaged: it breaks off at ")
    assert len(json.loads(captured.out)["frames"]) > 5


def test_an_animation_and_a_clip_without_a_suffix_are_predicted_as_clips(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (Image.fromarray(scene(seed=seed)) for seed in range(2))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    write_clip(tmp_path / "clip.mkv", [scene()]).rename(tmp_path / "b")

    assert predict(tmp_path / "a.gif", tmp_path / "b", "--json", "--model", colour_bundle) == 0

    assert [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()] == ["video", "video"]

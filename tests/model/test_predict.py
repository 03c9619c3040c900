"""`python -m model predict`: predictions as text, JSON and CSV, of images, clips and folders."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main
from model.bulk.predictions import Prediction, predict_file, print_json, print_text
from model.bundle import load_bundle
from model.classifier import Classifier
from model.video.prediction import FramePrediction
from model.video.reader import FrameRange
from model.video.record import ClipRecord
from tests.support.command_line import without_notes
from tests.support.images import IMAGE_KINDS, scene, write_clip
from tests.support.serving import ROOT


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


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


def test_text_and_json_of_an_image_with_several_labels_name_those_it_is_predicted_to_have(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = Classifier.load(colour_bundle)
    image = IMAGE_KINDS["rgb"](tmp_path)
    for thresholds in ((0.0, 1.1, 0.0), (1.1, 1.1, 1.1)):
        bundle = replace(classifier.bundle, multi_label=True, thresholds=thresholds, statistics=None)
        found = predict_file(Classifier(bundle), image, 1, FrameRange(), title="", on_warning=print)
        print_text(found)
        print_json(found)

    some, listed, none, empty = capsys.readouterr().out.splitlines()
    assert set(json.loads(listed)["labels"]) == {"2 green", "Blue"} and json.loads(empty)["labels"] == []
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


def test_the_model_may_come_from_the_environment(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISTAZO_MODEL", str(colour_bundle))

    assert predict(IMAGE_KINDS["rgb"](tmp_path), "--json") == 0

    labels = {entry["label"] for entry in json.loads(capsys.readouterr().out)["predictions"]}
    assert labels == set(load_bundle(colour_bundle).labels)


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


def test_a_range_of_a_clip_and_some_frames_of_each_second_can_be_chosen(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(20)])
    chosen = ["--start", 0.5, "--end", 1.5, "--frames-per-second", 5]

    assert predict(clip, *chosen, "--json", "--model", colour_bundle) == 0

    prediction = json.loads(capsys.readouterr().out)
    assert [frame["index"] for frame in prediction["frames"]] == [6, 8, 10, 12, 14]
    assert prediction["segments"][0]["first_frame"] == 6


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

"""`python -m model predict`: answers on stdout, one sentence per failure on stderr, status 0 or 2."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model import __main__ as command
from model.__main__ import main
from model.bundle import load_bundle
from tests.pictures import PICTURE_KINDS, scene, write_clip
from tests.test_preprocessing import png_header

ROOT = Path(__file__).parents[1]


def predict(*arguments: object) -> int:
    return main(["predict", *map(str, arguments)])


def one_sentence(err: str) -> str:
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def without_notes(err: str) -> str:
    """LiteRT prints one line about what it runs on, from C, and has no switch for that."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("INFO: "))


def test_json_is_one_object_a_line_one_line_a_file(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = PICTURE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [scene(seed=1), scene(seed=2)], times=[0, 0.5])

    assert predict(picture, clip, "--json", "--model", colour_bundle) == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["path"], first["kind"], second["kind"]) == (str(picture), "picture", "video")
    assert sum(entry["probability"] for entry in first["predictions"]) == pytest.approx(1, abs=1e-4)
    assert [(frame["index"], frame["time"]) for frame in second["frames"]] == [(0, 0), (1, 0.5)]
    assert second["aggregate"]["frames"] == 2
    assert sum(second["aggregate"]["seconds"].values()) == pytest.approx(second["aggregate"]["duration"])
    assert second["aggregate"]["majority"] in load_bundle(colour_bundle).labels


def test_text_names_the_file_and_the_likeliest_labels(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = PICTURE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [scene()])

    assert predict(picture, clip, "--model", colour_bundle, "--top", 2) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{picture}: ")
    assert first.count("%") == 2
    assert "1 frames" in second


def test_csv_has_a_row_a_picture_and_a_row_a_frame(colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    PICTURE_KINDS["rgb"](folder)
    write_clip(folder / "clip.mkv", [scene(seed=1), scene(seed=2)], times=[0, 0.5])
    table = tmp_path / "answers.csv"

    assert predict(folder, "--csv", table, "--model", colour_bundle, "--top", 1) == 0

    rows = list(csv.DictReader(table.open(encoding="utf-8", newline="")))
    assert list(rows[0]) == ["path", "frame", "time", "label_1", "probability_1", "segment"]
    assert [(Path(r["path"]).name, r["frame"], r["time"]) for r in rows] == [
        ("clip.mkv", "0", "0.0"),
        ("clip.mkv", "1", "0.5"),
        ("rgb.png", "", ""),
    ]
    segments = list(csv.DictReader((tmp_path / "answers.segments.csv").open(encoding="utf-8", newline="")))
    assert {Path(row["path"]).name for row in segments} == {"clip.mkv"}
    assert (float(segments[0]["start"]), float(segments[-1]["end"])) == (0, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "answers.segments.csv", "in"]


def test_a_table_that_was_interrupted_is_finished_by_the_same_command(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        write_clip(folder / f"{name}.mkv", [scene(seed=1)] * 3)
    (folder / "broken.mp4").write_bytes(b"no clip")
    table, whole = tmp_path / "answers.csv", tmp_path / "whole.csv"
    arguments = (folder, "--model", colour_bundle, "--csv")
    assert predict(*arguments, whole) == 2
    read = []

    def interrupted(classifier: object, path: Path, top: int) -> object:
        read.append(path.name)
        if len(read) == 2:
            raise KeyboardInterrupt
        return answer(classifier, path, top)

    answer = command._answer
    monkeypatch.setattr(command, "_answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        predict(*arguments, table)
    assert not table.exists()
    capsys.readouterr()

    assert predict(*arguments, table) == 2

    assert read == ["a.mkv", "b.mkv", "b.mkv", "broken.mp4", "c.mkv"]
    assert "1 of 4 files had been read before" in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == whole.read_text(encoding="utf-8")
    (folder / "broken.mp4").unlink()
    write_clip(folder / "c.mkv", [scene(seed=1)] * 4)  # changed: read again
    assert predict(*arguments, table) == 0
    assert read[5:] == ["c.mkv"]
    assert sorted(p.name for p in tmp_path.glob(".answers*")) == []


def test_of_folders_the_pictures_and_clips_are_taken_in_order_of_name(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.PNG", "a.png", "sub/c.png", ".hidden.png", "notes.txt"):
        PICTURE_KINDS["rgb"](tmp_path).rename(tmp_path / name)

    assert predict(tmp_path, "--json", "--model", colour_bundle) == 0

    paths = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert [os.path.relpath(path, tmp_path) for path in paths] == ["a.png", "b.PNG", "sub/c.png"]


def test_one_bad_file_is_named_and_the_others_are_answered(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = PICTURE_KINDS["rgb"](tmp_path)
    (tmp_path / "bad.png").write_bytes(b"")

    assert predict(tmp_path / "bad.png", good, "--json", "--model", colour_bundle) == 2

    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "bad.png" in captured.err
    assert "1 of 2 files" in captured.err


def not_a_picture(folder: Path) -> Path:
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
    not_a_picture,
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
    make, colour_bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "answers.csv"

    assert predict(make(tmp_path), "--csv", table, "--model", colour_bundle) == 2

    captured = capfd.readouterr()
    one_sentence(captured.err)
    assert captured.out == ""
    assert not table.exists()
    assert list(tmp_path.glob("*.partial")) == []


def test_in_a_process_of_its_own_nothing_else_is_printed(colour_bundle: Path, tmp_path: Path) -> None:
    """Libraries print from C as well, and only at their first use."""
    files = [make(tmp_path) for make in (not_a_picture, a_clip_without_frames, too_many_pixels)]
    arguments = [sys.executable, "-m", "model", "predict", *map(str, files), "--model", str(colour_bundle)]

    result = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False)

    assert result.returncode == 2
    assert result.stdout == ""
    assert [line.split(":")[0] for line in without_notes(result.stderr).splitlines()] == [
        "error",
        "error",
        "error",
        "3 of 3 files could not be read",
        *(f"  {path}" for path in files),
    ]


@pytest.mark.parametrize("name", ["no directory of that name", "/no/such/place", "~nobody-of-that-name/m", "x" * 300])
def test_a_model_path_that_does_not_exist_gives_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(PICTURE_KINDS["rgb"](tmp_path), "--model", name) == 2

    assert name[:20] in one_sentence(capsys.readouterr().err)


def test_a_file_as_model_gives_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = PICTURE_KINDS["rgb"](tmp_path)

    assert predict(picture, "--model", picture) == 2

    assert "is a file" in one_sentence(capsys.readouterr().err)


def test_a_repository_that_cannot_be_reached_gives_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", "predict", str(PICTURE_KINDS["rgb"](tmp_path)), "--model", "nobody/x"]
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "cache")}

    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)

    assert result.returncode == 2
    assert "nobody/x" in one_sentence(result.stderr)


def test_the_model_may_come_from_the_environment(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISTAZO_MODEL", str(colour_bundle))

    assert predict(PICTURE_KINDS["rgb"](tmp_path), "--json") == 0

    labels = {entry["label"] for entry in json.loads(capsys.readouterr().out)["predictions"]}
    assert labels == set(load_bundle(colour_bundle).labels)


@pytest.mark.parametrize("top", [0, -3])
def test_no_labels_at_all_cannot_be_asked_for(
    top: int, colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(PICTURE_KINDS["rgb"](tmp_path), "--top", top, "--model", colour_bundle) == 2

    assert "--top" in one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize("place", [".", "missing/answers.csv", "rgb.png/answers.csv", "x" * 300])
def test_a_table_that_cannot_be_written_gives_one_sentence_and_leaves_nothing(
    place: str,
    colour_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    picture = PICTURE_KINDS["rgb"](tmp_path)
    monkeypatch.chdir(tmp_path)

    assert predict(picture, "--csv", place, "--model", colour_bundle) == 2

    one_sentence(capsys.readouterr().err)
    assert [p.name for p in tmp_path.iterdir()] == [picture.name]


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_names_that_are_not_utf_8_are_answered_too(option: str, colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.rename(os.fsencode(PICTURE_KINDS["rgb"](folder)), os.fsencode(folder) + b"/caf\xe9.png")  # noqa: PTH104
    arguments = ["--json"] if option == "--json" else ["--csv", str(tmp_path / "answers.csv")]
    command = [sys.executable, "-m", "model", "predict", str(folder), *arguments, "--model", str(colour_bundle)]

    result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)

    assert (result.returncode, without_notes(result.stderr)) == (0, "")
    written = result.stdout if option == "--json" else (tmp_path / "answers.csv").read_text(encoding="utf-8")
    assert "caf\ufffd.png" in written


def test_options_that_contradict_each_other_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        predict("a.png", "--json", "--csv", tmp_path / "a.csv")

    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err

"""Tables for many files are complete or called partial, and a later run continues an interrupted one."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model.__main__ import main
from model.bulk import predictions
from model.video.reader import read_frames
from tests.support.images import IMAGE_KINDS, scene, write_clip
from tests.support.serving import ROOT
from tests.support.tiers import NIGHTLY


def write_inputs(root: Path) -> Path:
    """Write a folder with an image, two clips and a file that is none."""
    folder = root / "in"
    folder.mkdir()
    IMAGE_KINDS["rgb"](folder)
    write_clip(folder / "a.mkv", [scene(seed=seed) for seed in range(5)])
    write_clip(folder / "b.mkv", [scene(seed=seed) for seed in range(3)])
    (folder / "c.mp4").write_bytes(b"no clip")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own for a test that changes it."""
    return write_inputs(tmp_path)


@dataclass(frozen=True)
class Whole:
    """A finished run: its inputs, its tables without their suffix, and its exit status."""

    folder: Path
    tables: Path
    status: int

    def content(self, suffix: str) -> bytes:
        """Return a file beside the tables."""
        return (self.tables / f"whole.{suffix}").read_bytes()


@pytest.fixture(scope="module")
def whole(colour_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One finished run for all tests that only read it."""
    root = tmp_path_factory.mktemp("whole")
    folder = write_inputs(root)
    (root / "out").mkdir()
    return Whole(folder, root / "out", predict(folder, root / "out" / "whole.csv", colour_bundle, "--top", 2))


def predict(folder: Path, table: Path, model: Path, *options: object) -> int:
    return main(["predict", str(folder), "--csv", str(table), "--model", str(model), *map(str, options)])


def read(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.is_file())


def test_there_is_a_row_a_frame_and_a_row_a_segment(whole: Whole) -> None:
    assert whole.status == 2

    rows, segments = read(whole.tables / "whole.csv"), read(whole.tables / "whole.segments.csv")
    clips = [(f"{name}.mkv", frame) for name in "ab" for frame in read_frames(whole.folder / f"{name}.mkv")]
    assert [(Path(row["path"]).name, row["index"], row["time"]) for row in rows] == [
        *((name, str(frame.index), str(round(frame.time, 4))) for name, frame in clips),
        ("rgb.png", "", ""),
    ]
    for name in ("a.mkv", "b.mkv"):
        of_clip = [row for row in rows if row["path"].endswith(name)]
        of_segments = [row for row in segments if row["path"].endswith(name)]
        assert [row["segment"] for row in of_clip] == [
            segment["label"]
            for segment in of_segments
            for _ in range(int(segment["first_frame"]), int(segment["last_frame"]) + 1)
        ]
    assert names(whole.tables) == ["whole.csv", "whole.csv.journal", "whole.segments.csv"]


def test_without_clips_there_is_no_table_of_segments(colour_bundle: Path, tmp_path: Path) -> None:
    IMAGE_KINDS["rgb"](tmp_path)

    assert predict(tmp_path, tmp_path / "out.csv", colour_bundle) == 0

    assert names(tmp_path) == ["out.csv", "rgb.png"]  # and no journal, which only an incomplete run needs


@pytest.mark.parametrize("name", ["plain.png", "año.png"])
def test_excel_is_told_the_encoding_where_that_matters(name: str, colour_bundle: Path, tmp_path: Path) -> None:
    IMAGE_KINDS["rgb"](tmp_path).rename(tmp_path / name)
    table = tmp_path / "out.csv"

    assert predict(tmp_path / name, table, colour_bundle) == 0

    assert table.read_bytes().startswith(b"\xef\xbb\xbf") == (not name.isascii())
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == [str(tmp_path / name)]


def test_failed_files_are_listed_at_the_end(
    colour_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    IMAGE_KINDS["rgb"](tmp_path)
    (tmp_path / "c.mp4").write_bytes(b"no clip")

    assert predict(tmp_path, tmp_path / "out.csv", colour_bundle) == 2

    captured = capsys.readouterr()
    assert f"Wrote “{tmp_path / 'out.csv'}”: 1 file.\nThe same command tries those again" in captured.out
    assert captured.err.splitlines()[-2:] == ["1 of 2 files could not be read:", f"  {tmp_path / 'c.mp4'}"]


def test_a_second_run_predicts_only_what_is_missing(
    folder: Path, colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "out.csv"
    predict(folder, table, colour_bundle)
    first = table.read_bytes()
    write_clip(folder / "c.mp4", [scene()], codec="libx264", pixels="yuv444p")
    predicted: list[str] = []

    def noted(classifier: Any, path: Path, *others: Any, **options: Any) -> predictions.Prediction:
        predicted.append(path.name)
        return predictions.predict_file(classifier, path, *others, **options)

    monkeypatch.setattr("model.commands.predict.predict_file", noted)

    assert predict(folder, table, colour_bundle) == 0

    assert predicted == ["c.mp4"]
    assert table.read_bytes().startswith(first)
    assert len(read(table)) == 5 + 3 + 1 + 1


@pytest.mark.parametrize("change", ["file", "settings", "journal"])
def test_a_run_starts_again_if_anything_has_changed(change: str, colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    clip = write_clip(folder / "a.mkv", [scene(seed=seed) for seed in range(3)])
    table = tmp_path / "out.csv"
    predict(folder, table, colour_bundle)
    if change == "file":
        write_clip(clip, [scene(seed=9)] * 7)
    if change == "journal":
        (tmp_path / "out.csv.journal").write_text("no journal", encoding="ascii")
    options = ["--frames-per-second", 2] if change == "settings" else []

    predict(folder, table, colour_bundle, *options)

    predict(folder, tmp_path / "fresh.csv", colour_bundle, *options)
    assert table.read_bytes() == (tmp_path / "fresh.csv").read_bytes()
    assert (tmp_path / "out.segments.csv").read_bytes() == (tmp_path / "fresh.segments.csv").read_bytes()


@pytest.mark.parametrize("torn", range(0, 200, 17 if NIGHTLY else 60))
def test_whatever_a_stopped_run_left_comes_to_the_same_table(
    torn: int, whole: Whole, colour_bundle: Path, tmp_path: Path
) -> None:
    # What is on the disk if the power goes while the second clip's rows are written.
    journal = whole.content("csv.journal").splitlines(keepends=True)
    ends = json.loads(journal[1])["ends"]
    (tmp_path / "out.csv.journal").write_bytes(b"".join(journal[:2]) + journal[2][:torn])
    for suffix, end in zip(("csv", "segments.csv"), ends, strict=True):
        (tmp_path / f"out.{suffix}.partial").write_bytes(whole.content(suffix)[: end + torn])

    predict(whole.folder, tmp_path / "out.csv", colour_bundle, "--top", 2)

    assert (tmp_path / "out.csv").read_bytes() == whole.content("csv")
    assert (tmp_path / "out.segments.csv").read_bytes() == whole.content("segments.csv")
    assert not list(tmp_path.glob("*.partial"))


# A run of `python -m model` that the system kills as soon as the rows of one file are written.
KILLED_AFTER_ONE_FILE = """
import os, signal, sys
from model.__main__ import main
from model.bulk.output import PredictionTable

add = PredictionTable.add
def add_and_die(self, prediction):
    add(self, prediction)
    os.kill(os.getpid(), signal.SIGKILL)
PredictionTable.add = add_and_die
main(sys.argv[1:])
"""


def test_a_killed_run_leaves_no_table_and_the_next_one_completes_it(colour_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        write_clip(folder / f"{number}.mkv", [scene(seed=seed % 5) for seed in range(20)])
    table = tmp_path / "out.csv"
    options = ["predict", str(folder), "--csv", str(table), "--model", str(colour_bundle)]
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER_ONE_FILE, *options], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL

    assert not table.exists()
    assert not (tmp_path / "out.segments.csv").exists()
    assert predict(folder, table, colour_bundle) == 0
    assert [row["index"] for row in read(table)] == [str(index) for _ in range(3) for index in range(20)]

"""The predictions for a clip are written as CSV, JSON and subtitles that other programs read."""

from __future__ import annotations

import codecs
import csv
import json
from pathlib import Path

import numpy as np
import pytest

from model.video.export import frame_columns, write_frames_csv, write_json, write_segments_csv, write_subtitles
from model.video.prediction import FramePrediction
from model.video.record import ClipRecord

LABELS = ("=cat()", "dog <b>", "fox")


def frames(leading: str, sure: float = 0.9) -> list[FramePrediction]:
    """One frame a letter, ten a second: c, d, f for the labels, - for none of them."""
    rows = []
    for index, letter in enumerate(leading):
        probabilities = np.full(3, (1 - sure) / 2, np.float32)
        if letter == "-":
            probabilities[:] = 1 / 3
        else:
            probabilities["cdf".index(letter)] = sure
        rows.append(FramePrediction(index, index / 10, probabilities))
    return rows


@pytest.fixture
def record() -> ClipRecord:
    record = ClipRecord(LABELS, 0.5)
    for frame in frames("c" * 20 + "-" * 20 + "d" * 20):
        record.add(frame)
    return record


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_frame_is_a_row(record: ClipRecord, tmp_path: Path) -> None:
    rows = read(write_frames_csv(record, tmp_path / "frames.csv", 2))

    assert (
        list(rows[0])
        == frame_columns(2)
        == ["index", "time", "label", "probability", "label_2", "probability_2", "segment", "verdict"]
    )
    assert [int(row["index"]) for row in rows] == list(range(60))
    assert [row["segment"] for row in rows[::20]] == ["'=cat()", "none of these", "dog <b>"]
    assert float(rows[3]["probability"]) == pytest.approx(0.9)


def test_tables_with_accents_begin_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    marked = {}
    for label in ("Canada", "Canadá"):
        record = ClipRecord([label, "dog"], 0.5)
        record.add(FramePrediction(0, 0.0, np.array([0.9, 0.1], np.float32)))
        tables = write_frames_csv(record, tmp_path / "frames.csv", 2), write_segments_csv(record, tmp_path / "s.csv")
        marked[label] = [table.read_bytes().startswith(codecs.BOM_UTF8) for table in tables]

    assert marked == {"Canada": [False, False], "Canadá": [True, True]}


def test_no_label_becomes_a_formula_of_a_spreadsheet(record: ClipRecord, tmp_path: Path) -> None:
    rows = read(write_frames_csv(record, tmp_path / "frames.csv", 3))

    assert rows[0]["label"] == "'=cat()"


def test_every_segment_is_a_row_without_gaps(record: ClipRecord, tmp_path: Path) -> None:
    rows = read(write_segments_csv(record, tmp_path / "segments.csv"))

    assert [row["label"] for row in rows] == ["'=cat()", "none of these", "dog <b>"]
    assert [float(row["end"]) for row in rows] == pytest.approx([2, 4, 6])
    assert [row["start"] for row in rows[1:]] == [row["end"] for row in rows[:-1]]


def test_json_holds_everything(record: ClipRecord, tmp_path: Path) -> None:
    answer = json.loads(write_json(record, tmp_path / "clip.json", "holiday").read_text(encoding="utf-8"))

    assert (answer["path"], answer["kind"], len(answer["frames"])) == ("holiday", "video", 60)
    assert [segment["label"] for segment in answer["segments"]] == ["=cat()", None, "dog <b>"]
    assert answer["aggregate"]["majority"] == "=cat()"


def test_subtitles_escape_labels_and_count_hours(tmp_path: Path) -> None:
    record = ClipRecord(LABELS)
    for frame in frames("ddd"):
        record.add(FramePrediction(frame.index, frame.time + 3600 * frame.index, frame.probabilities))

    text = write_subtitles(record, tmp_path / "clip.vtt").read_text(encoding="utf-8")

    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 03:00:00.")
    assert "dog &lt;b&gt; 90%" in text


def test_subtitles_do_not_call_certain_what_is_nearly_so(tmp_path: Path) -> None:
    record = ClipRecord(["cat", "dog"])
    record.add(FramePrediction(0, 0.0, np.array([0.996, 0.004], np.float32)))

    assert "cat 99%" in write_subtitles(record, tmp_path / "clip.vtt").read_text(encoding="utf-8")


def test_the_newest_rows_can_be_had_alone(record: ClipRecord) -> None:
    assert [row.index for row in record.rows(3)] == [57, 58, 59]
    assert [row.segment for row in record.rows(3)] == ["dog <b>"] * 3

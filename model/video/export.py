"""Write the predictions for a clip as tables (CSV), JSON and subtitles (WebVTT)."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from model.labels import percent_text
from model.video.record import NONE_OF_THESE, ClipRecord, FrameRow
from model.video.segments import Segment

SEGMENT_COLUMNS = ("label", "start", "end", "confidence", "first_frame", "last_frame")

# Cells that begin like this are formulas to spreadsheet programs, and labels are untrusted text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ROUNDED_TIME, _ROUNDED_PROBABILITY = 4, 6

Cell = int | float | str


def frame_columns(top: int) -> list[str]:
    """Return the names of a frame row's columns: index, time, the `top` labels with probabilities, segment, verdict."""
    columns = ["index", "time"]
    for rank in range(1, top + 1):
        suffix = "" if rank == 1 else f"_{rank}"
        columns += [f"label{suffix}", f"probability{suffix}"]
    return [*columns, "segment", "verdict"]


def frame_cells(row: FrameRow, top: int, none: str = NONE_OF_THESE) -> list[Cell]:
    """Return a frame row's cells in the order of `frame_columns`; empty where a model has fewer labels."""
    cells: list[Cell] = [row.index, round(row.time, _ROUNDED_TIME)]
    for label, probability in row.ranking[:top]:
        cells += [label, round(probability, _ROUNDED_PROBABILITY)]
    cells += [""] * (2 + 2 * top - len(cells))
    return [*cells, label_text(row.segment, none), row.verdict]


def segment_cells(segment: Segment, none: str = NONE_OF_THESE) -> list[Cell]:
    """Return a segment row's cells in the order of `SEGMENT_COLUMNS`."""
    return [
        label_text(segment.label, none),
        round(segment.start, _ROUNDED_TIME),
        round(segment.end, _ROUNDED_TIME),
        round(segment.confidence, _ROUNDED_PROBABILITY),
        segment.first_frame,
        segment.last_frame,
    ]


def label_text(label: str | None, none: str = NONE_OF_THESE) -> str:
    """Return the label, or `none` where there is none."""
    return none if label is None else label


def write_frames_csv(record: ClipRecord, path: Path, top: int) -> Path:
    """Write one row a frame; returns `path`."""
    with path.open("w", newline="", encoding=csv_encoding([*record.labels, record.none_of_these])) as file:
        write_csv(file, frame_columns(top), (frame_cells(row, top, record.none_of_these) for row in record.rows()))
    return path


def write_segments_csv(record: ClipRecord, path: Path) -> Path:
    """Write one row a segment; returns `path`."""
    with path.open("w", newline="", encoding=csv_encoding([*record.labels, record.none_of_these])) as file:
        write_csv(file, SEGMENT_COLUMNS, (segment_cells(s, record.none_of_these) for s in record.segments()))
    return path


def csv_encoding(texts: Iterable[str]) -> str:
    """Return the encoding of a new table: UTF-8, with a byte order mark where a text in it is not plain ASCII.

    Without the mark Excel takes UTF-8 for another encoding.

    Args:
        texts: What may be in the cells.
    """
    return "utf-8" if all(text.isascii() for text in texts) else "utf-8-sig"


def write_csv(file: TextIO, columns: Iterable[str] | None, rows: Iterable[Iterable[Cell]]) -> None:
    """Write a heading, if given, and rows (RFC 4180); a cell that looks like a formula gets an apostrophe in front."""
    writer = csv.writer(file)
    if columns is not None:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([escape_formula(cell) for cell in row])


def write_json(record: ClipRecord, path: Path, name: str) -> Path:
    """Write the predictions for a clip as one JSON object; returns `path`.

    Args:
        record: The predictions.
        path: Where to write.
        name: The clip's name.
    """
    with path.open("w", encoding="utf-8") as file:
        # One frame on each line, so that people can read it, and nothing is held in memory.
        head = json.dumps({"path": name, "kind": "video", **summary(record)}, ensure_ascii=False)
        file.write(head[:-1] + ', "frames": [')
        for position, row in enumerate(frames_as_json(record)):
            file.write((",\n" if position else "\n") + json.dumps(row, ensure_ascii=False))
        file.write("\n]}\n")
    return path


def summary(record: ClipRecord) -> dict[str, Any]:
    """Return the aggregate and the segments of a clip with at least one frame, ready for JSON."""
    total = record.aggregate()
    return {
        "aggregate": {
            "majority": total.majority,  # null where no label applies for longer than any does
            "seconds": {label: round(value, 3) for label, value in total.seconds.items()},
            "frames": total.frames,
            "duration": round(total.duration, 3),
            "predictions": ranked(record.ranking()),
        },
        # “None of these” is null here, since a label may have that name.
        "segments": [
            dict(zip(SEGMENT_COLUMNS, [segment.label, *segment_cells(segment)[1:]], strict=True))
            for segment in record.segments()
        ],
    }


def frames_as_json(record: ClipRecord) -> Iterator[dict[str, Any]]:
    """Yield the frames of a clip, ready for JSON."""
    for row in record.rows():
        yield {
            "index": row.index,
            "time": round(row.time, _ROUNDED_TIME),
            "predictions": ranked(row.ranking),
            "verdict": row.verdict,
        }


def write_subtitles(record: ClipRecord, path: Path) -> Path:
    """Write the segments as WebVTT subtitles (W3C, https://www.w3.org/TR/webvtt1/); returns `path`."""
    cues = ["WEBVTT\n"]
    for segment in record.segments():
        start, end = _timestamp(segment.start), _timestamp(max(segment.end, segment.start + 0.001))
        text = _escaped(label_text(segment.label, record.none_of_these))
        confidence = "" if segment.label is None else f" {percent_text(segment.confidence)}"
        cues.append(f"{start} --> {end}\n{text}{confidence}\n")
    path.write_text("\n".join(cues), encoding="utf-8")
    return path


def ranked(ranking: Iterable[tuple[str, float]]) -> list[dict[str, Any]]:
    """Return labels with their probabilities, ready for JSON."""
    return [{"label": label, "probability": round(value, _ROUNDED_PROBABILITY)} for label, value in ranking]


def escape_formula(cell: Cell) -> Cell:
    """Return a cell, with an apostrophe in front where a spreadsheet program would take it for a formula."""
    if not isinstance(cell, str) or not cell.startswith(_FORMULA_STARTS) or _is_number(cell):
        return cell
    return "'" + cell


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _timestamp(seconds: float) -> str:
    thousandths = round(max(0.0, seconds) * 1000)
    minutes, thousandths = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"


def _escaped(text: str) -> str:
    """Escape cue text; a line break would end the cue."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.split())

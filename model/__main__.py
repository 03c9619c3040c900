"""`python -m model predict`: answer for pictures, folders and videos on the command line."""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.classifier import Classifier, top_labels
from model.clip_reader import VIDEO_SUFFIXES
from model.errors import PictureError, SettingsError, VistazoError
from model.hub import resolve_model
from model.preprocessing import PICTURE_SUFFIXES, read_picture
from model.video import FramePrediction, aggregate, predict_video

Ranking = list[tuple[str, float]]


@dataclass(frozen=True)
class Answer:
    """What is known about one file: a picture's ranking, or a clip's frames and their aggregate."""

    path: Path
    ranking: Ranking
    frames: list[tuple[FramePrediction, Ranking]] | None = None
    summary: dict[str, Any] | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 when any file could not be answered."""
    options = _parser().parse_args(arguments)
    # Pillow prints about odd files, in lines of its own; what matters becomes an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        return _predict(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader (`head`, say) has seen enough; nothing more may be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model", description="Use a trained model; needs no TensorFlow.")
    commands = parser.add_subparsers(dest="command", required=True)
    predict = commands.add_parser("predict", help="predict pictures, folders of them, and videos")
    predict.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a picture, a clip, or a folder")
    predict.add_argument("--model", metavar="M", help="directory or Hub repository; the embedded model when left out")
    predict.add_argument("--top", metavar="K", type=int, default=5, help="labels per answer (default: 5)")
    output = predict.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object a line, one line a file")
    output.add_argument("--csv", metavar="FILE", type=Path, help="write one row a picture or frame")
    return parser


def _predict(options: argparse.Namespace) -> int:
    if options.top < 1:
        raise SettingsError(f"--top should be at least 1. Received: {options.top}.")
    if options.csv and os.path.isdir(options.csv):  # noqa: PTH112  (as in _files)
        raise SettingsError(f"--csv should name a file. “{options.csv}” is a directory.")
    paths = list(_files(options.paths))
    if not paths:
        raise PictureError(f"There is no picture and no clip in {', '.join(map(str, options.paths))}.")
    name = options.model or os.environ.get("VISTAZO_MODEL")
    classifier = Classifier.load(resolve_model(name))
    top = min(options.top, len(classifier.bundle.labels))
    answers: list[Answer] = []
    failed = 0
    for path in paths:
        try:
            answer = _answer(classifier, path, top)
        except (VistazoError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
            continue
        if options.csv:
            answers.append(answer)
        else:
            print(json.dumps(_as_json(answer), ensure_ascii=False) if options.json else _as_text(answer), flush=True)
    if options.csv and answers:
        _write_csv(options.csv, answers, top)
    if failed and len(paths) > 1:
        print(f"{failed} of {len(paths)} files could not be read.", file=sys.stderr)
    return 2 if failed else 0


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the named files, and of folders the pictures and clips in them, in order of name."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises for names that are too long)
            known = PICTURE_SUFFIXES | VIDEO_SUFFIXES
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in known and not p.name.startswith("."))
        else:
            yield path


def _answer(classifier: Classifier, path: Path, top: int) -> Answer:
    labels = classifier.bundle.labels
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        picture = read_picture(path, classifier.bundle.input.ample_side)
        return Answer(path, top_labels(classifier.classify(picture), labels, top))
    rows = list(predict_video(classifier, path))
    total = aggregate(rows, labels)
    return Answer(
        path,
        top_labels(total.mean_probabilities, labels, top),
        [(row, top_labels(row.probabilities, labels, top)) for row in rows],
        {
            "majority": total.majority,
            "seconds": total.seconds,
            "frames": total.frames,
            "duration": round(total.duration, 3),
        },
    )


def _printable(path: Path) -> str:
    """Return a path as text that any file can hold: names need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _as_text(answer: Answer) -> str:
    ranking = ", ".join(f"{label} {probability:.1%}" for label, probability in answer.ranking)
    if answer.summary is None:
        return f"{_printable(answer.path)}: {ranking}"
    seconds = ", ".join(f"{label} {value:.1f} s" for label, value in answer.summary["seconds"].items())
    return f"{_printable(answer.path)}: {answer.summary['frames']} frames; on screen: {seconds}; mean: {ranking}"


def _as_json(answer: Answer) -> dict[str, Any]:
    def ranked(ranking: Ranking) -> list[dict[str, Any]]:
        return [{"label": label, "probability": round(probability, 6)} for label, probability in ranking]

    if answer.frames is None:
        return {"path": _printable(answer.path), "kind": "picture", "predictions": ranked(answer.ranking)}
    return {
        "path": _printable(answer.path),
        "kind": "video",
        "aggregate": {**(answer.summary or {}), "predictions": ranked(answer.ranking)},
        "frames": [
            {"index": row.index, "time": round(row.time, 4), "predictions": ranked(ranking)}
            for row, ranking in answer.frames
        ],
    }


def _write_csv(target: Path, answers: Sequence[Answer], top: int) -> None:
    """Write all rows or nothing: to a file beside the target, renamed at the end."""
    columns = ["path", "frame", "time"]
    for rank in range(1, top + 1):
        columns += [f"label_{rank}", f"probability_{rank}"]
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for answer in answers:
                if answer.frames is None:
                    writer.writerow([_printable(answer.path), "", "", *_cells(answer.ranking)])
                for row, ranking in answer.frames or ():
                    writer.writerow([_printable(answer.path), row.index, f"{row.time:.4f}", *_cells(ranking)])
        partial.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise SettingsError(f"“{target}” cannot be written: {error.strerror}. Choose another file.") from error


def _cells(ranking: Ranking) -> list[str]:
    return [cell for label, probability in ranking for cell in (label, f"{probability:.6f}")]


if __name__ == "__main__":
    sys.exit(main())

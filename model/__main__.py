"""`python -m model predict`: answer for pictures, folders and videos on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.bulk import Tables, printable
from model.classifier import Classifier, top_labels
from model.clip_files import Cell, frame_cells, frames_as_json, ranked, segment_cells, summary
from model.clip_reader import VIDEO_SUFFIXES
from model.clip_record import ClipRecord
from model.errors import PictureError, SettingsError, VistazoError
from model.hub import resolve_model
from model.preprocessing import PICTURE_SUFFIXES, read_picture
from model.video import predict_video

Ranking = list[tuple[str, float]]


@dataclass(frozen=True)
class Answer:
    """What is known about one file: a picture's ranking, or a clip's record and what was wrong with it."""

    path: Path
    ranking: Ranking
    record: ClipRecord | None = None
    warning: str = ""


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
    output.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="write one row a picture or frame, and one row a segment to FILE's namesake .segments.csv; "
        "a rerun after an interruption goes on",
    )
    return parser


def _predict(options: argparse.Namespace) -> int:
    if options.top < 1:
        raise SettingsError(f"--top should be at least 1. Received: {options.top}.")
    if options.csv and os.path.isdir(options.csv):  # noqa: PTH112  (as in _files)
        raise SettingsError(f"--csv should name a file. “{options.csv}” is a directory.")
    paths = list(_files(options.paths))
    if not paths:
        raise PictureError(f"There is no picture and no clip in {', '.join(map(str, options.paths))}.")
    classifier = Classifier.load(resolve_model(options.model or os.environ.get("VISTAZO_MODEL")))
    top = min(options.top, len(classifier.bundle.labels))
    tables = Tables(options.csv, classifier.bundle, top) if options.csv else None
    if tables:
        tables.check()
    failed: list[Path] = []
    kept = 0
    for number, path in enumerate(paths, 1):
        if len(paths) > 1:
            _say_progress(number, len(paths), path)
        if tables and tables.has(path):
            kept += 1
            continue
        try:
            answer = _answer(classifier, path, top)
        except (VistazoError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            failed.append(path)
            continue
        if answer.warning:
            print(f"warning: {answer.warning}", file=sys.stderr)
        if tables:
            tables.add(path, _rows(answer, top), map(segment_cells, answer.record.segments()) if answer.record else ())
        else:
            print(json.dumps(_as_json(answer), ensure_ascii=False) if options.json else _as_text(answer), flush=True)
    if tables and len(failed) < len(paths):
        tables.finish(paths, keep=bool(failed))
    if kept:
        print(f"{kept} of {len(paths)} files had been read before.", file=sys.stderr)
    if failed and len(paths) > 1:
        print(f"{len(failed)} of {len(paths)} files could not be read:", file=sys.stderr)
        for path in failed:
            print(f"  {printable(path)}", file=sys.stderr)
    return 2 if failed else 0


def _say_progress(number: int, count: int, path: Path) -> None:
    """Say which file is read, on a terminal only: in a log it would be noise."""
    if sys.stderr.isatty():
        print(f"\r\033[K{number} of {count}: {printable(path)}", end="", file=sys.stderr, flush=True)
        if number == count:
            print("\r\033[K", end="", file=sys.stderr)


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
    record = ClipRecord(labels, classifier.bundle.unknown_threshold, top)
    warnings_given: list[str] = []
    for frame in predict_video(classifier, path, on_warning=warnings_given.append):
        record.add(frame)
    return Answer(path, record.ranking(), record, " ".join(warnings_given))


def _as_text(answer: Answer) -> str:
    ranking = ", ".join(f"{label} {probability:.1%}" for label, probability in answer.ranking)
    if answer.record is None:
        return f"{printable(answer.path)}: {ranking}"
    total = answer.record.aggregate()
    seconds = ", ".join(f"{label} {value:.1f} s" for label, value in total.seconds.items())
    return f"{printable(answer.path)}: {total.frames} frames; on screen: {seconds}; mean: {ranking}"


def _as_json(answer: Answer) -> dict[str, Any]:
    path = {"path": printable(answer.path)}
    if answer.record is None:
        return path | {"kind": "picture", "predictions": ranked(answer.ranking)}
    clip = {"kind": "video", **summary(answer.record), "frames": list(frames_as_json(answer.record))}
    return path | clip | ({"warning": answer.warning} if answer.warning else {})


def _rows(answer: Answer, top: int) -> Iterator[list[Cell]]:
    if answer.record is None:
        yield ["", "", *(cell for label, share in answer.ranking for cell in (label, f"{share:.6f}")), ""]
    else:
        yield from (frame_cells(row, top) for row in answer.record.rows())


if __name__ == "__main__":
    sys.exit(main())

"""`python -m model predict`: predict images, clips, and folders of both."""

from __future__ import annotations

import argparse
import math
import os
import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from model.bulk.listing import PART_SIZE, files_below
from model.bulk.output import PredictionTable
from model.bulk.predictions import predict_file, print_json, print_text, printable
from model.bundle import MANIFEST, Bundle, sha256_of
from model.classifier import Classifier
from model.command_names import command
from model.commands.predict_many import predict_into_folder, print_note, refuse_without_out
from model.errors import ImageError, SettingsError, VistazoError
from model.hub.resolve import resolve_model
from model.presentation import default_title
from model.video.reader import FrameRange


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="an image, a clip, or a folder of both; with --out also an address such as s3://bucket/folder",
    )
    parser.add_argument(
        "--model",
        metavar="M",
        help="directory or Hub repository; “default” is the embedded model (default: the variable VISTAZO_MODEL, else "
        "the embedded model)",
    )
    parser.add_argument(
        "--frames-per-second", metavar="N", type=float, help="predict at most N frames of each second of a clip"
    )
    parser.add_argument(
        "--start", metavar="SECONDS", type=float, default=0.0, help="skip what a clip shows before this time"
    )
    parser.add_argument("--end", metavar="SECONDS", type=float, help="skip what a clip shows from this time on")
    parser.add_argument(
        "--top", metavar="K", type=int, default=5, help="number of labels for each file and frame (default: 5)"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object for each file, each on one line")
    output.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="write a row for each image or frame, and a row for each segment of a clip to NAME.segments.csv "
        "beside it; after an interruption the same command continues where it stopped",
    )
    output.add_argument(
        "--out",
        metavar="PLACE",
        help="folder or address for the tables of millions of files, one for each part of the files; the same command "
        "resumes after an interruption, and skips parts that are complete",
    )
    many = parser.add_argument_group("with --out")
    many.add_argument("--part", metavar="I/N", help="predict every N-th part from part I on, for N machines")
    many.add_argument("--on", choices=("ray",), help="predict on the Ray cluster of RAY_ADDRESS")
    many.add_argument("--part-size", metavar="N", type=int, help=f"images in a part (default: {PART_SIZE:,})")
    many.add_argument("--table", choices=("csv", "parquet"), help="format of the tables (default: csv)")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status: 0, or 2 when any file could not be read."""
    frame_range = _checked_range(options)
    if options.top < 1:
        raise SettingsError(f"--top should be at least 1. Received: {options.top}.")
    if options.out:
        return predict_into_folder(options, frame_range)
    refuse_without_out(options)
    if options.csv and os.path.isdir(options.csv):  # noqa: PTH112  (as in _files)
        raise SettingsError(f"--csv should name a file. “{options.csv}” is a directory.")
    files = list(dict.fromkeys(_files(options.paths)))
    if not files:
        raise ImageError(
            f"There is no image and no clip in {', '.join(map(str, options.paths))}. Give a folder that has some."
        )
    model = options.model or os.environ.get("VISTAZO_MODEL")
    classifier = Classifier.load(resolve_model(model))
    top = min(options.top, len(classifier.bundle.labels))
    table = _table(options.csv, top, classifier, frame_range, files) if options.csv else None
    failed: list[Path] = []
    remark = "" if model else _whose(classifier.bundle)
    for number, file in enumerate(files, 1):
        if table is not None and table.has(file):
            continue
        title = f"{number}/{len(files)} {printable(Path(file.name))}"  # without its folder, since the bar needs room
        try:
            prediction = predict_file(
                classifier, file, top, frame_range, title=title, on_warning=partial(print_note, "warning:")
            )
        except (VistazoError, OSError) as error:
            # Two folders may have a file of this name.
            print_note("error:", str(error).replace(f"“{file.name}”", f"“{printable(file)}”"))
            failed.append(file)
            continue
        if table is not None:
            table.add(prediction)
            if prediction.clip is not None:
                print_note(f"{title}: {len(prediction.clip)} frames")
        elif options.json:
            print_json(prediction)
        else:
            if remark:
                print_note(remark)
                remark = ""
            print_text(prediction)
    if table is not None:
        table.finish()
        if table.complete:
            print(table.summary())
            if failed:
                print("The same command tries those again that could not be read.")
            serve = ["serve", *(["--model", shlex.quote(options.model)] if options.model else [])]
            print(f"Look at single files on a page: {command(*serve)}", flush=True)
    elif not options.json and len(failed) < len(files):
        print_note("As a table: the same command with --csv predictions.csv")
    if failed and len(files) > 1:
        print_note(f"{len(failed)} of {len(files)} files could not be read:")
        for file in failed:
            print_note(f"  {printable(file)}")
    return 2 if failed else 0


def _whose(bundle: Bundle) -> str:
    """Say which model predicts where none was named: who forgot to name one would take its labels for theirs."""
    knows = bundle.presentation.title or default_title(bundle.labels)
    return f"The embedded model predicts. It knows: {knows}. --model DIRECTORY takes yours."


def _table(
    target: Path, top: int, classifier: Classifier, frame_range: FrameRange, files: Sequence[Path]
) -> PredictionTable:
    settings = {"model": sha256_of(classifier.bundle.directory / MANIFEST), **vars(frame_range)}
    table = PredictionTable(target, top, settings, files, classifier.bundle.labels)
    if table.complete:
        print_note(f"{table.complete} of {len(files)} files are in “{target}” already and are skipped.")
    return table


def _checked_range(options: argparse.Namespace) -> FrameRange:
    rate, start, end = options.frames_per_second, options.start, options.end
    if rate is not None and not 0 < rate < math.inf:
        raise SettingsError(f"--frames-per-second should be more than 0. Received: {rate:g}.")
    if not 0 <= start < math.inf:
        raise SettingsError(f"--start should be at least 0 seconds. Received: {start:g}.")
    if end is not None and not start < end:
        raise SettingsError(f"--end should be later than --start ({start:g} s). Received: {end:g}.")
    return FrameRange(rate, start, end)


def _files(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the named files, and for a folder the images and clips in it, in order of name."""
    for path in map(Path, paths):
        if os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises for names that are too long)
            yield from sorted(files_below(path, print_note))
        else:
            yield path

"""`python -m model predict`: predict images, folders of them, and clips."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from model.bulk.output import PredictionTable
from model.bulk.predictions import FrameRange, answer, print_json, print_text, printable
from model.bundle import MANIFEST, sha256_of
from model.classifier import Classifier
from model.errors import ImageError, SettingsError, VistazoError
from model.hub.resolve import resolve_model
from model.preprocessing import IMAGE_SUFFIXES
from model.video.probe import ANIMATION_SUFFIXES, VIDEO_SUFFIXES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="an image, a clip, or a folder")
    parser.add_argument("--model", metavar="M", help="directory or Hub repository; the embedded model when left out")
    parser.add_argument(
        "--frames-per-second", metavar="N", type=float, help="of clips, at most so many frames of each second"
    )
    parser.add_argument("--start", metavar="SECONDS", type=float, default=0.0, help="of clips, nothing before")
    parser.add_argument("--end", metavar="SECONDS", type=float, help="of clips, nothing from then on")
    parser.add_argument("--top", metavar="K", type=int, default=5, help="labels per answer (default: 5)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object a line, one line a file")
    output.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="write one row an image or frame, and one row a segment of a clip to NAME.segments.csv beside it; "
        "the same command again goes on where it was stopped, and leaves out files whose rows are complete",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status: 0, or 2 when any file could not be answered."""
    stretch = _checked_stretch(options)
    if options.top < 1:
        raise SettingsError(f"--top should be at least 1. Received: {options.top}.")
    if options.csv and os.path.isdir(options.csv):  # noqa: PTH112  (as in _files)
        raise SettingsError(f"--csv should name a file. “{options.csv}” is a directory.")
    files = list(dict.fromkeys(_files(options.paths)))
    if not files:
        raise ImageError(f"There is no image and no clip in {', '.join(map(str, options.paths))}.")
    classifier = Classifier.load(resolve_model(options.model or os.environ.get("VISTAZO_MODEL")))
    top = min(options.top, len(classifier.bundle.labels))
    table = None
    if options.csv:
        settings = {"model": sha256_of(classifier.bundle.directory / MANIFEST), **vars(stretch)}
        table = PredictionTable(options.csv, top, settings, files)
        if table.complete:
            _say(f"{table.complete} of {len(files)} files are in “{options.csv}” already and are left out.")
    failed: list[Path] = []
    for number, file in enumerate(files, 1):
        if table is not None and table.has(file):
            continue
        title = f"{number}/{len(files)} {printable(Path(file.name))}"  # the bar needs the room
        try:
            given = answer(classifier, file, top, stretch, partial(_say, "warning:"), title)
        except (VistazoError, OSError) as error:
            _say("error:", str(error))
            failed.append(file)
            continue
        if table is not None:
            table.add(given)
            if given.clip is not None:
                _say(f"{title}: {len(given.clip)} frames")
        elif options.json:
            print_json(given)
        else:
            print_text(given)
    if table is not None:
        table.finish()
    if failed and len(files) > 1:
        _say(f"{len(failed)} of {len(files)} files could not be read:")
        for file in failed:
            _say(f"  {printable(file)}")
    return 2 if failed else 0


def _say(*words: str) -> None:
    """Print a line about the work, not about an answer; a progress bar that is being shown makes room."""
    tqdm.write(" ".join(words), file=sys.stderr)


def _checked_stretch(options: argparse.Namespace) -> FrameRange:
    rate, start, end = options.frames_per_second, options.start, options.end
    if rate is not None and not 0 < rate < math.inf:
        raise SettingsError(f"--frames-per-second should be more than 0. Received: {rate:g}.")
    if not 0 <= start < math.inf:
        raise SettingsError(f"--start should be at least 0 seconds. Received: {start:g}.")
    if end is not None and not start < end:
        raise SettingsError(f"--end should be later than --start ({start:g} s). Received: {end:g}.")
    return FrameRange(rate, start, end)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the named files, and of folders the images and clips in them, in order of name."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises for names that are too long)
            known = IMAGE_SUFFIXES | VIDEO_SUFFIXES | ANIMATION_SUFFIXES
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in known and not p.name.startswith("."))
        else:
            yield path

"""`python -m train compare`: evaluate and time several bundles on the same images."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model.command_names import command
from train.commands.data_options import add_data_argument, add_label_arguments, source_of
from train.commands.ending import Ending, add_json_argument
from train.data.source import require_source

INTERRUPTED = "the table is not finished"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "bundles", metavar="BUNDLE", nargs="+", help="directories, Hub repositories, or “default”, the embedded model"
    )
    add_data_argument(parser, "folder per class; folder names are matched to labels", "--data", required=True)
    add_label_arguments(parser)
    parser.add_argument(
        "--out",
        metavar="FILE.csv",
        type=Path,
        required=True,
        help="table with one row per bundle; a plot is written beside it",
    )
    add_json_argument(parser, "one JSON object a bundle")


def run(options: argparse.Namespace) -> Ending:
    """Compare, and show a table with a line for each bundle."""
    source = source_of(options)
    require_source(source)  # before anything is imported that takes seconds, or fetched
    from train.compare import run_compare, short_names

    found = run_compare(options.bundles, source, options.out)
    lines = [] if options.json else table(found.rows, short_names(options.bundles))
    lines += [*found.verdicts, f"Wrote {found.table} and {found.plot}."]
    advice = f"Serve the best: {command('serve', '--model', shlex.quote(found.best))}" if found.best else ""
    return Ending(lines, advice, found.rows)


def table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Return the lines of a table of bundles."""
    cells = [("bundle", "accuracy", "95% interval", "macro F1", "loss", "ms/image", "parameters", "MB")]
    for row, name in zip(rows, names, strict=True):
        cells.append(
            (
                name,
                f"{100 * row['accuracy']:.1f}%",
                f"{100 * row['accuracy_low']:.0f} to {100 * row['accuracy_high']:.0f}",
                f"{row['macro_f1']:.3f}",
                f"{row['loss']:.3f}",
                f"{row['milliseconds_per_image']:.1f}",
                "" if row["parameters"] is None else f"{row['parameters']:,}",
                f"{row['file_megabytes']:.1f}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in cells]

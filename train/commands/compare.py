"""`python -m train compare`: evaluate and time several bundles on the same images."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.commands.data_options import add_data_argument, add_label_arguments, source_of

INTERRUPTED = "the table is not finished"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundles", metavar="BUNDLE", nargs="+", help="directories or Hub repositories")
    add_data_argument(parser, "folder per class; folder names are matched to labels", "--data", required=True)
    add_label_arguments(parser)
    parser.add_argument(
        "--out",
        metavar="FILE.csv",
        type=Path,
        required=True,
        help="table with one row per bundle; a plot is written beside it",
    )


def run(options: argparse.Namespace) -> int:
    """Compare, and print one JSON object per bundle."""
    from train.compare import run_compare

    for row in run_compare(options.bundles, source_of(options), options.out):
        print(json.dumps(row))
    return 0

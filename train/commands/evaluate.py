"""`python -m train evaluate`: evaluate a bundle on a folder per class."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from model.errors import SettingsError
from train.commands.data_options import add_data_argument, add_label_arguments, source_of

INTERRUPTED = "the evaluation is not complete"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="directory or Hub repository")
    add_data_argument(parser, "folder per class; folder names are matched to labels")
    add_label_arguments(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="also write metrics.json and the report here")
    parser.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        help="show the images behind each number in the report (default); --no-images for private images",
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate, and print one JSON object as the last line."""
    from train.evaluate import run_evaluate
    from train.report.write import REPORT

    if options.images and not options.out:
        raise SettingsError("--images needs --out DIR, where the report that shows them is written.")
    metrics = run_evaluate(options.bundle, source_of(options), options.out, report_images=options.images is not False)
    if options.out:
        print(f"Wrote {options.out / REPORT / 'index.html'}.", file=sys.stderr)
    print(json.dumps(metrics))
    return 0

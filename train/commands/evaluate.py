"""`python -m train evaluate`: measure a bundle on a folder per class."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from model.errors import SettingsError

INTERRUPTED = "the figures are not finished"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="directory or Hub repository")
    parser.add_argument("data", metavar="DATA", type=Path, help="folder per class; folder names are matched to labels")
    parser.add_argument("--out", metavar="DIR", type=Path, help="also write metrics.json and the report there")
    parser.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        help="let the report show the images behind each number (default); --no-images where they are private",
    )


def run(options: argparse.Namespace) -> int:
    """Measure and print one JSON object as the last line."""
    from train.evaluate import run_evaluate

    if options.images and not options.out:
        raise SettingsError("--images needs --out DIR, where the report that shows them is written.")
    print(json.dumps(run_evaluate(options.bundle, options.data, options.out, show=options.images is not False)))
    return 0

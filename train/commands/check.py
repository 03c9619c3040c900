"""`python -m train check`: look for what would spoil a training: damaged, doubled, leaking or mislabelled images."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "data", metavar="DATA", type=Path, help="folder per class, or train/, valid/ and test/ with these"
    )
    parser.add_argument(
        "--weights",
        metavar="imagenet|FILE",
        help="also look for probable label errors, with features of MobileNetV2 0.35 from these weights",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(options: argparse.Namespace) -> int:
    """Print what was found; exit status 1 when something would spoil a training or its figures."""
    from train.check import as_text, run_check

    findings = run_check(options.data, options.weights)
    if options.json:
        print(json.dumps([vars(finding) for finding in findings], ensure_ascii=False))
    else:
        print(as_text(findings))
    return 1 if any(finding.serious for finding in findings) else 0

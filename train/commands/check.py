"""`python -m train check`: find problems in a data folder: damaged, duplicate, leaking or mislabelled images."""

from __future__ import annotations

import argparse
import json

from train.commands.data_options import add_data_argument, add_label_arguments, source_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_data_argument(parser, "folder per class, or train/, valid/ and test/ with these")
    parser.add_argument(
        "--weights",
        metavar="imagenet|FILE",
        help="also find probable label errors, with the features of MobileNetV2 0.35 with these weights",
    )
    parser.add_argument(
        "--multi-label",
        action="store_true",
        help="several labels per image: a folder named cat+dog holds images of both",
    )
    add_label_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of text")


def run(options: argparse.Namespace) -> int:
    """Print the findings; return 1 when one of them is serious."""
    from train.check import as_text, run_check

    findings = run_check(source_of(options), options.weights, multi_label=options.multi_label)
    if options.json:
        print(json.dumps([vars(finding) for finding in findings], ensure_ascii=False))
    else:
        print(as_text(findings))
    return 1 if any(finding.serious for finding in findings) else 0

"""`python -m train check`: find problems in a data folder: damaged, duplicate, leaking or mislabelled images."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from model.command_names import command
from model.errors import SettingsError
from train.commands.data_options import add_data_argument, add_label_arguments, label_options, source_of
from train.commands.ending import Ending


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_data_argument(parser, "folder per class, or train/, valid/ and test/ with these")
    parser.add_argument(
        "--weights",
        metavar="imagenet|FILE",
        help="also find probable label errors, where each image has one label, by the features of a pretrained "
        "network: imagenet, or a weights file of MobileNetV2 0.35",
    )
    parser.add_argument(
        "--multi-label",
        action="store_true",
        help="several labels per image: a folder named cat+dog holds images of both",
    )
    add_label_arguments(parser)
    parser.add_argument(
        "--csv", metavar="FILE", type=Path, help="write the files to act on as a table: file, problem, what to do"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of text")


def run(options: argparse.Namespace) -> Ending:
    """Say what was found; the status is 1 when something of it is serious."""
    from train.check import run_check
    from train.data.data_set import refuse_inside
    from train.findings import as_text, write_files

    if options.csv:
        refuse_inside(options.csv, Path(options.data), "--csv")
        if options.csv.is_dir() or not options.csv.absolute().parent.is_dir():
            raise SettingsError(f"--csv should name a file in an existing directory. Received: {options.csv}.")
    findings = run_check(source_of(options), options.weights, multi_label=options.multi_label)
    serious = any(finding.serious for finding in findings)
    lines = [] if options.json else [as_text(findings)]
    if options.csv:
        count = write_files(findings, options.csv)
        lines.append(f"Wrote {options.csv}: {count} file{'' if count == 1 else 's'} to act on.")
    advice = "Fix these problems, and run the same command again."
    if not serious:
        data = [shlex.quote(str(options.data)), *label_options(options)]
        data += ["--multi-label"] if options.multi_label else []
        advice = f"Train on it: {command('fit', *data, '--out', 'my_bundle')}"
    return Ending(lines, advice, [[finding.as_json() for finding in findings]], 1 if serious else 0)

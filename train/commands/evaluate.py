"""`python -m train evaluate`: evaluate a bundle on a folder per class."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from model.command_names import command
from model.errors import SettingsError
from train.commands.data_options import add_data_argument, add_label_arguments, label_options, source_of
from train.commands.ending import Ending, accuracy_sentences, add_json_argument, is_chance
from train.data.source import require_source

INTERRUPTED = "the evaluation is not complete"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="directory, Hub repository, or “default”, the embedded model")
    add_data_argument(parser, "folder per class; folder names are matched to labels")
    add_label_arguments(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="also write metrics.json and the report here")
    parser.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        help="show the images behind each number in the report (default); --no-images for private images",
    )

    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Evaluate, and say how good the model is."""
    source = source_of(options)
    require_source(source)  # before anything is imported that takes seconds, or fetched
    from train.evaluate import run_evaluate

    if options.images and not options.out:
        raise SettingsError("--images needs --out DIR, where the report that shows them is written.")
    evaluation = run_evaluate(options.bundle, source, options.out, report_images=options.images is not False)
    lines = accuracy_sentences(evaluation.metrics)
    bundle, data = shlex.quote(options.bundle), shlex.quote(str(options.data))
    wrong = [str(file) for file, right in zip(evaluation.files, evaluation.right, strict=True) if not right]
    if not options.out:
        again = command("evaluate", bundle, data, *label_options(options), "--out", "my_report")
        advice = f"See what it gets wrong: {again}"
    elif is_chance(evaluation.metrics) and wrong:
        advice = f"See what it looks at: {command('explain', bundle, shlex.quote(wrong[0]), '--out', 'my_sheets')}"
    elif Path(options.bundle).is_dir():  # not one that is on the Hub already
        advice = f"Publish the model: {command('push', bundle, 'user/name')}"
    else:
        advice = ""
    if options.out:
        lines.append(f"Wrote {options.out / 'index.html'}.")
    return Ending(lines, advice, [evaluation.metrics])

"""`python -m train tune`: search for good settings on your data, by grid or random search."""

from __future__ import annotations

import argparse
from pathlib import Path

from train.commands import fit
from train.commands.data_options import add_label_arguments, source_of

INTERRUPTED = "the finished trials are kept, and the same command continues after them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: those of the search, and the settings of `fit`, which all trials share."""
    parser.add_argument("data", metavar="DATA", type=Path, help="as for fit")
    parser.add_argument(
        "--trials",
        metavar="N",
        type=int,
        required=True,
        help="number of trials in the end, those of an earlier search in --out included",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("tuning"),
        help="directory that keeps the trials (default: tuning)",
    )
    parser.add_argument(
        "--search", choices=("random", "grid"), default="random", help="how values are chosen (default: random)"
    )
    parser.add_argument(
        "--setting",
        metavar="NAME=A,B,C",
        action="append",
        default=[],
        help="a setting with the values to try; may be given several times (default: learning-rate, dropout, "
        "mixup-cutmix-prob)",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="database (postgresql://…, sqlite:///FILE) or journal file that machines share: the same command on each "
        "works on one search, and --trials counts for all together",
    )
    add_label_arguments(parser)
    fit.add_setting_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Search, and print the trials as a table, the best first, and the command that trains with its settings."""
    settings = fit.settings_of(options)
    from train.tune import Search, run_tune

    search = Search(options.setting, options.trials, options.search, options.storage)
    print(run_tune(source_of(options), options.out, settings, search))
    return 0

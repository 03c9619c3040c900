"""`python -m train tune`: search for good settings on your data, by grid or random search."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path

from model.command_names import command
from train.commands import fit
from train.commands.data_options import add_data_argument, add_label_arguments, label_options, source_of
from train.commands.ending import Ending, add_json_argument
from train.data.source import require_source
from train.settings import Settings

INTERRUPTED = "the finished trials are kept, and the same command continues after them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: those of the search, and the settings of `fit`, which all trials share."""
    add_data_argument(parser, "as for fit")
    parser.add_argument(
        "--trials",
        metavar="N",
        type=int,
        required=True,
        help="total number of trials, including those of an earlier search in --out",
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
        help="a setting with the values to try; may be given several times (default: learning-rate, dropout and "
        "mixup-cutmix-prob; by folds finetune-learning-rate, dropout and label-smoothing)",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="database (postgresql://…, sqlite:///FILE) or journal file that machines share: the same command on each "
        "works on one search, and --trials counts for all together",
    )
    add_label_arguments(parser)
    fit.add_setting_arguments(parser)
    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Search, and show the trials as a table, the best first, and the command that trains with its settings."""
    settings = fit.settings_of(options)
    source = source_of(options)
    require_source(source)  # before anything is imported that takes seconds
    from train.tune import Search, run_tune

    search = Search(options.setting, options.trials, options.search, options.storage)
    tuned = run_tune(source, options.out, settings, search)
    best = tuned.best
    train = _fit_command(options, best) if best else None
    lines = [*tuned.lines(), f"Wrote {tuned.table}."]
    result = {"trials": tuned.rows, "best": best, "table": str(tuned.table), "command": train}
    lines.append(f"Train with the best: {train}" if train else "No trial was completed.")
    return Ending(lines, "", [result])


def _fit_command(options: argparse.Namespace, best: Mapping[str, object]) -> str:
    """Return the whole command that trains with the best settings, and with all others that were given."""
    given = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(Settings)
        if getattr(options, field.name, None) is not None
    }
    words = [text for name, value in {**given, **best}.items() for text in _option(name, value)]
    data = shlex.quote(str(options.data))
    return command("fit", data, "--out", _unused("my_bundle"), *label_options(options), *words)


def _option(name: str, value: object) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    return [f"--{option}", shlex.quote(str(value))]


def _unused(name: str) -> str:
    """Return the name, with a number where there is such a directory already."""
    number = 1
    while Path(name if number == 1 else f"{name}_{number}").exists():
        number += 1
    return name if number == 1 else f"{name}_{number}"

"""`python -m train fit`: train on a folder per class and write a bundle."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from train.recipes.registry import RECIPES, load_recipe
from train.resource_errors import shortage
from train.settings import ARCHITECTURES, CHECKPOINTS, OPTIMIZERS, PRETRAINED, SCHEDULES, Settings
from train.trainer.checkpoint import has_progress

_CHOICES = {"architecture": ARCHITECTURES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES, "checkpoint": CHECKPOINTS}
_KINDS: dict[str, Callable[[str], object]] = {
    "int": int,
    "int | None": int,
    "float": float,
    "float | None": float,
    "str": str,
    "int | str | None": str,
}

INTERRUPTED = "no bundle was written"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: the data, the target, and one for every setting."""
    parser.add_argument(
        "data", metavar="DATA", type=Path, help="folder per class, or train/, valid/ and test/ with these"
    )
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    parser.add_argument("--validation", metavar="DIR", type=Path, help="folder per class for validation")
    parser.add_argument("--test", metavar="DIR", type=Path, help="folder per class for the final figures")
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="go on with an interrupted training of this bundle, or begin again",
    )
    parser.add_argument("--tensorboard", metavar="DIR", type=Path, help="directory for TensorBoard's records")
    parser.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep small copies of the measured images in the report, which opens them by a click; "
        "`train push` leaves them out",
    )
    add_setting_arguments(parser)


def add_setting_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an option for the recipe and one for every setting."""
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        help="settings to start from, each of which the options below change (default: best, which starts from "
        "pretrained weights; small with --weights none or an architecture that has none)",
    )
    meanings = _attribute_meanings(Settings.__doc__ or "")
    for field in dataclasses.fields(Settings):
        if field.name == "recipe":
            continue
        option = "--" + field.name.replace("_", "-")
        meaning = meanings[field.name].replace("%", "%%")
        if isinstance(field.default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=meaning)
        elif field.name in _CHOICES:
            parser.add_argument(option, choices=_CHOICES[field.name], help=meaning)
        else:
            parser.add_argument(option, type=_KINDS[str(field.type)], metavar="V", help=meaning)


def run(options: argparse.Namespace) -> int:
    """Train and write the bundle; the last line printed is one JSON object."""
    settings = settings_of(options)
    # Imported here: Keras takes seconds to import, and a typing mistake should be answered at once.
    from train.fit import run_fit

    try:
        metrics = run_fit(
            options.data,
            options.out,
            settings,
            validation=options.validation,
            test=options.test,
            resume=options.resume,
            tensorboard=options.tensorboard,
            show=options.images,
        )
    except BaseException as error:
        if (isinstance(error, KeyboardInterrupt) or shortage(error)) and has_progress(options.out):
            print("The finished epochs are kept: the same command with --resume goes on.", file=sys.stderr)
        raise
    print(f"Wrote {options.out}. Serve it with: python app.py --model {options.out}", file=sys.stderr)
    print(json.dumps(metrics))
    return 0


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the recipe's settings with those of the command line in their place."""
    names = [field.name for field in dataclasses.fields(Settings) if field.name != "recipe"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    from_scratch = given.get("weights") == "none" or given.get("architecture", PRETRAINED[0]) not in PRETRAINED
    recipe = options.recipe or ("small" if from_scratch else "best")
    return dataclasses.replace(load_recipe(recipe), **given)


def _attribute_meanings(docstring: str) -> dict[str, str]:
    """Read the attributes' meanings from a docstring: said once, shown in the help as well."""
    _, _, attributes = docstring.partition("Attributes:\n")
    return {
        name: re.sub(r"\s+", " ", text).strip().rstrip(".")
        for name, text in re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w|\Z)", attributes, re.MULTILINE | re.DOTALL)
    }

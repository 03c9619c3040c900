"""`python -m train fit`: train on a folder per class and write a bundle."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from model.command_names import command
from train.commands.data_options import add_data_argument, add_label_arguments, source_of
from train.recipes.registry import RECIPES, load_recipe
from train.resource_errors import resource_error
from train.settings import ARCHITECTURES, CHECKPOINTS, GROUPS, OPTIMIZERS, PRETRAINED, SCHEDULES, Settings
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
    add_data_argument(parser, "folder per class, or train/, valid/ and test/ with these")
    add_label_arguments(parser)
    groups = add_setting_arguments(parser)
    splits, output = groups["splits"], groups["output"]
    splits.add_argument("--validation", metavar="DIR", type=Path, help="folder per class for validation")
    splits.add_argument("--test", metavar="DIR", type=Path, help="folder per class for the test")
    output.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    output.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="continue an interrupted training of this bundle, or start over",
    )
    output.add_argument("--tensorboard", metavar="DIR", type=Path, help="directory for TensorBoard's logs")
    output.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep small copies of the evaluated images in the report, which shows them on a click; `train push` "
        "leaves them out (default: yes)",
    )


def add_setting_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse._ArgumentGroup]:
    """Add an option for the recipe and one for every setting, and return the groups that these are in by name."""
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        help="settings to start from, which the options below change (default: best, which starts from pretrained "
        "weights; small with --weights none or an architecture without pretrained weights); the "
        "defaults below are those of best, and of small where they differ",
    )
    meanings = _attribute_meanings(Settings.__doc__ or "")
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    groups = {}
    for group, names in GROUPS.items():
        groups[group] = added = parser.add_argument_group(group)
        for name in names:
            option, field = "--" + name.replace("_", "-"), fields[name]
            meaning = (meanings[name] + _default_of(name)).replace("%", "%%")
            if isinstance(field.default, bool):
                added.add_argument(option, action=argparse.BooleanOptionalAction, help=meaning)
            elif name in _CHOICES:
                added.add_argument(option, choices=_CHOICES[name], help=meaning)
            else:
                added.add_argument(option, type=_KINDS[str(field.type)], metavar="V", help=meaning)
    return groups


def run(options: argparse.Namespace) -> int:
    """Train and write the bundle; the last line printed is one JSON object."""
    settings = settings_of(options)
    # Imported here: Keras takes seconds to import, and a typing mistake should be reported at once.
    from train.fit import FitOptions, run_fit

    try:
        metrics = run_fit(
            settings,
            FitOptions(
                data=source_of(options),
                out=options.out,
                validation=options.validation,
                test=options.test,
                resume=options.resume,
                tensorboard=options.tensorboard,
                report_images=options.images,
            ),
        )
    except BaseException as error:
        if (isinstance(error, KeyboardInterrupt) or resource_error(error)) and has_progress(options.out):
            print("The finished epochs are kept: run the same command with --resume to continue.", file=sys.stderr)
        raise
    serve = command("serve", "--model", shlex.quote(str(options.out)))
    print(f"Wrote {options.out}, with report/index.html. Serve it with: {serve}", file=sys.stderr)
    print(json.dumps(metrics))
    return 0


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the recipe's settings, changed by those of the command line."""
    names = [field.name for field in dataclasses.fields(Settings) if field.name != "recipe"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    from_scratch = given.get("weights") == "none" or given.get("architecture", PRETRAINED[0]) not in PRETRAINED
    recipe = options.recipe or ("small" if from_scratch else "best")
    return dataclasses.replace(load_recipe(recipe), **given)


def _default_of(name: str) -> str:
    """Return the words for the default of a setting: that of “best”, and that of “small” where it differs."""
    best, small = (getattr(load_recipe(recipe), name) for recipe in ("best", "small"))
    if best in (None, "") and small in (None, ""):
        return ""
    shown = [{True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) for value in (best, small)]
    return f" (default: {shown[0]})" if best == small else f" (best: {shown[0]}, small: {shown[1]})"


def _attribute_meanings(docstring: str) -> dict[str, str]:
    """Return the meaning of each attribute of a docstring, which the help shows as well."""
    _, _, attributes = docstring.partition("Attributes:\n")
    return {
        name: re.sub(r"\s+", " ", text).strip().rstrip(".")
        for name, text in re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w|\Z)", attributes, re.MULTILINE | re.DOTALL)
    }

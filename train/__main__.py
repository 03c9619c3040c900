"""`python -m train fit` and `python -m train evaluate`: the command line of training."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from model.errors import VistazoError
from train.settings import ARCHITECTURES, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 2 for a user's mistake, 130 when interrupted."""
    # TensorFlow tells every user about missing GPUs and CPU flags otherwise; it reads this at import.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = _parser().parse_args(arguments)
    # Pillow prints about odd files, in lines of its own; what matters becomes an error.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        if options.command == "fit":
            return _fit(options)
        return _evaluate(options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train", description="Make a model from folders of pictures.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_fit(commands.add_parser("fit", help="train on a folder per class and write a bundle"))
    evaluate = commands.add_parser("evaluate", help="measure a bundle on a folder per class")
    evaluate.add_argument("bundle", metavar="BUNDLE", help="directory or Hub repository")
    evaluate.add_argument(
        "data", metavar="DATA", type=Path, help="folder per class; folder names are matched to labels"
    )
    evaluate.add_argument("--out", metavar="DIR", type=Path, help="also write metrics.json and the report there")
    return parser


def _add_fit(fit: argparse.ArgumentParser) -> None:
    fit.add_argument("data", metavar="DATA", type=Path, help="folder per class, or train/, valid/ and test/ with these")
    fit.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    fit.add_argument("--validation", metavar="DIR", type=Path, help="folder per class for validation")
    fit.add_argument("--test", metavar="DIR", type=Path, help="folder per class for the final figures")
    meanings = _attribute_meanings(Settings.__doc__ or "")
    for field in dataclasses.fields(Settings):
        option = "--" + field.name.replace("_", "-")
        meaning = meanings[field.name].replace("%", "%%")
        if isinstance(field.default, bool):
            fit.add_argument(option, action=argparse.BooleanOptionalAction, default=field.default, help=meaning)
            continue
        kind = int if field.default is None else type(field.default)
        choices = ARCHITECTURES if field.name == "architecture" else None
        shown = "" if field.default is None else f" (default: {field.default})"
        fit.add_argument(
            option,
            type=kind,
            choices=choices,
            default=field.default,
            metavar=None if choices else "V",
            help=meaning + shown,
        )


def _attribute_meanings(docstring: str) -> dict[str, str]:
    """Read the attributes' meanings from a docstring: said once, shown in the help as well."""
    _, _, attributes = docstring.partition("Attributes:\n")
    return {
        name: re.sub(r"\s+", " ", text).strip().rstrip(".")
        for name, text in re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w|\Z)", attributes, re.MULTILINE | re.DOTALL)
    }


def _fit(options: argparse.Namespace) -> int:
    settings = Settings(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)})
    # Imported here: Keras takes seconds to import, and a typing mistake should be answered at once.
    from train.pipeline import run_fit

    metrics = run_fit(options.data, options.out, settings, validation=options.validation, test=options.test)
    print(f"Wrote {options.out}. Serve it with: python app.py --model {options.out}", file=sys.stderr)
    print(json.dumps(metrics))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from train.pipeline import run_evaluate

    print(json.dumps(run_evaluate(options.bundle, options.data, options.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

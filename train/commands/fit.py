"""`python -m train fit`: train on a folder per class and write a bundle."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from pathlib import Path

from train.settings import ARCHITECTURES, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: the data, the target, and one for every setting."""
    parser.add_argument(
        "data", metavar="DATA", type=Path, help="folder per class, or train/, valid/ and test/ with these"
    )
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    parser.add_argument("--validation", metavar="DIR", type=Path, help="folder per class for validation")
    parser.add_argument("--test", metavar="DIR", type=Path, help="folder per class for the final figures")
    meanings = _attribute_meanings(Settings.__doc__ or "")
    for field in dataclasses.fields(Settings):
        option = "--" + field.name.replace("_", "-")
        meaning = meanings[field.name].replace("%", "%%")
        if isinstance(field.default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=field.default, help=meaning)
            continue
        kind = int if field.default is None else type(field.default)
        choices = ARCHITECTURES if field.name == "architecture" else None
        shown = "" if field.default is None else f" (default: {field.default})"
        parser.add_argument(
            option,
            type=kind,
            choices=choices,
            default=field.default,
            metavar=None if choices else "V",
            help=meaning + shown,
        )


def run(options: argparse.Namespace) -> int:
    """Train and write the bundle; the last line printed is one JSON object."""
    settings = Settings(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)})
    # Imported here: Keras takes seconds to import, and a typing mistake should be answered at once.
    from train.pipeline import run_fit

    metrics = run_fit(options.data, options.out, settings, validation=options.validation, test=options.test)
    print(f"Wrote {options.out}. Serve it with: python app.py --model {options.out}", file=sys.stderr)
    print(json.dumps(metrics))
    return 0


def _attribute_meanings(docstring: str) -> dict[str, str]:
    """Read the attributes' meanings from a docstring: said once, shown in the help as well."""
    _, _, attributes = docstring.partition("Attributes:\n")
    return {
        name: re.sub(r"\s+", " ", text).strip().rstrip(".")
        for name, text in re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w|\Z)", attributes, re.MULTILINE | re.DOTALL)
    }

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

from model.bundle import MANIFEST, METRICS
from model.command_names import command
from model.program import Terminated
from train.commands.data_options import add_data_argument, add_label_arguments, label_options, source_of
from train.commands.ending import Ending, accuracy_sentences, add_json_argument, is_chance
from train.recipes.registry import RECIPES, changed_recipe, load_recipe
from train.resource_errors import resource_error
from train.settings import ARCHITECTURES, CHECKPOINTS, GROUPS, OPTIMIZERS, PRETRAINED, SCHEDULES, Settings
from train.trainer.checkpoint import has_progress, how_to_resume

_CHOICES = {"architecture": ARCHITECTURES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES, "checkpoint": CHECKPOINTS}
_KINDS: dict[str, Callable[[str], object]] = {
    "int": int,
    "int | None": int,
    "float": float,
    "float | None": float,
    "str": str,
    "int | str | None": str,
}

# What the help says of each group of settings.
_MEANINGS = {
    "data": "how images are read",
    "network": "what is trained",
    "optimisation": "how it is trained",
    "augmentation": "random changes of the training images",
    "splits": "how the images are divided into training, validation and test",
    "output": "the file that is served",
}
# What the help shows for a value: its unit. Numbers are N; shares and probabilities P, 0 to 1.
_UNITS = {
    "size": "PIXELS",
    "resize_rule": "RULE",
    "colour": "MODE",
    "weights": "imagenet|none|FILE",
    "convolutions": "N,N,…",
    "hidden": "N:P,…",
    "rotation": "DEGREES",
    "epochs": "EPOCHS",
    "head_epochs": "EPOCHS",
    "patience": "EPOCHS",
    "refit": "IMAGES",
    "batch_size": "IMAGES",
    "min_steps_per_epoch": "STEPS",
    "learning_rate": "RATE",
    "finetune_learning_rate": "RATE",
    "finetune_layers": "LAYERS",
    "group_by": "REGEX",
}

INTERRUPTED = "no bundle was written"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: the data, the target, and one for every setting."""
    parser.usage = "%(prog)s DATA --out BUNDLE [OPTION ...]"
    add_data_argument(parser, "folder per class, or train/, valid/ and test/ with these")
    main = parser.add_argument_group("bundle", "what is written, and where")
    main.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    main.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="continue an interrupted training of this bundle, or start over",
    )
    main.add_argument("--overwrite", action="store_true", help="replace a finished bundle")
    main.add_argument(
        "--tensorboard", metavar="DIR", type=Path, help="directory for TensorBoard's logs, where all layers are trained"
    )
    main.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep small copies of the evaluated images in the report, which shows them on a click; `vistazo push` "
        "leaves them out (default: yes)",
    )
    add_json_argument(main)
    main.add_argument("--title", metavar="TEXT", help="the model's name for people (default: its labels)")
    main.add_argument(
        "--description", metavar="TEXT", help="one sentence on what it recognises (default: made from its labels)"
    )
    main.add_argument(
        "--example-images",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep small copies of up to eight test images in the bundle, as examples for the page, which "
        "`vistazo push` publishes (default: yes)",
    )
    add_label_arguments(parser)
    splits = add_setting_arguments(parser)["splits"]
    splits.add_argument("--validation", metavar="DIR", type=Path, help="folder per class for validation")
    splits.add_argument("--test", metavar="DIR", type=Path, help="folder per class for the test")


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
        groups[group] = added = parser.add_argument_group(group, _MEANINGS[group])
        for name in names:
            option, field = "--" + name.replace("_", "-"), fields[name]
            meaning = (meanings[name] + _default_of(name)).replace("%", "%%")
            if isinstance(field.default, bool):
                added.add_argument(option, action=argparse.BooleanOptionalAction, help=meaning)
            elif name in _CHOICES:
                added.add_argument(option, choices=_CHOICES[name], help=meaning)
            else:
                added.add_argument(
                    option, type=_KINDS[str(field.type)], metavar=_unit(name, str(field.type)), help=meaning
                )
    return groups


def run(options: argparse.Namespace) -> Ending:
    """Train and write the bundle."""
    settings = settings_of(options)
    from train.export.bundle import is_bundle
    from train.export.presentation import PresentationOptions
    from train.fit import FitOptions, run_fit
    from train.report.write import REPORT

    serve = command("serve", "--model", shlex.quote(str(options.out)))
    if options.resume and is_bundle(options.out) and not has_progress(options.out):
        found = f"“{options.out}” is finished: there is nothing to resume, and nothing was done."
        return Ending([found], f"Serve it: {serve}", [_metrics_of(options.out)])

    before = _manifest_of(options.out)
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
                overwrite=options.overwrite,
                presentation=PresentationOptions(options.title, options.description, options.example_images),
            ),
        )
    except BaseException as error:
        if (isinstance(error, KeyboardInterrupt | Terminated) or resource_error(error)) and has_progress(options.out):
            print(how_to_resume(options.out), file=sys.stderr)
        after = _manifest_of(options.out)
        if after and after == before:
            error.add_note(f"no new bundle was written; {options.out} is the one from before. Serve it: {serve}")
        elif after:  # the regression of a small set is written first
            error.add_note(f"{options.out} is a whole bundle, without fine-tuning. Serve it: {serve}")
        raise
    if not metrics:
        return Ending(["This host has done its part; host 0 writes the bundle."], "", [])
    report = options.out / REPORT / "index.html"
    lines = accuracy_sentences(metrics)
    advice = f"Serve it: {serve}"
    if is_chance(metrics):
        data = [shlex.quote(str(options.data)), *label_options(options)]
        advice = f"Look for the reason in the images: {command('check', *data)}"
    return Ending([*lines, f"Wrote {options.out}. What it gets wrong: {report}"], advice, [metrics])


def _manifest_of(bundle: Path) -> bytes:
    """Return what tells one version of a bundle from another; nothing where there is none."""
    try:
        return (bundle / MANIFEST).read_bytes()
    except OSError:
        return b""


def _metrics_of(bundle: Path) -> dict[str, object]:
    """Return the metrics of a finished bundle as `fit` printed them; none where it has none that can be read."""
    from train.metrics.classification import summary

    try:
        return summary(json.loads((bundle / METRICS).read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError):
        return {}


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the recipe's settings, changed by those of the command line."""
    names = [field.name for field in dataclasses.fields(Settings) if field.name != "recipe"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    from_scratch = given.get("weights") == "none" or given.get("architecture", PRETRAINED[0]) not in PRETRAINED
    recipe = options.recipe or ("small" if from_scratch else "best")
    return changed_recipe(recipe, given)


def _unit(name: str, kind: str) -> str:
    """Return what stands for the value of a setting in the help."""
    return _UNITS.get(name) or ("N" if kind.startswith("int") or name in ("alpha", "l2", "weight_decay") else "P")


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
        name: _uncapitalized(re.sub(r"\s+", " ", text).strip().rstrip("."))
        for name, text in re.findall(r"^ {8}(\w+): (.+?)(?=^ {8}\w|\Z)", attributes, re.MULTILINE | re.DOTALL)
    }


def _uncapitalized(sentence: str) -> str:
    """Return a sentence as help texts begin, which is not with a capital; names such as MobileNetV2 keep theirs."""
    word = sentence.partition(" ")[0]
    return sentence[:1].lower() + sentence[1:] if word[1:].islower() else sentence

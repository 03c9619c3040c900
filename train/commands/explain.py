"""`python -m train explain`: draw what the network responds to: Grad-CAM, saliency of every block, feature maps."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from model.command_names import command
from train.commands.ending import Ending, add_json_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "bundle", metavar="BUNDLE", help="a bundle's directory, a Hub repository, or “default”, the embedded model"
    )
    parser.add_argument(
        "images", metavar="IMAGE", type=Path, nargs="+", help="images to explain, and folders of images"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="directory for the contact sheets")
    parser.add_argument("--label", metavar="NAME", help="the label to explain (default: the most probable)")

    add_json_argument(parser, "one JSON object an image")


def run(options: argparse.Namespace) -> Ending:
    """Write the sheets, and say what each explains."""
    images = list(dict.fromkeys(_images(options.images)))  # before training's packages are imported
    from train.explain import run_explain

    explanations = list(run_explain(options.bundle, images, options.out, options.label))
    lines = [f"{found['path']}: {_answer(found)}; {found['sheets'][0]}" for found in explanations]
    lines.append(
        f"Wrote {2 * len(explanations)} sheets to {options.out}: where the evidence for the label is (.saliency.png), "
        "and what each block responds to (.features.png)."
    )
    advice = f"See it live: {command('serve', '--model', shlex.quote(options.bundle))}"
    return Ending(lines, advice, explanations)


def _answer(found: Mapping[str, Any]) -> str:
    """Return the explained label with its probability, and what `predict` says before one that is not sure."""
    from model.bulk.predictions import doubt_of

    label = found["label"]
    return f"{doubt_of(found['verdict'], label)}{label} {found['probability']:.1%}"


def _images(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the named images, and those in folders; raise where there is none, before a model is fetched or loaded."""
    from model.bulk.listing import files_below
    from model.errors import ImageError
    from model.preprocessing import read_image
    from model.video.probe import VIDEO_SUFFIXES

    for path in paths:
        if path.is_dir():
            files = sorted(files_below(path, partial(print, file=sys.stderr)))
            images = [file for file in files if file.suffix.lower() not in VIDEO_SUFFIXES]
            if not images:
                raise ImageError(f"There is no image in “{path}”. Give a folder that has some.")
            yield from images
        else:
            if not path.is_file():
                read_image(path)  # raises
            yield path

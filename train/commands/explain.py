"""`python -m train explain`: draw what the network responds to: Grad-CAM, saliency of every block, feature maps."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from model.command_names import command
from train.commands.ending import Ending, add_json_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "bundle", metavar="BUNDLE", help="a bundle's directory, a Hub repository, or “default”, the embedded model"
    )
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="images to explain")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="directory for the contact sheets")
    parser.add_argument("--label", metavar="NAME", help="the label to explain (default: the most probable)")

    add_json_argument(parser, "one JSON object an image")


def run(options: argparse.Namespace) -> Ending:
    """Write the sheets, and say what each explains."""
    from model.preprocessing import read_image

    for path in options.images:
        if not path.is_file():
            read_image(path)  # raises, before the model is fetched or loaded
    from train.explain import run_explain

    explanations = list(run_explain(options.bundle, options.images, options.out, options.label))
    lines = [
        f"{found['path']}: {found['label']} {found['probability']:.1%}; {found['sheets'][0]}" for found in explanations
    ]
    lines.append(
        f"Wrote {2 * len(explanations)} sheets to {options.out}: where the evidence for the label is (.saliency.png), "
        "and what each block responds to (.features.png)."
    )
    advice = f"See it live: {command('serve', '--model', shlex.quote(options.bundle))}"
    return Ending(lines, advice, explanations)

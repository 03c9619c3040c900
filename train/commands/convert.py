"""`python -m train convert`: make a bundle of what an older Keras system saved."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from model.errors import SettingsError
from model.preprocessing import RESIZE_RULES
from train.convert.worker import SCALE_CHOICES
from train.settings import parse_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "legacy",
        metavar="LEGACY",
        help=".keras or .h5 file, architecture.json with its weights beside it, the directory of one of these, or a "
        "Hub repository that holds one, as user/name or user/name@revision",
    )
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    parser.add_argument(
        "--scale",
        metavar="|".join(SCALE_CHOICES),
        nargs="?",
        help="what was done to images before the network: 0..1 divided by 255, -1..1 as for MobileNet, 0..255 "
        "nothing, caffe as for ResNet50 and VGG, torch as for DenseNet; needed, because no file says it",
    )
    # A value that begins with a minus sign looks like an option; so it is one.
    parser.add_argument("-1..1", dest="scale", action="store_const", const="-1..1", help=argparse.SUPPRESS)
    parser.add_argument("--bgr", action="store_true", help="images were read with OpenCV: blue, green, red")
    parser.add_argument(
        "--labels", metavar="FILE", type=Path, help="labels as .txt, .npy or .json (default: the one beside the model)"
    )
    parser.add_argument("--weights", metavar="FILE", type=Path, help="weights of an architecture.json")
    parser.add_argument("--size", metavar="V", help="pixels, as 224 or 64x60, for a model that takes any size")
    parser.add_argument(
        "--multi-label", action="store_true", help="several labels may be true at once: a sigmoid for each"
    )
    parser.add_argument(
        "--resize-rule", choices=RESIZE_RULES, help="how another aspect ratio is fitted (default: stretch)"
    )


def run(options: argparse.Namespace) -> int:
    """Convert, and print one JSON object as the last line."""
    if options.scale not in (None, *SCALE_CHOICES):
        raise SettingsError(f"--scale should be one of {', '.join(SCALE_CHOICES)}. Received: {options.scale}.")
    size = parse_size(options.size) if options.size else None
    from train.convert.download import on_this_machine
    from train.convert.pipeline import run_convert
    from train.export.bundle import check_target

    check_target(options.out)  # before anything is fetched
    with on_this_machine(options.legacy) as legacy:
        result = run_convert(
            legacy,
            options.out,
            weights=options.weights,
            labels=options.labels,
            scale=options.scale,
            bgr=options.bgr,
            size=size,
            multi_label=options.multi_label,
            resize_rule=options.resize_rule,
        )
    if not result["explained"]:
        print("This network cannot say why: it has no convolution that Grad-CAM could look at.", file=sys.stderr)
    print(f"Wrote {options.out}. Serve it with: python app.py --model {options.out}", file=sys.stderr)
    print(json.dumps(result))
    return 0

"""`python -m train convert`: make a bundle from a Keras model or a LiteRT file that another program saved."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from model.command_names import command
from model.errors import SettingsError
from model.preprocessing import RESIZE_RULES
from train.commands.ending import Ending, add_json_argument
from train.convert.job import SCALE_CHOICES, ConversionOptions
from train.settings import parse_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "legacy",
        metavar="LEGACY",
        help=".keras, .h5 or .tflite file, a zip with one (Teachable Machine's), architecture.json with its weights in "
        "the same directory, a directory with one of these, or a Hub repository with one, as user/name or "
        "user/name@revision",
    )
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="directory to write the bundle to")
    parser.add_argument(
        "--scale",
        metavar="|".join(SCALE_CHOICES),
        nargs="?",
        help="how images were scaled before the network: 0..1 divided by 255, -1..1 as for MobileNet, 0..255 not "
        "at all, caffe as for ResNet50 and VGG, torch as for DenseNet; necessary where the file does not say it",
    )
    # argparse takes a value that begins with a minus sign for an option, so it is one.
    parser.add_argument("-1..1", dest="scale", action="store_const", const="-1..1", help=argparse.SUPPRESS)
    parser.add_argument("--bgr", action="store_true", help="images were read with OpenCV: blue, green, red")
    parser.add_argument(
        "--labels",
        metavar="FILE",
        type=Path,
        help="labels as .txt, .npy or .json (default: the file in the model's directory)",
    )
    parser.add_argument("--weights", metavar="FILE", type=Path, help="weights for an architecture.json")
    parser.add_argument("--size", metavar="V", help="pixels, as 224 or 64x60, for a model that takes any size")
    parser.add_argument(
        "--multi-label", action="store_true", help="several labels may be true at once: a sigmoid for each"
    )
    parser.add_argument(
        "--resize-rule", choices=RESIZE_RULES, help="how another aspect ratio is fitted (default: stretch)"
    )

    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Convert, and say whether the bundle predicts the same."""
    if options.scale not in (None, *SCALE_CHOICES):
        raise SettingsError(f"--scale should be one of {', '.join(SCALE_CHOICES)}. Received: {options.scale}.")
    size = parse_size(options.size) if options.size else None
    from train.convert.download import local_model
    from train.convert.pipeline import run_convert
    from train.export.bundle import check_target

    check_target(options.out)  # before anything is downloaded
    stated = ConversionOptions(options.scale, options.bgr, size, options.multi_label, options.resize_rule)
    with local_model(options.legacy) as legacy:
        result = run_convert(legacy, options.out, stated, weights=options.weights, labels=options.labels)
    lines = [
        f"Converted {result['labels']} labels and {result['parameters']:,} parameters; the probabilities differ "
        f"from the older model's by {result['difference']:.1g} at most."
    ]
    serve = command("serve", "--model", shlex.quote(str(options.out)))
    return Ending([*lines, f"Wrote {options.out}."], f"Serve it: {serve}", [result])

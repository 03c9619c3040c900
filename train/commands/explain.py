"""`python -m train explain`: draw what the network looks at in images: Grad-CAM, saliency per block, feature maps."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle's directory or a Hub repository")
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="images to explain")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the contact sheets go")
    parser.add_argument("--label", metavar="NAME", help="the label to explain (default: the likeliest)")


def run(options: argparse.Namespace) -> int:
    """Write the sheets, and print one JSON object an image."""
    from train.explain import run_explain

    for answer in run_explain(options.bundle, options.images, options.out, options.label):
        print(json.dumps(answer, ensure_ascii=False))
    return 0

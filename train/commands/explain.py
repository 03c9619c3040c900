"""`python -m train explain`: draw what the network responds to: Grad-CAM, saliency of every block, feature maps."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle's directory or a Hub repository")
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="images to explain")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="directory for the contact sheets")
    parser.add_argument("--label", metavar="NAME", help="the label to explain (default: the most probable)")


def run(options: argparse.Namespace) -> int:
    """Write the sheets, and print one JSON object per image."""
    from train.explain import run_explain

    for explanation in run_explain(options.bundle, options.images, options.out, options.label):
        print(json.dumps(explanation, ensure_ascii=False))
    return 0

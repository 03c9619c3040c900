"""`python -m train site`: write a page that runs a model in the visitor's browser, for any web server."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from train.commands.ending import Ending, add_json_argument

INTERRUPTED = "the directory is as it was"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "bundle", metavar="BUNDLE", help="a bundle's directory, a Hub repository, or “default”, the embedded model"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="a new directory, or a site to write again"
    )
    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Write the site, and say how to look at it."""
    from model.hub.resolve import find_model
    from train.site.build import write_site
    from train.site.description import Source

    found = find_model(options.bundle)
    address = f"https://huggingface.co/{found.repository}" if found.repository else None
    size = write_site(found.directory, options.out, Source(found.repository, found.commit, address))
    lines = [f"Wrote {options.out} ({size / 1e6:.1f} MB)."]
    advice = f"Look at it: python -m http.server --directory {shlex.quote(str(options.out))}"
    result = {"out": str(options.out), "bytes": size, "repository": found.repository, "commit": found.commit}
    return Ending(lines, advice, [result])

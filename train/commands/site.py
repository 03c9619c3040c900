"""`python -m train site`: write a page that runs a model in the visitor's browser, for any web server."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

INTERRUPTED = "the directory is as it was"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle's directory or a Hub repository")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="a new directory, or a site to write again"
    )


def run(options: argparse.Namespace) -> int:
    """Write the site, and print one JSON object as the last line."""
    from model.hub.resolve import find_model
    from train.site.build import write_site
    from train.site.description import Source

    found = find_model(options.bundle)
    address = f"https://huggingface.co/{found.repository}" if found.repository else None
    size = write_site(found.directory, options.out, Source(found.repository, found.commit, address))
    print(
        f"Wrote {options.out} ({size / 1e6:.1f} MB). Look at it with: "
        f"python -m http.server --directory {shlex.quote(str(options.out))}",
        file=sys.stderr,
    )
    print(json.dumps({"out": str(options.out), "bytes": size, "repository": found.repository, "commit": found.commit}))
    return 0

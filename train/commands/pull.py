"""`python -m train pull`: fetch a published bundle, of any version, into a directory."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from train.commands.ending import Ending, add_json_argument

INTERRUPTED = "no directory was written"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "repository",
        metavar="REPO[@REVISION]",
        help="a Hub repository, such as user/name, at a branch, tag or commit (default: its default branch)",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="a new or empty directory")

    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Fetch, and say which commit it was."""
    from model.command_names import command
    from model.hub.pull import pull_bundle
    from model.hub.resolve import hub_repository
    from train.publish.target import print_retry

    repository, revision = hub_repository(options.repository)
    commit, missing = pull_bundle(repository, revision, options.out, print_retry)
    if missing:
        print(
            f"“{repository}” lacks {', '.join(missing[:5])}, which its manifest lists: the copy can be served, but not "
            "pushed again.",
            file=sys.stderr,
        )
    serve = command("serve", "--model", shlex.quote(str(options.out)))
    lines = [f"Wrote {options.out}: “{repository}” at commit {commit[:12]}."]
    return Ending(lines, f"Serve it: {serve}", [{"repository": repository, "commit": commit, "out": str(options.out)}])

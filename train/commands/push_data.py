"""`python -m train push-data`: publish a data set on the Hub, private unless said otherwise."""

from __future__ import annotations

import argparse
import sys

from model.command_names import command
from train.commands.data_options import add_data_argument, add_label_arguments, source_of
from train.commands.ending import Ending, add_json_argument

INTERRUPTED = "readers see the old commit or the new one. The same command goes on, and commits nothing twice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_data_argument(parser, "folder per class, or train/, valid/ and test/ with these")
    parser.add_argument("repository", metavar="REPO", help="such as user/name; created if it does not exist")
    add_label_arguments(parser)
    parser.add_argument("--public", action="store_true", help="let everybody see a new repository (default: private)")
    parser.add_argument("--license", metavar="ID", help="licence of the images, such as cc-by-4.0; required")
    parser.add_argument("--replace", action="store_true", help="write over, and remove, other images that are there")
    parser.add_argument("--dry-run", action="store_true", help="list what would be written, and write nothing")
    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Publish."""
    from model.errors import SettingsError
    from train.data.source import read_data
    from train.publish.push import repository_name
    from train.publish.push_data import push_data
    from train.publish.target import Target

    repository = repository_name("REPO", options.repository, "data set")
    data = read_data(source_of(options))
    data.announce()
    licence = options.license or _ask_licence()
    if not licence:
        raise SettingsError("--license should name the licence of the images, such as cc-by-4.0, or other.")
    target = Target(repository, kind="dataset", private=not options.public)
    pushed = push_data(target, data, licence, replace=options.replace, dry_run=options.dry_run)
    count = len(pushed.changed)
    return Ending(
        [f"{'Would write' if options.dry_run else 'Wrote'} {count:,} files to “{repository}”: {target.url}"],
        "" if options.dry_run else f"Train on it with: {command('fit', f'hf://datasets/{repository}', '--out BUNDLE')}",
        [{"repository": repository, "commit": pushed.commit, "changed": count, "url": target.url}],
    )


def _ask_licence() -> str | None:
    """Ask for a licence, where somebody is there to answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print("Licence of the images, such as cc-by-4.0: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or None

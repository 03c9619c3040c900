"""`python -m train push`: publish a bundle on the Hub, and a Space that serves it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

INTERRUPTED = "readers see the old commit or the new one. The same command goes on, and commits nothing twice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="directory written by `train fit`")
    parser.add_argument("repository", metavar="REPO", help="where to, such as user/name; made when it is not there")
    parser.add_argument(
        "--private", action="store_true", help="make a new repository, or Space, private; a public one is refused"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--revision", metavar="BRANCH", help="branch to write to, made when it is not there")
    where.add_argument("--create-pr", action="store_true", help="open a pull request instead")
    parser.add_argument("--space", metavar="REPO", help="also make or update a Space that serves the pushed commit")
    parser.add_argument("--replace", action="store_true", help="write over what somebody else has changed on the Hub")
    parser.add_argument("--dry-run", action="store_true", help="list what would be written, and write nothing")
    parser.add_argument("--license", metavar="ID", help="licence of the model, such as apache-2.0 or cc-by-4.0")
    parser.add_argument("--dataset-name", metavar="NAME", help="what the model was trained on")


def run(options: argparse.Namespace) -> int:
    """Publish, and print one JSON object as the last line."""
    from model.errors import SettingsError, VistazoError
    from train.publish.push import CardDetails, push_bundle, repository_name
    from train.publish.space import push_space
    from train.publish.target import Target

    repository = repository_name("REPO", options.repository)
    space_name = repository_name("--space", options.space, "Space") if options.space else None
    if space_name and options.create_pr:
        raise SettingsError("--space needs a commit that stays; a pull request may yet change. Leave one away.")
    target = Target(repository, branch=options.revision, as_pull_request=options.create_pr, private=options.private)
    details = CardDetails(options.license, ask_licence, options.dataset_name)
    pushed, version = push_bundle(target, options.bundle, details, replace=options.replace, dry_run=options.dry_run)
    _tell(repository, pushed, options.dry_run)
    result = {
        "repository": repository,
        "commit": pushed.commit,
        "version": version,
        "changed": list(pushed.changed),
        "pull_request": pushed.pull_request,
        "dry_run": options.dry_run,
    }
    if space_name:
        try:
            space = push_space(
                space_name,
                repository,
                pushed.commit,
                private=options.private,
                replace=options.replace,
                dry_run=options.dry_run,
            )
        except VistazoError as error:
            if options.dry_run:
                raise
            raise type(error)(f"The model is published at commit {pushed.commit}; its Space is not. {error}") from error
        _tell(space_name, space, options.dry_run)
        result |= {"space": space_name, "space_commit": space.commit, "space_changed": list(space.changed)}
    print(json.dumps(result))
    return 0


def ask_licence() -> str | None:
    """Ask for a licence, where somebody is there to answer; None when no answer is given."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(
            "Licence of the model, such as apache-2.0 or cc-by-4.0 (empty: none): ", end="", file=sys.stderr, flush=True
        )
        return sys.stdin.readline().strip() or None
    print("No licence is named. Name one with --license ID, such as apache-2.0.", file=sys.stderr)
    return None


def _tell(repository: str, pushed: object, dry_run: bool) -> None:
    changed = pushed.changed  # type: ignore[attr-defined]
    if not changed:
        print(f"“{repository}” is up to date.")
        return
    print(f"{'Would write' if dry_run else 'Wrote'} to “{repository}”: {', '.join(changed)}.")

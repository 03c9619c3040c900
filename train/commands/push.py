"""`python -m train push`: publish a bundle on the Hub, and a Space that serves it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from model.command_names import command
from train.commands.ending import Ending, add_json_argument

if TYPE_CHECKING:
    from train.publish.commit import Pushed
    from train.publish.target import Target

_MOST_NAMED = 8  # files in a sentence; a Space has more than a hundred
INTERRUPTED = "readers see the old commit or the new one. The same command goes on, and commits nothing twice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="directory written by `vistazo fit`")
    parser.add_argument("repository", metavar="REPO", help="such as user/name; created if it does not exist")
    parser.add_argument(
        "--private", action="store_true", help="make a new repository, or Space, private; a public one is refused"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--revision", metavar="BRANCH", help="branch to write to; created if it does not exist")
    where.add_argument("--create-pr", action="store_true", help="open a pull request instead")
    parser.add_argument("--space", metavar="REPO", help="also make or update a Space that serves the pushed commit")
    parser.add_argument(
        "--sdk",
        choices=("gradio", "static"),
        default="gradio",
        help="of the Space: the Gradio app (default), or a page that runs the model in the visitor's browser, for free",
    )
    parser.add_argument(
        "--hardware", metavar="NAME", help="hardware of the Space, such as cpu-upgrade (default: cpu-basic)"
    )
    parser.add_argument(
        "--sleep", metavar="MINUTES|never", help="idle minutes before the Space sleeps; needs paid hardware"
    )
    parser.add_argument("--protected", action="store_true", help="make a new Space's page public and its files private")
    parser.add_argument(
        "--space-token",
        metavar="VARIABLE",
        help="environment variable with a token that may read the private model; becomes the Space's secret HF_TOKEN",
    )
    parser.add_argument("--commit-message", metavar="TEXT", help="message of the model's commit (default: its version)")
    parser.add_argument("--tag", metavar="NAME", help="also give the model's commit this tag, such as v1.0")
    parser.add_argument("--replace", action="store_true", help="overwrite what somebody else has changed on the Hub")
    parser.add_argument("--dry-run", action="store_true", help="list what would be written, and write nothing")
    parser.add_argument("--license", metavar="ID", help="licence of the model, such as apache-2.0 or cc-by-4.0")
    parser.add_argument(
        "--dataset-name", metavar="NAME", help="what the model was trained on; datasets/user/name is one on the Hub"
    )

    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """Publish, and say where."""
    from train.publish.push import CardDetails, Release, push_bundle, repository_name
    from train.publish.space import check_space
    from train.publish.target import Target

    repository = repository_name("REPO", options.repository)
    space = _space(options)
    release = Release(options.commit_message, options.tag)
    target = Target(repository, branch=options.revision, as_pull_request=options.create_pr, private=options.private)
    if space:
        check_space(space)
    details = CardDetails(options.license, ask_licence, options.dataset_name, space.repository if space else None)
    pushed, version = push_bundle(
        target, options.bundle, details, release, replace=options.replace, dry_run=options.dry_run
    )
    lines = _told(target, pushed, options.dry_run)
    result = {
        "repository": repository,
        "commit": pushed.commit,
        "version": version,
        "tag": options.tag,
        "url": pushed.pull_request or target.url,
        "changed": list(pushed.changed),
        "pull_request": pushed.pull_request,
        "dry_run": options.dry_run,
    }
    if space:
        served = _push_space(options, space, target, pushed.commit)
        lines += _told(space, served, options.dry_run)
        result |= {
            "space": space.repository,
            "space_commit": served.commit,
            "space_changed": list(served.changed),
            "space_url": space.url,
        }
    return Ending(lines, _advice(options, repository), [result])


def _space(options: argparse.Namespace) -> Target | None:
    """Return the Space that is asked for; raise `SettingsError` for options that contradict each other."""
    from model.errors import SettingsError
    from train.publish.push import repository_name
    from train.publish.space_settings import SpaceSettings, read_settings
    from train.publish.static_space import check_static_settings
    from train.publish.target import Target

    name = repository_name("--space", options.space, "Space") if options.space else None
    if name and options.create_pr:
        raise SettingsError("--space needs a permanent commit; a pull request may still change. Leave one out.")
    if options.tag and options.create_pr:
        raise SettingsError("--tag needs a permanent commit; a pull request may still change. Leave one out.")
    settings = read_settings(options.hardware, options.sleep, options.space_token, options.protected)
    if settings != SpaceSettings() and not name:
        raise SettingsError("--hardware, --sleep, --protected and --space-token set up a Space: name it with --space.")
    if options.sdk == "static":
        check_static_settings(name, settings)
    private = options.private and not options.protected
    return Target(name, "space", private=private, space=replace(settings, sdk=options.sdk)) if name else None


def _push_space(options: argparse.Namespace, space: Target, model: Target, commit: str | None) -> Pushed:
    """Make or update the Space of a model that has just been published."""
    from model.bundle import load_bundle
    from model.errors import VistazoError
    from train.publish.space import push_space
    from train.publish.static_space import push_static_space
    from train.site.description import Source

    source = Source(model.repository, commit, model.url)
    how = {"replace": options.replace, "dry_run": options.dry_run}
    try:
        if options.sdk == "static":
            return push_static_space(space, options.bundle, source, **how)
        return push_space(space, source, load_bundle(options.bundle).presentation, **how)
    except VistazoError as error:
        if options.dry_run:
            raise
        raise type(error)(f"The model is published at commit {commit}; its Space is not. {error}") from error


def _advice(options: argparse.Namespace, repository: str) -> str:
    if options.dry_run:
        return "Nothing was written. The same command without --dry-run writes it."
    if options.create_pr:
        return ""
    served_from = f"{repository}@{options.revision}" if options.revision else repository
    return f"Serve it from there: {command('serve', '--model', served_from)}"


def ask_licence() -> str | None:
    """Ask for a licence, where somebody is there to answer; None when no answer is given."""
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(
            "Licence of the model, such as apache-2.0 or cc-by-4.0 (empty: none): ", end="", file=sys.stderr, flush=True
        )
        return sys.stdin.readline().strip() or None
    print("No licence is named. Name one with --license ID, such as apache-2.0.", file=sys.stderr)
    return None


def _told(target: Target, pushed: Pushed, dry_run: bool) -> list[str]:
    where = f"“{target.repository}”"
    written = [path for path in pushed.changed if path not in pushed.deleted]
    write, delete = ("Would write", "Would delete from") if dry_run else ("Wrote", "Deleted from")
    lines = [f"{write} to {where}: {_listed(written, dry_run)}"] if written else []
    lines += [f"{delete} {where}: {_listed(pushed.deleted, dry_run)}"] if pushed.deleted else []
    lines = lines or [f"{where} is up to date."]
    return lines if dry_run else [*lines, f"See {pushed.pull_request or target.url}"]


def _listed(paths: Sequence[str], dry_run: bool) -> str:
    """Return paths for people: all of them, one on each line, where they are what was asked for; else the first few."""
    if dry_run:
        return "".join(f"\n  {path}" for path in paths)
    more = len(paths) - _MOST_NAMED
    return ", ".join(paths[:_MOST_NAMED]) + (f" and {more} more files." if more > 0 else ".")

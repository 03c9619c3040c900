"""`python -m train versions`: list what was published in a Hub repository, with its metrics."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from train.commands.ending import Ending, add_json_argument

if TYPE_CHECKING:
    from model.hub.versions import PublishedVersion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("repository", metavar="REPO[@BRANCH]", help="a Hub repository, such as user/name")
    parser.add_argument("--limit", metavar="N", type=int, default=20, help="list at most N, the newest (default: 20)")
    add_json_argument(parser)


def run(options: argparse.Namespace) -> Ending:
    """List, the newest first."""
    from model.errors import SettingsError
    from model.hub.resolve import hub_repository
    from model.hub.versions import list_versions
    from train.publish.target import print_retry

    if options.limit < 1:
        raise SettingsError(f"--limit should be at least 1. Received: {options.limit}.")
    repository, revision = hub_repository(options.repository)
    versions = list_versions(repository, revision, options.limit, print_retry)
    lines = [] if options.json else table(versions)
    advice = ""
    if versions:
        from model.command_names import command

        pull = command("pull", f"{repository}@{versions[0].commit}", "--out", "my_copy")
        advice = f"Fetch one: {pull}"
    listed = [asdict(version) | {"date": version.date and version.date.isoformat()} for version in versions]
    return Ending(lines, advice, [{"repository": repository, "versions": listed}])


def table(versions: list[PublishedVersion]) -> list[str]:
    """Return the lines of a table of versions."""
    rows = [("date", "commit", "version", "names", "accuracy", "macro F1", "images", "message")]
    for version in versions:
        accuracy, f1 = (version.metrics.get(name) for name in ("accuracy", "macro_f1"))
        rows.append(
            (
                version.date.strftime("%Y-%m-%d %H:%M") if version.date else "",
                version.commit[:12],
                version.version or "",
                ", ".join(version.names),
                "" if accuracy is None else f"{accuracy:.4f}",
                "" if f1 is None else f"{f1:.4f}",
                str(version.metrics.get("n", "")),
                "".join(character for character in version.title[:60] if character.isprintable()),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

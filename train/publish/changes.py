"""What a push would change, and whose files those are.

What was last pushed is known from the branch itself: every push leaves a manifest there, with the ids of all files that
it wrote. What differs from it was written by somebody else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from model.bundle import CARD, MANIFEST
from model.hub.contents import HubFile, RepositoryContents, content_ids
from model.hub.download import fetch_file
from train.export.card_text import read_card
from train.publish.errors import PushError
from train.publish.target import Target, print_retry

Content = bytes | Path
# Path of each file that a push wrote → ids that its content may have.
LastPush = Mapping[str, frozenset[str]]

_MAX_NAMED = 10
# The whole text of the README.md in a Space that was made on the Hub's pages.
_HUBS_OWN_TEXT = "Check out the configuration reference at https://huggingface.co/docs/hub/spaces-config-reference"


@dataclass(frozen=True)
class Change:
    """What a branch should hold; its other files stay.

    Attributes:
        files: Path in the repository → content, or where it lies.
        obsolete: Paths that it should not hold.
        message: The commit's first line.
        description: The lines after it.
    """

    files: Mapping[str, Content]
    obsolete: frozenset[str] = field(default=frozenset())
    message: str = ""
    description: str = ""

    @cached_property
    def _ids(self) -> dict[str, frozenset[str]]:
        return {path: content_ids(content) for path, content in self.files.items()}

    def paths(self, contents: RepositoryContents) -> tuple[str, ...]:
        """Return the paths that have to be written or deleted in what the branch holds."""
        same = {path for path, ids in self._ids.items() if path in contents.files and contents.files[path].ids & ids}
        return (*sorted(set(self._ids) - same), *sorted(self.obsolete & set(contents.files)))


def published_text(current: RepositoryContents, name: str) -> str | None:
    """Fetch a small text file of the branch; None when it does not exist."""
    if name not in current.files:
        return None
    return fetch_file(current.files[name], on_retry=print_retry).read_text(encoding="utf-8", errors="replace")


def manifest_of(files: Mapping[str, Content], manifest: Mapping[str, Any]) -> bytes:
    """Return the manifest that a push leaves: the given one, with the ids of every file but the card."""
    entries = manifest.get("files", {})
    listed = {
        path: {**entries.get(path, {}), "ids": sorted(content_ids(content))}
        for path, content in files.items()
        if path not in (CARD, MANIFEST)
    }
    return json.dumps({**manifest, "files": listed}, indent=1, sort_keys=True).encode() + b"\n"


def last_push(current: RepositoryContents) -> LastPush | None:
    """Return what the last push wrote, its card and manifest apart; None where no usable manifest says so."""
    try:
        entries = json.loads(published_text(current, MANIFEST) or "")["files"].items()
        return {
            path: frozenset(entry.get("ids") or [entry["sha256"]]) for path, entry in entries if path != CARD
        } or None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def print_card_problem(current: RepositoryContents, published: str | None) -> None:
    """Say on standard error that the metadata of a README.md cannot be read, where that is so."""
    if problem := read_card(published).problem:
        print(
            f"The metadata of README.md in “{current.repository}” cannot be read: {problem}. The push replaces the "
            f"metadata and keeps the text; the file as it was is in commit {current.commit}.",
            file=sys.stderr,
        )


def is_hubs_own(card: str | None) -> bool:
    """Say whether nobody has written a text into a README.md."""
    return read_card(card).text.strip() in ("", _HUBS_OWN_TEXT)


def files_of_others(
    change: Change, current: RepositoryContents, last: LastPush | None, card: str | None
) -> tuple[str, ...]:
    """Return the files that somebody else has written, changed or deleted, and that a push would not leave alone.

    Args:
        change: The push.
        current: What the branch holds.
        last: What the last push wrote; without it every file is somebody else's that is not just what will be written.
        card: The text of the README.md, whose text by hand stays where there was a push.
    """
    changed = change.paths(current)
    if last is None:
        ours = {*set(change.files) - set(changed), ".gitattributes", *([CARD] if is_hubs_own(card) else [])}
        return tuple(sorted(set(current.files) - ours))
    return tuple(path for path in changed if path not in (CARD, MANIFEST) and not _is_as_pushed(path, current, last))


def check_nothing_is_lost(
    target: Target, current: RepositoryContents, change: Change, last: LastPush | None, card: str | None
) -> None:
    """Raise `PushError` when files are not as the last push left them."""
    theirs = files_of_others(change, current, last, card)
    if not theirs:
        return
    more = f" and {len(theirs) - _MAX_NAMED} more" if len(theirs) > _MAX_NAMED else ""
    named = ", ".join(theirs[:_MAX_NAMED]) + more
    what = (
        f"“{target.repository}” holds files that no push wrote: {named}."
        if last is None
        else f"Somebody has changed {named} in “{target.repository}” since the last push."
    )
    elsewhere = "give --space another name" if target.kind == "space" else "to another --revision"
    raise PushError(
        f"{what} Nothing was overwritten. Look at commit {current.commit}; then push with --replace, or {elsewhere}."
    )


def check_visibility(target: Target, current: RepositoryContents) -> None:
    """Raise `PushError` when a push that should be private would be public."""
    if not target.private:
        return
    if not current.commit and target.branch:  # no such branch; there may be the repository all the same
        current = Target(target.repository, target.kind).contents()
    if current.private is False:
        page = f"{Target(target.repository, target.kind).url}/settings"
        raise PushError(
            f"“{target.repository}” is public, and --private makes only new repositories private. Nothing was written "
            f"to it. Make it private at {page} and push again, or leave out --private."
        )


def _is_as_pushed(path: str, current: RepositoryContents, last: LastPush) -> bool:
    file: HubFile | None = current.files.get(path)
    if file is None or path not in last:
        return file is None and path not in last
    # A manifest of `vistazo fit` has SHA-256 only, which the Hub does not tell of small files.
    return bool(file.ids & last[path]) or (
        len(last[path]) == 1 and bool(content_ids(fetch_file(file, on_retry=print_retry)) & last[path])
    )

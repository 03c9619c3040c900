"""Read the name of a Hub repository as people write it and paste it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_KINDS = {"models": "model", "datasets": "data set", "spaces": "Space"}
# The pages of a repository whose address goes on with a revision.
_AT_REVISION = frozenset({"tree", "blob", "resolve", "raw", "commit", "commits"})
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_REVISION = re.compile(r"\w[\w./-]*", re.ASCII)


@dataclass(frozen=True)
class Address:
    """A repository of the Hub.

    Attributes:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        kind: "model", "data set" or "Space".
    """

    repository: str
    revision: str | None
    kind: str


def parse_address(text: str) -> Address | None:
    """Read "user/name", "user/name@revision", "hf://user/name" or the address of a page of the Hub.

    Args:
        text: As it was typed or pasted. A page may be that of a folder, a file or a commit ("…/tree/main"), of a data
            set ("datasets/user/name") or of a Space ("spaces/user/name").

    Returns:
        The repository, or None when the text names none.
    """
    text = text.strip()
    path = _path_on_the_hub(text)
    if path is None:
        return None
    pasted = path != text
    kind = "model"
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > 2 and segments[0] in _KINDS:
        kind = _KINDS[segments.pop(0)]
    if len(segments) < 2:
        return None
    user, (name, _, revision), rest = segments[0], segments[1].partition("@"), segments[2:]
    if pasted:
        name = name.removesuffix(".git")  # what `git clone` takes
    if revision:
        found = _first_revision([revision, *rest]) if pasted else "/".join([revision, *rest])
    elif rest and not pasted:
        return None  # a/b/c can only be a path
    else:
        found = _first_revision(rest[1:]) if rest and rest[0] in _AT_REVISION else None
    valid = all(_NAME.fullmatch(part) and ".." not in part and "--" not in part for part in (user, name))
    if not valid or (found is not None and (".." in found or not _REVISION.fullmatch(found))):
        return None
    return Address(f"{user}/{name}", found, kind)


def _path_on_the_hub(text: str) -> str | None:
    """Return what follows the Hub's host or "hf://"; a text without either as it is; None for another host."""
    if text.startswith("hf://"):
        return text.removeprefix("hf://")
    host, _, path = text.partition("/")
    if host.lower() in _HOSTS:  # as browsers show it
        return path.partition("?")[0].partition("#")[0]
    if "://" not in text:
        return text
    parts = urlsplit(text)
    hosts = {*_HOSTS, urlsplit(os.environ.get("HF_ENDPOINT", "")).netloc.lower()}
    return parts.path if parts.scheme in ("http", "https") and parts.netloc.lower() in hosts else None


def _first_revision(segments: list[str]) -> str | None:
    """Return the revision before the path of a file: one segment, or the three of a pull request (refs/pr/1)."""
    if not segments:
        return None
    length = 3 if segments[0] == "refs" else 1
    return unquote("/".join(segments[:length]))

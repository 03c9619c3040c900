"""What is in a Hub repository: one question, asked before anything is fetched from it or pushed to it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from model.bundle import MAX_JSON_BYTES
from model.command_names import command
from model.errors import ModelNotFoundError
from model.hub.errors import describe_error
from model.hub.http import REQUEST_SECONDS, Budget
from model.hub.retry import OnRetry, call_hub
from model.labels import is_clean_text

# For all attempts together.
CONTENTS_SECONDS = 20.0
_LONGEST_LICENCE = 40


@dataclass(frozen=True)
class HubFile:
    """A file of one commit.

    Attributes:
        repository: "user/name".
        commit: The full commit hash.
        name: Its path in the repository.
        size: In bytes, no more is received; None where the Hub does not tell.
        ids: Its git blob id, or SHA-256, or both, one of which it must have; empty where the Hub does not tell.
        kind: Of the repository, "model" or "space".
    """

    repository: str
    commit: str
    name: str
    size: int | None = None
    ids: frozenset[str] = frozenset()
    kind: str = "model"


@dataclass(frozen=True)
class RepositoryContents:
    """One commit of a repository.

    Attributes:
        repository: "user/name".
        commit: The full commit hash; empty where there is no commit, no such branch or no such repository.
        files: Path → file.
        restricted: The repository is private or gated.
        private: None where there is no such repository or branch.
        licence: What its card names, the Hub's identifier of it; empty where it names none.
    """

    repository: str
    commit: str = ""
    files: Mapping[str, HubFile] = field(default_factory=dict)
    restricted: bool = False
    private: bool | None = None
    licence: str = ""


def list_contents(repository: str, revision: str | None, on_retry: OnRetry | None = None) -> RepositoryContents:
    """Ask the Hub which commit a revision of a model stands for, and which files it has.

    Args:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        on_retry: Called with a sentence before each further attempt; None for a single attempt.

    Raises:
        HubUnreachableError: The Hub gave no usable response in `CONTENTS_SECONDS`.
        ModelNotFoundError: There is no such repository or revision, or it may not be read.
    """
    contents = call_hub(
        lambda: read_contents(repository, revision),
        Budget(CONTENTS_SECONDS, CONTENTS_SECONDS / 2, MAX_JSON_BYTES),
        partial(describe_error, repository=repository, revision=revision),
        on_retry,
    )
    if not contents.commit:
        publish = command("push", "my_bundle", repository)
        raise ModelNotFoundError(f"“{repository}” has no commit yet. Publish a bundle there with `{publish}`.")
    return contents


def read_contents(repository: str, revision: str | None, kind: str = "model") -> RepositoryContents:
    """Ask once, with the client's own errors; for `call_hub`.

    Args:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        kind: "model" or "space".
    """
    from huggingface_hub import HfApi  # here: it takes a quarter of a second, and the embedded model does without
    from huggingface_hub.hf_api import RepoFile

    info: Any = HfApi().repo_info(
        repository, repo_type=kind, revision=revision, files_metadata=True, timeout=REQUEST_SECONDS
    )
    listed = info.siblings
    if info.sha and (listed is None or not all(file.blob_id for file in listed)):  # the Hub may leave them out
        entries = HfApi().list_repo_tree(repository, recursive=True, revision=info.sha, repo_type=kind)
        listed = [entry for entry in entries if isinstance(entry, RepoFile)]
    files = {}
    for file in listed or []:
        ids = frozenset(filter(None, (file.blob_id, file.lfs and file.lfs.sha256)))
        files[file.rfilename] = HubFile(repository, info.sha, file.rfilename, file.size, ids, kind)
    private = bool(info.private)
    restricted = private or bool(getattr(info, "gated", False))
    return RepositoryContents(repository, info.sha or "", files, restricted, private, _licence_of(info))


def _licence_of(info: Any) -> str:
    licence = getattr(getattr(info, "card_data", None), "license", None)
    known = isinstance(licence, str) and is_clean_text(licence) and len(licence) <= _LONGEST_LICENCE
    return str(licence) if known else ""


def content_ids(content: bytes | Path) -> frozenset[str]:
    """Return the git blob id and the SHA-256 of a content or of a file; the Hub knows it by one of them."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    blob, digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), hashlib.sha256()
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while piece := file.read(2**20):
            blob.update(piece)
            digest.update(piece)
    return frozenset((blob.hexdigest(), digest.hexdigest()))

"""What was published in a model's repository: its tagged commits and its pushes, with their metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from model.bundle import MAX_JSON_BYTES, METRICS
from model.errors import HubUnreachableError, ModelNotFoundError
from model.hub.contents import CONTENTS_SECONDS, list_contents
from model.hub.download import fetch_file
from model.hub.errors import describe_error
from model.hub.http import Budget
from model.hub.retry import OnRetry, call_hub

Result = TypeVar("Result")

# In this order.
MAIN_METRICS = ("accuracy", "top5_accuracy", "macro_f1", "mean_average_precision", "ece")
# What `push` calls the content of a bundle, in a tag and in the commit's message.
_VERSION = re.compile(r"bundle-[0-9a-f]{12}")


@dataclass(frozen=True)
class PublishedVersion:
    """A commit in which a model was published.

    Attributes:
        commit: The full commit hash.
        date: When it was made; None where the Hub does not tell.
        title: The first line of its message.
        version: "bundle-…", which is the same for the same content; None where no push made it.
        names: The branches and tags that stand for it.
        metrics: Those of `MAIN_METRICS` that its metrics.json has, and "split" and "n" of the images.
    """

    commit: str
    date: datetime | None = None
    title: str = ""
    version: str | None = None
    names: tuple[str, ...] = ()
    metrics: Mapping[str, float | int | str] = field(default_factory=dict)


def list_versions(
    repository: str, revision: str | None, limit: int, on_retry: OnRetry | None = None
) -> list[PublishedVersion]:
    """Ask the Hub what was published in a repository, the newest first.

    A commit counts when it has a tag, when a push made it, or when a branch stands for it.

    Args:
        repository: "user/name".
        revision: Branch whose history is read; None for the default branch.
        limit: At most so many.
        on_retry: Called with a sentence before each further attempt.

    Raises:
        HubUnreachableError: The Hub gives no usable response.
        ModelNotFoundError: There is no such repository or revision, or it may not be read.
    """
    from huggingface_hub import HfApi

    def ask(work: Callable[[], Result]) -> Result:
        budget = Budget(CONTENTS_SECONDS, CONTENTS_SECONDS / 2, MAX_JSON_BYTES)
        return call_hub(work, budget, partial(describe_error, repository=repository, revision=revision), on_retry)

    references = ask(lambda: HfApi().list_repo_refs(repository))
    history = ask(lambda: HfApi().list_repo_commits(repository, revision=revision))
    names: dict[str, list[str]] = {}
    for reference in [*references.branches, *references.tags]:
        names.setdefault(reference.target_commit, []).append(reference.name)
    known = {commit.commit_id for commit in history}
    elsewhere = [name for commit, listed in names.items() if commit not in known for name in listed[:1]]
    for name in elsewhere[:limit]:  # on other branches
        history += ask(lambda name=name: HfApi().list_repo_commits(repository, revision=name))[:1]  # type: ignore[misc]
    found = [
        version
        for commit in sorted(history, key=lambda commit: commit.created_at, reverse=True)
        if (version := _version(commit, names.get(commit.commit_id, []))).version or version.names
    ]
    return [_with_metrics(version, repository, on_retry) for version in found[:limit]]


def _version(commit: Any, names: list[str]) -> PublishedVersion:
    told = next(filter(None, map(_VERSION.search, (*names, commit.title, commit.message))), None)
    listed = tuple(sorted(name for name in names if not _VERSION.fullmatch(name)))
    return PublishedVersion(commit.commit_id, commit.created_at, commit.title, told and told[0], listed)


def _with_metrics(version: PublishedVersion, repository: str, on_retry: OnRetry | None) -> PublishedVersion:
    try:
        file = list_contents(repository, version.commit, on_retry).files.get(METRICS)
        stored = json.loads(fetch_file(file, on_retry=on_retry).read_text(encoding="utf-8")) if file else {}
    except HubUnreachableError:
        raise
    except (ModelNotFoundError, ValueError, RecursionError):  # damaged there
        return version
    kept = stored if isinstance(stored, dict) else {}
    numbers = {name: kept[name] for name in (*MAIN_METRICS, "n") if type(kept.get(name)) in (int, float)}
    split = {"split": kept["split"][:40]} if isinstance(kept.get("split"), str) else {}
    return PublishedVersion(**{**vars(version), "metrics": numbers | split})

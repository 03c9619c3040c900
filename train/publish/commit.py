"""Make a branch of a Hub repository hold certain files: with one commit, which readers see whole or not at all.

Nothing is kept on this machine between two pushes. What the branch holds is compared with what it should hold, before
the first attempt and after every error: a push that was interrupted, or whose response was lost, is continued and never
made twice. Every attempt names the commit it was planned on (`parent_commit`), so that the Hub refuses it when somebody
else was faster.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.bundle import CARD
from model.errors import HubUnreachableError
from model.hub.contents import RepositoryContents
from train.publish import target as calls
from train.publish.changes import (
    Change,
    Content,
    check_nothing_is_lost,
    check_visibility,
    last_push,
    published_text,
)
from train.publish.errors import changed_meanwhile
from train.publish.target import Target

# Pull requests, the newest first, that are looked through for one with the same content.
_MAX_PULL_REQUESTS = 20
# Text below so many bytes is never stored as a large file.
_SMALL_TEXT = 1_000_000


@dataclass(frozen=True)
class Pushed:
    """What came of a push.

    Attributes:
        commit: Where the content is; None in a dry run that found no such commit.
        changed: Paths that were, or would be, written or deleted.
        pull_request: The address of the pull request, if there is one.
        deleted: Those of the paths that were, or would be, deleted.
    """

    commit: str | None
    changed: tuple[str, ...]
    pull_request: str | None = None
    deleted: tuple[str, ...] = ()


def publish(target: Target, change: Change, current: RepositoryContents, *, dry_run: bool = False) -> Pushed:
    """Make a branch hold certain files, with one commit or none.

    Args:
        target: Where to; made when it does not exist.
        change: What it should hold.
        current: What it holds.
        dry_run: Change nothing.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    pushed = _published(target, change, current, dry_run)
    return replace(pushed, deleted=tuple(path for path in pushed.changed if path not in change.files))


def _published(target: Target, change: Change, current: RepositoryContents, dry_run: bool) -> Pushed:
    changed = change.paths(current)
    if dry_run:
        return Pushed(None if changed else current.commit, changed)
    if not current.commit:
        _create(target)
        current = target.contents(must_exist=True)
        check_visibility(target, current)  # somebody else may have made it meanwhile
        if not target.branch:  # a new branch begins with what the default branch holds
            check_nothing_is_lost(target, current, change, last_push(current), published_text(current, CARD))
        changed = change.paths(current)
    if not changed:
        return Pushed(current.commit, ())
    if target.as_pull_request and (request := _same_request(target, change)):
        return request
    return _commit(target, change, current)


def _commit(target: Target, change: Change, current: RepositoryContents) -> Pushed:
    """Upload what is large, then commit all changes at once."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    changed = change.paths(current)
    contents = {path: change.files[path] for path in changed if path in change.files}
    additions = [
        CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
        for path, content in contents.items()
    ]
    deletions = [CommitOperationDelete(path) for path in changed if path not in contents]
    where: dict[str, Any] = {
        "repo_type": target.kind,
        "revision": target.branch,
        "create_pr": target.as_pull_request,
        "num_threads": 1,
    }
    # One by one: each file has time of its own, and of several the client would upload each in a thread that knows no
    # limits and that Ctrl-C does not end.
    for addition in additions:
        if _is_small_text(contents[addition.path_in_repo]):
            continue  # goes with the commit
        target.call(
            lambda addition=addition: HfApi().preupload_lfs_files(target.repository, [addition], **where),  # type: ignore[misc]
            upload_bytes=addition.upload_info.size,
            request_seconds=calls.STORING_SECONDS,
        )

    def commit() -> Pushed:
        # Where there is no commit to name as the parent, nothing but a look says that another push was faster.
        if not current.commit and (done := already_done()):
            return done
        for addition in additions:  # set by an attempt before, whose response could not be read
            addition._is_committed = False
        info = HfApi().create_commit(
            target.repository,
            [*additions, *deletions],
            commit_message=change.message,
            commit_description=change.description,
            parent_commit=current.commit or None,
            **where,
        )
        return Pushed(info.oid, changed, info.pr_url)

    def already_done() -> Pushed | None:
        try:
            if target.as_pull_request:
                request = _same_request(target, change)
                return request and Pushed(request.commit, changed, request.pull_request)
            now = target.contents(must_exist=True)
        except HubUnreachableError as error:
            raise HubUnreachableError(
                f"{error} Whether the commit was made is not known: push again, and it will be found, or made."
            ) from error
        if not change.paths(now):
            return Pushed(now.commit, changed)
        if now.commit != current.commit:
            raise changed_meanwhile(target.repository)
        return None

    return target.call(commit, request_seconds=calls.STORING_SECONDS, already_done=already_done)


def _is_small_text(content: Content) -> bool:
    if isinstance(content, Path) and content.stat().st_size >= _SMALL_TEXT:
        return False
    data = content if isinstance(content, bytes) else content.read_bytes()
    try:
        return len(data) < _SMALL_TEXT and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _create(target: Target) -> None:
    """Make the repository and the branch, unless another push does; a 409 alone does not say that they exist."""
    from huggingface_hub import HfApi

    where: dict[str, Any] = {"repo_type": target.kind}
    more = target.space.creation() if target.space else {}

    def exists() -> object:
        return Target(target.repository, target.kind).contents().commit or None

    target.call(
        lambda: HfApi().create_repo(target.repository, **where, private=target.private or None, **more),
        already_done=exists,
    )
    if branch := target.branch:
        target.call(lambda: HfApi().create_branch(target.repository, **where, branch=branch, exist_ok=True))


def _same_request(target: Target, change: Change) -> Pushed | None:
    """Return the pull request that holds these very files already."""
    from huggingface_hub import HfApi, constants

    refs = target.call(lambda: HfApi().list_repo_refs(target.repository, include_pull_requests=True))
    requests = sorted(refs.pull_requests or [], key=lambda request: _number(request.ref), reverse=True)
    for request in requests[:_MAX_PULL_REQUESTS]:
        if not change.paths(target.contents(request.ref)):
            address = f"{constants.ENDPOINT}/{target.repository}/discussions/{_number(request.ref)}"
            return Pushed(request.target_commit, (), address)
    return None


def _number(reference: str) -> int:
    last = reference.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0

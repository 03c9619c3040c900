"""Make a branch of a Hub repository hold certain files: with one commit, which readers see whole or not at all.

Nothing is kept on this machine between two pushes. What is there is compared with what should be
there, before the first try and after every error: a push that was interrupted, or whose answer was
lost, is continued and never made twice. Every try names the commit it was planned on
(`parent_commit`), so that the Hub refuses it when somebody else was faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import HubUnreachableError
from model.hub.cache import ids
from train.publish import retry
from train.publish.errors import overtaken
from train.publish.retry import Target, trying

Content = bytes | Path

# Pull requests that are looked through for one with the same content.
_PULL_REQUESTS = 20
# Text below so many bytes is never stored as a large file.
_SMALL_TEXT = 1_000_000


@dataclass(frozen=True)
class Remote:
    """A branch as it is: its commit, and each file's identities (git blob id, and SHA-256 of large ones)."""

    commit: str | None = None
    files: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pushed:
    """What came of a push.

    Attributes:
        commit: Where the content is; None in a dry run that found no such commit.
        changed: Paths that were, or would be, written or deleted.
        pull_request: The address of the pull request, if there is one.
    """

    commit: str | None
    changed: tuple[str, ...]
    pull_request: str | None = None


def publish(
    target: Target,
    files: Mapping[str, Content],
    obsolete: set[str],
    message: str,
    *,
    remote: Remote | None = None,
    private: bool = False,
    dry_run: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Pushed:
    """Make a branch hold these files, with one commit or none.

    Args:
        target: Where to; made when it is not there.
        files: Path in the repository → content, or where it lies.
        obsolete: Paths to delete.
        message: The commit's first line.
        remote: The branch as it is, when it is known already.
        private: Make a new repository private.
        dry_run: Change nothing.
        variables: Of a Space that has to be made.

    Raises:
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub does not answer as it should; push again later.
    """
    wanted = {path: ids(content) for path, content in files.items()}
    remote = remote or find_remote(target)
    changed = difference(remote, wanted, obsolete)
    if dry_run:
        return Pushed(None if changed else remote.commit, changed)
    if remote.commit is None:
        _create(target, private, variables)
        remote = find_remote(target, must_exist=True)
        changed = difference(remote, wanted, obsolete)
    if not changed:
        return Pushed(remote.commit, ())
    if target.as_request and (there := _same_request(target, wanted, obsolete)):
        return there
    return _commit(target, {path: files.get(path) for path in changed}, wanted, obsolete, message, remote)


def find_remote(target: Target, revision: str | None = None, *, must_exist: bool = False) -> Remote:
    """Ask what a branch holds; `Remote()` when there is no such repository or branch, unless it must exist.

    Args:
        target: The repository, and the branch.
        revision: Another branch, tag or commit of it.
        must_exist: Raise `PushError` when it does not.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    def ask() -> Remote:
        try:
            info: Any = HfApi().repo_info(
                target.repository, repo_type=target.kind, revision=revision or target.branch, files_metadata=True
            )
        except HfHubHTTPError as error:
            if error.response.status_code != 404 or must_exist:
                raise
            return Remote()
        files = {
            file.rfilename: frozenset(filter(None, (file.blob_id, file.lfs and file.lfs.sha256)))
            for file in info.siblings or []
        }
        if info.sha and (info.siblings is None or not all(files.values())):
            files = _tree(target, info.sha)
        return Remote(info.sha, files)

    return trying(target, ask)


def difference(remote: Remote, wanted: Mapping[str, frozenset[str]], obsolete: set[str]) -> tuple[str, ...]:
    """Return the paths that differ from what should be there.

    Args:
        remote: What is there.
        wanted: Path → what `ids` says of the content that should be there.
        obsolete: Paths that should not be there.
    """
    written = [path for path, identities in wanted.items() if not remote.files.get(path, frozenset()) & identities]
    return (*sorted(written), *sorted(obsolete & set(remote.files)))


def remote_text(target: Target, remote: Remote, name: str) -> str | None:
    """Fetch a small text file of the branch; None when it is not there."""
    if name not in remote.files:
        return None
    from huggingface_hub import hf_hub_download

    def fetch(force: bool) -> bytes:
        path = hf_hub_download(
            target.repository, name, repo_type=target.kind, revision=remote.commit, force_download=force
        )
        return Path(path).read_bytes()

    for force in (False, True):  # the client takes a body of the right size for the file
        content = trying(target, lambda force=force: fetch(force))  # type: ignore[misc]
        if ids(content) & remote.files[name]:
            return content.decode("utf-8", "replace")
    raise HubUnreachableError(f"“{name}” of “{target.repository}” arrives damaged. Push again later.")


def _tree(target: Target, commit: str) -> dict[str, frozenset[str]]:
    """Ask for the identities of all files where the answer about the repository leaves them out."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    entries = HfApi().list_repo_tree(target.repository, recursive=True, revision=commit, repo_type=target.kind)
    return {
        entry.path: frozenset(filter(None, (entry.blob_id, entry.lfs.sha256 if entry.lfs else None)))
        for entry in entries
        if isinstance(entry, RepoFile)
    }


def _commit(
    target: Target,
    changes: Mapping[str, Content | None],
    wanted: Mapping[str, frozenset[str]],
    obsolete: set[str],
    message: str,
    remote: Remote,
) -> Pushed:
    """Upload what is large, then commit all changes (None: delete) at once."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    changed = tuple(changes)
    additions = [
        CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
        for path, content in changes.items()
        if content is not None
    ]
    deletions = [CommitOperationDelete(path) for path, content in changes.items() if content is None]
    where: dict[str, Any] = {"repo_type": target.kind, "revision": target.branch, "create_pr": target.as_request}
    for addition in additions:  # one by one, so that each has its own time and runs in the thread that is limited
        if _is_small_text(changes[addition.path_in_repo]):
            continue  # goes with the commit
        trying(
            target,
            lambda addition=addition: HfApi().preupload_lfs_files(  # type: ignore[misc]
                target.repository, [addition], num_threads=1, **where
            ),
            size=addition.upload_info.size,
            answer_seconds=retry.STORING_SECONDS,
        )

    def commit() -> Pushed:
        # Where there is no commit to name as the parent, nothing but a look says that another push was faster.
        if remote.commit is None and (there := already_there()):
            return there
        for addition in additions:  # set by a try before, whose answer could not be read
            addition._is_committed = False
        info = HfApi().create_commit(
            target.repository,
            [*additions, *deletions],
            commit_message=message,
            parent_commit=remote.commit,
            num_threads=1,
            **where,
        )
        return Pushed(info.oid, changed, info.pr_url)

    def already_there() -> Pushed | None:
        try:
            if target.as_request:
                there = _same_request(target, wanted, obsolete)
                return there and Pushed(there.commit, changed, there.pull_request)
            now = find_remote(target, must_exist=True)
        except HubUnreachableError as error:
            raise HubUnreachableError(
                f"{error} Whether the commit was made is not known: push again, and it will be found, or made."
            ) from error
        if not difference(now, wanted, obsolete):
            return Pushed(now.commit, changed)
        if now.commit != remote.commit:
            raise overtaken(target.repository)
        return None

    return trying(target, commit, answer_seconds=retry.STORING_SECONDS, already_there=already_there)


def _is_small_text(content: Content | None) -> bool:
    if content is None or (isinstance(content, Path) and content.stat().st_size >= _SMALL_TEXT):
        return False
    data = content if isinstance(content, bytes) else content.read_bytes()
    try:
        return len(data) < _SMALL_TEXT and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _create(target: Target, private: bool, variables: Mapping[str, str] | None) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    more: dict[str, Any] = {}
    if target.kind == "space":
        listed = [{"key": name, "value": value} for name, value in (variables or {}).items()]
        more = {"space_sdk": "gradio", "space_variables": listed}

    def create() -> None:
        try:
            HfApi().create_repo(target.repository, repo_type=target.kind, private=private or None, **more)
        except HfHubHTTPError as error:
            if error.response.status_code != 409 or not is_there():  # a try before made it, or another push did
                raise

    def is_there() -> bool:
        try:
            HfApi().repo_info(target.repository, repo_type=target.kind)
        except HfHubHTTPError as error:
            if error.response.status_code == 404:
                return False
            raise
        return True

    trying(target, create)
    if target.branch:
        branch = target.branch
        trying(
            target,
            lambda: HfApi().create_branch(target.repository, repo_type=target.kind, branch=branch, exist_ok=True),
        )


def _same_request(target: Target, wanted: Mapping[str, frozenset[str]], obsolete: set[str]) -> Pushed | None:
    """Return the pull request that holds these very files already."""
    from huggingface_hub import HfApi, constants

    refs = trying(target, lambda: HfApi().list_repo_refs(target.repository, include_pull_requests=True))
    requests = sorted(refs.pull_requests or [], key=lambda request: _number(request.ref), reverse=True)
    for request in requests[:_PULL_REQUESTS]:
        if not difference(find_remote(target, request.ref), wanted, obsolete):
            address = f"{constants.ENDPOINT}/{target.repository}/discussions/{_number(request.ref)}"
            return Pushed(request.target_commit, (), address)
    return None


def _number(reference: str) -> int:
    last = reference.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0

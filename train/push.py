"""Publish a bundle on the Hub: one commit that readers see whole or not at all.

Nothing is kept on this machine between two pushes. What is there is compared with what should be
there, before the first try and after every error: a push that was interrupted, or whose answer was
lost, is continued and never made twice. Every try names the commit it was planned on
(`parent_commit`), so that the Hub refuses it when somebody else was faster.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from model.bundle import CARD, MANIFEST, MAX_JSON_BYTES, load_bundle
from model.errors import HubUnreachableError, SettingsError
from model.hub_download import SLOWEST_BYTES_PER_SECOND, WAITS
from model.hub_transport import LONGEST_WAIT, within
from train.card import merge_card, model_card, told_by
from train.gallery import without_pictures
from train.push_errors import OvertakenError, PushError, explain_push, overtaken

Result = TypeVar("Result")

# For one question or one commit, and for the part of an upload that does not depend on its size; with all tries.
CALL_SECONDS = 60.0
# Pull requests that are looked through for one with the same content.
_PULL_REQUESTS = 20
# Text below so many bytes is never stored as a large file.
_SMALL_TEXT = 1_000_000
_PAGE = "report/index.html"


@dataclass(frozen=True)
class Target:
    """Where to.

    Attributes:
        repository: "user/name".
        kind: "model" or "space".
        branch: None for the default branch.
        as_request: Open a pull request instead of changing the branch.
    """

    repository: str
    kind: str = "model"
    branch: str | None = None
    as_request: bool = False


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
        pull_request: The address of the pull request, if one was made.
    """

    commit: str | None
    changed: tuple[str, ...]
    pull_request: str | None = None


def bundle_files(directory: Path) -> tuple[dict[str, bytes | Path], str]:
    """Return what is published of a bundle, but its card, by path in the repository; and its version.

    The manifest that is published leaves the card out, which people may edit on the Hub, and the report its
    pictures, which may show people who never agreed to that. The version is the beginning of that manifest's
    SHA-256: the same content always has the same one.

    Raises:
        BundleError: The bundle is damaged or incomplete.
    """
    load_bundle(directory)
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"].pop(CARD, None)
    missing = [name for name in manifest["files"] if not (directory / name).is_file()]
    if missing:
        raise PushError(f"“{directory / missing[0]}” is missing, but the manifest lists it. Write the bundle again.")
    hidden: dict[str, bytes | Path] = {}
    if (report := manifest["files"].get(_PAGE)) is not None:
        page = without_pictures((directory / _PAGE).read_bytes())
        report.update(sha256=hashlib.sha256(page).hexdigest(), size=len(page))
        hidden[_PAGE] = page
    listed = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    files: dict[str, bytes | Path] = {name: directory / name for name in sorted(manifest["files"])}
    return files | hidden | {MANIFEST: listed}, f"bundle-{hashlib.sha256(listed).hexdigest()[:12]}"


def push_bundle(
    target: Target,
    directory: Path,
    *,
    licence: str | None = None,
    dataset_name: str | None = None,
    private: bool = False,
    dry_run: bool = False,
) -> tuple[Pushed, str]:
    """Publish a bundle and tag the commit with its version, which is returned as well.

    Args:
        target: Where to.
        directory: The bundle.
        licence: The Hub's identifier of a licence; None to keep the one that is published.
        dataset_name: What the model was trained on; None to keep what is published.
        private: Make a new repository private.
        dry_run: Change nothing.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub does not answer as it should; push again later.
    """
    files, version = bundle_files(directory)
    remote = find_remote(target)
    _check_is_ours(target, remote)
    published = _remote_text(target, remote, CARD)
    told_licence, told_dataset = told_by(published)
    card = model_card(
        load_bundle(directory),
        repository=target.repository,
        licence=licence or told_licence,
        dataset_name=dataset_name or told_dataset,
    )
    files[CARD] = merge_card(card, published).encode()
    obsolete = set(_published(target, remote)) - set(files)
    pushed = publish(target, files, obsolete, f"Publish {version}", remote=remote, private=private, dry_run=dry_run)
    if not dry_run and not target.as_request and pushed.commit:
        _tag(target, version, pushed.commit)
    return pushed, version


def publish(
    target: Target,
    files: Mapping[str, bytes | Path],
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
        PushError: See `push_bundle`.
        HubUnreachableError: See `push_bundle`.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    remote = remote or find_remote(target)
    changed = _difference(remote, files, obsolete)
    if dry_run:
        return Pushed(None if changed else remote.commit, changed)
    if remote.commit is None:
        _create(target, private, variables)
        remote = find_remote(target)
        changed = _difference(remote, files, obsolete)
    if not changed:
        return Pushed(remote.commit, ())
    if target.as_request and (there := _same_request(target, files, obsolete)):
        return Pushed(there, ())
    additions = [
        CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
        for path, content in files.items()
        if path in changed
    ]
    deletions = [CommitOperationDelete(path) for path in changed if path not in files]
    where: dict[str, Any] = {"repo_type": target.kind, "revision": target.branch}
    for addition in additions:  # one by one, so that each has its own time and runs in the thread that is limited
        if _is_small_text(files[addition.path_in_repo]):
            continue  # goes with the commit
        trying(
            target,
            lambda addition=addition: HfApi().preupload_lfs_files(  # type: ignore[misc]
                target.repository, [addition], create_pr=target.as_request, num_threads=1, **where
            ),
            CALL_SECONDS + addition.upload_info.size / SLOWEST_BYTES_PER_SECOND,
        )

    def commit() -> Pushed:
        try:
            info = HfApi().create_commit(
                target.repository,
                [*additions, *deletions],
                commit_message=message,
                parent_commit=remote.commit,
                create_pr=target.as_request,
                repo_type=target.kind,
                revision=target.branch,
            )
        except Exception:
            for addition in additions:
                addition._is_committed = False
            raise
        return Pushed(info.oid, changed, info.pr_url)

    def already_there() -> Pushed | None:
        if target.as_request:
            there = _same_request(target, files, obsolete)
            return Pushed(there, changed) if there else None
        now = find_remote(target)
        if not _difference(now, files, obsolete):
            return Pushed(now.commit, changed)
        if now.commit != remote.commit:
            raise overtaken(target.repository)
        return None

    return trying(target, commit, CALL_SECONDS, already_there)


def find_remote(target: Target, revision: str | None = None) -> Remote:
    """Ask what a branch holds; `Remote()` when there is no such repository or branch."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    def ask() -> Remote:
        try:
            info: Any = HfApi().repo_info(
                target.repository, repo_type=target.kind, revision=revision or target.branch, files_metadata=True
            )
        except GatedRepoError:
            raise
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            if error.response.status_code == 401:
                raise
            return Remote()
        files = {
            file.rfilename: frozenset(filter(None, (file.blob_id, file.lfs and file.lfs.sha256)))
            for file in info.siblings or []
        }
        return Remote(info.sha, files)

    return trying(target, ask, CALL_SECONDS)


def _difference(remote: Remote, files: Mapping[str, bytes | Path], obsolete: set[str]) -> tuple[str, ...]:
    """Return the paths that differ from what should be there."""
    written = [path for path, content in files.items() if not (remote.files.get(path, frozenset()) & _ids(content))]
    return (*sorted(written), *sorted(obsolete & set(remote.files)))


def _ids(content: bytes | Path) -> set[str]:
    data = content if isinstance(content, bytes) else content.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return {blob, hashlib.sha256(data).hexdigest()}


def _is_small_text(content: bytes | Path) -> bool:
    data = content if isinstance(content, bytes) else content.read_bytes()
    try:
        return len(data) < _SMALL_TEXT and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _check_is_ours(target: Target, remote: Remote) -> None:
    """Refuse a repository whose model no push wrote."""
    if "config.json" in remote.files and MANIFEST not in remote.files:
        raise PushError(
            f"“{target.repository}” holds a model that `train push` did not write. Give another repository or branch."
        )


def _published(target: Target, remote: Remote) -> list[str]:
    """Return the paths that the last push wrote, as its manifest says."""
    content = _remote_text(target, remote, MANIFEST)
    try:
        listed = json.loads(content or "{}")["files"]
        return [name for name in listed if name != CARD]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _remote_text(target: Target, remote: Remote, name: str) -> str | None:
    if name not in remote.files:
        return None
    from huggingface_hub import hf_hub_download

    def fetch() -> str:
        path = hf_hub_download(target.repository, name, repo_type=target.kind, revision=remote.commit)
        return Path(path).read_bytes().decode("utf-8", "replace")

    return trying(target, fetch, CALL_SECONDS)


def _create(target: Target, private: bool, variables: Mapping[str, str] | None) -> None:
    from huggingface_hub import HfApi

    more: dict[str, Any] = {}
    if target.kind == "space":
        more = {
            "space_sdk": "gradio",
            "space_variables": [{"key": k, "value": v} for k, v in (variables or {}).items()],
        }
    trying(
        target,
        lambda: HfApi().create_repo(
            target.repository, repo_type=target.kind, exist_ok=True, private=private or None, **more
        ),
        CALL_SECONDS,
    )
    if target.branch:
        branch = target.branch
        trying(
            target,
            lambda: HfApi().create_branch(target.repository, repo_type=target.kind, branch=branch, exist_ok=True),
            CALL_SECONDS,
        )


def _tag(target: Target, version: str, commit: str) -> None:
    """Name the commit after the bundle's version; a tag that is there already stays where it is."""
    from huggingface_hub import HfApi

    trying(
        target,
        lambda: HfApi().create_tag(target.repository, tag=version, revision=commit, exist_ok=True),
        CALL_SECONDS,
    )


def _same_request(target: Target, files: Mapping[str, bytes | Path], obsolete: set[str]) -> str | None:
    """Return the commit of a pull request that holds these very files already."""
    from huggingface_hub import HfApi

    refs = trying(target, lambda: HfApi().list_repo_refs(target.repository, include_pull_requests=True), CALL_SECONDS)
    for request in (refs.pull_requests or [])[-_PULL_REQUESTS:]:
        if not _difference(find_remote(target, request.ref), files, obsolete):
            return request.target_commit
    return None


def trying(
    target: Target,
    work: Callable[[], Result],
    seconds: float,
    already_there: Callable[[], Result | None] = lambda: None,
) -> Result:
    """Call `work` until it succeeds, a few times; `already_there` is asked after an error whether it did."""
    end = time.monotonic() + seconds
    for wait in (*WAITS, None):
        try:
            return within(max(0.0, end - time.monotonic()), MAX_JSON_BYTES, work)
        except Exception as error:
            told, asked_to_wait = explain_push(error, target.repository, target.branch)
            if isinstance(told, HubUnreachableError | OvertakenError) and (done := already_there()) is not None:
                return done
            pause = None if wait is None else max(wait, min(asked_to_wait, LONGEST_WAIT))
            if pause is None or not isinstance(told, HubUnreachableError) or time.monotonic() + pause >= end:
                raise told from error
            print(f"{told} Trying again.", file=sys.stderr)
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def check_name(option: str, name: str) -> None:
    """Raise `SettingsError` when a name cannot be one of a Hub repository."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        name_is_wrong = True
    else:
        name_is_wrong = name.count("/") != 1
    if name_is_wrong:
        raise SettingsError(f"{option} should be a Hub repository such as user/name. Received: {name[:100]}.")

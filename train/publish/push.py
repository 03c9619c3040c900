"""Publish a bundle on the Hub: which files, with which card, and under which version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from model.bundle import CARD, MANIFEST, load_bundle
from model.errors import SettingsError, VistazoError
from model.hub.cache import ids
from train.export.model_card import merge_card, model_card, told_by
from train.publish.commit import Content, Pushed, Remote, difference, find_remote, publish, remote_text
from train.publish.errors import PushError
from train.publish.retry import Target, trying
from train.report.gallery import without_images

_PAGE = "report/index.html"


def push_bundle(
    target: Target,
    directory: Path,
    *,
    licence: str | None = None,
    ask_licence: Callable[[], str | None] = lambda: None,
    dataset_name: str | None = None,
    private: bool = False,
    replace: bool = False,
    dry_run: bool = False,
) -> tuple[Pushed, str]:
    """Publish a bundle and tag the commit with its version, which is returned as well.

    Args:
        target: Where to.
        directory: The bundle.
        licence: The Hub's identifier of a licence; None to keep the one that is published.
        ask_licence: Called when neither names one; may return None.
        dataset_name: What the model was trained on; None to keep what is published.
        private: Make a new repository private.
        replace: Write over what somebody has changed since the last push.
        dry_run: Change nothing.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub does not answer as it should; push again later.
    """
    files, version = bundle_files(directory)
    remote = find_remote(target)
    _check_is_ours(target, remote)
    manifest = remote_text(target, remote, MANIFEST)
    obsolete = _listed(manifest) - set(files)
    if not replace and not target.as_request:
        _check_nothing_is_lost(target, remote, manifest, files, obsolete)
    published = remote_text(target, remote, CARD)
    told_licence, told_dataset = told_by(published)
    card = model_card(
        load_bundle(directory),
        repository=target.repository,
        licence=licence or told_licence or ask_licence(),
        dataset_name=dataset_name or told_dataset,
    )
    files[CARD] = merge_card(card, published).encode()
    pushed = publish(target, files, obsolete, f"Publish {version}", remote=remote, private=private, dry_run=dry_run)
    if not dry_run and not target.as_request and pushed.commit:
        _tag(target, version, pushed.commit)
    return pushed, version


def bundle_files(directory: Path) -> tuple[dict[str, Content], str]:
    """Return what is published of a bundle, but its card, by path in the repository; and its version.

    The manifest that is published leaves the card out, which people may edit on the Hub, and the report its
    images, which may show people who never agreed to that. The version is the beginning of that manifest's
    SHA-256: the same content always has the same one.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: A file that the manifest lists is missing.
    """
    load_bundle(directory)
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"].pop(CARD, None)
    missing = [name for name in manifest["files"] if not (directory / name).is_file()]
    if missing:
        raise PushError(f"“{directory / missing[0]}” is missing, but the manifest lists it. Write the bundle again.")
    hidden: dict[str, Content] = {}
    if (report := manifest["files"].get(_PAGE)) is not None:
        page = without_images((directory / _PAGE).read_bytes())
        report.update(sha256=hashlib.sha256(page).hexdigest(), size=len(page))
        hidden[_PAGE] = page
    listed = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    files: dict[str, Content] = {name: directory / name for name in sorted(manifest["files"])}
    return files | hidden | {MANIFEST: listed}, _version(listed)


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


def _version(manifest: bytes) -> str:
    return f"bundle-{hashlib.sha256(manifest).hexdigest()[:12]}"


def _check_is_ours(target: Target, remote: Remote) -> None:
    """Refuse a repository whose model no push wrote."""
    if "config.json" in remote.files and MANIFEST not in remote.files:
        raise PushError(
            f"“{target.repository}” holds a model that `train push` did not write. Give another repository or branch."
        )


def _check_nothing_is_lost(
    target: Target, remote: Remote, manifest: str | None, files: Mapping[str, Content], obsolete: set[str]
) -> None:
    """Refuse to write over a file that somebody has changed since the last push, whose commit has the tag."""
    if manifest is None:
        return
    base = find_remote(target, _version(manifest.encode()))
    if base.commit is None:  # a pull request was merged, or the push was interrupted before it set the tag
        return
    wanted = {path: ids(content) for path, content in files.items()}
    theirs = [path for path in difference(remote, wanted, obsolete) if remote.files.get(path) != base.files.get(path)]
    if theirs:
        raise PushError(
            f"Somebody has changed {', '.join(theirs)} in “{target.repository}” since the last push. Nothing was "
            f"overwritten. Look at commit {remote.commit}; then push with --replace, or to another --revision."
        )


def _listed(manifest: str | None) -> set[str]:
    """Return the paths that the last push wrote, as its manifest says."""
    try:
        return {name for name in json.loads(manifest or "{}")["files"] if name != CARD}
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()


def _tag(target: Target, version: str, commit: str) -> None:
    """Name the commit after the bundle's version; a tag that is there already stays where it is."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    def create() -> None:
        try:
            HfApi().create_tag(target.repository, tag=version, revision=commit)
        except HfHubHTTPError as error:
            if error.response.status_code != 409 or not is_there():
                raise

    def is_there() -> bool:
        return any(tag.name == version for tag in HfApi().list_repo_refs(target.repository).tags)

    try:
        trying(target, create)
    except VistazoError as error:
        raise type(error)(
            f"The model is published at commit {commit}, but has no tag yet. {error} Push again."
        ) from error

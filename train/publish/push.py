"""Publish a bundle on the Hub: which files, with which card, and under which version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.bundle import CARD, MANIFEST, load_bundle
from model.errors import SettingsError, VistazoError
from model.hub.contents import RepositoryContents
from train.export.model_card import merge_card, model_card, told_by
from train.publish.commit import Change, Content, Pushed, publish, published_text
from train.publish.errors import PushError
from train.publish.target import Target
from train.report.gallery import without_images

_PAGE = "report/index.html"


@dataclass(frozen=True)
class CardDetails:
    """What the card says that the bundle does not know.

    Attributes:
        licence: The Hub's identifier of a licence; None to keep the one that is published.
        ask_licence: Called when neither names one; may return None.
        dataset_name: What the model was trained on; None to keep what is published.
    """

    licence: str | None = None
    ask_licence: Callable[[], str | None] = lambda: None
    dataset_name: str | None = None


def push_bundle(
    target: Target, directory: Path, details: CardDetails, *, replace: bool = False, dry_run: bool = False
) -> tuple[Pushed, str]:
    """Publish a bundle and tag the commit with its version, which is returned as well.

    Args:
        target: Where to.
        directory: The bundle.
        details: For the card.
        replace: Write over what somebody has changed since the last push.
        dry_run: Change nothing.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    files, version = bundle_files(directory)
    current = target.contents()
    _check_is_ours(current)
    manifest = published_text(current, MANIFEST)
    obsolete = frozenset(_listed(manifest) - set(files))
    if manifest is not None and not replace and not target.as_pull_request:
        _check_nothing_is_lost(target, current, manifest, Change(files, obsolete))
    published = published_text(current, CARD)
    published_licence, published_dataset = told_by(published)
    card = model_card(
        load_bundle(directory),
        repository=target.repository,
        licence=details.licence or published_licence or details.ask_licence(),
        dataset_name=details.dataset_name or published_dataset,
    )
    files[CARD] = merge_card(card, published).encode()
    pushed = publish(target, Change(files, obsolete, f"Publish {version}"), current, dry_run=dry_run)
    if not dry_run and not target.as_pull_request and pushed.commit:
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


def _check_is_ours(current: RepositoryContents) -> None:
    """Refuse a repository whose model no push wrote."""
    if "config.json" in current.files and MANIFEST not in current.files:
        raise PushError(
            f"“{current.repository}” holds a model that `train push` did not write. Give another repository or branch."
        )


def _check_nothing_is_lost(target: Target, current: RepositoryContents, manifest: str, change: Change) -> None:
    """Refuse to write over a file that somebody has changed since the last push, whose commit has the tag."""
    base = target.contents(_version(manifest.encode()))
    if not base.commit:  # a pull request was merged, or the push was interrupted before it set the tag
        return
    theirs = [path for path in change.paths(current) if _ids(current, path) != _ids(base, path)]
    if theirs:
        raise PushError(
            f"Somebody has changed {', '.join(theirs)} in “{target.repository}” since the last push. Nothing was "
            f"overwritten. Look at commit {current.commit}; then push with --replace, or to another --revision."
        )


def _ids(contents: RepositoryContents, path: str) -> frozenset[str] | None:
    return contents.files[path].ids if path in contents.files else None


def _listed(manifest: str | None) -> set[str]:
    """Return the paths that the last push wrote, according to its manifest."""
    try:
        return {name for name in json.loads(manifest or "{}")["files"] if name != CARD}
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()


def _tag(target: Target, version: str, commit: str) -> None:
    """Name the commit after the bundle's version; a tag that exists already stays where it is."""
    from huggingface_hub import HfApi

    def create() -> bool:
        HfApi().create_tag(target.repository, tag=version, revision=commit)
        return True

    def exists() -> bool | None:
        refs = target.call(lambda: HfApi().list_repo_refs(target.repository))
        return any(tag.name == version for tag in refs.tags) or None

    try:
        target.call(create, already_done=exists)
    except VistazoError as error:
        raise type(error)(
            f"The model is published at commit {commit}, but has no tag yet. {error} Push again."
        ) from error

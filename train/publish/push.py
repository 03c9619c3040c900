"""Publish a bundle on the Hub: which files, with which card, and under which version."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.bundle import CARD, CONFIG, MANIFEST, load_bundle
from model.errors import SettingsError, VistazoError
from model.hub.address import parse_address
from model.hub.contents import RepositoryContents
from model.hub.download import other_model
from train.export.card_text import merge_card, read_card, told_by, told_space
from train.export.model_card import Publication, model_card
from train.publish.changes import (
    Change,
    Content,
    check_nothing_is_lost,
    check_visibility,
    last_push,
    manifest_of,
    print_card_problem,
    published_text,
)
from train.publish.commit import Pushed, publish
from train.publish.errors import PushError
from train.publish.target import Target, print_retry
from train.report.gallery import without_images
from train.report.predictions import PREDICTIONS
from train.report.write import REPORT

_PAGE = f"{REPORT}/index.html"
_ROWS = f"{REPORT}/{PREDICTIONS}"  # with the names of the evaluated images
_LIBRARY = "keras"
# A subset of what git allows: https://git-scm.com/docs/git-check-ref-format
_TAG = re.compile(r"\w[\w.+-]{0,99}", re.ASCII)
_OTHER_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".gguf", ".pkl", ".joblib")


@dataclass(frozen=True)
class CardDetails:
    """What the card says that the bundle does not know.

    Attributes:
        licence: The Hub's identifier of a licence; None to keep the one that is published.
        ask_licence: Called when neither names one; may return None.
        dataset_name: What the model was trained on; None to keep what is published.
        space: "user/name" of a Space that will serve the model; None to keep the one that is published.
    """

    licence: str | None = None
    ask_licence: Callable[[], str | None] = lambda: None
    dataset_name: str | None = None
    space: str | None = None


@dataclass(frozen=True)
class Release:
    """What a push calls the model that it publishes.

    Attributes:
        message: The commit's, whose first line becomes its title; None for "Publish" and the version.
        tag: A tag beside the version's own; None for none.

    Raises:
        SettingsError: The message is empty, or no tag can have this name.
    """

    message: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        if self.message is not None and not self.message.strip():
            raise SettingsError("--commit-message should be a sentence. Received: nothing.")
        if self.tag is not None and (not _TAG.fullmatch(self.tag) or ".." in self.tag or self.tag.endswith(".lock")):
            raise SettingsError(f"--tag should be a word such as v1.0, without spaces. Received: {self.tag[:100]}.")


def push_bundle(
    target: Target,
    directory: Path,
    details: CardDetails,
    release: Release | None = None,
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> tuple[Pushed, str]:
    """Publish a bundle and tag the commit with its version, which is returned as well.

    Args:
        target: Where to.
        directory: The bundle.
        details: For the card.
        release: The commit's message and tag; None for the usual ones.
        replace: Write over what somebody else has written or changed.
        dry_run: Change nothing.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: It may not be written, or somebody else's work would be lost.
        HubUnreachableError: The Hub gives no usable response; push again later.
    """
    files, version = bundle_files(directory)
    release = release or Release()
    current = target.contents()
    check_visibility(target, current)
    last, described = last_push(current), _with_card(target, current)
    published = published_text(described, CARD)
    if CONFIG not in (last or ()):  # no push, or the manifest of another program
        _check_library(current, published)
    obsolete = frozenset(set(last or ()) - set(files))
    if not replace and not target.as_pull_request:
        check_nothing_is_lost(target, current, Change(files, obsolete), last, published)
    print_card_problem(described, published)
    published_licence, published_dataset = told_by(published)
    licence = details.licence or published_licence or details.ask_licence()
    card = model_card(
        load_bundle(directory),
        Publication(
            target.repository,
            None if target.as_pull_request else version,
            licence,
            details.dataset_name or published_dataset,
            details.space or _published_space(published),
        ),
    )
    merged = merge_card(card, published)
    files[CARD] = merged.encode()
    title, _, rest = (release.message or "").strip().partition("\n")
    # The version is in every message, for `vistazo versions`.
    body = "\n\n".join(filter(None, (rest.strip(), f"Publish {version}"))) if title else ""
    change = Change(files, obsolete, title or f"Publish {version}", body)
    if release.tag:
        _check_tag(target, release.tag, None if change.paths(current) else current.commit)
    if not dry_run and CARD in change.paths(current):
        _check_card(target, merged, licence)
    pushed = publish(target, change, current, dry_run=dry_run)
    if not dry_run and not target.as_pull_request and pushed.commit:
        for tag in filter(None, (version, release.tag)):
            _tag(target, tag, pushed.commit)
    return pushed, version


def bundle_files(directory: Path) -> tuple[dict[str, Content], str]:
    """Return what is published of a bundle, but its card, by path in the repository; and its version.

    The manifest that is published leaves the card out, which people may edit on the Hub, and of the report the images
    and their names, which may show and name people who never agreed to that. The version is the beginning of that
    manifest's SHA-256: the same content always has the same one.

    Raises:
        BundleError: The bundle is damaged or incomplete.
        PushError: A file that the manifest lists is missing.
    """
    load_bundle(directory)
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    for name in (CARD, _ROWS):
        manifest["files"].pop(name, None)
    missing = [name for name in manifest["files"] if not (directory / name).is_file()]
    if missing:
        raise PushError(f"“{directory / missing[0]}” is missing, but the manifest lists it. Write the bundle again.")
    hidden: dict[str, Content] = {}
    if (report := manifest["files"].get(_PAGE)) is not None:
        page = without_images((directory / _PAGE).read_bytes())
        report.update(sha256=hashlib.sha256(page).hexdigest(), size=len(page))
        hidden[_PAGE] = page
    files: dict[str, Content] = {name: directory / name for name in sorted(manifest["files"])}
    files |= hidden
    files[MANIFEST] = listed = manifest_of(files, manifest)
    return files, f"bundle-{hashlib.sha256(listed).hexdigest()[:12]}"


def repository_name(option: str, text: str, kind: str = "model") -> str:
    """Return "user/name" of what was typed or pasted.

    Args:
        option: Its name on the command line.
        text: "user/name", or an address of the Hub.
        kind: "model" or "Space".

    Raises:
        SettingsError: It cannot be a repository's name, is the address of another kind, or names a revision.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    address = parse_address(text)
    try:
        validate_repo_id(address.repository if address else text)
    except HFValidationError:
        address = None
    if address is None:
        raise SettingsError(f"{option} should be a Hub repository such as user/name. Received: {text[:100]}.")
    is_plain = address.kind == "model" and "://" not in text
    if address.kind != kind and not is_plain:
        raise SettingsError(f"{option} should be a {kind}. “{text[:100]}” is the address of a {address.kind}.")
    if address.revision:
        raise SettingsError(
            f"{option} should be a repository without a revision. Received: {text[:100]}. "
            f"Give {address.repository}; --revision names a branch of the model."
        )
    return address.repository


def _with_card(target: Target, current: RepositoryContents) -> RepositoryContents:
    """Return where the published card is: of a new branch of a model that was pushed, in the default branch."""
    if target.branch and not current.commit:
        default = Target(target.repository).contents()
        if CONFIG in (last_push(default) or ()):
            return default
    return current


def _published_space(published: str | None) -> str | None:
    """Return the Space that a published card leads to, if there still is one."""
    space = told_space(published)
    return space if space and Target(space, kind="space").contents().commit else None


def _check_library(current: RepositoryContents, card: str | None) -> None:
    """Refuse a repository with the model of another library, which --replace would not take over either."""
    library = read_card(card).metadata.get("library_name", _LIBRARY)
    config = published_text(current, CONFIG)
    theirs = [path for path in current.files if path.endswith(_OTHER_WEIGHTS)]
    if config is not None and '"vistazo"' not in config:
        theirs.insert(0, CONFIG)
    if library != _LIBRARY:
        theirs.insert(0, f"{CARD}: library_name {str(library)[:40]}")
    if not theirs:
        return
    other = other_model(current, print_retry)
    kind = f", {other.what.partition(', which ')[0]}," if other else ""
    raise PushError(
        f"“{current.repository}” holds a model{kind} that `push` did not write ({', '.join(theirs[:3])}). "
        "Nothing was overwritten. Give another repository, or a new branch with --revision."
    )


def _check_card(target: Target, card: str, licence: str | None) -> None:
    """Let the Hub check the card, before anything is made for it."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session, hf_raise_for_status

    address, content = f"{constants.ENDPOINT}/api/validate-yaml", {"content": card, "repoType": target.kind}
    try:
        target.call(lambda: hf_raise_for_status(get_session().post(address, json=content)))
    except PushError as error:
        if licence is None:
            raise
        raise PushError(
            f"{error} Its licence is “{licence[:100]}”; --license takes the identifiers of "
            "https://huggingface.co/docs/hub/repositories-licenses. Nothing was published."
        ) from error


def _check_tag(target: Target, tag: str, commit: str | None) -> None:
    """Refuse a tag or branch that names another commit, before anything is written.

    Args:
        target: Where to.
        tag: The name.
        commit: What it should name; None where that is still to be made.
    """
    from huggingface_hub import HfApi

    if not Target(target.repository).contents().commit:
        return
    references = target.call(lambda: HfApi().list_repo_refs(target.repository))
    taken = {branch.name: branch.target_commit for branch in references.branches}
    if tag in taken:
        raise PushError(f"“{target.repository}” has a branch “{tag}”. Give --tag another name. Nothing was published.")
    taken = {other.name: other.target_commit for other in references.tags}
    if taken.get(tag, commit) != commit:
        raise PushError(
            f"The tag “{tag}” of “{target.repository}” stands for commit {taken[tag]} already. Nothing was published. "
            "Give --tag another name, or delete that tag on the Hub."
        )


def _tag(target: Target, name: str, commit: str) -> None:
    """Give the commit a name; a tag that exists already stays where it is."""
    from huggingface_hub import HfApi

    def create() -> bool:
        HfApi().create_tag(target.repository, tag=name, revision=commit)
        return True

    def exists() -> bool | None:
        refs = target.call(lambda: HfApi().list_repo_refs(target.repository))
        return any(tag.name == name for tag in refs.tags) or None

    try:
        target.call(create, already_done=exists)
    except VistazoError as error:
        raise type(error)(
            f"The model is published at commit {commit}, but has no tag “{name}” yet. {error} Push again."
        ) from error

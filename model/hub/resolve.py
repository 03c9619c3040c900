"""Find the bundle that a model name stands for: the embedded one, a directory, or a Hub repository.

The commit of a repository is resolved first, and every file is then fetched at that commit: files of two commits are
never mixed. Nothing counts as fetched before its checksums were compared; only then the cache's reference to the branch
is moved, so that an interrupted download leaves the commit before it in use. When the Hub fails, that copy is used, and
said to be one.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from model.command_names import command
from model.errors import ModelNotFoundError, OtherModelError, Sentence
from model.hub.address import parse_address
from model.hub.cache import cached_copy, is_complete
from model.hub.contents import list_contents
from model.hub.download import fetch_bundle, serving_files
from model.hub.retry import OnRetry
from model.other_models import KERAS_SUFFIXES, LITERT_SUFFIX

EMBEDDED = Path(__file__).parents[1] / "default"
EMBEDDED_NAME = "default"  # on a command line, where no directory has that name

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from.

    Attributes:
        directory: The bundle; that of a repository is validated, another is not yet.
        repository: "user/name", or None for a directory and for the embedded model.
        revision: Branch, tag or commit that was asked for; None for the repository's default branch.
        commit: The full commit hash that it stood for.
        note: A sentence for the user, when it is not quite what was asked for.
        licence: What the repository's card names; empty where it names none or was not asked.
    """

    directory: Path
    repository: str | None = None
    revision: str | None = None
    commit: str | None = None
    note: str | None = None
    licence: str = ""

    @property
    def title(self) -> str:
        """The model's name in a line of text; a directory is given without its parents."""
        if self.repository:
            at = f" at {self.revision}" if self.revision and self.revision != self.commit else ""
            return f"{self.repository}{at}, commit {self.commit}"
        return "the embedded model" if self.directory == EMBEDDED else self.directory.resolve().name


def repository_of(name: str | None) -> tuple[str, str | None] | None:
    """Return repository and revision when `name` can only be one of the Hub, else None.

    Raises:
        ModelNotFoundError: It is no directory, no name of a repository and not that of the embedded model.
    """
    if not name:
        return None
    directory = os.path.expanduser(name)  # noqa: PTH111  (Path.expanduser raises for unknown users)
    if os.path.isdir(directory) or name == EMBEDDED_NAME:  # noqa: PTH112  (Path.is_dir raises for names that are too long)
        return None
    if os.path.exists(directory):  # noqa: PTH110
        if name.lower().endswith((*KERAS_SUFFIXES, LITERT_SUFFIX)):
            convert = command("convert", shlex.quote(name), "--out", "my_bundle")
            kind = "a LiteRT file" if name.lower().endswith(LITERT_SUFFIX) else "a file of Keras"
            raise ModelNotFoundError(f"“{name}” is {kind}. Make a bundle of it: {convert}")
        raise ModelNotFoundError(f"“{name}” is a file. Give the bundle's directory.")
    if parse_address(name) is None:
        raise ModelNotFoundError(
            f"There is no directory “{name}”. Give a bundle's directory or a Hub repository such as user/name@revision."
        )
    return hub_repository(name)


def hub_repository(name: str) -> tuple[str, str | None]:
    """Return repository and revision of a name that has to be one of the Hub.

    Raises:
        ModelNotFoundError: It is none, or that of a data set or Space.
    """
    address = parse_address(name)
    if address is None:
        raise ModelNotFoundError(f"“{name[:100]}” is not a Hub repository. Give one such as user/name@revision.")
    if address.kind != "model":
        raise ModelNotFoundError(
            f"“{name}” is the address of a {address.kind}, not of a model. Give a model's repository such as user/name."
        )
    return address.repository, address.revision


def find_model(name: str | None, on_retry: OnRetry | None = None) -> ModelSource:
    """Find the bundle that a model name stands for; of a repository fetch the files that serving needs.

    Args:
        name: A directory, a Hub repository as "user/name", "user/name@revision" or the address of one of its pages;
            None, or "default" where no directory has that name, for the embedded model.
        on_retry: Called with a sentence before the Hub is asked again.

    Raises:
        HubUnreachableError: The Hub gives no usable response, and there is no copy on this machine.
        BundleError: There is no such directory or repository, it may not be read, or it holds no bundle.
    """
    repository = repository_of(name)
    if repository:
        return _pull(*repository, on_retry or (lambda _: None))
    if name and (name != EMBEDDED_NAME or os.path.isdir(name)):  # noqa: PTH112
        return ModelSource(Path(os.path.expanduser(name)))  # noqa: PTH111
    if not EMBEDDED.is_dir():
        raise ModelNotFoundError(_nothing_named())
    return ModelSource(EMBEDDED)


def _nothing_named() -> str:
    """Say what to set where a program was installed without the embedded model, as on a Space."""
    if space := os.environ.get("SPACE_ID"):
        return (
            "This Space does not say which model to serve: set the variable VISTAZO_MODEL at "
            f"https://huggingface.co/spaces/{space}/settings to a model's repository, such as user/name@revision."
        )
    return (
        "No model of yours is named, and none was installed with this program: give --model, or set VISTAZO_MODEL to "
        "a bundle's directory or a Hub repository such as user/name@revision."
    )


def resolve_model(name: str | None) -> Path:
    """Return the directory of the bundle that `name` stands for; see `find_model`. Its note is logged."""
    import logging

    source = find_model(name)
    if source.note:
        logging.getLogger("vistazo").warning("%s: %s", source.title, source.note)
    return source.directory


def newer_commit(source: ModelSource) -> str | None:
    """Ask the Hub, once, whether the source's branch or tag stands for another commit by now.

    Returns:
        The full hash of the new commit, or None: there is none, or the Hub cannot say.
    """
    commit = None
    if source.repository and source.revision != source.commit:
        commit = _commit_now(source.repository, source.revision)
    return commit if commit != source.commit else None


def is_available(name: str) -> bool:
    """Ask the Hub, once, whether it has a repository with the files of a bundle."""
    repository = repository_of(name)
    return repository is not None and _commit_now(*repository) is not None


def _commit_now(repository: str, revision: str | None) -> str | None:
    try:
        contents = list_contents(repository, revision)
        serving_files(contents)
    except ModelNotFoundError:
        return None
    return contents.commit


def _pull(repository: str, revision: str | None, on_retry: OnRetry) -> ModelSource:
    copy = cached_copy(repository, revision)
    if copy and revision and _COMMIT.fullmatch(revision) and is_complete(copy):
        return ModelSource(copy, repository, revision, revision)  # a commit never changes: nothing to ask
    try:
        contents = list_contents(repository, revision, on_retry)
        directory = fetch_bundle(contents, revision, on_retry)
    except ModelNotFoundError as error:
        if copy is None:
            if isinstance(error, OtherModelError):
                raise
            sentence = Sentence("{reason} There is no usable copy on this machine.", reason=error.sentence)
            raise type(error)(sentence) from error
        note = Sentence("Offline copy of commit {commit}. {reason}", commit=copy.name, reason=error.sentence)
        return ModelSource(copy, repository, revision, copy.name, note)
    return ModelSource(directory, repository, revision, contents.commit, licence=contents.licence)

"""Fetch the files of a Hub repository that serving needs, with the Hub's own client and cache."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.bundle import (
    LABELS,
    MANIFEST,
    MAX_JSON_BYTES,
    MAX_NETWORK_BYTES,
    METRICS,
    NETWORK,
    SERVING_FILES,
    damaged_files,
    load_bundle,
)
from model.errors import BundleError, HubUnreachableError, ModelNotFoundError
from model.hub.cache import ids, remember, remove_abandoned
from model.hub.errors import explain
from model.hub.http import LONGEST_WAIT, REQUEST_SECONDS, within
from model.labels import MAX_LABELS_BYTES, MAX_LANGUAGES, language_of

Result = TypeVar("Result")

# Four tries outlast three failures in a row; after the last one the person is told.
WAITS = (0.5, 1.0, 2.0)
# Asking for the commit and the list of files, all tries together.
ASK_SECONDS = 20.0
# Fetching the files: this long, and what a slow line of this speed takes for them.
DOWNLOAD_SECONDS, SLOWEST_BYTES_PER_SECOND = 30.0, 100_000
_ROOM_TO_SPARE = 16 * 2**20
_KERAS_SUFFIXES = (".keras", ".h5", ".hdf5", "saved_model.pb")


@dataclass(frozen=True)
class Listing:
    """What the Hub says about one commit of a repository.

    Attributes:
        repository: "user/name".
        commit: The full commit hash.
        sizes: The files that serving needs, with their sizes in bytes; None where the Hub does not tell.
        manifest: What the Hub knows the manifest by: its git blob id, or SHA-256; nothing where it does not tell.
    """

    repository: str
    commit: str
    sizes: dict[str, int | None]
    manifest: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Contents:
    """All files of one commit, and what the Hub says about them.

    Attributes:
        commit: The full commit hash.
        sizes: Path → size in bytes; None where the Hub does not tell.
        ids: Path → git blob id, and SHA-256 of a large file; nothing where the Hub does not tell.
    """

    commit: str
    sizes: dict[str, int | None]
    ids: dict[str, frozenset[str]]


def ask(repository: str, revision: str | None, on_trouble: Callable[[str], object] | None = None) -> Listing:
    """Ask the Hub which commit a revision stands for, and which files of it serving needs; see `contents_of`.

    Raises:
        HubUnreachableError: No good answer in `ASK_SECONDS`.
        ModelNotFoundError: There is no such repository or revision, it may not be read, or it holds no bundle.
    """
    contents = contents_of(repository, revision, on_trouble)
    needed = _needed(repository, contents.commit, contents.sizes)
    return Listing(repository, contents.commit, needed, contents.ids[MANIFEST])


def contents_of(repository: str, revision: str | None, on_trouble: Callable[[str], object] | None = None) -> Contents:
    """Ask the Hub which commit a revision stands for, and which files it has.

    Args:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        on_trouble: Called with a sentence before each further try; without it there is one try.

    Raises:
        HubUnreachableError: No good answer in `ASK_SECONDS`.
        ModelNotFoundError: There is no such repository or revision, or it may not be read.
    """
    from huggingface_hub import HfApi  # here: it takes a quarter of a second, and the embedded model does without
    from huggingface_hub.hf_api import RepoFile

    def info() -> Any:
        return HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=REQUEST_SECONDS)

    def asking(question: Callable[[], Result]) -> Result:
        def once(left: float) -> Result:
            return within(min(left, ASK_SECONDS / 2), MAX_JSON_BYTES, question)  # an answer that drips is left

        return _trying(once, ASK_SECONDS, repository, revision, on_trouble)

    answer = asking(info)
    if not answer.sha:
        raise ModelNotFoundError(f"“{repository}” has no commit yet. Publish a bundle there with `train push`.")

    def tree() -> list[Any]:
        entries = HfApi().list_repo_tree(repository, recursive=True, revision=answer.sha)
        return [entry for entry in entries if isinstance(entry, RepoFile)]

    files = answer.siblings
    if files is None:  # the list of files may be left out of the answer
        files = asking(tree)
    return Contents(
        answer.sha,
        {file.rfilename: file.size for file in files},
        {file.rfilename: frozenset(filter(None, (file.blob_id, file.lfs and file.lfs.sha256))) for file in files},
    )


def download(listing: Listing, revision: str | None, on_trouble: Callable[[str], object]) -> Path:
    """Fetch what is not in the cache yet, repair what is damaged there, and validate the bundle.

    Args:
        listing: What to fetch.
        revision: What was asked for: the cache will remember which commit it stood for.
        on_trouble: Called with a sentence before each further try.

    Returns:
        The bundle's directory, in the Hub client's cache.

    Raises:
        HubUnreachableError: The files did not arrive.
        ModelNotFoundError: They may not be read, do not fit on the disk, or are no valid bundle.
    """
    from huggingface_hub import hf_hub_download

    repository, commit = listing.repository, listing.commit
    _check_room(listing)
    total = sum(size or 0 for size in listing.sizes.values())
    end = time.monotonic() + DOWNLOAD_SECONDS + total / SLOWEST_BYTES_PER_SECOND

    def fetch(name: str, force: bool = False) -> Path:
        size = listing.sizes.get(name)
        limit = _largest(name) if size is None else size + 1024

        def get() -> str:
            return hf_hub_download(
                repository, name, revision=commit, force_download=force, etag_timeout=REQUEST_SECONDS
            )

        def once(left: float) -> str:
            return within(min(left, DOWNLOAD_SECONDS / 2 + (size or 0) / SLOWEST_BYTES_PER_SECOND), limit, get)

        return Path(_trying(once, max(0.0, end - time.monotonic()), repository, revision, on_trouble, name))

    directory = [fetch(name) for name in listing.sizes][-1].parent
    remove_abandoned(directory.parents[1])
    try:
        _repair(directory, listing.manifest, lambda name: fetch(name, force=True))
        load_bundle(directory)
    except ModelNotFoundError:
        raise
    except BundleError as error:
        text = str(error).replace(f"{directory}{os.sep}", "").replace(str(directory), repository)
        raise ModelNotFoundError(f"“{repository}” at commit {commit} holds no usable bundle: {text}") from error
    remember(directory, revision)
    return directory


def fetch_apart(
    repository: str,
    commit: str,
    name: str,
    size: int,
    folder: Path,
    seconds: float,
    on_trouble: Callable[[str], object] | None = None,
) -> Path:
    """Fetch one file of a commit to a folder of its own, past the cache.

    Args:
        repository: "user/name".
        commit: The full commit hash.
        name: Its path in the repository.
        size: Its size in bytes; no more is taken.
        folder: Where to put it.
        seconds: How long it may take.
        on_trouble: Called with a sentence before each further try; without it there is one try.

    Raises:
        HubUnreachableError: It did not arrive.
        ModelNotFoundError: It is not there, may not be read, or does not fit on the disk.
    """
    from huggingface_hub import hf_hub_download

    def get() -> str:
        return hf_hub_download(repository, name, revision=commit, local_dir=folder, etag_timeout=REQUEST_SECONDS)

    return Path(_trying(lambda left: within(left, size + 1024, get), seconds, repository, commit, on_trouble, name))


def _trying(
    work: Callable[[float], Result],
    seconds: float,
    repository: str,
    revision: str | None,
    on_trouble: Callable[[str], object] | None,
    name: str | None = None,
) -> Result:
    """Call `work` with the seconds left until it succeeds; a few times, and only where another try may help."""
    end = time.monotonic() + seconds
    for wait in (*WAITS, None) if on_trouble else (None,):
        try:
            return work(max(0.0, end - time.monotonic()))
        except Exception as error:
            told, asked_to_wait = explain(error, repository, revision, name)
            pause = None if wait is None else max(wait, min(asked_to_wait, LONGEST_WAIT))
            if pause is None or not isinstance(told, HubUnreachableError) or time.monotonic() + pause >= end:
                raise told from error
            if on_trouble:
                on_trouble(told.sentence)
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _needed(repository: str, commit: str, sizes: dict[str, int | None]) -> dict[str, int | None]:
    """Choose the files that serving needs, and refuse what cannot be served before a byte of it is fetched."""
    at = f"“{repository}” at commit {commit}"
    keras = [name for name in sorted(sizes) if name.endswith(_KERAS_SUFFIXES)]
    for name in SERVING_FILES:
        if name in sizes:
            continue
        if keras and NETWORK not in sizes:
            raise ModelNotFoundError(
                f"{at} holds only a Keras model ({keras[0]}), which is never opened here. Make a bundle of it: "
                f"{_how_to_convert(repository, commit, keras)}"
            )
        raise ModelNotFoundError(f"{at} holds no bundle: {name} is missing. Publish one with `train push`.")
    languages = [name for name in sorted(sizes) if language_of(name)]
    if len(languages) > MAX_LANGUAGES:
        raise ModelNotFoundError(f"{at} has labels in {len(languages)} languages; the limit is {MAX_LANGUAGES}.")
    needed = {name: sizes[name] for name in (*SERVING_FILES, METRICS, *languages) if name in sizes}
    for name, size in needed.items():
        if size is not None and size > _largest(name):
            raise ModelNotFoundError(
                f"{at}: {name} has {size:,} bytes; the limit is {_largest(name):,}. It was not fetched."
            )
    return needed


def _how_to_convert(repository: str, commit: str, keras: Sequence[str]) -> str:
    """Return the commands that make a bundle of a Keras model; one that has to be chosen is fetched first."""
    if len(keras) == 1 and "/" not in keras[0] and keras[0] != "saved_model.pb":
        return f"python -m train convert {repository}@{commit} --out my_bundle"
    folder = repository.partition("/")[2]
    model = folder if "model.weights.h5" in keras else f"{folder}/{keras[0]}"
    return f"hf download {repository} --local-dir {folder} && python -m train convert {model} --out my_bundle"


def _largest(name: str) -> int:
    if name == NETWORK:
        return MAX_NETWORK_BYTES
    return MAX_LABELS_BYTES if name == LABELS or language_of(name) else MAX_JSON_BYTES


def _check_room(listing: Listing) -> None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    missing = sum(
        size or 0
        for name, size in listing.sizes.items()
        if not isinstance(try_to_load_from_cache(listing.repository, name, revision=listing.commit), str)
    )
    cache = Path(HF_HUB_CACHE)
    existing = next(path for path in (cache, *cache.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if missing and missing + _ROOM_TO_SPARE > free:
        raise ModelNotFoundError(
            f"“{listing.repository}” needs {(missing + _ROOM_TO_SPARE) / 1e6:,.0f} MB of disk and “{cache}” has "
            f"{free / 1e6:,.0f} MB left. Free some, or set HF_HOME to another place."
        )


def _repair(directory: Path, manifest: frozenset[str], fetch_again: Callable[[str], Path]) -> None:
    """Fetch files that do not match the manifest once more, the manifest itself before them."""
    if not _damaged(directory) and not (manifest and manifest.isdisjoint(ids(directory / MANIFEST))):
        return
    fetch_again(MANIFEST)
    for name in _damaged(directory):
        fetch_again(name)


def _damaged(directory: Path) -> Sequence[str]:
    try:
        return damaged_files(directory)
    except BundleError:
        return [MANIFEST]

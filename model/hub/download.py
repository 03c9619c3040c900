"""Fetch the files of a Hub repository that serving needs, with the Hub's own client and cache."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from model.bundle import (
    CONFIG,
    LABELS,
    MANIFEST,
    MAX_JSON_BYTES,
    MAX_NETWORK_BYTES,
    NETWORK,
    OPTIONAL_FILES,
    SERVING_FILES,
    load_bundle,
)
from model.command_names import command
from model.errors import BundleError, DamagedFileError, ModelNotFoundError, OtherModelError, Sentence
from model.hub.cache import remove_abandoned, save_reference
from model.hub.contents import HubFile, RepositoryContents, content_ids
from model.hub.errors import describe_error
from model.hub.http import REQUEST_SECONDS, Budget
from model.hub.retry import OnRetry, call_hub
from model.labels import MAX_LABELS_BYTES, MAX_LANGUAGES, language_of
from model.other_models import OtherModel, Place, identify_model
from model.presentation import EXAMPLES, MAX_EXAMPLE_BYTES, example_files
from model.statistics import MAX_STATISTICS_BYTES, STATISTICS

# For all files and attempts together: this long, and what a slow line of this speed takes for them.
DOWNLOAD_SECONDS, SLOWEST_BYTES_PER_SECOND = 30.0, 100_000
_SPARE_BYTES = 16 * 2**20


def fetch_bundle(contents: RepositoryContents, revision: str | None, on_retry: OnRetry) -> Path:
    """Fetch what is not in the cache yet or damaged there, and validate the bundle.

    Args:
        contents: The commit to fetch.
        revision: What was asked for: the cache will remember which commit it stood for.
        on_retry: Called with a sentence before each further attempt.

    Returns:
        The bundle's directory, in the Hub client's cache.

    Raises:
        HubUnreachableError: The files did not arrive.
        OtherModelError: The repository holds no bundle.
        ModelNotFoundError: They may not be read, do not fit on the disk, or are no valid bundle.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    files = require_bundle(contents, on_retry)
    cached = [try_to_load_from_cache(file.repository, file.name, revision=file.commit) for file in files]
    missing = [file for file, path in zip(files, cached, strict=True) if not isinstance(path, str)]
    check_disk(missing, Path(HF_HUB_CACHE), "HF_HOME")
    end = time.monotonic() + _seconds(sum(file.size or 0 for file in files))
    paths = [fetch_file(file, end - time.monotonic(), on_retry) for file in files]
    directory = paths[0].parent
    remove_abandoned(directory.parents[1])
    try:
        load_bundle(directory)
    except BundleError as error:
        text = str(error).replace(f"{directory}{os.sep}", "").replace(str(directory), contents.repository)
        raise ModelNotFoundError(
            f"“{contents.repository}” at commit {contents.commit} holds no usable bundle: {text}"
        ) from error
    save_reference(directory, revision)
    return directory


def fetch_file(
    file: HubFile, seconds: float | None = None, on_retry: OnRetry | None = None, *, folder: Path | None = None
) -> Path:
    """Fetch one file of a commit and compare its checksum; one that is damaged is fetched once more.

    The client compares sizes only, and nothing at all of a file that is in its cache.

    Args:
        file: Which.
        seconds: For all attempts together; None for what a slow line takes.
        on_retry: Called with a sentence before each further attempt; None for a single attempt.
        folder: Where to put it, past the cache; None for the client's cache.

    Raises:
        DamagedFileError: It arrived damaged, twice.
        HubUnreachableError: It did not arrive.
        ModelNotFoundError: It does not exist, may not be read, or does not fit on the disk.
    """
    from huggingface_hub import hf_hub_download

    def fetch(force: bool) -> str:
        return hf_hub_download(
            file.repository,
            file.name,
            repo_type=file.kind,
            revision=file.commit,
            local_dir=folder,
            force_download=force,
            etag_timeout=REQUEST_SECONDS,
        )

    end = time.monotonic() + (_seconds(file.size) if seconds is None else seconds)
    # What is fetched past the cache goes to a temporary folder, whose name says nothing.
    place = folder.parent if folder else None
    describe = partial(describe_error, repository=file.repository, revision=file.commit, name=file.name, folder=place)
    for force in (False, True):
        budget = Budget(
            max(0.0, end - time.monotonic()),
            _seconds(file.size) - DOWNLOAD_SECONDS / 2,
            _max_bytes(file.name) if file.size is None else file.size + 1024,
        )
        path = Path(call_hub(partial(fetch, force), budget, describe, on_retry))
        if not file.ids or file.ids & content_ids(path):
            return path
    raise DamagedFileError(  # a proxy or a bad line: what is in the repository may be right
        Sentence(
            "“{file}” of “{name}” arrived damaged (commit {commit}).",
            file=file.name,
            name=file.repository,
            commit=file.commit,
        )
    )


def serving_files(contents: RepositoryContents) -> list[HubFile]:
    """Return the files that serving needs.

    Raises:
        OtherModelError: The repository holds no bundle.
        ModelNotFoundError: It holds one that is too large, known before a byte is fetched.
    """
    at = f"“{contents.repository}” at commit {contents.commit}"
    missing = [name for name in SERVING_FILES if name not in contents.files]
    if missing:
        publish = command("push", "my_bundle", contents.repository)
        raise OtherModelError(f"{at} holds no bundle: {missing[0]} is missing. Publish one with `{publish}`.")
    languages = [name for name in sorted(contents.files) if language_of(name)]
    if len(languages) > MAX_LANGUAGES:
        raise ModelNotFoundError(f"{at} has labels in {len(languages)} languages; the limit is {MAX_LANGUAGES}.")
    files = contents.files
    examples = [name for name in example_files(files) if (files[name].size or 0) <= MAX_EXAMPLE_BYTES]
    needed = [files[name] for name in (*SERVING_FILES, *OPTIONAL_FILES, *languages, *examples) if name in files]
    for file in needed:
        limit = _max_bytes(file.name)
        if file.size is not None and file.size > limit:
            raise ModelNotFoundError(
                f"{at}: {file.name} has {file.size:,} bytes; the limit is {limit:,}. It was not fetched."
            )
    return needed


def require_bundle(contents: RepositoryContents, on_retry: OnRetry | None = None) -> list[HubFile]:
    """Return the files that serving needs; where there is no bundle, the error says what there is instead.

    Raises:
        HubUnreachableError: What there is cannot be looked at.
        OtherModelError: The repository holds no bundle.
        ModelNotFoundError: It holds one that is too large.
    """
    try:
        return serving_files(contents)
    except OtherModelError as error:
        is_incomplete_bundle = {NETWORK, MANIFEST} <= contents.files.keys()
        other = None if is_incomplete_bundle else other_model(contents, on_retry)
        if other is None:
            raise
        raise OtherModelError(
            f"“{contents.repository}” at commit {contents.commit} holds {other.what}: {other.advice}."
        ) from error


def other_model(contents: RepositoryContents, on_retry: OnRetry | None = None) -> OtherModel | None:
    """Say what a repository without a bundle holds; of its files, config.json alone is fetched.

    Raises:
        HubUnreachableError: config.json did not arrive.
        ModelNotFoundError: It may not be read, or does not fit on the disk.
    """
    config: object = None
    file = contents.files.get(CONFIG)
    if file and (file.size or 0) <= MAX_JSON_BYTES:
        with contextlib.suppress(ValueError, RecursionError):
            config = json.loads(fetch_file(file, on_retry=on_retry).read_text(encoding="utf-8"))
    place = Place(contents.repository, contents.commit)
    return identify_model(place, contents.files, config if isinstance(config, dict) else {})


def _seconds(size: int | None) -> float:
    return DOWNLOAD_SECONDS + (size or 0) / SLOWEST_BYTES_PER_SECOND


def _max_bytes(name: str) -> int:
    if name == NETWORK:
        return MAX_NETWORK_BYTES
    if name == STATISTICS:
        return MAX_STATISTICS_BYTES
    if name.startswith(f"{EXAMPLES}/"):
        return MAX_EXAMPLE_BYTES
    return MAX_LABELS_BYTES if name == LABELS or language_of(name) else MAX_JSON_BYTES


def check_disk(files: Sequence[HubFile], folder: Path, variable: str) -> None:
    """Refuse what will not fit before any of it is fetched; the client would only warn.

    Args:
        files: What will be fetched.
        folder: Where to; it need not exist.
        variable: The environment variable that names another place.

    Raises:
        ModelNotFoundError: There is not enough room on the disk.
    """
    needed = sum(file.size or 0 for file in files) + _SPARE_BYTES
    free = shutil.disk_usage(next(path for path in (folder, *folder.absolute().parents) if path.exists())).free
    if files and needed > free:
        raise ModelNotFoundError(
            f"“{files[0].repository}” needs {needed / 1e6:,.0f} MB of disk and “{folder}” has {free / 1e6:,.0f} MB "
            f"left. Free some, or set {variable} to another place."
        )

"""Fetch a data set of the Hub: image files, an archive or Parquet, at one commit. Its loading script is never run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from model.errors import DataError
from model.hub.contents import HubFile, RepositoryContents, read_contents
from model.hub.download import check_disk, fetch_file
from model.hub.errors import describe_error
from model.hub.http import Budget, configure_client
from model.hub.retry import call_hub
from train.data.archive import SUFFIXES
from train.data.image_files import is_image_name

_CONTENTS_SECONDS = 120.0
_CONTENTS_BYTES = 512 * 2**20  # a data set may have a million files
_AT_ONCE = 8
_TABLES = (".jsonl", ".csv", ".tsv")


def fetch_repository(repository: str, revision: str | None) -> tuple[str, Path, list[str]]:
    """Fetch the files of a data set that hold its images and labels, into the Hub client's cache.

    Args:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.

    Returns:
        The full commit hash, the folder of that commit, and the paths of the files in it.

    Raises:
        DataError: It holds no images in a form that is read.
        ModelNotFoundError: There is no such repository or revision, or it may not be read.
        HubUnreachableError: The Hub fails.
    """
    configure_client()
    contents = call_hub(
        lambda: read_contents(repository, revision, "dataset"),
        Budget(_CONTENTS_SECONDS, _CONTENTS_SECONDS / 2, _CONTENTS_BYTES),
        partial(describe_error, repository=repository, revision=revision),
        _say,
    )
    files = wanted_files(contents)
    paths = _fetch(files)
    depth = len(PurePosixPath(files[0].name).parts)
    return contents.commit, paths[0].parents[depth - 1], [file.name for file in files]


def wanted_files(contents: RepositoryContents) -> list[HubFile]:
    """Choose the files to fetch: images with their tables, else Parquet, else one archive.

    Raises:
        DataError: There is none of these.
    """
    visible = {
        name: file
        for name, file in sorted(contents.files.items())
        if not any(part.startswith(".") for part in PurePosixPath(name).parts)
    }
    images = [file for name, file in visible.items() if is_image_name(name)]
    if images:
        return images + [file for name, file in visible.items() if name.lower().endswith(_TABLES)]
    parquet = [file for name, file in visible.items() if name.lower().endswith(".parquet")]
    archives = [file for name, file in visible.items() if name.lower().endswith(SUFFIXES)]
    if parquet or len(archives) == 1:
        return parquet or archives
    where = f"The data set “{contents.repository}”"
    if archives:
        raise DataError(f"{where} holds {len(archives)} archives. Fetch and unpack them, and give the folder.")
    if any(name.endswith(".py") for name in visible):
        raise DataError(
            f"{where} has its own loading script, which is never run, and no images beside it. Name a revision with "
            "image files or Parquet, such as @refs/convert/parquet, or another data set."
        )
    raise DataError(f"{where} holds no image files, no Parquet and no archive of images. Name another data set.")


def _fetch(files: Sequence[HubFile]) -> list[Path]:
    """Return the paths of files in the cache; those that are missing are fetched, several at a time."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE

    found = {
        file.name: try_to_load_from_cache(file.repository, file.name, revision=file.commit, repo_type=file.kind)
        for file in files
    }
    missing = [file for file in files if not isinstance(found[file.name], str)]
    check_disk(missing, Path(HF_HUB_CACHE), "HF_HOME")
    progress = tqdm(total=len(missing), desc="fetching", unit="file", leave=False, disable=None)

    def fetch(file: HubFile) -> Path:
        path = fetch_file(file, on_retry=_say)
        progress.update()
        return path

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        fetched = dict(zip([file.name for file in missing], pool.map(fetch, missing), strict=True))
    finally:
        pool.shutdown(cancel_futures=True)
        progress.close()
    return [fetched.get(file.name) or Path(str(found[file.name])) for file in files]


def _say(sentence: str) -> None:
    print(f"{sentence} Trying again.", file=sys.stderr)

"""Download an older Keras model from the Hub: the files that `vistazo convert` reads, and no others."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from model.bundle import MAX_JSON_BYTES, MAX_NETWORK_BYTES
from model.errors import ModelNotFoundError, OtherModelError
from model.hub.contents import HubFile, RepositoryContents, list_contents
from model.hub.download import check_disk, fetch_file, other_model
from model.hub.resolve import repository_of
from model.other_models import KERAS_SUFFIXES, LABEL_FILES, LITERT_SUFFIX, convertible_files
from train.convert.archive import unpack_model
from train.data.data_set import listed

_BESIDE = ("config.json", "architecture.json", *LABEL_FILES)


@contextlib.contextmanager
def local_model(name: str) -> Iterator[Path]:
    """Yield the path of an older model; a copy of one on the Hub or in a zip is made first, and removed at the end.

    Args:
        name: A file, a zip of one, a directory, or "user/name" or "user/name@revision" of a Hub repository.

    Raises:
        HubUnreachableError: The Hub cannot be reached, or fails.
        ModelNotFoundError: The repository does not exist, may not be read, or contains no older model.
    """
    if "://" not in name and Path(name).suffix.lower() == ".zip" and Path(name).is_file():
        with tempfile.TemporaryDirectory(prefix="vistazo-") as folder:
            directory = Path(folder) / (Path(name).stem or "model")
            directory.mkdir()
            unpack_model(Path(name), directory)
            yield directory
        return
    is_file_name = "://" not in name and Path(name).suffix.lower() in (*KERAS_SUFFIXES, LITERT_SUFFIX, ".json")
    if is_file_name or os.path.exists(name):  # noqa: PTH110  (as in model/hub/resolve.py)
        yield Path(name)
        return
    try:
        found = repository_of(name)
    except ModelNotFoundError:
        if "://" in name:
            raise
        found = None
    if found is None:
        yield Path(name)  # `find_source` explains what the file should be
        return
    repository, revision = found
    try:
        contents = list_contents(repository, revision, _say)
    except ModelNotFoundError as error:
        raise type(error)(f"There is no file or directory “{name}”. {error}") from error
    with tempfile.TemporaryDirectory(prefix="vistazo-") as folder:
        directory = Path(folder) / repository.partition("/")[2]
        _fetch(contents, directory)
        yield directory


def _fetch(contents: RepositoryContents, directory: Path) -> None:
    needed = _needed(contents)
    directory.mkdir()
    check_disk(needed, Path(tempfile.gettempdir()), "TMPDIR")
    names = [file.name for file in needed]
    print(f"Downloading {listed(names, 5)} of “{contents.repository}” …", file=sys.stderr)
    for file in needed:
        fetch_file(file, on_retry=_say, folder=directory)


def _needed(contents: RepositoryContents) -> list[HubFile]:
    """Choose the files to download; raises `ModelNotFoundError` where they could not be converted."""
    at = f"“{contents.repository}” at commit {contents.commit}"
    other = other_model(contents, _say)
    if other is not None and not other.is_convertible:
        raise OtherModelError(f"{at} holds {other.what}: {other.advice}.")
    root = [name for name in sorted(contents.files) if "/" not in name]
    models = convertible_files(root)
    if "config.json" in root and "model.weights.h5" in root:
        models = ["model.weights.h5"]
    if other is None:
        raise OtherModelError(f"{at} contains no .keras, .h5 or .tflite file. Name another repository.")
    if len(models) != 1:
        what = f"several models ({listed(models, 5)})" if models else "its model in a folder"
        raise ModelNotFoundError(f"{at} contains {what}: {other.advice}.")
    needed = [contents.files[name] for name in (*models, *(name for name in _BESIDE if name in root))]
    for file in needed:
        limit = _max_bytes(file.name)
        if file.size is not None and file.size > limit:
            raise ModelNotFoundError(
                f"{at}: {file.name} has {file.size:,} bytes; the limit is {limit:,}. It was not downloaded."
            )
    return [file if file.size is not None else replace(file, size=_max_bytes(file.name)) for file in needed]


def _max_bytes(name: str) -> int:
    return MAX_JSON_BYTES if name in _BESIDE else MAX_NETWORK_BYTES


def _say(sentence: str) -> None:
    print(f"{sentence} Trying again.", file=sys.stderr)

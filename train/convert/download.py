"""Download an older Keras model from the Hub: the files that `train convert` reads, and no others."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.bundle import MAX_JSON_BYTES, MAX_NETWORK_BYTES
from model.errors import ModelNotFoundError
from model.hub.cache import ids
from model.hub.download import DOWNLOAD_SECONDS, SLOWEST_BYTES_PER_SECOND, Contents, contents_of, fetch_apart
from model.hub.resolve import repository_of
from train.convert.labels import NAMES
from train.data.loading import listed

_WHOLE, _WEIGHTS = (".keras",), (".h5", ".hdf5")
_BESIDE = ("config.json", "architecture.json", *NAMES)


@contextlib.contextmanager
def local_model(name: str) -> Iterator[Path]:
    """Yield the path of an older model; one on the Hub is downloaded first, and removed at the end.

    Args:
        name: A file, a directory, or "user/name" or "user/name@revision" of a Hub repository.

    Raises:
        HubUnreachableError: The Hub cannot be reached, or fails.
        ModelNotFoundError: The repository does not exist, may not be read, or contains no older model.
    """
    if os.path.exists(name) or Path(name).suffix.lower() in (*_WHOLE, *_WEIGHTS, ".json"):  # noqa: PTH110  (as in model/hub/resolve.py)
        yield Path(name)
        return
    try:
        repository, revision = repository_of(name) or ("", None)
    except ModelNotFoundError:
        yield Path(name)  # `find_source` explains what the file should be
        return
    try:
        contents = contents_of(repository, revision, _say)
    except ModelNotFoundError as error:
        raise type(error)(f"There is no file or directory “{name}”. {error}") from error
    with tempfile.TemporaryDirectory(prefix="vistazo-") as folder:
        directory = Path(folder) / repository.partition("/")[2]
        _fetch(repository, contents, directory)
        yield directory


def _fetch(repository: str, contents: Contents, directory: Path) -> None:
    wanted = _wanted(f"“{repository}” at commit {contents.commit}", contents.sizes)
    directory.mkdir()
    total = sum(size or 0 for size in wanted.values())
    if total > (free := shutil.disk_usage(directory).free):
        raise ModelNotFoundError(
            f"“{repository}” needs {total / 1e6:,.0f} MB of disk and “{tempfile.gettempdir()}” has "
            f"{free / 1e6:,.0f} MB left. Free some, or set TMPDIR to another place."
        )
    print(f"Downloading {listed(list(wanted), 5)} of “{repository}” …", file=sys.stderr)
    for name, size in wanted.items():
        seconds = DOWNLOAD_SECONDS + (size or 0) / SLOWEST_BYTES_PER_SECOND
        limit = _max_bytes(name) if size is None else size
        for _ in range(2):  # the client checks only the size of what it receives
            path = fetch_apart(repository, contents.commit, name, limit, directory, seconds, _say)
            if not contents.ids[name] or ids(path) & contents.ids[name]:
                break
            path.unlink()
        else:
            raise ModelNotFoundError(f"“{name}” of “{repository}” arrives damaged each time. Try again later.")


def _wanted(at: str, sizes: dict[str, int | None]) -> dict[str, int | None]:
    """Choose the files to download; raises `ModelNotFoundError` where they could not be converted."""
    root = [name for name in sorted(sizes) if "/" not in name]
    whole = [name for name in root if name.lower().endswith(_WHOLE)]
    models = whole or [name for name in root if name.lower().endswith(_WEIGHTS)]
    if "config.json" in root and "model.weights.h5" in root:
        models = ["model.weights.h5"]
    if not models:
        saved = " It contains a SavedModel, which may contain code." if "saved_model.pb" in sizes else ""
        raise ModelNotFoundError(f"{at} contains no .keras and no .h5 file.{saved} Name another repository.")
    if len(models) > 1:
        raise ModelNotFoundError(
            f"{at} contains several models ({listed(models, 5)}). Download it with `hf download`, and name one of them."
        )
    wanted = {name: sizes[name] for name in (*models, *(name for name in _BESIDE if name in root))}
    for name, size in wanted.items():
        if size is not None and size > _max_bytes(name):
            raise ModelNotFoundError(
                f"{at}: {name} has {size:,} bytes; the limit is {_max_bytes(name):,}. It was not downloaded."
            )
    return wanted


def _max_bytes(name: str) -> int:
    return MAX_JSON_BYTES if name in _BESIDE else MAX_NETWORK_BYTES


def _say(sentence: str) -> None:
    print(f"{sentence} Trying again.", file=sys.stderr)

"""Fetch an older Keras model from the Hub: the files that `train convert` looks at, and nothing else."""

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
def on_this_machine(name: str) -> Iterator[Path]:
    """Give the path of an older model; one of a Hub repository is fetched, and removed at the end.

    Args:
        name: A file, a directory, or "user/name" or "user/name@revision" where there is neither.

    Raises:
        HubUnreachableError: The Hub does not answer as it should.
        ModelNotFoundError: There is no such repository, it may not be read, or it holds no older model.
    """
    if os.path.exists(name) or Path(name).suffix.lower() in (*_WHOLE, *_WEIGHTS, ".json"):  # noqa: PTH110  (as in model/hub/resolve.py)
        yield Path(name)
        return
    try:
        repository, revision = repository_of(name) or ("", None)
    except ModelNotFoundError:
        yield Path(name)  # whose message says what a file should be
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
    print(f"Fetching {listed(list(wanted), 5)} of “{repository}” …", file=sys.stderr)
    for name, size in wanted.items():
        seconds = DOWNLOAD_SECONDS + (size or 0) / SLOWEST_BYTES_PER_SECOND
        limit = _largest(name) if size is None else size
        for _ in range(2):  # the client takes a body of the right size for the file
            path = fetch_apart(repository, contents.commit, name, limit, directory, seconds, _say)
            if not contents.ids[name] or ids(path) & contents.ids[name]:
                break
            path.unlink()
        else:
            raise ModelNotFoundError(f"“{name}” of “{repository}” arrives damaged. Try again later.")


def _wanted(at: str, sizes: dict[str, int | None]) -> dict[str, int | None]:
    """Choose what to fetch, and refuse what could not be converted before a byte of it is fetched."""
    root = [name for name in sorted(sizes) if "/" not in name]
    whole = [name for name in root if name.lower().endswith(_WHOLE)]
    models = whole or [name for name in root if name.lower().endswith(_WEIGHTS)]
    if "config.json" in root and "model.weights.h5" in root:
        models = ["model.weights.h5"]
    if not models:
        saved = " It holds a SavedModel, which may hold code." if "saved_model.pb" in sizes else ""
        raise ModelNotFoundError(f"{at} holds no .keras and no .h5 file.{saved} Name another repository.")
    if len(models) > 1:
        raise ModelNotFoundError(
            f"{at} holds several models ({listed(models, 5)}). Fetch it with `hf download`, and name one of them."
        )
    wanted = {name: sizes[name] for name in (*models, *(name for name in _BESIDE if name in root))}
    for name, size in wanted.items():
        if size is not None and size > _largest(name):
            raise ModelNotFoundError(
                f"{at}: {name} has {size:,} bytes; the limit is {_largest(name):,}. It was not fetched."
            )
    return wanted


def _largest(name: str) -> int:
    return MAX_JSON_BYTES if name in _BESIDE else MAX_NETWORK_BYTES


def _say(sentence: str) -> None:
    print(f"{sentence} Trying again.", file=sys.stderr)

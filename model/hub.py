"""Find the bundle that a model name stands for: the embedded one, a directory, or a Hub repository."""

from __future__ import annotations

import os
import re
from pathlib import Path

from model.bundle import METRICS, SERVING_FILES
from model.errors import ModelNotFoundError

EMBEDDED = Path(__file__).parent / "default"

# user/name or user/name@revision; anything else can only be a path
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def resolve_model(name: str | None) -> Path:
    """Return the directory of the bundle that `name` stands for.

    Args:
        name: A directory, a Hub repository as "user/name" or "user/name@revision", or None for the
            embedded model.

    Returns:
        A directory, not yet validated.

    Raises:
        ModelNotFoundError: There is no such directory, and no such repository can be reached.
    """
    if not name:
        return EMBEDDED
    directory = Path(os.path.expanduser(name))  # noqa: PTH111  (Path.expanduser raises for unknown users)
    if os.path.isdir(directory):  # noqa: PTH112  (Path.is_dir raises for names that are too long)
        return directory
    if os.path.exists(directory):  # noqa: PTH110
        raise ModelNotFoundError(f"“{name}” is a file. Give the bundle's directory.")
    if not _REPOSITORY.fullmatch(name):
        raise ModelNotFoundError(
            f"There is no directory “{name}”. Give a bundle's directory or a Hub repository such as user/name@revision."
        )
    repository, _, revision = name.partition("@")
    return _pull(repository, revision or None)


def _pull(repository: str, revision: str | None) -> Path:
    # Imported here: it takes most of a second, and the embedded model does not need it.
    from httpx2 import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        snapshot = snapshot_download(repository, revision=revision, allow_patterns=[*SERVING_FILES, METRICS])
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, HTTPError, OSError) as error:
        at = f" at revision “{revision}”" if revision else ""
        raise ModelNotFoundError(
            f"“{repository}”{at} is neither a directory here nor a repository that could be fetched from the Hub "
            f"({type(error).__name__}). Check the name, the network and, for a private repository, HF_TOKEN."
        ) from error
    return Path(snapshot)

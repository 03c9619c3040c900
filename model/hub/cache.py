"""The Hub client's cache: which bundles it has, and what may be changed in it.

Its layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

from model.bundle import OPTIONAL_FILES, SERVING_FILES, listed_files, load_bundle
from model.errors import BundleError
from model.labels import language_of
from model.presentation import example_files


def cached_copy(repository: str, revision: str | None) -> Path | None:
    """Return the complete and valid bundle that the cache has for a revision, or None; sends no request."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        directory = Path(
            snapshot_download(repository, revision=revision, local_files_only=True, allow_patterns=list(SERVING_FILES))
        )
        load_bundle(directory)
    except (BundleError, HFValidationError, OSError, ValueError):
        return None
    return directory


def is_complete(directory: Path) -> bool:
    """Say whether a cached bundle also has the optional serving files that its manifest lists.

    One that an interrupted download or a Space's build has left may lack metrics, labels in other languages and
    example images.
    """
    listed = listed_files(directory)
    wanted = [name for name in listed if name in OPTIONAL_FILES or language_of(name)] + example_files(listed)
    return all((directory / name).is_file() for name in wanted)


def remove_abandoned(storage: Path) -> None:
    """Remove what killed downloads left behind in a repository's cache; the client never uses or removes it."""
    from filelock import FileLock, Timeout

    for path in storage.glob("blobs/*.incomplete"):
        lock = storage.parent / ".locks" / storage.name / f"{path.name.partition('.')[0]}.lock"
        with contextlib.suppress(OSError, NotImplementedError, Timeout), FileLock(lock, blocking=False):
            path.unlink()  # the client holds the lock while it writes; a killed one does not


def save_reference(directory: Path, revision: str | None) -> None:
    """Write into the client's cache which commit the revision stands for, now that all of it is there.

    Args:
        directory: The commit's snapshot in the cache.
        revision: Branch, tag or commit; None for the default branch.
    """
    if revision == directory.name:
        return
    reference = directory.parents[1] / "refs" / (revision or "main")
    partial = reference.with_name(f".{reference.name}.{uuid.uuid4().hex[:8]}")
    with contextlib.suppress(OSError):  # a read-only cache is no reason to fail
        if reference.is_file() and reference.read_bytes() == directory.name.encode():
            return
        reference.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(directory.name, encoding="utf-8")
        partial.replace(reference)

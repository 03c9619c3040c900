"""The Hub client's cache: which bundles it has, and what may be changed in it.

Its layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import time
import uuid
from pathlib import Path

from model.bundle import METRICS, SERVING_FILES, listed_files, load_bundle
from model.errors import BundleError
from model.labels import language_of

# A part of a download that nobody has written to for so long is left over from a killed process.
ABANDONED_SECONDS = 600


def cached_copy(repository: str, revision: str | None) -> Path | None:
    """Return the whole and valid bundle that the cache has for a revision, or None; asks nobody."""
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
    """Say whether a cached bundle has, besides what it cannot do without, the rest of what its manifest lists for us.

    One that was fetched while somebody ended the program, or by a Space's build, may lack labels in other languages.
    """
    listed = listed_files(directory)
    return all((directory / name).is_file() for name in listed if name == METRICS or language_of(name))


def ids(content: bytes | Path) -> frozenset[str]:
    """Return the two identities that the Hub may know a content, or a file's, by: git blob id and SHA-256."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    blob, digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), hashlib.sha256()
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while piece := file.read(2**20):
            blob.update(piece)
            digest.update(piece)
    return frozenset((blob.hexdigest(), digest.hexdigest()))


def remove_abandoned(storage: Path) -> None:
    """Remove what killed downloads left behind; the client never looks at it again."""
    for path in storage.glob("blobs/*.incomplete"):
        with contextlib.suppress(OSError):  # another process may have finished or removed it
            if _is_abandoned(path, storage):
                path.unlink()


def _is_abandoned(path: Path, storage: Path) -> bool:
    from filelock import FileLock, Timeout

    if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
        return True
    lock = storage.parent / ".locks" / storage.name / f"{path.name.partition('.')[0]}.lock"
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, blocking=False):  # the client holds it while it writes; a killed one does not
            return True
    except Timeout:
        return False


def remember(directory: Path, revision: str | None) -> None:
    """Note in the client's cache which commit the revision stands for, now that all of it is there.

    The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
    """
    if revision == directory.name:
        return
    reference = directory.parents[1] / "refs" / (revision or "main")
    partial = reference.with_name(f".{reference.name}.{uuid.uuid4().hex[:8]}")
    with contextlib.suppress(OSError):  # a cache that may only be read serves all the same
        if reference.is_file() and reference.read_bytes() == directory.name.encode():
            return
        reference.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(directory.name, encoding="utf-8")
        partial.replace(reference)

"""Fetch a whole bundle from the Hub into a directory of one's own, to be served, compared or pushed again."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from model.bundle import CARD, MANIFEST, damaged_files, listed_files, load_bundle
from model.errors import BundleError, ModelNotFoundError, SettingsError
from model.hub.contents import RepositoryContents, list_contents
from model.hub.download import check_disk, fetch_file, require_bundle
from model.hub.retry import OnRetry


def check_new_directory(out: Path) -> None:
    """Raise `SettingsError` where a directory cannot be made, or holds something already."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        what = "is not empty" if out.is_dir() else "is a file"
        raise SettingsError(f"“{out}” {what}, and nothing is overwritten. Give --out a new directory.")
    parent = next(path for path in out.absolute().parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise SettingsError(f"“{out}” cannot be made in “{parent}”. Give --out another directory.")


def pull_bundle(
    repository: str, revision: str | None, out: Path, on_retry: OnRetry | None = None
) -> tuple[str, tuple[str, ...]]:
    """Write the files of one commit's bundle into a new directory, all of them or none.

    Args:
        repository: "user/name".
        revision: Branch, tag or commit; None for the default branch.
        out: The directory, which may exist when it is empty.
        on_retry: Called with a sentence before each further attempt.

    Returns:
        The full commit hash, and the files that the bundle's manifest lists but that the repository lacks.

    Raises:
        SettingsError: The directory is not empty, or cannot be written.
        HubUnreachableError: The files did not arrive.
        ModelNotFoundError: There is no such repository, or no bundle in it.
    """
    check_new_directory(out)
    contents = list_contents(repository, revision, on_retry)
    require_bundle(contents, on_retry)
    target = out.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / f".{target.name}.{secrets.token_hex(4)}.partial"
    try:
        partial.mkdir(mode=0o755)
        missing = _fetch_all(contents, partial, on_retry)
        try:
            if target.exists():
                target.rmdir()  # empty, or it fails
            partial.rename(target)
        except OSError:
            check_new_directory(out)  # another pull may have ended there meanwhile
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return contents.commit, missing


def _fetch_all(contents: RepositoryContents, folder: Path, on_retry: OnRetry | None) -> tuple[str, ...]:
    at = f"“{contents.repository}” at commit {contents.commit}"
    fetch_file(contents.files[MANIFEST], on_retry=on_retry, folder=folder)
    try:
        listed = listed_files(folder)
        present = [name for name in dict.fromkeys((*listed, CARD)) if name in contents.files and name != MANIFEST]
        check_disk([contents.files[name] for name in present], folder, "--out")
        for name in present:
            fetch_file(contents.files[name], on_retry=on_retry, folder=folder)
        shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's notes about the download
        if CARD in damaged_files(folder):  # edited on the Hub, where a bundle was uploaded without a push
            (folder / CARD).unlink()
        load_bundle(folder)
    except BundleError as error:
        if isinstance(error, ModelNotFoundError):
            raise
        text = str(error).replace(f"{folder}{os.sep}", "").replace(str(folder), contents.repository)
        raise ModelNotFoundError(f"{at} holds no usable bundle: {text}") from error
    return tuple(name for name in listed if name not in contents.files and name != CARD)

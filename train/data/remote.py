"""Data sets that are elsewhere: on the Hub, or an archive at an address. Each is fetched once, into a cache."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import tarfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tqdm import tqdm

from model.errors import DataError
from model.hub.address import parse_address
from train.data.archive import SUFFIXES
from train.data.cache import cached, data_cache, refuse_full_disk
from train.data.hub_data import fetch_repository
from train.data.parquet_images import TABLE, write_images

_SECONDS = 30.0  # the longest silence of a server
_SCHEMES = ("https",)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NOTE = "source.json"


@dataclass(frozen=True)
class Origin:
    """Where a data set was fetched from.

    Attributes:
        name: "datasets/user/name" of the Hub, or an address without what may be secret.
        revision: The commit, or the SHA-256 of the archive.
    """

    name: str
    revision: str


@dataclass(frozen=True)
class RemoteData:
    """A data set that was fetched.

    Attributes:
        path: Its folder, or its archive.
        table: The table of its labels, where they are in one; else None.
        origin: Where it came from.
    """

    path: Path
    table: Path | None
    origin: Origin


def is_remote(text: str) -> bool:
    """Return whether a text is an address rather than a path."""
    return _ADDRESS.match(text) is not None


def fetch_data(text: str, label_column: str = "") -> RemoteData:
    """Fetch a data set.

    Args:
        text: "hf://datasets/user/name" or "hf://datasets/user/name@revision", the address of its page, or that of an
            archive (https).
        label_column: The column of the labels, for Parquet.

    Raises:
        VistazoError: It cannot be fetched, or holds no images that are read.
    """
    address = parse_address(text)
    if address and address.kind == "data set":
        return _from_hub(address.repository, address.revision, label_column)
    if text.startswith("hf://") or address:
        what = f"is the address of a {address.kind}, not of a data set" if address else "names no data set of the Hub"
        raise DataError(f"“{text[:200]}” {what}. Write hf://datasets/user/name.")
    return _from_address(text)


def _from_hub(repository: str, revision: str | None, label_column: str) -> RemoteData:
    commit, folder, files = fetch_repository(repository, revision)
    origin = Origin(f"datasets/{repository}", commit)
    if not files[0].lower().endswith(".parquet"):
        is_archive = len(files) == 1 and files[0].lower().endswith(SUFFIXES)
        return RemoteData(folder / files[0] if is_archive else folder, None, origin)
    try:
        written = cached(
            f"{repository}@{commit} {label_column}", lambda target: write_images(folder, files, target, label_column)
        )
    except OSError as error:
        raise DataError(
            f"The images of “{repository}” cannot be written into “{data_cache()}”: {error.strerror or error}. Point "
            "XDG_CACHE_HOME to another disk."
        ) from error
    return RemoteData(written, written / TABLE, origin)


def _from_address(address: str) -> RemoteData:
    parts = urlsplit(address)
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise DataError(f"“{shown[:200]}” is not fetched. Give an address that begins with https:// or hf://datasets/.")
    try:
        folder = cached(f"address {address}", lambda target: _download(address, shown, target))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"status {error.code}" if isinstance(error, urllib.error.HTTPError) else _reason(error)
        raise DataError(f"“{shown[:200]}” cannot be fetched: {reason}. Check the address, or try again.") from error
    note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    return RemoteData(folder / note["file"], None, Origin(shown, note["sha256"]))


def _download(address: str, shown: str, target: Path) -> None:
    """Write an archive, and a note of its SHA-256, into a folder."""
    digest, part = hashlib.sha256(), target / "part"
    request = urllib.request.Request(address, headers={"User-Agent": "vistazo"})
    with urllib.request.urlopen(request, timeout=_SECONDS) as response, part.open("wb") as file:
        if urlsplit(response.url).scheme not in _SCHEMES:
            raise DataError(f"“{shown[:200]}” leads to an address without https. It is not fetched.")
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        with tqdm(total=total, desc="fetching", unit="B", unit_scale=True, leave=False, disable=None) as progress:
            while piece := response.read(2**20):
                refuse_full_disk(f"“{shown[:200]}”")
                file.write(piece)
                digest.update(piece)
                progress.update(len(piece))
    if total is not None and part.stat().st_size != total:
        raise ValueError("it broke off")
    if zipfile.is_zipfile(part):
        suffix = ".zip"
    elif tarfile.is_tarfile(part):
        suffix = ".tar"  # of any compression
    else:
        raise DataError(
            f"“{shown[:200]}” is neither a zip nor a tar file; it may be a web page. Give the address of the archive."
        )
    part.rename(target / f"data{suffix}")
    note = {"file": f"data{suffix}", "sha256": digest.hexdigest()}
    (target / _NOTE).write_text(json.dumps(note), encoding="utf-8")


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return str(getattr(cause, "strerror", None) or cause)[:200] or type(error).__name__

"""Unpack a zip or tar of images into the user's cache: bounded, without links, and nowhere else."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tqdm import tqdm

from model.errors import DataError
from model.folder_walk import SYSTEM_FOLDERS
from train.data.cache import cached, data_cache, refuse_full_disk
from train.data.image_files import is_image_name, suffix_of

SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")

# Images hardly get smaller in an archive: one that grows by more is a bomb.
MOST_GROWTH = 50
ALWAYS_ALLOWED = 64 * 2**20
MOST_FILES = 5_000_000
_CHUNK = 2**20
# Files that say something of the images. Others, and links, are unpacked as empty files, so that they are counted.
_LINK = ".link"
_SAYS_UTF8 = 1 << 11  # among the flags of a file in a zip
_PAPERS = frozenset([".csv", ".tsv", ".jsonl", ".json", ".txt", ".xml", ""])


def is_archive(path: Path) -> bool:
    """Return whether a path names an archive that can be unpacked."""
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def unpacked(archive: Path) -> Path:
    """Return the folder in the user's cache that an archive is unpacked to; it is unpacked once.

    Args:
        archive: A zip or tar, compressed or not.

    Raises:
        DataError: It cannot be read, is encrypted, holds paths that lead out of it, or would grow too much.
    """
    status = archive.stat()
    identity = f"{archive.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    try:
        return cached(
            identity, lambda target: _unpack(archive, target, max(ALWAYS_ALLOWED, MOST_GROWTH * status.st_size))
        )
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        reason = "is encrypted" if "password" in str(error) else "is damaged or no archive of its kind"
        raise DataError(f"“{archive}” {reason}. Unpack it yourself, and give the folder.") from error
    except OSError as error:
        raise DataError(
            f"“{archive}” cannot be unpacked into “{data_cache()}”: {error.strerror or error}. Unpack it yourself, "
            "and give the folder."
        ) from error


def _unpack(archive: Path, target: Path, most: int) -> None:
    left = most
    progress = tqdm(desc=f"unpacking {archive.name}", unit="file", leave=False, disable=None)
    for number, (name, source) in enumerate(_members(archive)):
        if number >= MOST_FILES:
            raise DataError(
                f"“{archive}” holds more than {MOST_FILES:,} files. Unpack it yourself, and give the folder."
            )
        pieces = [piece for piece in re.split(r"[/\\]+", name) if piece not in ("", ".")]
        if not pieces or any(piece.startswith(".") and piece != ".." for piece in pieces):
            continue
        if ".." in pieces or name.startswith(("/", "\\")) or ":" in pieces[0]:
            raise DataError(f"“{archive}” holds the path “{name[:120]}”, which leads out of it. It is not unpacked.")
        if any(piece.casefold() in SYSTEM_FOLDERS for piece in pieces[:-1]):
            continue
        path = target.joinpath(*pieces)
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted = is_image_name(pieces[-1]) or suffix_of(pieces[-1]) in _PAPERS
        with path.open("wb") as file:
            while wanted and (chunk := source.read(_CHUNK)):
                left -= len(chunk)
                if left < 0:
                    raise DataError(
                        f"“{archive}” holds more than {MOST_GROWTH} times its size, as no images do. "
                        "It is not unpacked."
                    )
                refuse_full_disk(f"the files of “{archive}”")
                file.write(chunk)
        progress.update()
    progress.close()


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of every regular file; a link is not followed, it is a file named so."""
    if archive.suffix.lower() == ".zip":
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                kind = info.external_attr >> 28  # on Unix 8 for a regular file, 10 for a link
                if not info.is_dir() and kind in (0, 8, 10):
                    with opened.open(info) as file:
                        yield _zip_name(info) + _LINK * (kind == 10), file
    else:
        with tarfile.open(archive, "r:*") as opened_tar:
            for member in opened_tar:
                if member.issym() or member.islnk():
                    yield member.name + _LINK, io.BytesIO()
                elif member.isreg() and (content := opened_tar.extractfile(member)):
                    yield member.name, content


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a file in a zip: programs write UTF-8 without saying so, which is read as code page 437."""
    if info.flag_bits & _SAYS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename

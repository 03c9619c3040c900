"""The user's cache of data sets that were unpacked or fetched: each made whole or not at all, the oldest removed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from model.errors import DataError, SettingsError

_VARIABLE = "VISTAZO_MAX_DATA_CACHE_GB"
_MOST_GIGABYTES = 50
# What was used so recently may be in use.
_IN_USE_SECONDS = 24 * 3600
_SIZE = ".size"
_LEAST_FREE_SHARE = 0.05


def data_cache() -> Path:
    """Return the folder of the cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "vistazo" / "data"


def cached(identity: str, fill: Callable[[Path], None]) -> Path:
    """Return the folder that was made once for an identity.

    Args:
        identity: What the content depends on.
        fill: Called with an empty folder where there is none yet; what it raises leaves nothing behind.

    Raises:
        OSError: The folder cannot be made.
    """
    cache = data_cache()
    folder = cache / hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unpacking-", dir=cache, ignore_cleanup_errors=True) as partial:
            target = Path(partial, "data")
            target.mkdir()
            fill(target)
            size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
            try:
                target.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was faster
                    raise
        folder.with_suffix(_SIZE).write_text(str(size), encoding="ascii")
        remove_oldest(keep=folder)
    with contextlib.suppress(OSError):  # a cache that may only be read
        os.utime(folder)
    return folder


def refuse_full_disk(what: str) -> None:
    """Refuse to write on when little of the disk of the cache is left.

    Args:
        what: What is written, as a sentence names it.

    Raises:
        DataError: Less than a twentieth of the disk is free.
    """
    usage = shutil.disk_usage(data_cache())
    if usage.free < _LEAST_FREE_SHARE * usage.total:
        raise DataError(
            f"The disk of “{data_cache()}” is too full for {what}. Free some space, or point XDG_CACHE_HOME to a "
            "larger disk."
        )


def remove_oldest(keep: Path) -> None:
    """Remove the folders that were not used for longest, until the cache is within its limit.

    Args:
        keep: A folder that stays; so does what was used within a day.
    """
    limit, now = _limit() * 10**9, time.time()
    entries = []
    for folder in data_cache().iterdir():
        with contextlib.suppress(OSError, ValueError):
            if not folder.is_dir():
                continue
            if folder.name.startswith("unpacking-"):  # of a program that was killed
                if now - folder.stat().st_mtime > _IN_USE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            size = int(folder.with_suffix(_SIZE).read_text(encoding="ascii"))
            entries.append((folder.stat().st_mtime, size, folder))
    total = sum(size for _, size, _ in entries)
    for used, size, folder in sorted(entries):
        if total <= limit:
            return
        if folder != keep and now - used > _IN_USE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(_SIZE).unlink(missing_ok=True)
            total -= size


def _limit() -> int:
    text = os.environ.get(_VARIABLE, "").strip() or str(_MOST_GIGABYTES)
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0):
        raise SettingsError(f"{_VARIABLE} should be a whole number above 0. Received: {text[:40]}.")
    return int(text)

"""Return freed memory to the system; glibc tends to keep it."""

from __future__ import annotations

import ctypes
import sys

# Each thread may have an arena of its own, and no arena shrinks while anything at its end is in use; clips come
# with new threads. From malloc.h.
_ARENAS = 2
_M_ARENA_MAX = -8


def keep_few_arenas() -> None:
    """Make threads share freed memory; call it before there are any. Works on Linux with glibc only."""
    libc = _libc()
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return freed memory to the system. Works on Linux with glibc only."""
    libc = _libc()
    if libc is not None and hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None

"""Memory that is not needed any more goes back to the system: glibc likes to keep what a program frees."""

from __future__ import annotations

import ctypes
import sys

# Each thread may have an arena of its own, and no arena shrinks while anything at its end is in use; clips come
# with new threads. From malloc.h.
_ARENAS = 2
_M_ARENA_MAX = -8


def keep_few_arenas() -> None:
    """Let threads share what is freed; to be called before there are any. On Linux with glibc only."""
    libc = _libc()
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return what was freed to the system."""
    libc = _libc()
    if libc is not None and hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None

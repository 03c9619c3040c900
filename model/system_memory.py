"""How much memory is free on this machine or in this container, and how much a process has in use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class SystemMemory:
    """The memory of this machine, or of this container where it has a limit.

    Attributes:
        free: Bytes that can still be allocated without swapping.
        total: Bytes in all.
    """

    free: int
    total: int


def system_memory() -> SystemMemory | None:
    """Return the free and the total memory; None where the operating system does not say.

    Sources: /proc/meminfo, see proc(5), and memory.max and memory.current of control groups, version 2.
    """
    found = [memory for memory in (_machine_memory(), _container_memory()) if memory is not None]
    if not found:
        return None
    return SystemMemory(min(memory.free for memory in found), min(memory.total for memory in found))


def resident_bytes(process_id: int) -> int:
    """Return the memory that a process has in use (its resident set), in bytes; 0 where it is not known."""
    try:
        pages = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * _PAGE_BYTES


def _machine_memory() -> SystemMemory | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)}
        return SystemMemory(sizes["MemAvailable"], sizes["MemTotal"])
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _container_memory() -> SystemMemory | None:
    try:
        limit, used = (
            int(Path(f"/sys/fs/cgroup/memory.{name}").read_text(encoding="ascii")) for name in ("max", "current")
        )
    except (OSError, ValueError):  # there is no container, or it has no limit: “max”
        return None
    return SystemMemory(max(0, limit - used), limit)

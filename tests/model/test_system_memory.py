"""Free memory is the machine's or the container's, whichever is less; where nothing says so, it is unknown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from model.system_memory import SystemMemory, resident_bytes, system_memory

MACHINE = "MemTotal:  4096 kB\nMemFree:  100 kB\nMemAvailable:  2048 kB\n"


def pretend(monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    """Let the operating system say what `files` hold, path → text, and nothing else."""

    def read_text(path: Path, encoding: str | None = None) -> str:
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(Path, "read_text", read_text)


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [
        (None, None, SystemMemory(2048 * 1024, 4096 * 1024)),
        ("max\n", "500000\n", SystemMemory(2048 * 1024, 4096 * 1024)),
        ("1000000\n", "400000\n", SystemMemory(600_000, 1_000_000)),
        ("1000000\n", "1400000\n", SystemMemory(0, 1_000_000)),
        ("9000000\n", "400000\n", SystemMemory(2048 * 1024, 4096 * 1024)),
    ],
)
def test_a_container_s_limit_counts_where_it_is_the_smaller(
    limit: str | None, used: str | None, expected: SystemMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"/proc/meminfo": MACHINE}
    if limit and used:
        files |= {"/sys/fs/cgroup/memory.max": limit, "/sys/fs/cgroup/memory.current": used}
    pretend(monkeypatch, files)

    assert system_memory() == expected


@pytest.mark.parametrize("machine", ["", "MemTotal:  4096 kB\n", "MemTotal:\nMemAvailable:\n", "nonsense"])
def test_a_container_is_enough_and_without_either_nothing_is_known(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {"/proc/meminfo": machine})
    assert system_memory() is None

    limited = {"/sys/fs/cgroup/memory.max": "100", "/sys/fs/cgroup/memory.current": "30"}
    pretend(monkeypatch, {"/proc/meminfo": machine, **limited})
    assert system_memory() == SystemMemory(70, 100)


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_this_process_has_memory_in_use_and_one_that_is_not_there_has_none() -> None:
    assert resident_bytes(os.getpid()) > 2**20
    assert resident_bytes(2**31 - 1) == 0

"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Return how many cores this process may use: a Slurm step or a container may have fewer than the machine.

    Sources: the process's affinity, and cpu.max of control groups, version 2: microseconds of processor time in a
    period of so many.
    """
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (int(number) for number in _QUOTA.read_text(encoding="ascii").split())
        return max(1, min(own, math.ceil(quota / period)))
    except (OSError, ValueError, ZeroDivisionError):  # there is no container, or it has no limit: “max”
        return own

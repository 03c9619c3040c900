"""Tasks for a worker process that go wrong in every way."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from model.bulk import one_machine
from model.bulk.part import PartOutcome, PartWorker
from model.bulk.run_folder import Job
from model.preprocessing import InputSpec, prepared_image


def crash(_path: Path) -> None:
    """Read invalid memory, as a broken decoder does."""
    ctypes.string_at(0)


def hang(_path: Path) -> None:
    """Never end."""
    time.sleep(3600)


def grow(_path: Path) -> int:
    """Take four gigabytes."""
    return int(np.ones(2**32, np.uint8).sum())


def who(_path: Path) -> int:
    """Return the process's id."""
    return os.getpid()


def priority(_path: Path) -> Iterator[int]:
    """Yield the process's priority."""
    yield os.getpriority(os.PRIO_PROCESS, 0)


def count_then_crash(_path: Path) -> Iterator[int]:
    """Yield two numbers, then die."""
    yield from (1, 2)
    os.abort()


def work_for_ever(_path: Path) -> Iterator[int]:
    """Yield the process's id until it is stopped."""
    while True:
        yield os.getpid()


def wait_silently(_path: Path) -> Iterator[int]:
    """Yield one number, then nothing."""
    yield 1
    time.sleep(3600)


def fail_unforeseen(_path: Path) -> None:
    """Raise an unexpected exception."""
    raise ZeroDivisionError("unforeseen")


def hold(_path: Path, megabytes: int, seconds: float) -> int:
    """Take so much memory for so long."""
    held = np.ones(megabytes * 2**20, np.uint8)
    time.sleep(seconds)
    return int(held[::4096].sum())


def connect(_path: Path, port: int) -> str:
    """Return what comes of connecting to a port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return "connected"
    except OSError as error:
        return type(error).__name__


def most_processes(_path: Path) -> int:
    """Return how many processes this user may have, by the limit of this one; -1 without a limit."""
    return resource.getrlimit(resource.RLIMIT_NPROC)[0]


def wait_for_a_while(_path: Path, seconds: float) -> int:
    """Return the process's id after some seconds."""
    time.sleep(seconds)
    return os.getpid()


def crash_on_kill(source: bytes, spec: InputSpec) -> np.ndarray:
    """Read invalid memory when the image ends with “KILL”; otherwise decode it."""
    if source.endswith(b"KILL"):
        ctypes.string_at(0)
    return prepared_image(source, spec)


def work_that_dies_at_part_two(job: Job, connection: Connection, parent: int) -> None:
    """Do the work of a process of `one_machine`, and die wherever the second part is asked for."""
    predict = PartWorker.predict

    def dying(self: PartWorker, part: int) -> PartOutcome:
        if part == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return predict(self, part)

    PartWorker.predict = dying  # type: ignore[method-assign]
    one_machine._work(job, connection, parent)

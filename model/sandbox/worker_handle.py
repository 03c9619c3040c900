"""A worker process, seen from the program that starts it; it runs `model/sandbox/worker_program.py`."""

from __future__ import annotations

import contextlib
import enum
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from model.errors import DecodingError, Sentence, took_too_much_memory

_START_TIMEOUT = 60.0
_POLL_SECONDS = 0.2
_PROGRAM = "from model.sandbox.worker_program import main; main({}, {})"
_ROOT = Path(__file__).resolve().parents[2]


class DiedIdleError(DecodingError):
    """The worker was killed before it took the task: the file is not to blame."""


class State(enum.Enum):
    """What a worker does."""

    IDLE = enum.auto()  # waits for a task, or is starting
    BUSY = enum.auto()
    RETRYING = enum.auto()  # does a task again for which the memory did not suffice
    OVER_BUDGET = enum.auto()  # was killed because the shared memory budget was exceeded


@dataclass(frozen=True)
class Task:
    """A function to run in a worker.

    Attributes:
        function: A function of a module.
        arguments: Its arguments.
        name: What the file is called in error messages.
        timeout: Seconds that each result may take.
        stopped: Is called a few times a second; when it returns True, the task is given up.
        low_priority: Whether the worker gets a lower priority, for good.
        is_stream: Whether the worker ends with the task.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    name: str
    timeout: float
    stopped: Callable[[], bool] | None = None
    low_priority: bool = False
    is_stream: bool = False


class Worker:
    """A worker process; not for two threads at once.

    Args:
        megabytes: Memory that it may take for its tasks.
    """

    def __init__(self, megabytes: int) -> None:
        self.state = State.IDLE
        self.tasks = 0
        self._is_ready = False
        self._connection, theirs = Pipe()
        # The address space is limited, and each thread's arena would take 64 MB of it.
        environment = os.environ | {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM.format(theirs.fileno(), megabytes)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # FFmpeg prints the names of damaged clips, which are private
                env=environment,
            )

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    def kill(self) -> None:
        """Kill the process; its task raises `DecodingError`."""
        self._process.kill()

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until the process has started, if it has not.

        Raises:
            DecodingError: It ended, or took too long to start.
        """
        if not self._is_ready:
            try:
                self._receive("decoder", _START_TIMEOUT)
            except DecodingError as error:
                raise DecodingError(
                    Sentence("The decoder does not start; the file is not to blame. Try again in a minute.")
                ) from error
            self._is_ready = True

    def run(self, task: Task) -> Generator[Any, None, None]:
        """Yield what a task returns or yields.

        Raises:
            DiedIdleError: The process had ended before it took the task.
            DecodingError: The process did not start, ended, or sent nothing for too long.
            Exception: What the function raises.
        """
        self.wait_until_ready()
        self.tasks += 1
        with contextlib.suppress(OSError):  # a dead process is noticed when it does not answer
            self._connection.send((task.function, task.arguments, task.low_priority))
        try:
            message = self._receive(task.name, task.timeout, task.stopped)
        except DecodingError as error:
            raise DiedIdleError(*error.args) from error
        while message is not None:
            kind, content = message
            if kind == "end":
                return
            if kind == "error":
                raise took_too_much_memory(task.name) if isinstance(content, MemoryError) else content
            if kind == "item":
                yield content
            message = self._receive(task.name, task.timeout, task.stopped)

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, name: str, timeout: float, stopped: Callable[[], bool] | None = None) -> tuple[str, Any] | None:
        """Return the next message of `model.sandbox.worker_program.main`; None when the task has been stopped."""
        deadline = time.monotonic() + timeout
        try:
            while not self._connection.poll(_POLL_SECONDS):
                if stopped is not None and stopped():
                    return None
                if time.monotonic() > deadline:
                    raise DecodingError(
                        Sentence("{name} takes too long to decode. Make it smaller, or choose another.", name=name)
                    )
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise took_too_much_memory(name) from error

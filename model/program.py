"""What every program of this project does at its edge: hide what native libraries print, and end cleanly on SIGTERM."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator

_TERMINATED = 143  # as shells return for SIGTERM
# TensorFlow, absl, XLA and LiteRT report the hardware and their own plans from C++, where nothing can tell them not to.
# What is fatal begins with F and is passed on.
_NOISE = re.compile(
    rb"(INFO|WARNING): (Created TensorFlow Lite|All log messages before absl|Initialized TensorFlow Lite)"
    rb"|[IWE]\d{4} [\d:.]+ "
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    rb"|To enable the following instructions: "
)


class Terminated(SystemExit):
    """SIGTERM: everything on the way out cleans up, and child processes are ended."""


def run_as_program(main: Callable[[], int]) -> int:
    """Call the function that is a whole program; returns its exit status.

    Args:
        main: Returns the exit status.

    Raises:
        Terminated: The process received SIGTERM; the status is 143.
    """
    signal.signal(signal.SIGTERM, _terminate)
    with native_messages_hidden():
        return main()


@contextlib.contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Leave out of standard error what native libraries print about the hardware.

    File descriptor 2 becomes a pipe whose lines are looked at; `sys.stderr` writes past it. On Windows nothing
    is changed.
    """
    if sys.platform == "win32" or not _is_standard_error():
        yield
        return
    previous, real = sys.stderr, os.dup(2)
    reader, writer = os.pipe()
    # A library may print while it holds the interpreter's lock: it must not wait for the thread that reads.
    os.set_blocking(writer, False)
    previous.flush()
    os.dup2(writer, 2)
    os.close(writer)
    sys.stderr = open(real, "w", buffering=1, encoding=previous.encoding, errors=previous.errors)  # noqa: PTH123, SIM115
    passing = threading.Thread(target=_pass_on, args=(reader, real), daemon=True)
    passing.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(real, 2)
        passing.join(timeout=1)  # a child process may keep its end of the pipe open for longer
        sys.stderr = previous


def _is_standard_error() -> bool:
    try:
        return sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):  # there is none, or a test has replaced it
        return False


def _pass_on(reader: int, real: int) -> None:
    with open(reader, "rb") as lines:
        for line in lines:
            if not _NOISE.match(line):
                with contextlib.suppress(OSError):
                    os.write(real, line)


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough; cleaning up must not be interrupted
    raise Terminated(_TERMINATED)

"""The process in which strangers' files are decoded; `model/isolation.py` starts it.

It takes tasks from a connection, one after the other, and answers with what
each returns or yields. Its memory is limited; whoever started it ends it when a task takes too long.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from multiprocessing.connection import Connection
from pathlib import Path

# A task that still runs after so much of the processor's time has been forgotten by everybody.
_MOST_SECONDS_OF_WORK = 4 * 3600
_LOWER_PRIORITY = 10


def main(descriptor: int, megabytes: int) -> None:
    """Do tasks until the connection is closed.

    Args:
        descriptor: File descriptor of the connection, which was handed down.
        megabytes: How much memory the tasks may take.
    """
    import model.decoding  # noqa: F401  (now, while nobody waits)

    connection = Connection(descriptor)
    _limit(megabytes)
    connection.send(("ready", None))
    while True:
        try:
            task, arguments, step_back = connection.recv()
        except (EOFError, OSError):
            return
        if step_back:
            os.nice(_LOWER_PRIORITY)
        try:
            result = task(*arguments)
            if inspect.isgenerator(result):
                for item in result:
                    connection.send(("item", item))
            else:
                connection.send(("item", result))
            connection.send(("end", None))
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:
            connection.send(("error", error))


def _limit(megabytes: int) -> None:
    """Let this process have so much more address space than it has now; without limits where there are none."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS_OF_WORK, _MOST_SECONDS_OF_WORK))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

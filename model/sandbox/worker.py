"""The process in which strangers' files are decoded; `model/sandbox/pool.py` starts it.

It takes tasks from a connection, one after the other, and answers with what
each returns or yields. Its memory is limited, it has no network where the system lets it give that up, and it
ends with whoever started it, who also ends it when a task takes too long.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import os
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

# A task that still runs after so much of the processor's time has been forgotten by everybody.
_MOST_SECONDS_OF_WORK = 4 * 3600
_LOWER_PRIORITY = 10
# Threads and processes that it may start, beside all that this user runs: FFmpeg takes a few a core.
_MOST_TASKS = 500
_NEW_USER, _NEW_NETWORK, _NO_NEW_PRIVILEGES = 0x10000000, 0x40000000, 38  # sched.h, prctl.h


def main(descriptor: int, megabytes: int) -> None:
    """Do tasks until the connection is closed.

    Args:
        descriptor: File descriptor of the connection, which was handed down.
        megabytes: How much memory the tasks may take.
    """
    _give_up_rights()
    import cv2

    import model.video.reader  # noqa: F401  (now, while nobody waits)

    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    connection = Connection(descriptor)
    _limit(megabytes)
    connection.send(("ready", None))
    while True:
        try:
            task, arguments, step_back = connection.recv()
        except (EOFError, OSError):
            return
        with contextlib.suppress(OSError):
            connection.send(("begun", None))
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
        except cv2.error as error:
            connection.send(("error", MemoryError() if error.code == cv2.Error.StsNoMem else error))
        except Exception as error:
            connection.send(("error", error))


def _give_up_rights() -> None:
    """Do without a network and without programs that have more rights; on Linux, where that is allowed."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.unshare(_NEW_NETWORK) != 0:  # for root only; anybody may in a user name space of their own
        libc.unshare(_NEW_USER | _NEW_NETWORK)


def _end_with(parent: int) -> None:
    """End this process when the one that started it has ended, however that came."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _limit(megabytes: int) -> None:
    """Let this process have so much more address space than it has now; without limits where there are none."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS_OF_WORK, _MOST_SECONDS_OF_WORK))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        tasks = _tasks_of_this_user() + _MOST_TASKS
        resource.setrlimit(resource.RLIMIT_NPROC, (tasks, tasks))


def _tasks_of_this_user() -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
    return count

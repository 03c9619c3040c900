"""The program of a worker process, in which untrusted files are decoded; `model/sandbox/worker_handle.py` starts it.

It takes tasks from a connection, one after the other, and sends back what each returns or yields. Its memory is
limited, it has no network where the operating system lets it give that up, and it ends with the program that
started it, which kills it when a task takes too long.
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

# Processor time after which the operating system ends the worker: whoever wanted the result has given up long ago.
_MAX_CPU_SECONDS = 4 * 3600
_NICENESS = 10  # of a task of low priority, see nice(1)
# Threads and processes that a worker may start beside all that this user runs. FFmpeg takes a few for each core.
_MAX_THREADS = 500
_NEW_USER, _NEW_NETWORK, _NO_NEW_PRIVILEGES = 0x10000000, 0x40000000, 38  # sched.h, prctl.h


def main(descriptor: int, megabytes: int) -> None:
    """Run tasks until the connection is closed.

    Messages are pairs of a kind and a content: ("ready", None) once; for each task ("begun", None), ("item", value)
    for each value, and ("end", None) or ("error", exception).

    Args:
        descriptor: File descriptor of the connection, inherited from the program that started this one.
        megabytes: Memory that the tasks may take.
    """
    _give_up_rights()
    import cv2

    import model.video.reader  # noqa: F401  (before the first task, which would wait for it)

    watch_parent(os.getppid())
    connection = Connection(descriptor)
    _limit_resources(megabytes)
    connection.send(("ready", None))
    while True:
        try:
            function, arguments, low_priority = connection.recv()
        except (EOFError, OSError):
            return
        with contextlib.suppress(OSError):
            connection.send(("begun", None))
        if low_priority:
            os.nice(_NICENESS)
        try:
            result = function(*arguments)
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
    """Give up the network, and the right to start programs with more rights than this one; on Linux only."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.unshare(_NEW_NETWORK) != 0:  # only root may; others need a user namespace
        libc.unshare(_NEW_USER | _NEW_NETWORK)


def watch_parent(parent: int) -> None:
    """End this process within a second or two of its parent, even if that is killed.

    Args:
        parent: The number of the parent.
    """
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True, name="parent").start()


def _end_with_parent(parent: int) -> None:
    """End this process once its parent has ended, even if that was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _limit_resources(megabytes: int) -> None:
    """Limit address space to what is taken now and `megabytes` more, and processor time, core files and threads."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_SECONDS, _MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        threads = _threads_of_this_user() + _MAX_THREADS
        resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))


def _threads_of_this_user() -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
    return count

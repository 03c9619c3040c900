"""Refuse a second run into the same place, unless the first one has died."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from types import TracebackType
from typing import Any, Self

from model.bulk.places import Place
from model.errors import SettingsError, VistazoError

# A run writes its lock again this often, in seconds; one that has not done so for a while has died.
_BEAT, _STALE = 10.0, 35.0
_LOOK = 0.5


class RunLock:
    """A file that a run keeps alive while it works; a context manager.

    The file of a run that was killed is taken over: at once on the same machine, otherwise after half a minute in
    which nobody wrote it. The clocks of two machines are never compared.

    Args:
        file: The lock.
        beat: Seconds between two signs of life.
        stale: Seconds without one after which a run counts as dead.
    """

    def __init__(self, file: Place, *, beat: float = _BEAT, stale: float = _STALE) -> None:
        self._file = file
        self._beat, self._stale = beat, stale
        self._owner = {"id": uuid.uuid4().hex, "host": platform.node(), "machine": _machine(), "process": os.getpid()}
        self._ended = threading.Event()
        self._taken_over = False
        self._thread: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lock; return False while another run that is alive holds it. May take half a minute."""
        while not self._file.create(self._content()):
            if is_alive(self._file, self._stale):
                return False
            self._file.remove()
        self._thread = threading.Thread(target=self._keep_alive, daemon=True, name="run-lock")
        self._thread.start()
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            with contextlib.suppress(VistazoError, OSError):
                if self._is_mine():
                    self._file.remove()
            self._thread = None

    def check(self) -> None:
        """Raise `SettingsError` when another run took this one for dead, and works in its place."""
        if self._taken_over:
            raise SettingsError(
                f"Another run took over “{self._file.text}” while this one was suspended. This one stops; all parts "
                "that are complete are kept."
            )

    def __enter__(self) -> Self:
        if not self.acquire():
            raise held(self._file)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def _keep_alive(self) -> None:
        while not self._ended.wait(self._beat):
            with contextlib.suppress(VistazoError, OSError):  # the storage fails for a moment
                if not self._is_mine():
                    self._taken_over = True
                    return
                self._file.write(self._content())

    def _is_mine(self) -> bool:
        found = _read(self._file)
        return found is not None and found.get("id") == self._owner["id"]

    def _content(self) -> bytes:
        return json.dumps({**self._owner, "time": time.time()}).encode()


def held(file: Place) -> SettingsError:
    """Return the error for a lock that another run holds."""
    owner = _read(file) or {}
    where = f"process {owner.get('process')} on {owner.get('host')}" if owner else "another process"
    return SettingsError(f"“{file.text}” is held by {where}, a run that is working. Wait for it, or stop it first.")


def is_alive(file: Place, stale: float = _STALE) -> bool:
    """Return whether the run that wrote a lock is alive; watches it for up to `stale` seconds.

    Args:
        file: The lock.
        stale: Seconds without a sign of life after which a run counts as dead.
    """
    first = _read(file)
    if first is None:
        return False
    age = time.time() - float(first.get("time", 0))
    if first.get("machine") and first["machine"] == _machine() and age >= 0:
        return age < stale and _runs(int(first.get("process", 0)))
    until = time.monotonic() + stale
    while time.monotonic() < until:
        time.sleep(min(_LOOK, stale / 10))
        now = _read(file)
        if now != first:
            return now is not None
    return False


def _read(file: Place) -> dict[str, Any] | None:
    """Return the content of a lock; None where there is none, and an empty one while it is being written."""
    try:
        found = json.loads(file.read())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def _machine() -> str | None:
    """Name this machine since its start, and the container; None where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            return f"{file.read().strip()} {os.stat('/proc/self/ns/pid').st_ino}"  # noqa: PTH116
    except OSError:
        return None

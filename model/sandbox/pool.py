"""Decode strangers' files in processes of their own: one that crashes, hangs or grows too large takes nothing along."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from model.errors import DecodingError, Sentence, took_too_much_memory

# Longer than the slowest image takes on a busy machine.
_IMAGE_SECONDS = 30.0
# Between two frames of a clip; what lies before the stretch that is wanted is decoded as well, without a word.
_SILENT_SECONDS = 300.0
_START_SECONDS = 60.0
_LOOK_EVERY = 0.2
_LOOK_AT_MEMORY_EVERY = 0.05
# Of the memory that is allowed; the rest is the program's, and that of decoders that wait.
SHARE_OF_ONE = 0.65
_MOST_IDLE = 2
# A process that has done this many tasks is replaced: what its libraries leak stays small.
_MOST_TASKS = 500
_PROGRAM = "from model.sandbox.worker import main; main({}, {})"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_ROOT = Path(__file__).resolve().parents[2]


class DecoderPool:
    """Processes that decode; they are started when needed, kept for the next image, and replaced when they die.

    Safe to use from several threads.

    Args:
        megabytes: How much memory each may take for its tasks.
        image_seconds: How long an image may take.
        silent_seconds: How long a clip may bring nothing.
        together: How much memory this program and all of them may take, in megabytes; where they need more, the
            one that has most is ended. An image is then decoded again, behind others to which that happened.
    """

    def __init__(
        self,
        megabytes: int,
        image_seconds: float = _IMAGE_SECONDS,
        silent_seconds: float = _SILENT_SECONDS,
        together: int | None = None,
    ) -> None:
        self._megabytes, self._together = megabytes, together
        self._working: set[_Process] = set()
        self._watched = False
        self._large = threading.Lock()
        self._image_seconds, self._silent_seconds = image_seconds, silent_seconds
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False

    def call(self, task: Callable[..., Any], source: Path | bytes, *arguments: Any) -> Any:
        """Do a task about an image or a clip's header.

        Args:
            task: A function of a module, such as `model.video.reader.prepared_frames`.
            source: The file, the task's first argument.
            arguments: The task's other arguments.

        Returns:
            What the task returns.

        Raises:
            DecodingError: The process died, or took too long.
            VistazoError: What the task raises.
        """
        try:
            return self._call(task, (source, *arguments), _name(source), large=False)
        except _CrowdedOutError:
            with self._large:
                return self._call(task, (source, *arguments), _name(source), large=True)

    def _call(self, task: Callable[..., Any], arguments: tuple[Any, ...], name: str, *, large: bool) -> Any:
        process = self._take(name, large=large)
        answered, fresh = False, not process.waited
        try:
            (result,) = process.do(task, arguments, self._image_seconds, None, name)
            answered = True
            return result
        except _GoneError:
            if fresh:
                raise
        except DecodingError as error:
            if self._closed:
                raise _stops(name) from error
            if process.crowded_out and not large:
                raise _CrowdedOutError(*error.args) from error
            raise
        except Exception:
            answered = True
            raise
        finally:
            self._give_back(process, whole=answered)
        return self._call(task, arguments, name, large=large)

    def stream(
        self,
        task: Callable[..., Any],
        path: Path,
        *arguments: Any,
        stopped: Callable[[], bool] | None = None,
        step_back: bool = True,
    ) -> Generator[Any, None, None]:
        """Do a task about a clip; its process ends with it.

        Args:
            task: A generator function of a module.
            path: The clip, the task's first argument.
            arguments: The task's other arguments.
            stopped: Asked a few times a second; when it says so, the task is ended.
            step_back: Whether it is done behind whatever else the machine does.

        Yields:
            What the task yields.

        Raises:
            DecodingError: The process died, or brought nothing for too long.
            VistazoError: What the task raises.
        """
        while True:
            process = self._take(_name(path))
            fresh = not process.waited
            threading.Thread(target=self._keep_one, daemon=True, name="decoder-start").start()
            items = process.do(
                task, (path, *arguments), self._silent_seconds, stopped, _name(path), step_back=step_back
            )
            try:
                yield from items
                return
            except _GoneError:
                if fresh:
                    raise
            except DecodingError as error:
                if self._closed:
                    raise _stops(_name(path)) from error
                raise
            finally:
                self._give_back(process, whole=False)

    def warm_up(self) -> None:
        """Start a process in the background, so that the first visitor need not wait for it."""
        threading.Thread(target=self._keep_one, daemon=True, name="decoder-start").start()

    def close(self) -> None:
        """End all processes, also those at work: whoever waits for them is told; nothing is decoded any more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            working = list(self._working)
        for process in working:
            process.kill()
        for process in idle:
            process.end()

    def _take(self, name: str, *, large: bool = False) -> _Process:
        with self._lock:
            if self._closed:
                raise _stops(name)
            found = None
            while self._idle and found is None:
                process = self._idle.pop()
                if process.alive():
                    found = process
                else:
                    process.end()
        process = found or _Process(self._megabytes)
        process.spared, process.waited = large, found is not None
        with self._lock:
            self._working.add(process)
            if self._together and not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True, name="decoder-memory").start()
        return process

    def _watch(self) -> None:
        """End the largest process when all together take too much memory; as long as any works."""
        most = (self._together or 0) * 2**20
        while True:
            with self._lock:
                working, others = list(self._working), list(self._idle)
                if not working:
                    self._watched = False
                    return
            sizes = {process: resident(process.number) for process in working}
            whole = sum(sizes.values()) + sum(resident(process.number) for process in others) + resident(os.getpid())
            if whole > most:
                largest = max(working, key=lambda process: (not process.spared, sizes[process]))
                largest.crowded_out = True
                largest.kill()
            time.sleep(_LOOK_AT_MEMORY_EVERY)

    def _keep_one(self) -> None:
        with self._lock:
            wanted = not self._idle and not self._closed
        if wanted:
            with contextlib.suppress(DecodingError):  # the next task tries again, and tells
                process = _Process(self._megabytes)
                process.wait_until_ready()
                self._give_back(process, whole=True)

    def _give_back(self, process: _Process, *, whole: bool) -> None:
        with self._lock:
            self._working.discard(process)
            if whole and process.tasks < _MOST_TASKS and len(self._idle) < _MOST_IDLE and not self._closed:
                self._idle.append(process)
                return
        process.end()


class _GoneError(DecodingError):
    """The process was killed while it waited for work: no file is to blame."""


class _CrowdedOutError(DecodingError):
    """Ended for what others took as well; alone it may do."""


class _Process:
    """One decoding process; not for two threads at once."""

    def __init__(self, megabytes: int) -> None:
        self.tasks = 0
        self.crowded_out = self.spared = self.waited = False
        self._ready = False
        self._connection, theirs = Pipe()
        # Every thread's arena would count as memory, however little of it is used.
        environment = os.environ | {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM.format(theirs.fileno(), megabytes)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # FFmpeg's lines about damaged clips name visitors' files
                env=environment,
            )

    @property
    def number(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Let the task fail, for whoever waits for it."""
        self._process.kill()

    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        if not self._ready:
            self._receive(_START_SECONDS, None, "decoder")
            self._ready = True

    def do(
        self,
        task: Callable[..., Any],
        arguments: tuple[Any, ...],
        seconds: float,
        stopped: Callable[[], bool] | None,
        name: str,
        *,
        step_back: bool = False,
    ) -> Generator[Any, None, None]:
        """Yield what a task answers; each answer may take so many seconds.

        Raises:
            _GoneError: The process had ended before it took the task.
        """
        self.wait_until_ready()
        self.tasks += 1
        with contextlib.suppress(OSError):  # a dead process is noticed when it does not answer
            self._connection.send((task, arguments, step_back))
        try:
            if self._receive(seconds, stopped, name) is None:
                return
        except DecodingError as error:
            raise _GoneError(*error.args) from error
        while True:
            answer = self._receive(seconds, stopped, name)
            if answer is None:
                return
            kind, item = answer
            if kind == "end":
                return
            if kind == "error":
                raise took_too_much_memory(name) if isinstance(item, MemoryError) else item
            yield item

    def end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, seconds: float, stopped: Callable[[], bool] | None, name: str) -> tuple[str, Any] | None:
        """Return the next answer; None when it is not wanted any more."""
        deadline = time.monotonic() + seconds
        try:
            while not self._connection.poll(_LOOK_EVERY):
                if stopped is not None and stopped():
                    return None
                if time.monotonic() > deadline:
                    raise DecodingError(
                        Sentence("{name} takes too long to decode. Make it smaller, or choose another.", name=name)
                    )
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise took_too_much_memory(name) from error


def _stops(name: str) -> DecodingError:
    return DecodingError(
        Sentence("{name} was not read to its end: the server stops. Try again in a minute.", name=name)
    )


def _name(source: Path | bytes) -> str:
    return f"“{source.name}”" if isinstance(source, Path) else Sentence("The image")


def resident(process: int) -> int:
    """Return the memory that a process has in use, in bytes; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * _PAGE

"""Decode untrusted files in worker processes: one that crashes, hangs or takes too much memory harms nothing else."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from model.errors import DecodingError, Sentence, name_of
from model.limits import limits
from model.sandbox.worker_handle import DiedIdleError, State, Task, Worker
from model.system_memory import resident_bytes

# Longer than the largest image takes on a busy machine.
_IMAGE_TIMEOUT = 30.0
# Between two frames of a clip. Before the first one, all frames up to the start of the wanted range are decoded.
_CLIP_TIMEOUT = 300.0
_MEMORY_CHECK_SECONDS = 0.05
# How much of the memory for the app and all its workers one worker may take. The rest is for the app itself and
# for the workers that are idle.
WORKER_SHARE = 0.65
_MAX_IDLE = 2
# A worker is replaced after this many tasks, so that what the libraries leak stays small.
_MAX_TASKS = 500


def new_pool(max_idle: int = _MAX_IDLE, *, counts_this_program: bool = False) -> DecoderPool | None:
    """Return a pool within `Limits.decoder_megabytes`, or None on Windows, where a process cannot inherit a pipe.

    Args:
        max_idle: How many workers are kept for later tasks.
        counts_this_program: Whether this program and all workers together take no more than that, as in the app;
            otherwise only each worker is limited.
    """
    if sys.platform == "win32":
        return None
    most = limits().decoder_megabytes
    return DecoderPool(round(WORKER_SHARE * most), most if counts_this_program else None, max_idle=max_idle)


class DecoderPool:
    """Worker processes that decode files. They start when needed, are reused, and are replaced when they die.

    Safe to use from several threads.

    Args:
        worker_megabytes: Memory that each worker may take for its tasks.
        total_megabytes: Memory that this program and all workers may take together. When they take more, the
            largest worker is killed; an image that it was decoding is decoded again, one such image at a time.
            By default there is no such limit.
        image_timeout: Seconds that an image may take.
        clip_timeout: Seconds that may pass between two frames of a clip.
        max_idle: How many workers are kept for later tasks.
    """

    def __init__(
        self,
        worker_megabytes: int,
        total_megabytes: int | None = None,
        *,
        image_timeout: float = _IMAGE_TIMEOUT,
        clip_timeout: float = _CLIP_TIMEOUT,
        max_idle: int = _MAX_IDLE,
    ) -> None:
        self._worker_megabytes, self._total_megabytes = worker_megabytes, total_megabytes
        self._image_timeout, self._clip_timeout = image_timeout, clip_timeout
        self._max_idle = max_idle
        self._lock = threading.Lock()  # for the next four
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._memory_is_watched = False
        self._closed = False
        self._one_large_task = threading.Lock()

    def call(self, function: Callable[..., Any], source: Path | bytes, *arguments: Any) -> Any:
        """Run a function on an image, or on the header of a clip.

        Args:
            function: A function of a module, such as `model.preprocessing.prepared_image`.
            source: The file or its content, the function's first argument.
            arguments: Its other arguments.

        Returns:
            What the function returns.

        Raises:
            DecodingError: The worker died, or the function took too long.
            VistazoError: What the function raises.
        """
        task = Task(function, (source, *arguments), name_of(source), self._image_timeout)
        try:
            (result,) = self._results(task)
        except _OverBudgetError:
            with self._one_large_task:
                (result,) = self._results(task, retry=True)
        return result

    def stream(
        self,
        function: Callable[..., Any],
        path: Path,
        *arguments: Any,
        stopped: Callable[[], bool] | None = None,
        low_priority: bool = True,
    ) -> Generator[Any, None, None]:
        """Run a generator function on a clip, in a worker that ends with it.

        Args:
            function: A generator function of a module, such as `model.video.reader.prepared_frames`.
            path: The clip, the function's first argument.
            arguments: Its other arguments.
            stopped: Is called a few times a second; when it returns True, the generator ends.
            low_priority: Give the worker a lower priority than other processes.

        Yields:
            What the function yields.

        Raises:
            DecodingError: The worker died, or yielded nothing for too long.
            VistazoError: What the function raises.
        """
        name = name_of(path)
        yield from self._results(
            Task(function, (path, *arguments), name, self._clip_timeout, stopped, low_priority, is_stream=True)
        )

    def warm_up(self) -> None:
        """Start a worker in the background, so that the first request need not wait for it."""
        threading.Thread(target=self._keep_one_idle, daemon=True, name="decoder-start").start()

    def close(self) -> None:
        """End all workers. Tasks that are running, and later ones, raise `DecodingError`."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.end()

    def _results(self, task: Task, *, retry: bool = False) -> Generator[Any, None, None]:
        """Yield what a task returns or yields; a worker that died while it was idle is replaced.

        Raises:
            _OverBudgetError: The worker was killed, and the task may be tried once more.
        """
        while True:
            worker, is_new = self._take(task.name, retry=retry)
            if task.is_stream:  # its worker is not reused: the next task may need one
                self.warm_up()
            reusable = False
            try:
                yield from worker.run(task)
                reusable = not task.is_stream
                return
            except DecodingError as error:
                if self._closed:
                    raise _server_stops(task.name) from error
                if worker.state is State.OVER_BUDGET and not retry and not task.is_stream:
                    raise _OverBudgetError(*error.args) from error
                if is_new or not isinstance(error, DiedIdleError):
                    raise
            except Exception:
                reusable = not task.is_stream
                raise
            finally:
                self._give_back(worker, reusable=reusable)

    def _take(self, name: str, *, retry: bool) -> tuple[Worker, bool]:
        """Return an idle worker, or a new one; and whether it is new."""
        with self._lock:
            if self._closed:
                raise _server_stops(name)
            worker = self._pop_idle()
        is_new = worker is None
        worker = worker or Worker(self._worker_megabytes)
        worker.state = State.RETRYING if retry else State.BUSY
        with self._lock:
            self._busy.add(worker)
            if self._total_megabytes and not self._memory_is_watched:
                self._memory_is_watched = True
                threading.Thread(target=self._watch_memory, daemon=True, name="decoder-memory").start()
        return worker, is_new

    def _pop_idle(self) -> Worker | None:
        """Return an idle worker that is alive, if there is one; to be called with the lock."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive():
                return worker
            worker.end()
        return None

    def _give_back(self, worker: Worker, *, reusable: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if reusable and worker.tasks < _MAX_TASKS and len(self._idle) < self._max_idle and not self._closed:
                worker.state = State.IDLE
                self._idle.append(worker)
                return
        worker.end()

    def _keep_one_idle(self) -> None:
        with self._lock:
            needed = not self._idle and not self._closed
        if needed:
            with contextlib.suppress(DecodingError):  # the next task tries again, and reports it
                worker = Worker(self._worker_megabytes)
                worker.wait_until_ready()
                self._give_back(worker, reusable=True)

    def _watch_memory(self) -> None:
        """While any worker is busy, kill the largest one when all together take too much memory."""
        limit = (self._total_megabytes or 0) * 2**20
        while True:
            with self._lock:
                busy, idle = list(self._busy), list(self._idle)
                if not busy:
                    self._memory_is_watched = False
                    return
            sizes = {worker: resident_bytes(worker.process_id) for worker in busy}
            others = sum(resident_bytes(worker.process_id) for worker in idle) + resident_bytes(os.getpid())
            if sum(sizes.values()) + others > limit:
                # A retry goes last: it is the only task that is not tried once more.
                largest = max(busy, key=lambda worker: (worker.state is not State.RETRYING, sizes[worker]))
                largest.state = State.OVER_BUDGET
                largest.kill()
            time.sleep(_MEMORY_CHECK_SECONDS)


class _OverBudgetError(DecodingError):
    """Killed because the shared memory budget was exceeded; retried while no other large task runs."""


def _server_stops(name: str) -> DecodingError:
    return DecodingError(
        Sentence("{name} was not read to its end: the server is shutting down. Try again in a minute.", name=name)
    )

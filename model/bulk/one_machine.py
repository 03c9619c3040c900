"""Predict parts on this machine, in a process of its own: what kills it does not end the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection

from model.bulk.part import PartFailed, PartOutcome, PartWorker
from model.bulk.run_folder import Job
from model.errors import BundleError, VistazoError
from model.sandbox.worker_program import watch_parent

# For a process to end by itself, once nothing more is wanted of it.
_LAST_SECONDS = 2.0


def predict_parts(job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
    """Predict parts one after the other; each uses all cores.

    Args:
        job: The run.
        parts: The numbers of the parts.

    Yields:
        What came of each part, once; a part whose process was killed has failed, and the next gets a new process.

    Raises:
        BundleError: The model cannot be loaded.
    """
    worker: _Process | None = None
    try:
        for part in parts:
            worker = worker or _Process(job)
            outcome = worker.predict(part)
            if outcome is None:
                outcome, worker = PartFailed(part, worker.end()), None
            elif isinstance(outcome, VistazoError):
                raise BundleError(str(outcome))
            yield outcome
    finally:
        if worker is not None:
            worker.end()


class _Process:
    """A process that holds the model."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(job, theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()

    def predict(self, part: int) -> PartOutcome | VistazoError | None:
        """Return what came of a part; an error when the model cannot be loaded; None when the process has ended."""
        try:
            self._connection.send(part)
            outcome: PartOutcome | VistazoError = self._connection.recv()
        except (EOFError, OSError):
            return None
        return outcome

    def end(self) -> str:
        """End the process; return how it had ended, as a sentence."""
        self._connection.close()
        self._process.join(_LAST_SECONDS)
        code = self._process.exitcode
        self._process.kill()
        self._process.join()
        if code is not None and code < 0:
            return f"Its process was killed by {signal.Signals(-code).name}."
        return f"Its process ended with status {code}."


def _work(job: Job, connection: Connection, parent: int) -> None:
    """Predict the parts that are asked for until the program that asks has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the program that asks decides
    if sys.platform != "win32":
        watch_parent(parent)
    try:
        worker = PartWorker(job)
    except VistazoError as error:
        connection.send(error)
        return
    try:
        while True:
            connection.send(worker.predict(connection.recv()))
    except (EOFError, OSError):
        return
    finally:
        worker.close()

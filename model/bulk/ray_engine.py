"""Predict parts on a Ray cluster; the only file that imports Ray.

An actor on each core of the cluster holds the model. Ray would restart actors and repeat tasks without an end; here it
does neither, and a part whose actor died is tried again by `model.bulk.run`, at most three times.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from model.bulk.part import PartFailed, PartOutcome, PartWorker
from model.bulk.run_folder import Job
from model.errors import BundleError, SettingsError, VistazoError


def require_ray() -> Any:
    """Return Ray.

    Raises:
        SettingsError: It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
    except ImportError as error:
        raise SettingsError(
            '--on ray needs Ray, which is not installed: `pip install ".[ray]"` from a checkout installs it.'
        ) from error
    return ray


def predict_parts(job: Job, parts: Iterable[int]) -> Iterator[PartOutcome]:
    """Predict parts on the cluster that RAY_ADDRESS names, or that runs on this machine, or on one started here.

    Args:
        job: The run.
        parts: The numbers of the parts.

    Yields:
        What came of each part, once, in the order in which they end.

    Raises:
        SettingsError: Ray is not installed, or its cluster cannot be reached.
        BundleError: The model cannot be loaded on a machine of the cluster.
    """
    ray = require_ray()
    _connect(ray)
    actor_class = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Worker)
    waiting = deque(parts)
    running: dict[Any, tuple[Any, int]] = {}

    def start(actor: Any) -> None:
        part = waiting.popleft()
        running[actor.predict.remote(part)] = actor, part

    try:
        for _ in range(min(len(waiting), max(1, int(ray.cluster_resources().get("CPU", 1))))):
            start(actor_class.remote(job))
        while running:
            (ready, *_), _ = ray.wait(list(running), num_returns=1)
            actor, part = running.pop(ready)
            outcome, is_alive = _outcome(ray, ready, part)
            if isinstance(outcome, VistazoError):
                raise outcome
            if waiting:
                start(actor if is_alive else actor_class.remote(job))
            else:  # its core may be what the actor of another part waits for, after a node was lost
                ray.kill(actor)
            yield outcome
    finally:
        for actor, _ in running.values():
            with contextlib.suppress(Exception):
                ray.kill(actor)


class _Worker:
    """An actor: a process of Ray that holds the model."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._worker: PartWorker | None = None

    def predict(self, part: int) -> PartOutcome | VistazoError:
        """Return what came of a part, or why the model cannot be loaded."""
        try:
            self._worker = self._worker or PartWorker(self._job, threads=1)
        except VistazoError as error:
            return BundleError(str(error))
        return self._worker.predict(part)


def _connect(ray: Any) -> None:
    if not ray.is_initialized():
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise SettingsError(
                f"The Ray cluster cannot be reached: {error}. Check RAY_ADDRESS, or start one with `ray start --head`."
            ) from error


def _outcome(ray: Any, ready: Any, part: int) -> tuple[PartOutcome | VistazoError, bool]:
    """Return what came of a part, and whether its actor is alive."""
    try:
        return ray.get(ready), True
    except (ray.exceptions.RayActorError, ray.exceptions.OwnerDiedError, ray.exceptions.ObjectLostError) as error:
        reason = " ".join(str(error).split())[:300]
        return PartFailed(part, f"Its worker died: {reason}"), False

"""A search that several machines share: one study in a database or a journal file, and every trial is made once."""

from __future__ import annotations

import itertools
import random
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from model.errors import SettingsError

# A machine shows every half minute that it works on a trial; after three it counts as dead.
_HEARTBEAT, _GRACE = 30, 90
_ENQUEUED, _BEATS = "enqueued", "heartbeat"
_WAIT_SECONDS, _PAUSE = 60.0, 2.0
_FAILED_TRIAL = "failed_trial"  # Optuna's own attribute: the number of the trial that is tried again

Objective = Callable[[optuna.Trial], float]


def open_study(
    address: str, pruner: optuna.pruners.BasePruner, points: Sequence[Mapping[str, Any]], heartbeat: int = _HEARTBEAT
) -> optuna.Study:
    """Open the study, which the first machine makes, with a trial for each point.

    Args:
        address: A database as SQLAlchemy writes it, “postgresql://…” or “sqlite:///…”, or the path of a journal file.
        pruner: Ends trials that are worse than others.
        points: The settings to try, one trial each; those that are there already are left out.
        heartbeat: Seconds between two signs of life of a machine; databases only.

    Raises:
        SettingsError: The database or the file cannot be used.
    """
    try:
        storage = _first_or_second_try(lambda: _storage(address, heartbeat))
        try:
            study = optuna.create_study(storage=storage, study_name="vistazo", pruner=pruner)
        except optuna.exceptions.DuplicatedStudyError:
            study = optuna.load_study(storage=storage, study_name="vistazo", pruner=pruner)
            _wait_for(study, len(points))
    except Exception as error:  # the drivers of the databases share no error
        reason = " ".join(str(error).split())[:200]
        raise SettingsError(f"--storage “{address}” cannot be used: {reason}. Check the address.") from error
    if study.user_attrs.get(_ENQUEUED, 0) < len(points):
        for point in points:
            study.enqueue_trial(dict(point), skip_if_exists=True)
        study.set_user_attr(_BEATS, heartbeat if "://" in address else 0)
        study.set_user_attr(_ENQUEUED, len(points))
    return study


def points_of(space: Mapping[str, Sequence[Any]], count: int, method: str, seed: int) -> list[dict[str, Any]]:
    """Return the settings of `count` trials: the first ones of the grid, or random ones, none of them twice.

    With a higher `count` they begin with the same ones.
    """
    grid = [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]
    if method != "grid":
        random.Random(seed).shuffle(grid)
    return grid[:count]


def is_shared(study: optuna.Study) -> bool:
    """Return whether `open_study` has opened a study."""
    return _ENQUEUED in study.user_attrs


def optimize(study: optuna.Study, objective: Objective, catch: type[Exception], surplus: str) -> None:
    """Work on trials until all are done, those of machines that die meanwhile included.

    Args:
        study: The study.
        objective: Makes a trial and returns its loss.
        catch: An error that ends a trial and not the search.
        surplus: The user attribute of a trial that counts as none: of two machines that take the last one at the same
            time, the second gets such a trial.
    """

    def one(trial: optuna.Trial) -> float:
        kept = next(one for one in study.get_trials(deepcopy=False) if one.number == trial.number)
        if "fixed_params" not in kept.system_attrs:
            trial.set_user_attr(surplus, True)
            raise optuna.TrialPruned
        return objective(trial)

    beats = study.user_attrs.get(_BEATS, 0)
    while True:
        if beats:
            optuna.storages.fail_stale_trials(study)
        states = {trial.state for trial in study.get_trials(deepcopy=False)}
        if TrialState.WAITING in states:
            study.optimize(one, n_trials=1, catch=catch)
        elif TrialState.RUNNING in states and beats:
            time.sleep(beats / 2)
        else:
            return


def repeated(study: optuna.Study) -> set[int]:
    """Return the numbers of the trials whose machine died, and which were tried again."""
    return {trial.system_attrs[_FAILED_TRIAL] for trial in study.trials if _is_repetition(trial)}


def _is_repetition(trial: FrozenTrial) -> bool:
    return trial.system_attrs.get(_FAILED_TRIAL) is not None


def _first_or_second_try(connect: Callable[[], optuna.storages.BaseStorage]) -> optuna.storages.BaseStorage:
    """Connect to a storage; of two machines that make its tables at the same time, one fails the first time."""
    try:
        return connect()
    except Exception:
        time.sleep(_PAUSE)
        return connect()


def _storage(address: str, heartbeat: int) -> optuna.storages.BaseStorage:
    if "://" not in address:
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        backend = JournalFileBackend(address)
        return optuna.storages.JournalStorage(backend)
    # SQLite waits for other processes that write; a server's driver has its own rules.
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)  # signs of life are one
    options: dict[str, Any] = (
        {"connect_args": {"timeout": 60}} if address.startswith("sqlite") else {"pool_pre_ping": True}
    )
    return optuna.storages.RDBStorage(
        address,
        engine_kwargs=options,
        heartbeat_interval=heartbeat,
        grace_period=heartbeat * _GRACE // _HEARTBEAT,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=1),
    )


def _wait_for(study: optuna.Study, points: int) -> None:
    """Wait until the machine that made the study has added the trials; if it died, this one does."""
    until = time.monotonic() + _WAIT_SECONDS
    while _ENQUEUED not in study.user_attrs and time.monotonic() < until and points:
        time.sleep(0.2)

"""A search that several machines share: every trial is made once, and again after its machine died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from model.errors import SettingsError
from tests.support.serving import ROOT
from train.shared_study import is_shared, open_study, optimize, points_of, repeated

SPACE = {"dropout": [0.0, 0.2, 0.4], "learning_rate": [1e-3, 1e-2]}
PRUNER = optuna.pruners.NopPruner()

# Works on the search until it is done; the first trial of a “dying” one kills its process.
MACHINE = """
import os, signal, sys, optuna
from train.shared_study import open_study, optimize, points_of
optuna.logging.set_verbosity(optuna.logging.ERROR)
address, dies = sys.argv[1:]
space = {"dropout": [0.0, 0.2, 0.4], "learning_rate": [1e-3, 1e-2]}
study = open_study(address, optuna.pruners.NopPruner(), points_of(space, 6, "grid", 0), heartbeat=1)

def loss(trial):
    if dies == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    return sum(trial.suggest_categorical(name, values) for name, values in space.items())

optimize(study, loss, ValueError, surplus="surplus")
"""


def machine(address: str, dies: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", MACHINE, address, dies], cwd=ROOT, env=os.environ | {})


def address_of(kind: str, folder: Path) -> str:
    return f"sqlite:///{folder / 'trials.db'}" if kind == "database" else str(folder / "trials.journal")


@pytest.mark.parametrize("kind", [pytest.param("database", marks=pytest.mark.nightly), "journal"])
def test_two_processes_make_every_trial_of_a_grid_once(kind: str, tmp_path: Path) -> None:
    address = address_of(kind, tmp_path)
    machines = [machine(address), machine(address)]
    assert [one.wait(120) for one in machines] == [0, 0]

    study = open_study(address, PRUNER, points_of(SPACE, 6, "grid", 0))
    counted = [trial for trial in study.trials if "surplus" not in trial.user_attrs]
    assert sorted(tuple(trial.params.values()) for trial in counted) == sorted(
        tuple(point.values()) for point in points_of(SPACE, 6, "grid", 0)
    )
    assert {trial.state for trial in counted} == {TrialState.COMPLETE}


@pytest.mark.nightly
def test_the_trial_of_a_machine_that_died_is_made_once_more(tmp_path: Path) -> None:
    address = address_of("database", tmp_path)
    assert machine(address, "dies").wait(120) == -signal.SIGKILL
    assert machine(address).wait(120) == 0

    study = open_study(address, PRUNER, points_of(SPACE, 6, "grid", 0))
    again = repeated(study)
    assert len(again) == 1
    done = [trial.params for trial in study.trials if trial.state is TrialState.COMPLETE]
    assert len(done) == 6
    assert {trial.number for trial in study.trials if trial.state is TrialState.FAIL} == again


def test_random_points_are_the_same_on_every_machine_and_none_comes_twice() -> None:
    points = points_of(SPACE, 5, "random", seed=3)

    assert points == points_of(SPACE, 5, "random", seed=3)
    assert len({tuple(point.values()) for point in points}) == 5
    assert points_of(SPACE, 100, "random", seed=3) != points_of(SPACE, 100, "grid", seed=3)
    assert len(points_of(SPACE, 100, "random", seed=3)) == 6


def test_more_trials_are_added_to_a_search_that_is_done(tmp_path: Path) -> None:
    address = address_of("journal", tmp_path)
    for count in (2, 4):
        study = open_study(address, PRUNER, points_of(SPACE, count, "grid", 0))
        optimize(study, lambda trial: trial.suggest_categorical("dropout", SPACE["dropout"]), ValueError, "surplus")

    assert is_shared(study) and len(study.trials) == 4


def test_a_trial_that_nobody_planned_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = open_study(address_of("journal", tmp_path), PRUNER, points_of(SPACE, 1, "grid", 0))
    study.optimize(lambda _: 1.0, n_trials=1)  # another machine takes the last trial
    real, stale = study.get_trials, [study.trials[0]]
    stale[0].state = TrialState.WAITING  # as this one saw it before
    monkeypatch.setattr(study, "get_trials", lambda **options: [stale.pop()] if stale else real(**options))

    optimize(study, lambda _: 1.0, ValueError, "surplus")

    assert ["surplus" in trial.user_attrs for trial in study.trials] == [False, True]


def test_a_database_that_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--storage “sqlite:///.*nowhere.* cannot be used"):
        open_study(f"sqlite:///{tmp_path}/nowhere/trials.db", PRUNER, [])

"""Keep the progress of a training run on disk, so that a killed run can be resumed."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import SettingsError
from train.trainer.hosts import is_first_host, opened_on_every_host

_STATE = "state.npz"
_STAGE_STATE = "state-{stage}.npz"


@dataclass
class Progress:
    """The state of a training run.

    Attributes:
        phase: Index of the phase.
        epoch: Epochs done in all phases so far.
        phase_start: Epochs done before this phase.
        waited: Epochs of this phase since validation last improved.
        phase_done: Whether the phase ended (by its last epoch or early).
        best_loss: Lowest validation loss so far.
        best_epoch: The epoch it came from; 0 is the network before the first.
        best_scale: Size of the images it was computed on, as a share.
        start_loss: Validation loss of the regression that the training started from; infinite without one.
        history: One dict per epoch: phase, losses, accuracies, learning rate.
        best: The weights to keep if the run ended now, in the order of `model.get_weights`.
        variables: All variables of the network, including the seeds of its random layers.
        optimizer: All variables of the optimizer.
    """

    phase: int = 0
    epoch: int = 0
    phase_start: int = 0
    waited: int = 0
    phase_done: bool = False
    best_loss: float = float("inf")
    best_epoch: int = 0
    best_scale: float = 0.0
    start_loss: float = float("inf")
    history: list[dict[str, Any]] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)
    variables: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)

    def enter(self, phase: int) -> None:
        """Begin a phase with the best weights and a new optimizer."""
        self.phase, self.phase_start, self.phase_done, self.waited = phase, self.epoch, False, 0
        self.variables, self.optimizer = [], []


_ARRAYS = ("best", "variables", "optimizer")


class ProgressFile:
    """The file that holds the progress of one run, beside the future bundle.

    Args:
        out: The bundle's directory.
        identity: What must not change when a run is resumed: settings and a hash of the data.
        stage: Name of a second training of the same run, whose progress is kept beside that of the first.
    """

    def __init__(self, out: Path, identity: dict[str, Any], stage: str = "") -> None:
        self._out = out
        self.directory = progress_directory(out)
        self._name = _STAGE_STATE.format(stage=stage) if stage else _STATE
        self._identity = json.loads(json.dumps(identity))

    def load(self) -> Progress | None:
        """Return the stored progress, or None when there is none.

        Raises:
            SettingsError: It belongs to other settings or data, or cannot be read.
        """
        path = self.directory / self._name
        try:
            file = opened_on_every_host(path)
            if file is None:
                return None
            with file, np.load(file, allow_pickle=False) as stored:
                state = json.loads(str(stored["json"]))
                identity = state.pop("identity")
                progress = Progress(**state)
                for name in _ARRAYS:
                    setattr(progress, name, [stored[f"{name}_{i}"] for i in range(state_count(stored.files, name))])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SettingsError(f"“{path}” cannot be read ({error}). Give --no-resume to start over.") from error
        _refuse_changes(identity, self._identity, {*identity, *self._identity})
        return progress

    def save(self, progress: Progress) -> None:
        """Store the progress atomically, on the first host: a reader sees the old state or the new one."""
        if not is_first_host():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        state = {name: value for name, value in vars(progress).items() if name not in _ARRAYS}
        arrays = {f"{name}_{i}": array for name in _ARRAYS for i, array in enumerate(getattr(progress, name))}
        text = json.dumps(state | {"identity": self._identity})
        partial = self.directory / f"{self._name}.partial"
        try:
            with partial.open("wb") as file:
                np.savez(file, json=np.array(text), **arrays)  # type: ignore[arg-type]  # numpy's stub mixes up **kwds
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.directory / self._name)
        except BaseException:  # such as a full disk, which the partial file would keep full
            partial.unlink(missing_ok=True)
            if not any(self.directory.iterdir()):
                self.directory.rmdir()
            raise

    def stage(self, name: str) -> ProgressFile:
        """Return the file of a second training of the same run; `remove` removes both."""
        return ProgressFile(self._out, self._identity, name)

    def remove(self) -> None:
        """Remove the stored progress, of all stages, on the first host."""
        if not is_first_host():
            return
        shutil.rmtree(self.directory, ignore_errors=True)


def progress_directory(out: Path) -> Path:
    """Return the directory beside a bundle that holds the progress of its training."""
    out = out.absolute()
    return out.parent / f".{out.name}.training"


def has_progress(out: Path) -> bool:
    """Return whether an interrupted training of this bundle can be resumed."""
    return (progress_directory(out) / _STATE).is_file()


def how_to_resume(out: Path) -> str:
    """Return what --resume does with an interrupted training, in a sentence; by folds, no epoch of it is kept."""
    goes_on = any(_epochs_in(path) for path in progress_directory(out).glob("*.npz"))
    return f"The same command with --resume {'goes on after the last epoch' if goes_on else 'begins again'}."


def _epochs_in(path: Path) -> int:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return int(json.loads(str(stored["json"]))["epoch"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return 0


def refuse_other_settings(out: Path, settings: Mapping[str, object]) -> None:
    """Raise `SettingsError` if the interrupted training of a bundle had other settings.

    Progress that cannot be read is left to `ProgressFile.load`.
    """
    try:
        with np.load(progress_directory(out) / _STATE, allow_pickle=False) as stored:
            identity = json.loads(str(stored["json"]))["identity"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return
    _refuse_changes(identity, json.loads(json.dumps(settings)), set(settings))


def _refuse_changes(before: Mapping[str, object], now: Mapping[str, object], names: Collection[str]) -> None:
    if changed := [name for name in sorted(names) if before.get(name) != now.get(name)]:
        raise SettingsError(
            f"The interrupted training differs in: {', '.join(changed)}. "
            "Give the same options and data again, or --no-resume to start over."
        )


def state_count(names: list[str], prefix: str) -> int:
    """Return how many arrays of a stored state have a prefix."""
    return sum(name.startswith(f"{prefix}_") for name in names)

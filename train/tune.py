"""Search for the settings with the lowest validation loss: `run_tune`."""

from __future__ import annotations

import csv
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna

from model.errors import SettingsError, VistazoError
from train.data.data_set import DataSet, refuse_inside, refuse_untrainable
from train.data.folders import all_labels, fingerprint
from train.data.image_store import ImageStore
from train.data.loading import load_splits, trainable
from train.data.source import DataSource, read_data
from train.input_selection import choose_input, first_input
from train.metrics.classification import share_right
from train.resource_errors import resource_error
from train.search_space import Space, Value, combinations, parse_space, space_for
from train.settings import Settings
from train.shared_study import is_shared, open_study, optimize, points_of, repeated
from train.trained_model import Dataset, divided

if TYPE_CHECKING:
    from train.trainer.division import Division
    from train.trainer.run import TrainingRun

_INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search.

    Attributes:
        rows: A row for each trial, the best first: "trial", "state", "val_loss", "val_accuracy" and what was tried.
        names: The settings that were searched.
        table: The file that the rows were written to.
    """

    rows: Sequence[Mapping[str, Any]]
    names: Sequence[str]
    table: Path

    @property
    def best(self) -> dict[str, Value]:
        """The settings of the best trial; empty when none was completed."""
        if not self.rows or self.rows[0]["state"] != "complete":
            return {}
        return {name: self.rows[0][name] for name in self.names}

    def lines(self) -> list[str]:
        """Return the rows as lines of text."""
        lines = []
        for row in self.rows:
            known = row["state"] == "complete"
            score = f"loss {row['val_loss']:.4f}, accuracy {row['val_accuracy']:.3f}" if known else row["state"]
            lines.append(f"{row['trial']:4}  {score:32}  {_words({name: row[name] for name in self.names})}")
        return lines


@dataclass(frozen=True)
class Search:
    """What to search for.

    Attributes:
        wanted: "name=a,b,c" for each setting to try; the usual ones when empty.
        trials: The number of trials in the end, those of earlier searches included.
        method: "random" or "grid".
        storage: A database or journal file that several machines share; None for a database in the directory.
    """

    wanted: Sequence[str]
    trials: int
    method: str = "random"
    storage: str | None = None


def run_tune(data: DataSource, out: Path, settings: Settings, search: Search) -> Tuned:
    """Try settings; trials of an earlier search in `out` count, and those that fail or are pruned do not end it.

    Args:
        data: As for fit.
        out: Directory that keeps the search: trials.db, trials.csv.
        settings: The settings that stay the same.
        search: Which settings to try, how often and how.

    Returns:
        The trials, the best first.

    Raises:
        VistazoError: The data or the settings cannot be used.
    """
    if search.trials < 1:
        raise SettingsError(f"--trials should be at least 1. Received: {search.trials}.")
    space = parse_space(search.wanted, settings)
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    refuse_inside(out, data.folder)
    data_set = read_data(data, multi_label=settings.multi_label)
    data_set.announce()
    refuse_untrainable(data_set)
    images = sum(len(data_set.splits[name]) for name in trainable(data_set.splits))
    settings = dataclasses.replace(settings, folds=settings.folds_for(images))
    space = space_for(space, settings, images)
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = _study(out, search, space, settings.seed)
    _refuse_other_search(study, space, settings, data_set, out)
    left = min(search.trials, combinations(space)) - len(_finished(study))
    if left > 0:
        _run_trials(study, data_set, settings, space, left)
    tuned = Tuned(_rows(study, space), list(space), out / "trials.csv")
    _write(tuned.rows, tuned.table)
    return tuned


def _run_trials(study: optuna.Study, data_set: DataSet, settings: Settings, space: Space, count: int) -> None:
    """Run new trials on images that are decoded once."""
    spec = first_input(settings)
    with ImageStore() as store:
        splits, spec = choose_input(store, load_splits(store, data_set, spec, settings), spec, settings)
        labels = tuple(all_labels(splits["train"].examples))
        run, division = divided(Dataset(splits, labels, {}, spec), settings)

        def objective(trial: optuna.Trial) -> float:
            return _trial_loss(trial, run, division, space)

        if is_shared(study):
            optimize(study, objective, VistazoError, surplus=_INTERRUPTED)
        else:
            study.optimize(objective, n_trials=count, catch=VistazoError)


def _study(out: Path, search: Search, space: Space, seed: int) -> optuna.Study:
    """Open the search in `out`, or the one that several machines share."""
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
    points = points_of(space, search.trials, search.method, seed)
    if search.storage is not None:
        return open_study(search.storage, pruner, points)
    study = optuna.create_study(
        storage=f"sqlite:///{out.absolute() / 'trials.db'}", study_name="vistazo", load_if_exists=True, pruner=pruner
    )
    for point in points:
        study.enqueue_trial(point, skip_if_exists=True)
    return study


def _trial_loss(trial: optuna.Trial, run: TrainingRun, division: Division | None, space: Space) -> float:
    """Train with the settings that a trial suggests; return the loss of images that were not trained on."""
    tried: dict[str, Any] = {name: trial.suggest_categorical(name, values) for name, values in space.items()}
    print(f"trial {trial.number + 1}: {_words(tried)}", file=sys.stderr)

    def report(row: Mapping[str, Any]) -> None:
        trial.report(row["val_loss"], row["epoch"])
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        settings = dataclasses.replace(run.settings, **tried)
        run = dataclasses.replace(run, settings=settings, on_epoch=report)
        loss, accuracy = _of_last_layers(run, division) if division else _on_validation(run)
    except (KeyboardInterrupt, SystemExit):  # the settings are tried again when the search is resumed
        trial.set_user_attr(_INTERRUPTED, True)
        trial.study.enqueue_trial(trial.params)
        raise
    except optuna.TrialPruned:
        raise
    except Exception as error:
        reason = error if isinstance(error, VistazoError) else resource_error(error)
        if reason is None:
            raise
        print(f"trial {trial.number + 1} failed: {reason}", file=sys.stderr)
        raise reason from None
    trial.set_user_attr("val_accuracy", accuracy)
    return loss


def _on_validation(run: TrainingRun) -> tuple[float, float]:
    """Return the loss and the accuracy on validation of the epoch that is kept."""
    from train.trainer.loop import fit

    result = fit(run)
    if result.by_user:
        raise KeyboardInterrupt
    # Epoch 0, the network before the first epoch, has no row.
    kept = [row for row in result.history if row["epoch"] == result.best_epoch]
    best = min(kept or result.history, key=lambda row: row["val_loss"])
    return float(best["val_loss"]), float(best["val_accuracy"])


def _of_last_layers(run: TrainingRun, division: Division) -> tuple[float, float]:
    """Return the loss and the accuracy of the images that are predicted by a network that did not see them."""
    from train.metrics.calibration import calibrated_losses
    from train.trainer.cross_fit import cross_validate

    unseen, several = cross_validate(run, division), run.settings.multi_label
    losses = calibrated_losses(unseen.logits, unseen.targets, multi_label=several)
    return float(losses.mean()), share_right(unseen.logits, unseen.targets, multi_label=several)


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    again = repeated(study) if is_shared(study) else set()
    return [
        t for t in study.trials if t.state.is_finished() and _INTERRUPTED not in t.user_attrs and t.number not in again
    ]


def _refuse_other_search(study: optuna.Study, space: Space, settings: Settings, data: DataSet, out: Path) -> None:
    images = {name: fingerprint(examples) for name, examples in data.splits.items()}
    identity = {"space": dict(space), "settings": settings.as_json(), "images": images}
    earlier = study.user_attrs.get("identity")
    if earlier is not None and earlier != identity:
        raise SettingsError(f"“{out}” holds a search over other settings or images. Give another --out.")
    study.set_user_attr("identity", identity)


def _rows(study: optuna.Study, space: Space) -> list[dict[str, Any]]:
    """Return a row per trial, the best first, then those that were pruned or failed."""
    rows = [
        {
            "trial": trial.number + 1,
            "state": trial.state.name.lower(),
            "val_loss": trial.value if trial.value is not None else "",
            "val_accuracy": trial.user_attrs.get("val_accuracy", ""),
            **{name: trial.params.get(name, "") for name in space},
        }
        for trial in _finished(study)
    ]
    return sorted(rows, key=lambda row: (row["val_loss"] == "" or row["state"] != "complete", row["val_loss"] or 0))


def _write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["trial"])
        writer.writeheader()
        writer.writerows(rows)


def _words(tried: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in tried.items())

"""Search for settings that do well on validation images: `run_tune`."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna

from model.errors import SettingsError, VistazoError
from train.data import folders as dataset
from train.data.image_store import ImageStore
from train.data.loading import load_parts
from train.input_selection import choose_input, first_input
from train.resource_errors import shortage
from train.settings import Settings

_USUAL = ("learning_rate=1e-4,3e-4,1e-3,3e-3", "dropout=0,0.2,0.4", "mixup_cutmix_prob=0,0.25,0.5")
# Another size or colour mode would need the images decoded anew; another split would not be comparable.
_FIXED = ("recipe", "size", "colour", "resize_rule", "multi_label", "group_by", "near_duplicates", "seed")
_FIXED_ENDINGS = ("_share",)

_INTERRUPTED = "interrupted"

# What a setting can be; `Settings` itself checks it.
Value = Any


def run_tune(
    data: Path, out: Path, settings: Settings, wanted: Sequence[str], trials: int, search: str = "random"
) -> str:
    """Try settings; trials of an earlier search in `out` count, and those that fail or are pruned do not end it.

    Args:
        data: As for fit.
        out: Directory that keeps the search: trials.db, trials.csv.
        settings: What stays the same.
        wanted: "name=a,b,c" for each setting to try; the usual ones when empty.
        trials: How many trials there are in the end, those of earlier searches included.
        search: "random" or "grid".

    Returns:
        The trials as a table, the best first, and the command that trains with the best settings.

    Raises:
        VistazoError: The data or the settings cannot work.
    """
    if trials < 1:
        raise SettingsError(f"--trials should be at least 1. Received: {trials}.")
    space = _space(wanted or _USUAL, settings)
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=f"sqlite:///{out.absolute() / 'trials.db'}",
        study_name="vistazo",
        load_if_exists=True,
        sampler=_sampler(search, space, settings.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
    )
    _refuse_other_search(study, space, settings, out)
    left = min(trials, _combinations(space)) - len(_finished(study))
    if left > 0:
        _search(study, data, settings, space, left)
    rows = _rows(study, space)
    _write(rows, out / "trials.csv")
    return _table(rows, data, space)


def _search(study: optuna.Study, data: Path, settings: Settings, space: Mapping[str, list[Value]], count: int) -> None:
    from train.data.batches import LabelledImages
    from train.evaluate import targets_of
    from train.trainer.loop import fit

    spec = first_input(settings)
    folders = dataset.find_part_folders(data) or {"train": data}
    with ImageStore() as store:
        loaded, spec = choose_input(store, load_parts(store, folders, spec, settings), spec, settings)
        labels = dataset.all_labels(loaded["train"].examples)
        index_of = {label: index for index, label in enumerate(labels)}
        train, validation = (
            LabelledImages(loaded[name].images, targets_of(loaded[name].examples, index_of, len(labels)))
            for name in ("train", "validation")
        )

        def trial_loss(trial: optuna.Trial) -> float:
            tried: dict[str, Any] = {name: trial.suggest_categorical(name, values) for name, values in space.items()}
            print(f"trial {trial.number + 1}: {_words(tried)}", file=sys.stderr)

            def report(row: Mapping[str, Any]) -> None:
                trial.report(row["val_loss"], row["epoch"])
                if trial.should_prune():
                    raise optuna.TrialPruned

            try:
                result = fit(
                    dataclasses.replace(settings, **tried), spec, len(labels), train, validation, on_epoch=report
                )
                if result.by_user:
                    raise KeyboardInterrupt
            except KeyboardInterrupt:  # this one is tried again when the search goes on
                trial.set_user_attr(_INTERRUPTED, True)
                study.enqueue_trial(trial.params)
                raise
            except Exception as error:
                reason = error if isinstance(error, VistazoError) else shortage(error)
                if reason is None or isinstance(error, optuna.TrialPruned):
                    raise
                print(f"trial {trial.number + 1} failed: {reason}", file=sys.stderr)
                raise reason from None
            kept = [row for row in result.history if row["epoch"] == result.best_epoch]  # none is the network before
            best = min(kept or result.history, key=lambda row: row["val_loss"])
            trial.set_user_attr("val_accuracy", best["val_accuracy"])
            return float(best["val_loss"])

        study.optimize(trial_loss, n_trials=count, catch=VistazoError)


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return [t for t in study.trials if t.state.is_finished() and _INTERRUPTED not in t.user_attrs]


def _space(wanted: Sequence[str], settings: Settings) -> dict[str, list[Value]]:
    """Return the values of each setting, checked by the settings themselves."""
    known = {field.name: field for field in dataclasses.fields(Settings)}
    space: dict[str, list[Value]] = {}
    for text in wanted:
        name, _, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known or name in _FIXED or name.endswith(_FIXED_ENDINGS) or not values:
            raise SettingsError(f"--setting should be NAME=A,B,C with a setting that can be tuned. Received: {text}.")
        space[name] = [_value(str(known[name].type), value.strip(), text) for value in values.split(",")]
        for value in space[name]:
            dataclasses.replace(settings, **{name: value})
    return space


def _value(kind: str, text: str, received: str) -> Value:
    try:
        if kind.startswith("bool"):
            return {"true": True, "false": False}[text.lower()]
        if kind.startswith("int"):
            return int(text)
        return float(text) if kind.startswith("float") else text
    except (KeyError, ValueError):
        raise SettingsError(f"--setting {received}: “{text}” is no value of that setting.") from None


def _sampler(search: str, space: Mapping[str, list[Value]], seed: int) -> optuna.samplers.BaseSampler:
    if search == "grid":
        return _GridSampler(space, seed=seed)
    return optuna.samplers.RandomSampler(seed)


class _GridSampler(optuna.samplers.GridSampler):
    """Optuna's, which does not expect that an interrupted trial is tried again."""

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """End the search when the grid is done; a trial that is tried again has no place of its own in it."""
        if "grid_id" in trial.system_attrs:
            super().after_trial(study, trial, state, values)


def _combinations(space: Mapping[str, list[Value]]) -> int:
    return len(list(itertools.product(*space.values())))


def _refuse_other_search(study: optuna.Study, space: Mapping[str, list[Value]], settings: Settings, out: Path) -> None:
    identity = {"space": dict(space), "settings": settings.as_json()}
    before = study.user_attrs.get("identity")
    if before is not None and before != identity:
        raise SettingsError(f"“{out}” holds a search over other settings. Give another --out.")
    study.set_user_attr("identity", identity)


def _rows(study: optuna.Study, space: Mapping[str, list[Value]]) -> list[dict[str, Any]]:
    """Return a row a trial, the best first, then those that were pruned or failed."""
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


def _table(rows: Sequence[Mapping[str, Any]], data: Path, space: Mapping[str, list[Value]]) -> str:
    lines = []
    for row in rows:
        known = row["state"] == "complete"
        score = f"loss {row['val_loss']:.4f}, accuracy {row['val_accuracy']:.3f}" if known else row["state"]
        lines.append(f"{row['trial']:4}  {score:32}  {_words({name: row[name] for name in space})}")
    if rows and rows[0]["state"] == "complete":
        options = " ".join(_option(name, rows[0][name]) for name in space)
        lines.append(f"Train with the best: python -m train fit {data} --out my_bundle {options}")
    return "\n".join(lines)


def _words(tried: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in tried.items())


def _option(name: str, value: Value) -> str:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"--{option} {value}"

"""Fit a regression on frozen features, then the last layers, and keep what predicts images that it did not see better.

A test split of a small data set costs the network images that it needs, for a figure with a wide interval. By folds,
each image is predicted by a network that did not see it: these predictions give the metrics, the temperature and the
rule for "none of these", and all images train the network of the bundle. Of a larger data set the validation images
judge, as the only fold would.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from train.data.folds import Fold
from train.metrics.calibration import calibrated_losses
from train.network.architectures import build
from train.network.linear_probe import PENALTIES, Probe, fit_probe, set_probe
from train.trainer.checkpoint import ProgressFile
from train.trainer.division import Division
from train.trainer.memory import keep_freed_memory
from train.trainer.run import TrainingRun
from train.trainer.statistics import FoldFeatures, part_counts, part_weights, stored_rows
from train.trainer.tail import Tail

REGRESSION, FINE_TUNED, AVERAGE = "regression", "fine-tuned", "average"
# Of a large data set fewer views enter the regression: it takes longer, and becomes no better.
_MOST_SAMPLES = 20_000


@dataclass(frozen=True)
class OutOfFold:
    """The predictions of images by networks that were not trained on them, in the order of the images.

    Attributes:
        logits: (n, classes), float.
        targets: (n, classes), float32: 1 for every label of an image.
        distances: (n,), float: of each image from the training images of its network. Among those of `CrossFit`, as
            the network of the bundle would measure them; before, as multiples of the usual distance of its network.
        fold_of: (n,), int: the fold of each image, from 0 on.
    """

    logits: np.ndarray
    targets: np.ndarray
    distances: np.ndarray
    fold_of: np.ndarray

    @property
    def folds(self) -> int:
        """Number of folds."""
        return int(self.fold_of.max()) + 1


@dataclass(frozen=True)
class CrossFit:
    """A network, and how well its like predicts images that it has not seen.

    Attributes:
        model: The network, not compiled.
        references: From the same input to the features that recognise images of something else.
        name: "regression" (on the frozen features), "fine-tuned" or "average" (of the weights of both).
        out_of_fold: The predictions of networks that were trained in the same way.
        log: What was tried, with its log loss out of fold.
    """

    model: keras.Model
    references: keras.Model
    name: str
    out_of_fold: OutOfFold
    log: dict[str, Any]


def cross_fit(run: TrainingRun, division: Division) -> Iterator[CrossFit]:
    """Fit a regression on the frozen features, then fine-tune, and keep what predicts unseen images better.

    Args:
        run: What to train, on which images.
        division: The division of the images.

    Yields:
        The regression; then, where its loss on unseen images is higher than that of a fine-tuned network, the latter.
        The weights of each are in `model` until the next is asked for.
    """
    tail, regression = _started(run, division)
    model = tail.model
    set_probe(model, regression.whole)
    _, unseen = _measured(tail, run, division, (1.0,), regression.out_of_fold)
    yield CrossFit(model, tail.reference_model(), REGRESSION, unseen, regression.log)
    pretrained = model.get_weights()
    print(
        "Fine-tuning; it is kept where it predicts unseen images better. Ctrl-C keeps the bundle that is written now.",
        file=sys.stderr,
    )
    kept = _judged(tail, run, division, regression)
    if kept.name == REGRESSION:
        return
    if len(division.rows) > len(division.folds[-1][0]):
        stage = _stage(run, division, "whole")
        names = _trained(tail, division.rows, pretrained, regression.whole, stage)
        next(name for name in names if name == kept.name)
    else:
        model.set_weights(kept.variables)
    log = regression.log | {"losses": kept.losses}
    weights, unseen = _measured(tail, run, division, kept.counts, kept.out_of_fold)
    yield CrossFit(model, tail.reference_model(weights), kept.name, unseen, log)


def cross_validate(run: TrainingRun, division: Division) -> OutOfFold:
    """Return the predictions of unseen images by the network that `cross_fit` would keep.

    Args:
        run: What to train; `on_epoch` receives the loss after each fold, what it raises ends the training.
        division: The division of the images.
    """
    tail, regression = _started(run, division)
    return _judged(tail, run, division, regression).out_of_fold


def winner(losses: dict[str, np.ndarray]) -> str:
    """Return the candidate with the lowest mean loss; of equal ones, the first.

    Args:
        losses: The loss of every image by candidate, (n,), in the same order.
    """
    return min(losses, key=lambda name: float(losses[name].mean()))


@dataclass(frozen=True)
class _Regression:
    """A regression: that of each fold, that of the bundle, and the predictions out of fold."""

    probes: list[Probe]
    whole: Probe
    out_of_fold: OutOfFold
    log: dict[str, Any]


@dataclass(frozen=True)
class _Judged:
    """Which of the candidates is kept.

    Attributes:
        name: Its name.
        variables: Those of its network in the last fold.
        counts: How much a distance counts in each part of its features.
        losses: The log loss of every candidate.
        out_of_fold: What it predicts.
    """

    name: str
    variables: list[np.ndarray]
    counts: tuple[float, ...]
    losses: dict[str, float]
    out_of_fold: OutOfFold


def _started(run: TrainingRun, division: Division) -> tuple[Tail, _Regression]:
    """Return the last layers of the pretrained network, and the regression on its features."""
    keep_freed_memory()
    keras.utils.set_random_seed(run.settings.seed)
    model = build(run.settings, run.spec, run.classes)
    print("Fitting a regression on the pretrained features …", file=sys.stderr)
    tail = Tail(model, run)
    return tail, _regression(tail, run, division)


def _regression(tail: Tail, run: TrainingRun, division: Division) -> _Regression:
    """Fit the regression with the penalty whose loss out of fold is lowest."""
    targets, several = run.targets, run.settings.multi_label
    folds, unseen = division.folds, division.unseen
    views = tail.features[: max(2, _MOST_SAMPLES // len(targets))]
    tried: dict[float, tuple[list[Probe], np.ndarray]] = {}
    losses: dict[float, float] = {}
    for penalty in PENALTIES:
        probes = [fit_probe(views[:, train], targets[train], penalty, multi_label=several) for train, _ in folds]
        logits = np.zeros(targets.shape, np.float32)
        for probe, (_, other) in zip(probes, folds, strict=True):
            logits[other] = probe.logits(views[0, other])
        tried[penalty] = probes, logits
        losses[penalty] = float(calibrated_losses(logits[unseen], targets[unseen], multi_label=several).mean())
        if losses[penalty] > min(losses.values()):
            break  # the loss has one minimum, and weaker penalties take longer
    best = min(losses, key=lambda penalty: losses[penalty])
    _, found = part_counts([_features(tail, run, fold, tuned=False) for fold in folds])
    log = {"penalty": best, "penalties": {f"{penalty:g}": round(loss, 6) for penalty, loss in losses.items()}}
    probes, logits = tried[best]
    whole = fit_probe(views[:, division.rows], targets[division.rows], best, multi_label=several)
    unseen_by = OutOfFold(logits[unseen], targets[unseen], found[_order(folds)], _fold_of(folds))
    return _Regression(probes, whole, unseen_by, log)


def _judged(tail: Tail, run: TrainingRun, division: Division, regression: _Regression) -> _Judged:
    """Fine-tune on each fold, and return what predicts unseen images best."""
    targets, several = run.targets, run.settings.multi_label
    folds, unseen = division.folds, division.unseen
    pretrained = tail.model.get_weights()
    logits = {name: np.zeros(targets.shape, np.float32) for name in (REGRESSION, FINE_TUNED, AVERAGE)}
    logits[REGRESSION][unseen] = regression.out_of_fold.logits
    features: dict[str, list[FoldFeatures]] = {name: [] for name in (FINE_TUNED, AVERAGE)}
    done = np.zeros(len(targets), bool)
    losses: dict[str, np.ndarray] = {}
    variables: dict[str, list[np.ndarray]] = {}
    for number, (train, other) in enumerate(folds):
        began = time.monotonic()
        stage = _stage(run, division, "fold")
        for name in _trained(tail, train, pretrained, regression.probes[number], stage):
            variables[name] = tail.model.get_weights()
            logits[name][other] = tail.logits(other)
            features[name].append(_features(tail, run, (train, other), tuned=True))
        done[other] = True
        losses = {
            name: calibrated_losses(given[done], targets[done], multi_label=several) for name, given in logits.items()
        }
        if number == 0 and not run.on_epoch and len(division.rows) > len(train):
            minutes = math.ceil((time.monotonic() - began) * len(folds) / 60)
            print(f"It takes up to {minutes} minute{'s' if minutes > 1 else ''} more.", file=sys.stderr)
        if run.on_epoch:
            run.on_epoch({"epoch": number + 1, "val_loss": min(float(one.mean()) for one in losses.values())})
    kept = winner(losses)
    means = {name: round(float(values.mean()), 6) for name, values in losses.items()}
    shown = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    # Later the distance from the training images makes probabilities lower, which the metrics count.
    how = f"log loss of {done.sum()} unseen images, whatever their distance from the training images"
    print(f"Kept: {kept} ({how}: {shown}).", file=sys.stderr)
    if kept == REGRESSION:
        return _Judged(kept, pretrained, (1.0,), means, regression.out_of_fold)
    counts, found = part_counts(features[kept])
    unseen_by = OutOfFold(logits[kept][unseen], targets[unseen], found[_order(folds)], _fold_of(folds))
    return _Judged(kept, variables[kept], counts, means, unseen_by)


def _stage(run: TrainingRun, division: Division, name: str) -> ProgressFile | None:
    """Return the file for the progress of one training; a training by folds is short, and begins again."""
    return run.progress_file.stage(name) if run.progress_file and len(division.folds) == 1 else None


def _trained(
    tail: Tail,
    rows: np.ndarray,
    pretrained: list[np.ndarray],
    probe: Probe,
    progress_file: ProgressFile | None,
) -> Iterator[str]:
    """Fine-tune from a regression; yield the name of each candidate while the network has its weights.

    Those are the tuned weights, and their mean with the weights before (Wortsman et al. 2022).
    """
    model = tail.model
    model.set_weights(pretrained)
    set_probe(model, probe)
    start = model.get_weights()
    tail.train(rows, progress_file)
    yield FINE_TUNED
    model.set_weights([(one + other) / 2 for one, other in zip(start, model.get_weights(), strict=True)])
    yield AVERAGE


def _features(tail: Tail, run: TrainingRun, fold: Fold, *, tuned: bool) -> FoldFeatures:
    """Return the features of a fold's images, with the weights that the network has now."""
    train, other = fold
    return tail.references(stored_rows(run, train), tuned=tuned), tail.references(other, tuned=tuned)


def _measured(
    tail: Tail, run: TrainingRun, division: Division, counts: tuple[float, ...], unseen: OutOfFold
) -> tuple[tuple[float, ...], OutOfFold]:
    """Return the weights of the parts in the network of the bundle, and the distances as it would measure them."""
    known = tail.references(stored_rows(run, division.rows), tuned=len(counts) > 1)
    weights, usual = part_weights(counts, known)
    return weights, replace(unseen, distances=unseen.distances * usual)


def _fold_of(folds: Sequence[Fold]) -> np.ndarray:
    """Return the fold of each image, by their rows."""
    return np.repeat(np.arange(len(folds)), [len(other) for _, other in folds])[_order(folds)]


def _order(folds: Sequence[Fold]) -> np.ndarray:
    """Return what sorts the images, fold after fold, by their rows."""
    return np.argsort(np.concatenate([other for _, other in folds]))

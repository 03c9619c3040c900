"""Fit a small data set by folds: each image is predicted by a network that did not see it, and all images train one.

A test split of a small data set costs the network images that it needs, for a figure with a wide interval. Here the
predictions of all images, each made out of fold, give the metrics, the temperature and the rule for "none of these".
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from model.errors import DataError
from model.statistics import distances
from model.verdict import probabilities_of
from train.metrics.calibration import calibrate
from train.metrics.paired import clearly_best
from train.metrics.unknown import reference_rows
from train.network.architectures import build
from train.network.linear_probe import PENALTIES, Probe, fit_probe, set_probe
from train.trainer.memory import keep_freed_memory
from train.trainer.run import TrainingRun
from train.trainer.tail import Tail

REGRESSION, FINE_TUNED, AVERAGE = "regression", "fine-tuned", "average"
# Fine-tuning that is no better on so many folds is given up.
_FIRST_FOLDS = 2
_LEAST_PROBABILITY = 1e-6

Fold = tuple[np.ndarray, np.ndarray]  # the rows to train on, and the others


@dataclass(frozen=True)
class OutOfFold:
    """The predictions of images by networks that were not trained on them.

    Attributes:
        logits: (n, classes), float.
        distances: (n,), float: of each image from the training images of its network.
        folds: Number of folds.
    """

    logits: np.ndarray
    distances: np.ndarray
    folds: int


@dataclass(frozen=True)
class CrossFit:
    """A network that was trained on all images, and how well its like predicts images that it has not seen.

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


def make_folds(classes: np.ndarray, groups: np.ndarray, folds: int, seed: int, labels: Sequence[str]) -> list[Fold]:
    """Divide images into folds, stratified by class, each group in one fold.

    Args:
        classes: (n,), int.
        groups: (n,), int.
        folds: Number of folds, at least 2.
        seed: Seed of the division.
        labels: The labels in class order.

    Raises:
        DataError: A class has too few groups, so that a network would not see it.
    """
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    division = [(train, other) for train, other in splitter.split(classes, classes, groups)]
    for train, _ in division:
        absent = sorted(set(range(len(labels))) - set(classes[train].tolist()))
        if absent:
            raise DataError(
                f"Class “{labels[absent[0]]}” has all its images in one fold: they are too few, or too much alike. "
                "Add images, or give --folds 0 and train, valid and test folders."
            )
    return division


def cross_fit(run: TrainingRun, folds: Sequence[Fold]) -> Iterator[CrossFit]:
    """Fit a regression on the frozen features, then fine-tune, and keep what predicts unseen images better.

    Args:
        run: What to train; its images are those that the folds divide.
        folds: The division of the images.

    Yields:
        The regression; then, where its loss out of fold is higher than that of a fine-tuned network by more than one
        standard error, the latter.
    """
    model, tail, regression = _started(run, folds)
    set_probe(model, regression.whole)
    yield CrossFit(model, tail.reference_model(tuned=False), REGRESSION, regression.out_of_fold, regression.log)
    pretrained = model.get_weights()
    try:
        kept = _judged(model, tail, run, folds, regression)
        if kept.name == REGRESSION:
            return
        every = np.arange(len(run.train.classes))
        next(n for n in _trained(model, tail, every, pretrained, regression.whole) if n == kept.name)
    except KeyboardInterrupt:
        print("Stopped: the regression is kept.", file=sys.stderr)
        return
    log = regression.log | {"losses": kept.losses}
    yield CrossFit(model, tail.reference_model(tuned=True), kept.name, kept.out_of_fold, log)


def cross_validate(run: TrainingRun, folds: Sequence[Fold]) -> np.ndarray:
    """Return the logits of all images, (n, classes), out of fold, of the network that `cross_fit` would keep.

    Args:
        run: What to train; `on_epoch` receives the loss after each fold, what it raises ends the training.
        folds: The division of the images.
    """
    model, tail, regression = _started(run, folds)
    return _judged(model, tail, run, folds, regression).out_of_fold.logits


def calibrated_losses(logits: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the log loss of each image, (n,), after temperature scaling on all of them."""
    probabilities = probabilities_of(logits, calibrate(logits, classes).temperature)
    return -np.log(np.maximum(probabilities[np.arange(len(classes)), classes], _LEAST_PROBABILITY))


def winner(losses: dict[str, np.ndarray]) -> str:
    """Return the candidate with the lowest mean loss that beats the regression by one standard error, or the latter.

    Args:
        losses: The loss of every image by candidate, (n,), in the same order; the regression is among them.
    """
    return clearly_best(losses, REGRESSION, standard_errors=1)


@dataclass(frozen=True)
class _Regression:
    """A regression by folds: that of each fold, that of all images, and the predictions out of fold."""

    probes: list[Probe]
    whole: Probe
    out_of_fold: OutOfFold
    log: dict[str, Any]


@dataclass(frozen=True)
class _Judged:
    """Which of the candidates is kept, the log loss of each, and the predictions out of fold of the one."""

    name: str
    losses: dict[str, float]
    out_of_fold: OutOfFold


def _started(run: TrainingRun, folds: Sequence[Fold]) -> tuple[keras.Model, Tail, _Regression]:
    """Return the pretrained network, its last layers, and the regression on its features."""
    keep_freed_memory()
    keras.utils.set_random_seed(run.settings.seed)
    model = build(run.settings, run.spec, run.classes)
    print("Fitting a regression on the pretrained features …", file=sys.stderr)
    tail = Tail(model, run.train, run.spec, run.settings)
    return model, tail, _regression(tail, run, folds)


def _regression(tail: Tail, run: TrainingRun, folds: Sequence[Fold]) -> _Regression:
    """Fit the regression with the penalty whose loss out of fold is lowest."""
    classes, views = run.train.classes, tail.features
    tried: dict[float, tuple[list[Probe], np.ndarray]] = {}
    losses: dict[float, float] = {}
    for penalty in PENALTIES:
        probes = [fit_probe(views[:, train], classes[train], penalty) for train, _ in folds]
        logits = np.zeros((len(classes), run.classes), np.float32)
        for probe, (_, other) in zip(probes, folds, strict=True):
            logits[other] = probe.logits(views[0, other])
        tried[penalty] = probes, logits
        losses[penalty] = float(calibrated_losses(logits, classes).mean())
        if losses[penalty] > min(losses.values()):
            break  # the loss has one minimum, and weaker penalties take longer
    best = min(losses, key=lambda penalty: losses[penalty])
    references = tail.references(tuned=False)
    found = np.zeros(len(classes))
    for train, other in folds:
        found[other] = _distances(references, classes, train, other, run.settings.seed)
    log = {"penalty": best, "penalties": {f"{penalty:g}": round(loss, 6) for penalty, loss in losses.items()}}
    probes, logits = tried[best]
    return _Regression(probes, fit_probe(views, classes, best), OutOfFold(logits, found, len(folds)), log)


def _judged(
    model: keras.Model, tail: Tail, run: TrainingRun, folds: Sequence[Fold], regression: _Regression
) -> _Judged:
    """Fine-tune on each fold, and return what predicts unseen images best."""
    classes, pretrained = run.train.classes, model.get_weights()
    logits = {REGRESSION: regression.out_of_fold.logits}
    logits |= {name: np.zeros_like(logits[REGRESSION]) for name in (FINE_TUNED, AVERAGE)}
    found = {REGRESSION: regression.out_of_fold.distances}
    found |= {name: np.zeros(len(classes)) for name in (FINE_TUNED, AVERAGE)}
    done = np.zeros(len(classes), bool)
    losses: dict[str, np.ndarray] = {}
    for number, (train, other) in enumerate(folds):
        began = time.monotonic()
        for name in _trained(model, tail, train, pretrained, regression.probes[number]):
            logits[name][other] = tail.logits(other)
            references = tail.references(tuned=True)
            found[name][other] = _distances(references, classes, train, other, run.settings.seed)
        done[other] = True
        losses = {name: calibrated_losses(given[done], classes[done]) for name, given in logits.items()}
        if number == 0 and not run.on_epoch:
            minutes = math.ceil((time.monotonic() - began) * len(folds) / 60)
            print(
                f"Fine-tuning takes up to {minutes} minute{'s' if minutes > 1 else ''} more; it is kept where it "
                "predicts unseen images better. Ctrl-C keeps the bundle that is written now.",
                file=sys.stderr,
            )
        elif number + 1 == _FIRST_FOLDS and min(losses, key=lambda name: losses[name].mean()) == REGRESSION:
            break
        if run.on_epoch:
            run.on_epoch({"epoch": number + 1, "val_loss": min(float(one.mean()) for one in losses.values())})
    kept = winner(losses) if done.all() else REGRESSION
    means = {name: round(float(values.mean()), 6) for name, values in losses.items()}
    shown = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    print(f"Kept: {kept} (log loss of {done.sum()} unseen images: {shown}).", file=sys.stderr)
    return _Judged(kept, means, OutOfFold(logits[kept], found[kept], len(folds)))


def _trained(
    model: keras.Model, tail: Tail, rows: np.ndarray, pretrained: list[np.ndarray], probe: Probe
) -> Iterator[str]:
    """Fine-tune from a regression; yield the name of each candidate while the network has its weights.

    Those are the tuned weights, and their mean with the weights before (Wortsman et al. 2022).
    """
    model.set_weights(pretrained)
    set_probe(model, probe)
    start = model.get_weights()
    tail.train(rows)
    yield FINE_TUNED
    model.set_weights([(one + other) / 2 for one, other in zip(start, model.get_weights(), strict=True)])
    yield AVERAGE


def _distances(
    references: np.ndarray, classes: np.ndarray, train: np.ndarray, other: np.ndarray, seed: int
) -> np.ndarray:
    """Return the distance of some images from the training images of a fold, (other,)."""
    return distances(references[other], references[train][reference_rows(classes[train], seed)])

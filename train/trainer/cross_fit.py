"""Fit a small data set by folds: each image is predicted by a network that did not see it, and all images train one.

A test split of a small data set costs the network images that it needs, for a figure with a wide interval. Here the
predictions of all images, each made out of fold, give the metrics, the temperature and the rule for "none of these".
"""

from __future__ import annotations

import dataclasses
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
from model.statistics import distances, normalised
from model.verdict import probabilities_of
from train.data.batches import LabelledImages
from train.metrics.calibration import calibrate
from train.metrics.unknown import reference_rows
from train.network.architectures import build
from train.network.linear_probe import PENALTIES, Probe, features_of_references, fit_probe, probe_features, set_probe
from train.trainer.loop import fit, predict_logits
from train.trainer.run import TrainingRun

REGRESSION, FINE_TUNED, AVERAGE = "regression", "fine-tuned", "average"
# Fine-tuning that is no better on so many folds is given up.
_FIRST_FOLDS = 2
_LEAST_PROBABILITY = 1e-6
_TIMES_FORWARD = 2.5  # a training step takes so much longer than predicting its images

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
        name: "regression" (on the frozen features), "fine-tuned" or "average" (of the weights of both).
        out_of_fold: The predictions of networks that were trained in the same way.
        history: One dict per epoch of the last training; empty for the regression.
        log: What was tried, with its loss: the key "candidates" of metrics.json.
        interrupted: Whether fine-tuning was stopped before its end.
    """

    model: keras.Model
    name: str
    out_of_fold: OutOfFold
    history: list[dict[str, Any]]
    log: dict[str, Any]
    interrupted: bool = False


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
    regression, starts, seconds = _regression(run, folds)
    yield regression
    print(
        f"Fine-tuning on {len(folds)} folds, up to about {math.ceil(seconds / 60)} minutes; the result is kept where "
        "it predicts unseen images better. Ctrl-C keeps the bundle that is written now.",
        file=sys.stderr,
    )
    try:
        tuned = _fine_tuned(run, folds, regression, starts)
    except KeyboardInterrupt:
        print("Stopped: the regression is kept.", file=sys.stderr)
        return
    if tuned is not None:
        yield tuned


def calibrated_losses(logits: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the log loss of each image, (n,), after temperature scaling on all of them."""
    probabilities = probabilities_of(logits, calibrate(logits, classes).temperature)
    return -np.log(np.maximum(probabilities[np.arange(len(classes)), classes], _LEAST_PROBABILITY))


def winner(losses: dict[str, np.ndarray]) -> str:
    """Return the candidate with the lowest mean loss that beats the regression by one standard error, or the latter.

    Args:
        losses: The loss of every image by candidate, (n,), in the same order; the regression is among them.
    """
    best, most = REGRESSION, 0.0
    for name, values in losses.items():
        gains = losses[REGRESSION] - values
        gain, error = gains.mean(), gains.std() / max(1, len(gains)) ** 0.5
        if gain > max(most, error):
            best, most = name, gain
    return best


def _regression(run: TrainingRun, folds: Sequence[Fold]) -> tuple[CrossFit, list[list[np.ndarray]], float]:
    """Return the regression, the weights of a network with that of each fold, and the seconds fine-tuning may take."""
    images, classes, settings = run.train.images, run.train.classes, run.settings
    keras.utils.set_random_seed(settings.seed)
    model = build(settings, run.spec, run.classes)
    print("Fitting a regression on the pretrained features …", file=sys.stderr)
    began = time.monotonic()
    views = probe_features(model, images, np.arange(len(images)), mirror=settings.flip)
    seconds_per_image = (time.monotonic() - began) / (len(views) * len(images))
    tried: dict[float, tuple[list[Probe], np.ndarray]] = {}
    for penalty in PENALTIES:
        probes = [fit_probe(views[:, train], classes[train], penalty) for train, _ in folds]
        logits = np.zeros((len(images), run.classes), np.float32)
        for probe, (_, other) in zip(probes, folds, strict=True):
            logits[other] = probe.logits(views[0, other])
        tried[penalty] = probes, logits
    losses = {penalty: float(calibrated_losses(logits, classes).mean()) for penalty, (_, logits) in tried.items()}
    best = min(losses, key=lambda penalty: losses[penalty])
    probes, logits = tried[best]
    starts = []
    for probe in probes:
        set_probe(model, probe)
        starts.append(model.get_weights())
    set_probe(model, fit_probe(views, classes, best))
    references = normalised(features_of_references(model, images))
    found = np.zeros(len(images))
    for train, other in folds:
        found[other] = distances(references[other], references[train][reference_rows(classes[train], settings.seed)])
    log = {"penalties": {f"{penalty:g}": round(loss, 6) for penalty, loss in losses.items()}, "penalty": best}
    steps = settings.epochs * max(settings.min_steps_per_epoch, math.ceil(len(images) / settings.batch_size))
    seconds = _TIMES_FORWARD * seconds_per_image * settings.batch_size * steps * (len(folds) + 1)
    return CrossFit(model, REGRESSION, OutOfFold(logits, found, len(folds)), [], log), starts, seconds


def _fine_tuned(
    run: TrainingRun, folds: Sequence[Fold], regression: CrossFit, starts: list[list[np.ndarray]]
) -> CrossFit | None:
    """Fine-tune on each fold, then on all images; None where that is no better, or was stopped."""
    classes = run.train.classes
    logits = {REGRESSION: regression.out_of_fold.logits.copy()}
    logits |= {name: np.zeros_like(logits[REGRESSION]) for name in (FINE_TUNED, AVERAGE)}
    found = {name: np.zeros(len(classes)) for name in (FINE_TUNED, AVERAGE)}
    done = np.zeros(len(classes), bool)
    losses: dict[str, np.ndarray] = {}
    for number, (train, other) in enumerate(folds):
        print(f"Fold {number + 1} of {len(folds)}", file=sys.stderr)
        part = _part(run, train, starts[number], f"fold-{number + 1}")
        result = fit(part)
        if result.interrupted:
            if result.by_user:
                raise KeyboardInterrupt
            return None
        for name, model in _candidates(result.model, starts[number]):
            logits[name][other] = predict_logits(model, run.train.images[other])
            found[name][other] = _distances(model, part.train, run.train.images[other], run.settings.seed)
        done[other] = True
        losses = {name: calibrated_losses(given[done], classes[done]) for name, given in logits.items()}
        if number + 1 == _FIRST_FOLDS and min(losses, key=lambda name: losses[name].mean()) == REGRESSION:
            _give_up(losses)
            return None
    name = winner(losses)
    if name == REGRESSION:
        _give_up(losses)
        return None
    start = regression.model.get_weights()
    result = fit(_part(run, np.arange(len(classes)), start, "all"))
    if result.interrupted:
        if result.by_user:
            raise KeyboardInterrupt
        return None
    model = dict(_candidates(result.model, start))[name]
    means = {candidate: round(float(values.mean()), 6) for candidate, values in losses.items()}
    print(
        f"The {name} network is kept: log loss {means[name]:.3f}, regression {means[REGRESSION]:.3f}.", file=sys.stderr
    )
    out_of_fold = OutOfFold(logits[name], found[name], len(folds))
    return CrossFit(model, name, out_of_fold, result.history, regression.log | {"losses": means})


def _give_up(losses: dict[str, np.ndarray]) -> None:
    means = ", ".join(f"{name} {values.mean():.3f}" for name, values in losses.items())
    print(f"Fine-tuning predicts unseen images no better (log loss: {means}): the regression is kept.", file=sys.stderr)


def _part(run: TrainingRun, rows: np.ndarray, start: list[np.ndarray], stage: str) -> TrainingRun:
    """Return the run of one fold, without validation images."""
    train = LabelledImages(run.train.images[rows], run.train.targets[rows])
    return dataclasses.replace(
        run,
        train=train,
        validation=LabelledImages(train.images[:0], train.targets[:0]),
        start=start,
        progress_file=run.progress_file and run.progress_file.stage(stage),
        tensorboard=run.tensorboard and run.tensorboard / stage,
    )


def _candidates(tuned: keras.Model, start: list[np.ndarray]) -> Iterator[tuple[str, keras.Model]]:
    """Yield the tuned network, then one with the mean of its weights and those before (Wortsman et al. 2022)."""
    yield FINE_TUNED, tuned
    averaged = keras.models.clone_model(tuned)
    averaged.set_weights([(one + other) / 2 for one, other in zip(start, tuned.get_weights(), strict=True)])
    yield AVERAGE, averaged


def _distances(model: keras.Model, train: LabelledImages, images: np.ndarray, seed: int) -> np.ndarray:
    """Return the distance of images from the training images of a network, (n,)."""
    rows = reference_rows(train.classes, seed)
    references = normalised(features_of_references(model, train.images, rows))
    return distances(normalised(features_of_references(model, images)), references)

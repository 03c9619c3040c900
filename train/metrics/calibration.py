"""Calibration: the temperature and the thresholds that turn logits into predictions, fitted on validation images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.statistics import Statistics
from model.verdict import probabilities_of
from train.metrics.classification import cross_entropy

_DEFAULT_THRESHOLD = 0.5  # of a label without validation images
_TEMPERATURES = (0.05, 20.0)  # where the search ends; the prior keeps away from both
_LEAST_PROBABILITY = 1e-6
_SPREAD_BELOW_1, _SPREAD_ABOVE_1 = 0.15, 0.7


@dataclass(frozen=True)
class Calibration:
    """What turns logits into calibrated predictions.

    Attributes:
        temperature: The divisor of the logits.
        unknown_threshold: Top probability below which the prediction is "none of these", 0 to 1.
        thresholds: The probability from which each label of a multi-label model counts.
        statistics: What recognises images of something else.
    """

    temperature: float = 1.0
    unknown_threshold: float | None = None
    thresholds: tuple[float, ...] | None = None
    statistics: Statistics | None = None


def calibrate_any(logits: np.ndarray, targets: np.ndarray, *, multi_label: bool) -> Calibration:
    """Calibrate by validation images, each of one label or of any number of them.

    Args:
        logits: (n, classes), float.
        targets: (n, classes), 1 for every label of an image.
        multi_label: Whether an image may have several labels, or none.
    """
    if multi_label:
        return calibrate_multilabel(logits, targets)
    return calibrate(logits, targets.argmax(axis=1) if len(targets) else np.zeros(0, int))


def calibrated_losses(logits: np.ndarray, targets: np.ndarray, *, multi_label: bool) -> np.ndarray:
    """Return the log loss of each image, (n,), after temperature scaling on all of them.

    Args:
        logits: (n, classes), float.
        targets: (n, classes), 1 for every label of an image.
        multi_label: Whether an image may have several labels: its loss is then the mean over the labels.
    """
    temperature = (
        _temperature_of_labels(logits, targets)
        if multi_label
        else calibrate(logits, targets.argmax(axis=1)).temperature
    )
    probabilities = probabilities_of(logits, temperature, multi_label=multi_label)
    likely = np.maximum(np.where(targets > 0, probabilities, 1 - probabilities), _LEAST_PROBABILITY)
    if multi_label:
        return -np.log(likely).mean(axis=1)
    return -np.log(likely[targets > 0])


def calibrate(logits: np.ndarray, classes: np.ndarray) -> Calibration:
    """Fit the temperature and choose the threshold on validation images.

    The temperature minimises the negative log-likelihood (Guo et al. 2017) with a prior, see `fitted_temperature`. The
    threshold is the top probability that 95% of the correctly classified images exceed, and at most 0.5.

    Args:
        logits: (n, classes), float.
        classes: (n,), int: true class indices.

    Returns:
        The calibration; temperature 1 without a threshold when there are no images.
    """
    if not len(logits):
        return Calibration()

    temperature = fitted_temperature(lambda t: cross_entropy(probabilities_of(logits, t), classes), len(logits))
    probabilities = probabilities_of(logits, temperature)
    right = probabilities.argmax(axis=1) == classes
    if not right.any():
        return Calibration(temperature)
    threshold = min(0.5, float(np.quantile(probabilities.max(axis=1)[right], 0.05)))
    return Calibration(temperature, round(threshold, 4))


def fitted_temperature(loss: Callable[[float], float], count: int) -> float:
    """Return the temperature of the highest posterior probability.

    A few images that are all predicted correctly are best explained by a temperature of nothing, with which every
    prediction is certain. So its logarithm has a normal prior around 0, which counts for less the more images there
    are. It is narrower below: a temperature under 1 makes predictions surer, which needs evidence.

    Args:
        loss: The mean negative log-likelihood at a temperature, in nats.
        count: How many observations the mean is over.
    """

    def negative_log_posterior(log_temperature: float) -> float:
        spread = _SPREAD_BELOW_1 if log_temperature < 0 else _SPREAD_ABOVE_1
        return count * loss(float(np.exp(log_temperature))) + (log_temperature / spread) ** 2 / 2

    from scipy.optimize import minimize_scalar  # takes a second, which a command's first checks do not wait for

    bounds = (np.log(_TEMPERATURES[0]), np.log(_TEMPERATURES[1]))
    return float(np.exp(minimize_scalar(negative_log_posterior, bounds=bounds, method="bounded").x))


def calibrate_multilabel(logits: np.ndarray, targets: np.ndarray) -> Calibration:
    """Fit one temperature, and for each label the threshold of the highest F1, on validation images.

    Args:
        logits: (n, classes), float.
        targets: (n, classes), 1 for every label of an image.

    Returns:
        The calibration; the threshold of a label without validation images is 0.5.
    """
    classes = targets.shape[1]
    if not len(logits):
        return Calibration(thresholds=(_DEFAULT_THRESHOLD,) * classes)

    temperature = _temperature_of_labels(logits, targets)
    probabilities = probabilities_of(logits, temperature, multi_label=True)
    return Calibration(temperature, None, best_thresholds(probabilities, targets))


def best_thresholds(probabilities: np.ndarray, targets: np.ndarray) -> tuple[float, ...]:
    """Return for each label the threshold of the highest F1, above 0; 0.5 where all images have the label or none.

    Args:
        probabilities: (n, classes), float, 0 to 1.
        targets: (n, classes), 1 for every label of an image.
    """
    return tuple(_best_threshold(chances, true) for chances, true in zip(probabilities.T, targets.T, strict=True))


def _temperature_of_labels(logits: np.ndarray, targets: np.ndarray) -> float:
    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float(np.logaddexp(0, np.where(targets > 0, -scaled, scaled)).mean())

    return fitted_temperature(loss, logits.size)


def _best_threshold(probabilities: np.ndarray, true: np.ndarray) -> float:
    if not 0 < true.sum() < len(true):
        return _DEFAULT_THRESHOLD
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(true, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    # Midway to the next lower probability, so that the threshold does not equal a validation score.
    lower = probabilities[probabilities < thresholds[best]]
    return (float(thresholds[best]) + (float(lower.max()) if len(lower) else 0)) / 2

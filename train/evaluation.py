"""Measure a served model on labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from model.classifier import probabilities_of
from train.curves import curves

_CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Calibration:
    """What turns logits into honest answers.

    Attributes:
        temperature: What the logits are divided by.
        unknown_threshold: Top probability under which the answer is "none of these", 0 to 1.
        thresholds: With several labels a picture, the probability from which each label counts.
    """

    temperature: float = 1.0
    unknown_threshold: float | None = None
    thresholds: tuple[float, ...] | None = None


def calibrate(logits: np.ndarray, classes: np.ndarray) -> Calibration:
    """Fit the temperature and choose the threshold on validation pictures.

    The temperature minimises the negative log-likelihood (Guo et al. 2017). The threshold is the
    top probability that 95 % of the rightly recognised pictures exceed, and never above one half.

    Args:
        logits: (n, classes), float.
        classes: (n,), int: true class indices.

    Returns:
        The calibration; the neutral one when there are no pictures.
    """
    if not len(logits):
        return Calibration()

    def loss(log_temperature: float) -> float:
        return cross_entropy(probabilities_of(logits, float(np.exp(log_temperature))), classes)

    temperature = float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded").x))
    probabilities = probabilities_of(logits, temperature)
    right = probabilities.argmax(axis=1) == classes
    if not right.any():
        return Calibration(temperature)
    threshold = min(0.5, float(np.quantile(probabilities.max(axis=1)[right], 0.05)))
    return Calibration(temperature, round(threshold, 4))


def measure(probabilities: np.ndarray, classes: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Compute every figure of an evaluation.

    Args:
        probabilities: (n, classes), float, 0 to 1; n at least 1.
        classes: (n,), int: true class indices.
        labels: The labels in class order.

    Returns:
        "n", "accuracy", "accuracy_interval" (95 %, Wilson), "top5_accuracy", "macro_f1" (over the
        classes that occur), "weighted_f1", "ece", "loss", "per_class", "confusion_matrix" (rows:
        true, columns: predicted) and "curves" (as `train.curves.curves` returns them).
    """
    predicted = probabilities.argmax(axis=1)
    occurring = np.unique(classes)
    precision, recall, f1, support = precision_recall_fscore_support(
        classes, predicted, labels=np.arange(len(labels)), zero_division=0
    )
    accuracy = float((predicted == classes).mean())
    return {
        "n": len(classes),
        "accuracy": round(accuracy, 6),
        "accuracy_interval": [round(bound, 6) for bound in wilson_interval(accuracy, len(classes))],
        "top5_accuracy": round(top_k_accuracy(probabilities, classes, 5), 6),
        "macro_f1": round(float(f1[occurring].mean()), 6),
        "weighted_f1": round(float(np.average(f1, weights=support)), 6),
        "ece": round(expected_calibration_error(probabilities, classes), 6),
        "loss": round(cross_entropy(probabilities, classes), 6),
        "per_class": {
            labels[i]: {
                "precision": round(float(precision[i]), 6),
                "recall": round(float(recall[i]), 6),
                "f1": round(float(f1[i]), 6),
                "support": int(support[i]),
            }
            for i in range(len(labels))
        },
        "confusion_matrix": confusion_matrix(classes, predicted, labels=np.arange(len(labels))).tolist(),
        "curves": curves(probabilities, classes, labels),
    }


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the single-number figures: what `train evaluate` prints as its last line."""
    return {name: value for name, value in metrics.items() if isinstance(value, int | float | str | bool)}


def top_k_accuracy(probabilities: np.ndarray, classes: np.ndarray, k: int) -> float:
    """Return the share of pictures whose true class is among the `k` likeliest."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((best == classes[:, np.newaxis]).any(axis=1).mean())


def cross_entropy(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean negative log-likelihood of the true classes, in nats."""
    true = probabilities[np.arange(len(classes)), classes].astype(np.float64)
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def expected_calibration_error(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean gap between confidence and accuracy over 15 equal bins (Naeini et al. 2015)."""
    return expected_gap(probabilities.max(axis=1), probabilities.argmax(axis=1) == classes)


def expected_gap(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the mean gap between confidences (n,) and how often they are right (n,), over 15 equal bins."""
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    gaps = [
        (bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean())
        for b in range(_CALIBRATION_BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def wilson_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share measured on `n` cases (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)

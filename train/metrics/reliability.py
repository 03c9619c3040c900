"""Calibration of probabilities, and the effect of the “none of these” threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

_BINS = 15
_SWEEP = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Return a reliability diagram: predictions in 15 equal bins of confidence (Niculescu-Mizil & Caruana 2005).

    Args:
        confidence: (n,), float, 0 to 1.
        right: (n,), bool.

    Returns:
        For each bin that is not empty: its lower bound, mean confidence, accuracy, and number of predictions.
    """
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return [
        [
            round(number / _BINS, 4),
            round(float(confidence[bins == number].mean()), 6),
            round(float(right[bins == number].mean()), 6),
            int((bins == number).sum()),
        ]
        for number in range(_BINS)
        if (bins == number).any()
    ]


def expected_calibration_error(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean gap between confidence and accuracy over 15 equal bins (Naeini et al. 2015)."""
    return expected_gap(probabilities.max(axis=1), probabilities.argmax(axis=1) == classes)


def expected_gap(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the mean gap between confidences (n,) and their accuracy, from right (n,), over 15 equal bins."""
    return sum(count * abs(share - mean) for _, mean, share, count in reliability(confidence, right)) / len(right)


def threshold_effect(probabilities: np.ndarray, classes: np.ndarray, threshold: float) -> dict[str, Any]:
    """Return the effect of predicting “none of these” below a top probability.

    Args:
        probabilities: (n, classes), float, 0 to 1; n at least 1.
        classes: (n,), int: true class indices.
        threshold: 0 to 1.

    Returns:
        "threshold", "answered" (images with a prediction), "coverage" (their share), "accuracy_answered"
        (None without any), "withheld_right" and "withheld_wrong" (images whose correct or wrong prediction is
        withheld), and "sweep": other thresholds, each with its coverage and accuracy.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == classes
    answered = confidence >= threshold
    coverage, accuracy = _coverage_and_accuracy(confidence, right, threshold)
    return {
        "threshold": threshold,
        "answered": int(answered.sum()),
        "coverage": coverage,
        "accuracy_answered": accuracy,
        "withheld_right": int((~answered & right).sum()),
        "withheld_wrong": int((~answered & ~right).sum()),
        "sweep": [[other, *_coverage_and_accuracy(confidence, right, other)] for other in _SWEEP],
    }


def _coverage_and_accuracy(confidence: np.ndarray, right: np.ndarray, threshold: float) -> tuple[float, float | None]:
    answered = confidence >= threshold
    return round(float(answered.mean()), 6), round(float(right[answered].mean()), 6) if answered.any() else None

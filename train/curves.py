"""Precision-recall and ROC curves, and the areas under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

_POINTS = 41


def curves(probabilities: np.ndarray, classes: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Compute the areas under the curves of each class against the rest, and averaged.

    Args:
        probabilities: (n, classes), float, 0 to 1.
        classes: (n,), int: true class indices.
        labels: The labels in class order.

    Returns:
        "per_class" (by label: "roc_auc" and "average_precision", for classes that occur and are not
        all there is), "macro" and "micro" (the same, plus "roc" and "precision_recall" for "micro":
        lists of 41 points at most, from left to right).
    """
    truth = np.zeros(probabilities.shape, bool)
    truth[np.arange(len(classes)), classes] = True
    per_class = {}
    for column, label in enumerate(labels):
        if 0 < truth[:, column].sum() < len(classes):
            per_class[label] = _areas(truth[:, column], probabilities[:, column])
    macro = {
        name: round(float(np.mean([areas[name] for areas in per_class.values()])), 6)
        for name in ("roc_auc", "average_precision")
        if per_class
    }
    false_positives, true_positives, _ = roc_curve(truth.ravel(), probabilities.ravel())
    precision, recall, _ = precision_recall_curve(truth.ravel(), probabilities.ravel())
    micro = _areas(truth.ravel(), probabilities.ravel()) | {
        "roc": _thinned(false_positives, true_positives),
        "precision_recall": _thinned(recall[::-1], precision[::-1]),
    }
    return {"per_class": per_class, "macro": macro, "micro": micro}


def _areas(truth: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    false_positives, true_positives, _ = roc_curve(truth, scores)
    return {
        "roc_auc": round(float(auc(false_positives, true_positives)), 6),
        "average_precision": round(float(average_precision_score(truth, scores)), 6),
    }


def _thinned(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Keep a few points, evenly spread along the curve, so that the file stays small."""
    rows = np.unique(np.linspace(0, len(x) - 1, min(_POINTS, len(x))).round().astype(int))
    return [[round(float(x[row]), 4), round(float(y[row]), 4)] for row in rows]

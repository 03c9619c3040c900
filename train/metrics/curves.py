"""Precision-recall and ROC curves, the areas under them, and histograms of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

_POINTS = 41
_MOST_DRAWN = 10
_GRID = np.linspace(0, 1, 201)
_BINS = 20
_LONGEST = 5000  # points that a curve is reduced to before it is simplified


def curves(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Return the one-vs-rest curves of each class, their averages, and the areas under them.

    Args:
        probabilities: (n, classes), float, 0 to 1.
        truth: (n, classes), bool: the labels of each image.
        labels: The labels in class order.

    Returns:
        "per_class" (by label: "roc_auc" and "average_precision", for classes with positive and negative images);
        "macro" (the mean of these) and "micro" (all decisions pooled), both with "roc" and "precision_recall" as
        well: at most 41 points, from left to right; and "drawn" with these points for every class, or for the five
        best and five worst of more than ten. Curves that are undefined for these images are left out.
    """
    columns = [c for c in range(len(labels)) if 0 < truth[:, c].sum() < len(truth)]
    per_class = {labels[c]: _areas(truth[:, c], probabilities[:, c]) for c in columns}
    found: dict[str, Any] = {"per_class": per_class, "macro": {}, "micro": {}, "drawn": {}}
    if 0 < truth.sum() < truth.size:
        everything = truth.ravel(), probabilities.ravel()
        found["micro"] = _areas(*everything) | {"roc": _simple(*_roc(*everything))}
        found["micro"]["precision_recall"] = _simple(*_precision_recall(*everything))
    if not columns:
        return found
    found["macro"] = {
        name: round(float(np.mean([areas[name] for areas in per_class.values()])), 6)
        for name in ("roc_auc", "average_precision")
    }
    for kind, curve, mean in (("roc", _roc, _mean_roc), ("precision_recall", _precision_recall, _mean_steps)):
        lines = {labels[c]: curve(truth[:, c], probabilities[:, c]) for c in columns}
        start = [0.0] if kind == "roc" else []  # where the curve may rise vertically
        found["macro"][kind] = _simple(np.append(start, _GRID), np.append(start, mean(list(lines.values()))))
        for label in _to_draw(per_class):
            found["drawn"].setdefault(label, {})[kind] = _simple(*lines[label])
    return found


def histograms(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Return histograms of the probability of each label, for images that have it and for the others.

    Args:
        probabilities: (n, classes), float, 0 to 1.
        truth: (n, classes), bool.
        labels: The labels in class order.

    Returns:
        By label "own" and "others": the number of images in each of 20 equal bins from 0 to 1.
    """
    bins = np.clip((probabilities * _BINS).astype(int), 0, _BINS - 1)
    return {
        label: {
            "own": np.bincount(bins[truth[:, c], c], minlength=_BINS).tolist(),
            "others": np.bincount(bins[~truth[:, c], c], minlength=_BINS).tolist(),
        }
        for c, label in enumerate(labels)
    }


def _to_draw(per_class: dict[str, dict[str, float]]) -> list[str]:
    """Return the labels whose curves are stored: all, or the best and the worst."""
    ranked = sorted(per_class, key=lambda label: -per_class[label]["average_precision"])
    half = _MOST_DRAWN // 2
    return ranked if len(ranked) <= _MOST_DRAWN else ranked[:half] + ranked[-half:]


def _areas(truth: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    from sklearn.metrics import auc, average_precision_score

    return {
        "roc_auc": round(float(auc(*_roc(truth, scores))), 6),
        "average_precision": round(float(average_precision_score(truth, scores)), 6),
    }


def _roc(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.metrics import roc_curve

    false_positives, true_positives, _ = roc_curve(truth, scores)
    return false_positives, true_positives


def _precision_recall(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
    return recall[::-1], precision[::-1]


def _mean_roc(lines: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the mean true positive rate over classes at each false positive rate: the upper end of vertical steps."""
    upper = [y[np.minimum(np.searchsorted(x, _GRID, side="right"), len(x)) - 1] for x, y in lines]
    straight = [np.interp(_GRID, x, y) for x, y in lines]
    return np.maximum(upper, straight).mean(axis=0)


def _mean_steps(lines: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the mean precision over classes at each recall; a class has the precision of its next point."""
    return np.mean([y[np.minimum(np.searchsorted(x, _GRID), len(x) - 1)] for x, y in lines], axis=0)


def _simple(x: np.ndarray, y: np.ndarray) -> list[list[float]]:
    """Return the corners of a curve (Douglas & Peucker 1973), so that the file stays small and the plot accurate."""
    rows = np.unique(np.linspace(0, len(x) - 1, min(_LONGEST, len(x))).round().astype(int))
    points = np.stack([x[rows], y[rows]], axis=1).astype(np.float32)
    kept, tolerance = points, 0.0005
    while len(kept) > _POINTS:
        kept = np.asarray(cv2.approxPolyDP(points.reshape(-1, 1, 2), tolerance, False), np.float32).reshape(-1, 2)
        tolerance *= 1.2
    return [[round(float(a), 4), round(float(b), 4)] for a, b in kept]

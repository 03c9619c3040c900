"""Metrics of a multi-label classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from train.metrics.classification import averages, by_label, extremes, interval_of_accuracy, matrix_of
from train.metrics.curves import curves, histograms
from train.metrics.reliability import expected_gap, reliability


def multilabel_metrics(
    probabilities: np.ndarray,
    targets: np.ndarray,
    labels: Sequence[str],
    thresholds: Sequence[float],
    *,
    predicted: np.ndarray | None = None,
    uncalibrated: np.ndarray | None = None,
    groups: Sequence[int] = (),
) -> dict[str, Any]:
    """Return all metrics of a multi-label model.

    Args:
        probabilities: (n, classes), float, 0 to 1; n at least 1.
        targets: (n, classes), 1 for every label of an image.
        labels: The labels in class order.
        thresholds: The probability from which each label counts.
        predicted: (n, classes), bool: the labels that are predicted, where other thresholds than these decided that.
        uncalibrated: (n, classes), the probabilities without temperature scaling.
        groups: The group of each image, where some belong together.

    Returns:
        The keys of `classification_metrics` without "unknown": "accuracy" is the share of images whose labels are all
        predicted exactly, "top5_accuracy" the share whose labels are all among the five most probable, "ece" and
        "loss" are means over labels, "reliability" counts every label of every image, and row i, column j of
        "confusion_matrix" counts the images that have label i and were predicted to have j. Also "multi_label"
        (true), "thresholds" (by label), "mean_average_precision" and "label_counts": by label the true positives
        ("found"), false negatives ("missed") and false positives ("wrong").
    """
    from sklearn.metrics import precision_recall_fscore_support

    true, predicted = targets > 0, probabilities >= np.array(thresholds) if predicted is None else predicted
    scores = precision_recall_fscore_support(true, predicted, average=None, zero_division=0)
    exact = (true == predicted).all(axis=1)
    ranks = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1)
    likely = probabilities.clip(1e-12, 1 - 1e-7)
    drawn = curves(probabilities, true, labels)
    return {
        "n": len(targets),
        "multi_label": True,
        "accuracy": round(float(exact.mean()), 6),
        **interval_of_accuracy(exact, groups),
        "top5_accuracy": round(float((~true | (ranks < 5)).all(axis=1).mean()), 6),
        **averages(*scores),
        **({"mean_average_precision": drawn["macro"]["average_precision"]} if drawn["macro"] else {}),
        "ece": _mean_gap(probabilities, true),
        **({} if uncalibrated is None else {"ece_before": _mean_gap(uncalibrated, true)}),
        "loss": round(float(-np.where(true, np.log(likely), np.log(1 - likely)).mean()), 6),
        "per_class": by_label(labels, *scores),
        **extremes(scores[2], scores[3], labels),
        **matrix_of(true.T.astype(int) @ predicted.astype(int)),
        "label_counts": {
            label: {
                "found": int((true[:, i] & predicted[:, i]).sum()),
                "missed": int((true[:, i] & ~predicted[:, i]).sum()),
                "wrong": int((~true[:, i] & predicted[:, i]).sum()),
            }
            for i, label in enumerate(labels)
        },
        "thresholds": {label: round(float(value), 4) for label, value in zip(labels, thresholds, strict=True)},
        "curves": drawn,
        "histograms": histograms(probabilities, true, labels),
        "reliability": {
            name: reliability(given.ravel(), true.ravel())
            for name, given in (("before", uncalibrated), ("after", probabilities))
            if given is not None
        },
    }


def _mean_gap(probabilities: np.ndarray, true: np.ndarray) -> float:
    return round(float(np.mean([expected_gap(probabilities[:, i], true[:, i]) for i in range(true.shape[1])])), 6)

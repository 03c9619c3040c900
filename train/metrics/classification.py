"""Metrics of a classifier with one label per image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from train.metrics.curves import curves, histograms
from train.metrics.intervals import accuracy_interval, macro_f1_interval
from train.metrics.reliability import expected_calibration_error, reliability, threshold_effect

_EXTREMES = 5
_MOST_IN_MATRIX = 500  # labels; the matrix of more is nearly empty, and too large for a file or a page
_MOST_CONFUSIONS = 100


def classification_metrics(
    probabilities: np.ndarray,
    classes: np.ndarray,
    labels: Sequence[str],
    *,
    uncalibrated: np.ndarray | None = None,
    threshold: float | None = None,
    groups: Sequence[int] = (),
) -> dict[str, Any]:
    """Return all metrics of a model with one label per image.

    Args:
        probabilities: (n, classes), float, 0 to 1; n at least 1.
        classes: (n,), int: true class indices.
        labels: The labels in class order.
        uncalibrated: (n, classes), the probabilities without temperature scaling.
        threshold: Top probability below which the prediction is "none of these".
        groups: The group of each image, where some belong together.

    Returns:
        "n", "accuracy", "accuracy_interval" (95%), "groups" (their number, where there are fewer than images),
        "top5_accuracy"; precision, recall and F1 as
        "macro_…" (over the classes that occur) and "weighted_…" (by their images); "macro_f1_interval" (95%);
        "majority_accuracy", which predicting the most common of several labels always would reach; "ece", "loss",
        "per_class", "best_classes" and "worst_classes" (by F1), what `matrix_of` returns, "curves" and "histograms"
        (as `train.metrics.curves` returns them), "reliability" ("after", and "before" where `uncalibrated` is given,
        as is "ece_before"), and "unknown" where there is a threshold (as
        `train.metrics.reliability.threshold_effect` returns it).
    """
    # Takes seconds, which the checks of a command's arguments do not wait for.
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    predicted = probabilities.argmax(axis=1)
    truth = np.zeros(probabilities.shape, bool)
    truth[np.arange(len(classes)), classes] = True
    accuracy = float((predicted == classes).mean())
    matrix = confusion_matrix(classes, predicted, labels=np.arange(len(labels)))
    scores = precision_recall_fscore_support(classes, predicted, labels=np.arange(len(labels)), zero_division=0)
    # Of images of one label alone, always answering with it would be right: that says nothing.
    counts = np.bincount(classes)
    majority = {"majority_accuracy": round(float(counts.max() / len(classes)), 6)} if (counts > 0).sum() > 1 else {}
    before: dict[str, Any] = {}
    if uncalibrated is not None:
        before["ece_before"] = round(expected_calibration_error(uncalibrated, classes), 6)
    return {
        "n": len(classes),
        "accuracy": round(accuracy, 6),
        **interval_of_accuracy(predicted == classes, groups),
        "top5_accuracy": round(top_k_accuracy(probabilities, classes, 5), 6),
        **averages(*scores),
        "macro_f1_interval": [round(bound, 6) for bound in macro_f1_interval(classes, predicted, groups)],
        **majority,
        "ece": round(expected_calibration_error(probabilities, classes), 6),
        **before,
        "loss": round(cross_entropy(probabilities, classes), 6),
        "per_class": by_label(labels, *scores),
        **extremes(scores[2], scores[3], labels),
        **matrix_of(matrix),
        "curves": curves(probabilities, truth, labels),
        "histograms": histograms(probabilities, truth, labels),
        "reliability": {
            name: reliability(given.max(axis=1), given.argmax(axis=1) == classes)
            for name, given in (("before", uncalibrated), ("after", probabilities))
            if given is not None
        },
        **({} if threshold is None else {"unknown": threshold_effect(probabilities, classes, threshold)}),
    }


def matrix_of(matrix: np.ndarray) -> dict[str, Any]:
    """Return "confusion_matrix"; of more than 500 labels the most frequent "confusions" instead.

    Args:
        matrix: (classes, classes), int: images by true (rows) and predicted class.

    Returns:
        The matrix as lists, or up to 100 confusions, the most frequent first: the true class, the predicted one, and
        the number of images.
    """
    if len(matrix) <= _MOST_IN_MATRIX:
        return {"confusion_matrix": matrix.tolist()}
    true, predicted = np.nonzero(matrix)
    found = [(int(matrix[t, p]), int(t), int(p)) for t, p in zip(true, predicted, strict=True) if t != p]
    found.sort(key=lambda confusion: -confusion[0])
    return {"confusions": [[t, p, count] for count, t, p in found[:_MOST_CONFUSIONS]]}


def interval_of_accuracy(right: np.ndarray, groups: Sequence[int]) -> dict[str, Any]:
    """Return "accuracy_interval", and "groups" where there are fewer than images; see `accuracy_interval`."""
    count = len(set(groups))
    interval = [round(bound, 6) for bound in accuracy_interval(right, groups)]
    return {"accuracy_interval": interval} | ({"groups": count} if 0 < count < len(right) else {})


def averages(precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, support: np.ndarray) -> dict[str, float]:
    """Return the averages of metrics by class, (classes,): "macro_f1", "weighted_recall" and so on."""
    occurring = support > 0
    return {
        f"{kind}_{name}": round(float(np.average(values[occurring], weights=weights[occurring])), 6)
        if occurring.any()
        else 0.0
        for name, values in (("f1", f1), ("precision", precision), ("recall", recall))
        for kind, weights in (("macro", np.ones(len(support))), ("weighted", support))
    }


def by_label(
    labels: Sequence[str], precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, support: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return metrics by class, (classes,), as a mapping by label."""
    return {
        label: {
            "precision": round(float(precision[i]), 6),
            "recall": round(float(recall[i]), 6),
            "f1": round(float(f1[i]), 6),
            "support": int(support[i]),
        }
        for i, label in enumerate(labels)
    }


def extremes(f1: np.ndarray, support: np.ndarray, labels: Sequence[str]) -> dict[str, list[str]]:
    """Return the five classes of the highest and of the lowest F1 among those that occur; no class is in both."""
    ranked = [int(i) for i in np.argsort(-f1, kind="stable") if support[i] > 0]
    count = min(_EXTREMES, (len(ranked) + 1) // 2)
    worst = ranked[count:][-_EXTREMES:][::-1]
    return {"best_classes": [labels[i] for i in ranked[:count]], "worst_classes": [labels[i] for i in worst]}


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics that are single numbers or words, which --json prints, with the ends of an interval.

    These are "accuracy_low" and "accuracy_high", of the 95% confidence interval.
    """
    single = {name: value for name, value in metrics.items() if isinstance(value, int | float | str | bool)}
    low_and_high = metrics.get("accuracy_interval") or ()
    return single | dict(zip(("accuracy_low", "accuracy_high"), low_and_high, strict=False))


def top_k_accuracy(probabilities: np.ndarray, classes: np.ndarray, k: int) -> float:
    """Return the share of images whose true class is among the `k` most probable."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((best == classes[:, np.newaxis]).any(axis=1).mean())


def share_right(logits: np.ndarray, targets: np.ndarray, *, multi_label: bool) -> float:
    """Return the share of images whose most likely label is true; of several labels an image, the share of all labels.

    Args:
        logits: (n, classes), float.
        targets: (n, classes), 1 for every label of an image.
        multi_label: Whether an image may have several labels; one is predicted from a logit of 0 on.
    """
    if multi_label:
        return float(((logits > 0) == (targets > 0)).mean())
    return float((logits.argmax(axis=1) == targets.argmax(axis=1)).mean())


def cross_entropy(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Return the mean negative log-likelihood of the true classes, in nats."""
    true = probabilities[np.arange(len(classes)), classes].astype(np.float64)
    return float(-np.log(np.maximum(true, 1e-12)).mean())

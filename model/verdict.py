"""The verdict on a prediction: sure, unsure, or none of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.bundle import Bundle
from model.labels import is_background_label

Verdict = Literal["sure", "unsure", "none"]
VERDICTS: tuple[Verdict, ...] = ("sure", "unsure", "none")

# Of two labels, the other one has at most 40% then: a model that is right in fewer cases should say so.
SURE_FROM = 0.6


@dataclass(frozen=True)
class Classification:
    """The prediction for one image.

    Attributes:
        probabilities: (classes,), float32, 0 to 1; the sum is 1 unless the bundle is multi-label.
        verdict: "sure"; "unsure" between labels; or "none": the image shows none of the labels, or a label that means
            that nothing is there, such as “no flag”.
        is_unknown: Whether the image is unlike the training images, or no label is probable enough. The most likely
            label is not to be believed then. Where that one means that nothing is there, the image is not unknown.
        temperature: What the logits were divided by: more than the bundle's far from the training images.
    """

    probabilities: np.ndarray
    verdict: Verdict
    is_unknown: bool
    temperature: float = 1.0


def classification_of(logits: np.ndarray, bundle: Bundle, distance: float | None = None) -> Classification:
    """Return a prediction with its verdict. It is never a guarantee.

    Args:
        logits: (classes,), float.
        bundle: The labels, temperature, thresholds and statistics.
        distance: The image's distance from the training images; None where the bundle has no statistics.
    """
    temperature = bundle.temperature
    if bundle.statistics is not None and distance is not None:
        temperature *= bundle.statistics.rule.temperature_factor(distance)
    probabilities = probabilities_of(logits, temperature, multi_label=bundle.multi_label)
    # With several labels an image, those below their thresholds are not predicted, however probable.
    counted = np.where(probabilities >= (bundle.thresholds or 0), probabilities, 0)
    best = int(counted.argmax())
    top = float(counted[best])
    verdict: Verdict = "sure" if top >= SURE_FROM else "unsure"
    unknown = _is_unknown(probabilities, bundle, distance)
    nothing = is_background_label(bundle.labels[best])
    if unknown or not top or (nothing and verdict == "sure"):
        verdict = "none"
    if nothing and bundle.thresholds is None:
        unknown = False  # “no flag” is the right answer for an image that shows none of the labels
    return Classification(probabilities, verdict, unknown, temperature)


def _is_unknown(probabilities: np.ndarray, bundle: Bundle, distance: float | None) -> bool:
    top = float(probabilities.max())
    if bundle.statistics is not None and distance is not None:
        if bundle.thresholds is not None:  # an image may show a weak label alone: its distance decides
            return distance > bundle.statistics.rule.max_distance
        return bundle.statistics.rule.is_none(distance, top)
    return bundle.thresholds is None and bundle.unknown_threshold is not None and top < bundle.unknown_threshold


def probabilities_of(logits: np.ndarray, temperature: float = 1.0, *, multi_label: bool = False) -> np.ndarray:
    """Turn logits into calibrated probabilities (Guo et al. 2017, temperature scaling).

    Args:
        logits: (..., classes), float.
        temperature: What the logits are divided by, above 0.
        multi_label: Use a sigmoid for each class instead of a softmax over all classes.

    Returns:
        The same shape, float32, 0 to 1.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    if multi_label:
        return (1 / (1 + np.exp(-np.clip(scaled, -60, 60)))).astype(np.float32)
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)

"""Find several labels in one image: the network classifies windows of several sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.classifier import Classifier
from model.labels import is_background_label
from model.preprocessing import prepare

# Window sides as shares of the image's sides, and the step between windows as a share of the window's side: an object
# of a quarter of the image or more is nearly whole in some window.
_SCALES = (1.0, 0.72, 0.52, 0.37, 0.27)
_STEP = 1 / 3
_MIN_PROBABILITY = 0.5
# Windows with at least this intersection over union show the same object.
_SAME_OBJECT_IOU = 0.25
# A box of which this share lies in a detection of more support is part of that object: the stripes of a flag alone
# look like another flag.
_PART_OVERLAP = 0.3
# Support is a sum over windows. With less, only one window or two show the label, which is a likeness by chance.
_MIN_SUPPORT = 1.6
# Detections of much less support than the best one are parts of it, in models without a label for the background.
_MIN_SUPPORT_SHARE = 0.35

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Detection:
    """A label and where it is.

    Attributes:
        label: Index of the label.
        box: Left, top, right and bottom in pixels of the image.
        probability: The label's highest probability among the windows of this object, 0 to 1.
    """

    label: int
    box: Box
    probability: float


def locate(classifier: Classifier, image: np.ndarray) -> list[Detection]:
    """Find the objects in an image, with a model that was trained on images of one object.

    The windows are classified one by one (Sermanet et al. 2014, OverFeat); those of which
    the model is not sure, or that are unlike the training images, count for nothing. Windows of one label that overlap
    are one detection, whose box is their mean, weighted by probability. Labels whose names mean that there is no
    object, such as “no flag”, are never detected.

    Args:
        classifier: The model. With several labels an image, each counts from its threshold on.
        image: (height, width, 3), uint8 RGB.

    Returns:
        The detections, most likely first.
    """
    bundle = classifier.bundle
    boxes = list(windows(image.shape[1], image.shape[0]))
    crops = (image[top:bottom, left:right] for left, top, right, bottom in boxes)
    predictions = [classifier.predict(prepare(crop, bundle.input)) for crop in crops]
    probabilities = np.stack([found.probabilities for found in predictions])
    places = np.array(boxes, np.float64)
    is_object = np.array([not is_background_label(label) for label in bundle.labels])
    if bundle.thresholds is not None:  # labels do not exclude one another: each is detected on its own
        detections, known = [], np.array([not found.is_unknown for found in predictions])
        for label in np.flatnonzero(is_object):
            kept = known & (probabilities[:, label] >= max(bundle.thresholds[label], _MIN_PROBABILITY))
            detections += _merged(places[kept], np.full(int(kept.sum()), label), probabilities[kept, label])
    else:
        labels, best = probabilities.argmax(axis=1), probabilities.max(axis=1)
        kept = np.array([found.verdict == "sure" for found in predictions]) & is_object[labels]
        detections = _merged(places[kept], labels[kept], best[kept])
    return sorted(detections, key=lambda detection: -detection.probability)


def windows(width: int, height: int) -> Iterator[Box]:
    """Yield left, top, right and bottom of the windows of an image, the whole image first."""
    for scale in _SCALES:
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        columns = 1 + int(np.ceil((width - w) / max(1, w * _STEP)))
        rows = 1 + int(np.ceil((height - h) / max(1, h * _STEP)))
        for top in np.linspace(0, height - h, rows).round().astype(int):
            for left in np.linspace(0, width - w, columns).round().astype(int):
                yield int(left), int(top), int(left) + w, int(top) + h


def _merged(boxes: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> list[Detection]:
    """Merge the windows of each object into one detection.

    Args:
        boxes: (windows, 4), float64: left, top, right and bottom.
        labels: (windows,), the index of each window's label.
        probabilities: (windows,), of these labels, 0 to 1.

    Returns:
        The detections, those of the most support first.
    """
    detections: list[Detection] = []
    taken = np.zeros(len(boxes), bool)
    # The support of a window: by how much the windows that overlap it have the same label. A part of an object is
    # mistaken for another label in a window or two; the object itself is recognised in many.
    support = np.array(
        [(probabilities * (labels == labels[i]) * overlaps(boxes[i], boxes)).sum() for i in range(len(boxes))]
    )
    for i in np.argsort(-support):
        if taken[i]:
            continue
        iou = overlaps(boxes[i], boxes)
        group = ~taken & (labels == labels[i]) & (iou > _SAME_OBJECT_IOU)
        taken |= iou > _SAME_OBJECT_IOU
        weights = probabilities[group] ** 4 * iou[group]
        box = (boxes[group] * weights[:, np.newaxis]).sum(axis=0) / weights.sum()
        left, top, right, bottom = (round(float(side)) for side in box)
        is_part = any(
            _overlap_of_smaller((left, top, right, bottom), other.box) > _PART_OVERLAP for other in detections
        )
        if is_part or support[i] < max(_MIN_SUPPORT, _MIN_SUPPORT_SHARE * support.max()):
            continue
        detections.append(Detection(int(labels[i]), (left, top, right, bottom), float(probabilities[group].max())))
    return detections


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the intersection over union of a box with each of (n, 4) boxes, (n,)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    intersections = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return intersections / (areas - intersections)


def _overlap_of_smaller(box: Box, other: Box) -> float:
    """Return the share of the smaller of two boxes that is inside the other."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return max(0, width) * max(0, height) / max(1, min(areas))

"""Find where in an image each label is: the network looks through windows of several sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.classifier import Classifier

# Window sides as shares of the image's, and the step between windows as a share of the window's
# side: every thing of a quarter of the image or more is seen nearly whole in some window.
_SHARES = (1.0, 0.72, 0.52, 0.37, 0.27)
_STEP = 1 / 3
_LEAST_PROBABILITY = 0.5
# One thing is seen in many windows; two windows that share this much show the same.
_SAME = 0.25
# A box that lies this far in a surer one is a part of that thing: stripes alone look like another flag.
_PART = 0.3
# What only one window or two believe in is a likeness, not a thing.
_LEAST_SUPPORT = 1.6
# Nor what is much less believed in than the surest thing: parts of it, for models that know no “nothing”.
_LEAST_SHARE_OF_SUPPORT = 0.35

_NOTHING = re.compile(r"(no|not|without)[\s_-].*|none.*|nothing|background|others?|negative|empty", re.IGNORECASE)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Detection:
    """A label and where it is.

    Attributes:
        label: Index of the label.
        box: Left, top, right and bottom in pixels of the image.
        probability: The label's probability in the window that shows it best, 0 to 1.
    """

    label: int
    box: Box
    probability: float


def locate(classifier: Classifier, image: np.ndarray) -> list[Detection]:
    """Find the labels in an image of several things, for a model that was trained on one thing an image.

    The windows are classified one by one (Sermanet et al. 2014, OverFeat); windows of one label
    that overlap are one thing, whose box is their mean, weighted by how far each is above chance.
    Labels that by their name stand for nothing in particular, such as “no flag”, are left out.

    Args:
        classifier: The model. With several labels an image, each counts from its threshold on.
        image: (height, width, 3), uint8 RGB.

    Returns:
        What was found, the surest first.
    """
    bundle = classifier.bundle
    boxes = list(windows(image.shape[1], image.shape[0]))
    answers = np.stack([classifier.classify(image[top:bottom, left:right]) for left, top, right, bottom in boxes])
    places = np.array(boxes, np.float64)
    wanted = np.array([not stands_for_nothing(label) for label in bundle.labels])
    if bundle.thresholds is not None:  # labels do not exclude one another: each is looked for on its own
        things = []
        for label in np.flatnonzero(wanted):
            seen = answers[:, label] >= max(bundle.thresholds[label], _LEAST_PROBABILITY)
            things += _merged(places[seen], np.full(int(seen.sum()), label), answers[seen, label])
    else:
        floor = max(_LEAST_PROBABILITY, bundle.unknown_threshold or 0)
        labels, best = answers.argmax(axis=1), answers.max(axis=1)
        seen = (best >= floor) & wanted[labels]
        things = _merged(places[seen], labels[seen], best[seen])
    return sorted(things, key=lambda thing: -thing.probability)


def stands_for_nothing(label: str) -> bool:
    """Say whether a label's name says that nothing in particular is there: “no flag”, “background”, “other”."""
    return _NOTHING.fullmatch(label.strip()) is not None


def windows(width: int, height: int) -> Iterator[Box]:
    """Yield left, top, right and bottom of the windows over an image, the whole image first."""
    for share in _SHARES:
        w, h = max(1, round(width * share)), max(1, round(height * share))
        columns = 1 + int(np.ceil((width - w) / max(1, w * _STEP)))
        rows = 1 + int(np.ceil((height - h) / max(1, h * _STEP)))
        for top in np.linspace(0, height - h, rows).round().astype(int):
            for left in np.linspace(0, width - w, columns).round().astype(int):
                yield int(left), int(top), int(left) + w, int(top) + h


def _merged(boxes: np.ndarray, labels: np.ndarray, scores: np.ndarray) -> list[Detection]:
    """Join the windows that show one thing, the label with the most support first."""
    found: list[Detection] = []
    taken = np.zeros(len(boxes), bool)
    # Support: how much the windows that overlap say the same. Parts of a thing are mistaken for
    # other labels in a window or two; the thing itself is recognised in many.
    support = np.array([(scores * (labels == labels[i]) * overlaps(boxes[i], boxes)).sum() for i in range(len(boxes))])
    for i in np.argsort(-support):
        if taken[i]:
            continue
        shared = overlaps(boxes[i], boxes)
        group = ~taken & (labels == labels[i]) & (shared > _SAME)
        taken |= shared > _SAME
        weights = scores[group] ** 4 * shared[group]
        box = (boxes[group] * weights[:, np.newaxis]).sum(axis=0) / weights.sum()
        left, top, right, bottom = (round(float(side)) for side in box)
        part = any(_inside((left, top, right, bottom), other.box) > _PART for other in found)
        if part or support[i] < max(_LEAST_SUPPORT, _LEAST_SHARE_OF_SUPPORT * support.max()):
            continue
        found.append(Detection(int(labels[i]), (left, top, right, bottom), float(scores[group].max())))
    return found


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the intersection over union of a box with each of (n, 4) boxes, (n,)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return shared / (areas - shared)


def _inside(box: Box, other: Box) -> float:
    """Return the share of the smaller of two boxes that lies in the other."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return max(0, width) * max(0, height) / max(1, min(areas))

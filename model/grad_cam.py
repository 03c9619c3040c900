"""Explain a prediction by Grad-CAM: which areas of an image contribute to a label."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.classifier import Classifier
from model.preprocessing import InputSpec, prepare

# Maximum opacity of the colour, through which the image stays recognisable.
_MAX_OPACITY = 0.65


@dataclass(frozen=True)
class Explanation:
    """The probabilities of an image and the areas of it that contribute to one label.

    Attributes:
        label: Index of the label.
        probabilities: (classes,), float32, 0 to 1.
        heat: (h, w), float32, 0 to 1: the Grad-CAM map of the network's input, scaled to a maximum of 1; all 0
            where nothing contributes to the label.
    """

    label: int
    probabilities: np.ndarray
    heat: np.ndarray


def explain(classifier: Classifier, image: np.ndarray, label: int | None = None) -> Explanation:
    """Explain a label by Grad-CAM (Selvaraju et al. 2017), which the served network computes.

    Args:
        classifier: The model.
        image: (height, width, 3), uint8 RGB, any size.
        label: Index of the label to explain; by default the most likely one.

    Returns:
        The probabilities and the map.

    Raises:
        BundleError: The network has no `explain` signature.
    """
    return explain_prepared(classifier, prepare(image, classifier.bundle.input), label)


def explain_prepared(classifier: Classifier, prepared: np.ndarray, label: int | None = None) -> Explanation:
    """Explain a label for an image that `prepare` has returned; see `explain`."""
    probabilities = classifier.predict(prepared).probabilities
    if label is None:
        label = int(probabilities.argmax())
    _, activation = classifier.explain(prepared, label)
    strongest = float(activation.max(initial=0))
    heat = activation / strongest if strongest > 0 else np.zeros_like(activation)
    return Explanation(label, probabilities, heat.astype(np.float32))


def overlay(image: np.ndarray, heat: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Draw a Grad-CAM map over the image that it explains.

    Args:
        image: (height, width, 3), uint8 RGB: the image that was explained, at any size.
        heat: (h, w), float32, 0 to 1, as in `Explanation`.
        spec: The input of the network: how the image was fitted to it determines which area the map covers.

    Returns:
        (height, width, 3), uint8 RGB; the greater a value of the map, the more opaque its colour.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = _input_box(width, height, spec)
    # The map covers the whole input of the network; it is cut or extended to the area of the image.
    smooth = cv2.resize(heat, (max(1, right - left), max(1, bottom - top)), interpolation=cv2.INTER_CUBIC)
    strength = np.zeros((height, width), np.float32)
    inside = (slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width)))
    offset = (slice(inside[0].start - top, inside[0].stop - top), slice(inside[1].start - left, inside[1].stop - left))
    strength[inside] = np.clip(smooth[offset], 0, 1)
    # In the colour map “inferno”, brightness rises with the value, which is visible without colour vision as well.
    colours = cv2.applyColorMap((strength * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    cover = cv2.merge([strength * _MAX_OPACITY] * 3)
    return cv2.convertScaleAbs(image * (1 - cover) + colours * cover)


def _input_box(width: int, height: int, spec: InputSpec) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the network's input, in pixels of the image."""
    if spec.resize_rule == "stretch":
        return 0, 0, width, height
    choose = min if spec.resize_rule == "crop" else max  # the input of “pad” is larger than the image
    scale = choose(width / spec.width, height / spec.height)
    seen_width, seen_height = round(spec.width * scale), round(spec.height * scale)
    left, top = (width - seen_width) // 2, (height - seen_height) // 2
    return left, top, left + seen_width, top + seen_height

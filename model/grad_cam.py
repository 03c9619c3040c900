"""Say why: where in an image the network finds what speaks for a label."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.classifier import Classifier, probabilities_of
from model.preprocessing import InputSpec, prepare

# The most of the colour that covers the image: what lies below must stay recognisable.
_STRONGEST = 0.65


@dataclass(frozen=True)
class Explanation:
    """A label's probability and the places that speak for it.

    Attributes:
        label: Index of the label.
        probabilities: (classes,), float32, 0 to 1.
        heat: (h, w), float32, 0 to 1: the Grad-CAM map of the network's input, its strongest place
            at 1; all 0 where nothing speaks for the label.
    """

    label: int
    probabilities: np.ndarray
    heat: np.ndarray


def explain(classifier: Classifier, image: np.ndarray, label: int | None = None) -> Explanation:
    """Explain a label by Grad-CAM (Selvaraju et al. 2017), computed by the served network itself.

    Args:
        classifier: The model.
        image: (height, width, 3), uint8 RGB, any size.
        label: Index of the label to explain; the likeliest one when not given.

    Returns:
        The probabilities and the heat.

    Raises:
        BundleError: The network has no `explain` signature.
    """
    return explain_prepared(classifier, prepare(image, classifier.bundle.input), label)


def explain_prepared(classifier: Classifier, prepared: np.ndarray, label: int | None = None) -> Explanation:
    """Explain a label for an image that `prepare` has returned; see `explain`."""
    bundle = classifier.bundle
    if label is None:
        label = int(classifier.logits(prepared).argmax())
    logits, activation = classifier.explain(prepared, label)
    probabilities = probabilities_of(logits, bundle.temperature, multi_label=bundle.multi_label)
    strongest = float(activation.max(initial=0))
    heat = activation / strongest if strongest > 0 else np.zeros_like(activation)
    return Explanation(label, probabilities, heat.astype(np.float32))


def overlay(image: np.ndarray, heat: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Lay the heat over the image it was computed from.

    Args:
        image: (height, width, 3), uint8 RGB: the image that was explained, at any size.
        heat: (h, w), float32, 0 to 1, as in `Explanation`.
        spec: How the image was fitted to the network's input: the heat covers that part of it.

    Returns:
        The shape of `image`, uint8 RGB: the stronger the heat, the more its colour covers.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = _seen(width, height, spec)
    # The heat of the whole input, sampled where the image's pixels lie in it.
    smooth = cv2.resize(heat, (max(1, right - left), max(1, bottom - top)), interpolation=cv2.INTER_CUBIC)
    strength = np.zeros((height, width), np.float32)
    inside = (slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width)))
    offset = (slice(inside[0].start - top, inside[0].stop - top), slice(inside[1].start - left, inside[1].stop - left))
    strength[inside] = np.clip(smooth[offset], 0, 1)
    # Inferno, not a rainbow: brighter means stronger, also for the colour-blind and on a grey printout.
    colours = cv2.applyColorMap((strength * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    cover = cv2.merge([strength * _STRONGEST] * 3)
    return cv2.convertScaleAbs(image * (1 - cover) + colours * cover)


def _seen(width: int, height: int, spec: InputSpec) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the network's input in the image's pixels."""
    if spec.resize_rule == "stretch":
        return 0, 0, width, height
    choose = min if spec.resize_rule == "crop" else max  # “pad” sees more than the image
    scale = choose(width / spec.width, height / spec.height)
    seen_width, seen_height = round(spec.width * scale), round(spec.height * scale)
    left, top = (width - seen_width) // 2, (height - seen_height) // 2
    return left, top, left + seen_width, top + seen_height

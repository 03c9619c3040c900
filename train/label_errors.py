"""Find images whose label is probably wrong, by out-of-sample predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.errors import DataError
from model.preprocessing import InputSpec
from train.data.folders import Example, all_labels
from train.data.folds import make_folds
from train.data.image_store import ImageStore
from train.recipes.registry import changed_recipe

_FOLDS = 5
# How much more probable another label has to be than the given one. Less finds more errors, and accuses far more images
# that are right (docs/lab-notebook.md).
_LEAST_MARGIN = 0.7


@dataclass(frozen=True)
class LabelError:
    """An image whose label is probably wrong.

    Attributes:
        example: The image.
        label: The label that it seems to have.
        probability: Of that label, 0 to 1.
    """

    example: Example
    label: str
    probability: float


def probable_label_errors(
    examples: Sequence[Example], groups: Sequence[int], weights: str, store: ImageStore
) -> list[LabelError]:
    """Return the images whose label is probably wrong, most probable first.

    A logistic regression on pretrained features predicts each image without having seen it. Ranked by the normalised
    margin of Northcutt et al. 2021: the probability of the most probable label less that of the given one.

    Args:
        examples: The images, each with one label.
        groups: The group of each image: one that looks like another would hide that both are mislabelled.
        weights: "imagenet" or a weights file of MobileNetV2 0.35.
        store: Where decoded images go.

    Raises:
        DataError: There are fewer than two labels; a label has fewer than five images, or all of them look alike.
        SettingsError: The weights cannot be used.
    """
    from train.network.architectures import build
    from train.network.linear_probe import out_of_fold, pooled_features

    labels = all_labels(examples)
    classes = np.array([labels.index(example.label) for example in examples])
    if len(labels) < 2:
        raise DataError("Label errors are found where there are images of two labels or more that can be read.")
    for number, label in enumerate(labels):
        of_class = np.array(groups)[classes == number]
        if len(of_class) < _FOLDS or len(np.unique(of_class)) < 2:
            raise DataError(
                f"Class “{label}” has fewer than {_FOLDS} images, or all of them look alike: too few to find label "
                "errors. Add images or leave out --weights."
            )
    settings = changed_recipe("best", {"weights": weights})
    spec = InputSpec(*settings.input_size)
    folds = make_folds(np.eye(len(labels))[classes], np.array(groups), _FOLDS, settings.seed, labels)
    network = build(settings, spec, len(labels), scale=settings.training_scale)
    images, _, _ = store.load(examples, spec, "reading")
    features = pooled_features(network, images)
    probabilities = out_of_fold(features, classes, folds)
    top = probabilities.max(axis=1)
    margins = top - probabilities[np.arange(len(classes)), classes]
    rows = [row for row in np.argsort(-margins, kind="stable") if margins[row] >= _LEAST_MARGIN]
    return [LabelError(examples[row], labels[int(probabilities[row].argmax())], float(top[row])) for row in rows]

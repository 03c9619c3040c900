"""Find images whose label is probably wrong, by out-of-sample predictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.errors import DataError
from model.preprocessing import InputSpec
from train.data.folders import Example, all_labels
from train.data.image_store import ImageStore
from train.recipes.registry import changed_recipe

_FOLDS = 5


def probable_label_errors(examples: Sequence[Example], weights: str, store: ImageStore) -> list[tuple[Example, str]]:
    """Return the images whose label is probably wrong, most probable first, each with the label it seems to have.

    Confident learning (Northcutt et al. 2021) on out-of-fold probabilities of a logistic regression on pretrained
    features.

    Args:
        examples: The images, each with one label.
        weights: "imagenet" or a weights file of MobileNetV2 0.35.
        store: Where decoded images go.

    Raises:
        DataError: A class has fewer images than there are folds.
        SettingsError: The weights cannot be used.
    """
    from cleanlab.filter import find_label_issues

    from train.network.architectures import build
    from train.network.linear_probe import out_of_fold, pooled_features

    labels = all_labels(examples)
    classes = np.array([labels.index(example.label) for example in examples])
    rarest = int(np.bincount(classes).argmin())
    if np.bincount(classes)[rarest] < _FOLDS:
        raise DataError(
            f"Class “{labels[rarest]}” has fewer than {_FOLDS} images: too few to find label errors. Add images "
            "or leave out --weights."
        )
    settings = changed_recipe("best", {"weights": weights})
    spec = InputSpec(*settings.input_size)
    network = build(settings, spec, len(labels), scale=settings.training_scale)
    images, _, _ = store.load(examples, spec, "reading")
    features = pooled_features(network, images)
    probabilities = out_of_fold(features, classes, folds=_FOLDS, seed=settings.seed)
    rows = find_label_issues(classes, probabilities, return_indices_ranked_by="self_confidence")
    return [(examples[row], labels[int(probabilities[row].argmax())]) for row in rows]

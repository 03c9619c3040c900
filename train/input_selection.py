"""Choose the network's input from the images: the colour mode and the resize rule where these are "auto"."""

from __future__ import annotations

import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from model.preprocessing import RESIZE_RULES, InputSpec
from train.data.folders import all_labels
from train.data.image_store import ImageStore, all_grey
from train.data.loading import LoadedSplit
from train.data.near_duplicates import near_duplicates
from train.data.split import grouped
from train.metrics.paired import clearly_best
from train.settings import Settings

USUAL_RULE = "stretch"
_FOLDS = 5
_LEAST_PER_CLASS = 20
_MOST_IMAGES = 1000  # enough to tell the rules apart in seconds, however large the data set is
_LEAST_PROBABILITY = 1e-6  # a class that a fold lacks would give an infinite loss


def first_input(settings: Settings) -> InputSpec:
    """Return the input that follows from the settings alone, with the usual choice for "auto"."""
    return InputSpec(
        *settings.input_size,
        "grey" if settings.colour == "grey" else "rgb",
        USUAL_RULE if settings.resize_rule == "auto" else settings.resize_rule,  # type: ignore[arg-type]  # checked
    )


def choose_input(
    store: ImageStore, splits: Mapping[str, LoadedSplit], spec: InputSpec, settings: Settings
) -> tuple[dict[str, LoadedSplit], InputSpec]:
    """Choose what is "auto" in the settings, and decode the images again where that changes them.

    Args:
        store: Where decoded images go.
        splits: The splits, decoded with the input of `first_input`.
        spec: That input.
        settings: Whether the colour mode and the resize rule are "auto".

    Returns:
        The splits as the network will see them, and its input.
    """
    if settings.colour == "auto" and all(all_grey(split.images) for split in splits.values()):
        spec = replace(spec, colour_mode="grey")
        print("All images are grey: training a grey network.", file=sys.stderr)
    # Only a regression on pretrained features can be evaluated within seconds, by one label an image.
    if settings.resize_rule != "auto" or not settings.starts_from_probe or settings.multi_label:
        return dict(splits), spec
    losses = _losses(store, splits["train"], spec, settings)
    rule = best_rule(losses)
    if rule == spec.resize_rule:
        return dict(splits), spec
    print(
        f"Resize rule: {rule}, not {spec.resize_rule}: a regression on the pretrained features has a lower "
        f"loss with it ({losses[rule].mean():.3f} instead of {losses[spec.resize_rule].mean():.3f}).",
        file=sys.stderr,
    )
    spec = replace(spec, resize_rule=rule)  # type: ignore[arg-type]  # one of RESIZE_RULES
    return {name: _load_again(store, split, spec, name) for name, split in splits.items()}, spec


def best_rule(losses: Mapping[str, np.ndarray]) -> str:
    """Return the rule with the lowest mean loss, or the usual one unless another is significantly better.

    Args:
        losses: The loss of every image by rule, (n,), float, in the same order.

    Returns:
        The best of the rules that are better than the usual one by two standard errors of the paired difference; else
        the usual one.
    """
    return clearly_best(losses, USUAL_RULE, standard_errors=2)


def _losses(store: ImageStore, train: LoadedSplit, spec: InputSpec, settings: Settings) -> dict[str, np.ndarray]:
    """Return the out-of-fold log loss of training images, (n,), by rule; empty when no rule changes the images."""
    from sklearn.model_selection import StratifiedGroupKFold

    from train.network.architectures import build
    from train.network.linear_probe import out_of_fold, pooled_features

    sample, groups = _sample(store, train, settings)
    labels = all_labels(sample.examples)
    if len(labels) < 2:
        return {}
    tried = {USUAL_RULE: sample.images}
    for rule in (rule for rule in RESIZE_RULES if rule != USUAL_RULE):
        again = _load_again(store, sample, replace(spec, resize_rule=rule), f"trying {rule}")  # type: ignore[arg-type]
        if again.examples == sample.examples and not _same(again.images, sample.images):
            tried[rule] = again.images
    if len(tried) < 2:
        return {}
    classes = np.array([labels.index(example.label) for example in sample.examples])
    division = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=settings.seed)
    folds = list(division.split(classes, classes, groups))
    network = build(settings, spec, len(labels), scale=settings.training_scale)
    losses = {}
    for rule, images in tried.items():
        features = pooled_features(network, images)
        probabilities = out_of_fold(features, classes, folds)
        right = probabilities[np.arange(len(classes)), classes]
        losses[rule] = -np.log(np.maximum(right, _LEAST_PROBABILITY))
    return losses


def _sample(store: ImageStore, train: LoadedSplit, settings: Settings) -> tuple[LoadedSplit, np.ndarray]:
    """Return training images of classes large enough for the folds, and the group of each image."""
    rng = np.random.default_rng(settings.seed)
    members: dict[str, list[int]] = defaultdict(list)
    for row in rng.permutation(len(train.examples)).tolist():
        members[train.examples[row].label].append(row)
    most = max(_LEAST_PER_CLASS, _MOST_IMAGES // len(members))
    chosen = [members[label][:most] for label in rng.permutation(sorted(members)).tolist()]
    rows = sorted(list(itertools.chain.from_iterable(chosen))[:_MOST_IMAGES])
    examples = [train.examples[row] for row in rows]
    images = store.select(train.images, rows)
    named = any(re.search(settings.group_by, example.path.name) for example in examples)
    pairs = near_duplicates(images) if settings.near_duplicates else ()
    groups = grouped(examples, settings.group_by if named else "", pairs)
    groups_of: dict[str, set[int]] = defaultdict(set)
    for example, group in zip(examples, groups, strict=True):
        groups_of[example.label].add(group)
    kept = [row for row, example in enumerate(examples) if len(groups_of[example.label]) >= _FOLDS]
    return LoadedSplit(store.select(images, kept), [examples[row] for row in kept]), np.array(groups)[kept]


def _same(some: np.ndarray, others: np.ndarray) -> bool:
    """Return whether all images are equal; compared one at a time, so that memory stays small."""
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def _load_again(store: ImageStore, split: LoadedSplit, spec: InputSpec, title: str) -> LoadedSplit:
    images, examples, _ = store.load(split.examples, spec, title)
    kept = set(examples)
    groups = tuple(group for example, group in zip(split.examples, split.groups, strict=False) if example in kept)
    return LoadedSplit(images, examples, groups)

"""From a bundle and a data folder to metrics: `run_evaluate`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from model.bundle import METRICS, Bundle
from model.classifier import Classifier
from model.errors import DataError, SettingsError
from model.hub.resolve import resolve_model
from model.verdict import VERDICTS, Classification, classification_of, probabilities_of
from train.data.data_set import DataSet, count_of, listed, refuse_inside
from train.data.folders import Example, all_labels, match_labels
from train.data.image_store import ImageStore
from train.data.loading import given_groups, print_unreadable
from train.data.source import DataSource, read_data
from train.data.targets import multi_hot
from train.export.bundle import refuse_in_bundle, refuse_other, write_json
from train.metrics.calibration import best_thresholds
from train.metrics.classification import classification_metrics, summary
from train.metrics.multilabel import multilabel_metrics
from train.report.gallery import Evidence
from train.report.predictions import PREDICTIONS, write_predictions
from train.report.write import write_report

if TYPE_CHECKING:
    from train.trainer.cross_fit import OutOfFold


@dataclass(frozen=True)
class Outputs:
    """What a served network returns for some images.

    Attributes:
        logits: (n, classes), float32.
        classifications: The predictions that follow from them, with their verdicts.
        predicted: (n, classes), bool: the most likely label; with several labels an image all from their thresholds on.
        training_images: The number of them whose features the bundle keeps: the network was trained on these.
    """

    logits: np.ndarray
    classifications: Sequence[Classification]
    predicted: np.ndarray
    training_images: int = 0

    @property
    def probabilities(self) -> np.ndarray:
        """The probabilities of all images, (n, classes), float32, 0 to 1."""
        return _probabilities(self.classifications)


@dataclass(frozen=True)
class Evaluation:
    """A model, evaluated.

    Attributes:
        metrics: The metrics that are single numbers, with "split", and the numbers of "unreadable" files and of
            "training_images" among those that were read.
        files: The evaluated images.
        right: (n,), bool: whether the prediction for each of them is right.
        groups: The group of each image; empty where each stands for itself.
    """

    metrics: dict[str, Any]
    files: Sequence[Path]
    right: np.ndarray
    groups: Sequence[int] = ()


def run_evaluate(model: str, data: DataSource, out: Path | None = None, *, report_images: bool = False) -> Evaluation:
    """Evaluate a bundle, with the network that is served, on a folder per class.

    Args:
        model: The bundle's directory, or a Hub repository.
        data: The images and their labels; of several splits the test split is used, then validation.
        out: Where to write metrics.json and the report, if anywhere.
        report_images: Whether the report holds small copies of the images.

    Returns:
        The metrics, and for every image whether the prediction is right.

    Raises:
        VistazoError: The bundle or the data cannot be used, or no folder name matches a label.
    """
    if out:
        _check_target(out, data.folder)
    classifier = Classifier.load(resolve_model(model))
    data_set = data_set_for(classifier.bundle, data)
    data_set.announce()
    return evaluate(model, classifier, data_set, out, report_images=report_images)


def data_set_for(bundle: Bundle, data: DataSource) -> DataSet:
    """List the images that a model is to be evaluated on, with its spelling of their labels."""
    return read_data(data, multi_label=bundle.multi_label, labels=bundle.labels)


def evaluate(
    name: str, classifier: Classifier, data_set: DataSet, out: Path | None = None, *, report_images: bool = False
) -> Evaluation:
    """Evaluate a model on the images that `data_set_for` listed for it; see `run_evaluate`.

    Args:
        name: What the model is called while that takes.
        classifier: The model.
        data_set: The images.
        out: Where to write metrics.json and the report, if anywhere.
        report_images: Whether the report holds small copies of the images.
    """
    bundle = classifier.bundle
    split, examples = data_set.evaluated()
    index_of = match_labels(all_labels(examples), bundle.labels)
    matched = [e for e in examples if set(e.labels) <= set(index_of)]
    unknown = [label for label in all_labels(examples) if label not in index_of]
    if not matched:
        raise DataError(
            f"No class of “{data_set.root}” is named like a label of the model. "
            f"Classes: {listed(unknown)}; labels: {listed(bundle.labels)}."
        )
    if unknown:
        print(f"Left out, as the model has no such label: {listed(unknown)}.", file=sys.stderr)
    print(f"Evaluating {name} on {count_of(len(matched), 'image')} ({split}) …", file=sys.stderr)
    with ImageStore() as store:
        images, kept, unreadable = store.load(matched, bundle.input, "reading")
        print_unreadable(unreadable)
        if not kept:
            raise DataError(f"None of the {len(matched)} files in “{data_set.root}” is an image that can be read.")
        targets = multi_hot(kept, index_of, len(bundle.labels))
        outputs = served_outputs(classifier, images)
        counts = {"unreadable": len(unreadable), "training_images": outputs.training_images}
        groups = given_groups(kept, str(bundle.settings.get("group_by") or ""))
        metrics = {"split": split} | counts | evaluate_outputs(bundle, outputs, targets, groups)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / METRICS, metrics)
            evidence = evidence_of(bundle, images, kept, outputs, targets) if report_images else None
            print("Drawing the report …", file=sys.stderr)
            write_report(out, metrics, bundle.labels, evidence)
            files = [example.path.as_posix() for example in kept]
            found = outputs.predicted, outputs.classifications
            write_predictions(out / PREDICTIONS, files, targets, *found, bundle.labels)
    right = (outputs.predicted == (targets > 0)).all(axis=1)  # of several labels all, as the metrics count
    return Evaluation(summary(metrics), [example.path for example in kept], right, groups)


def _check_target(out: Path, data: Path) -> None:
    """Raise `VistazoError` unless a report can be written to a directory in which nothing of others would be lost."""
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    refuse_inside(out, data)
    refuse_in_bundle(out)
    refuse_other(out, _is_evaluation, "an evaluation")


def _is_evaluation(directory: Path) -> bool:
    """Return whether a directory holds what an earlier evaluation wrote."""
    try:
        return {"split", "per_class"} <= set(json.loads((directory / METRICS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):  # not metrics of ours
        return False


def served_outputs(classifier: Classifier, images: np.ndarray) -> Outputs:
    """Return what a served network returns for some images.

    Args:
        classifier: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
    """
    progress = tqdm(images, desc="evaluating", unit="image", leave=False, disable=None)
    logits, classifications, seen = zip(*(classifier.outputs(image) for image in progress), strict=True)
    thresholds = classifier.bundle.thresholds
    predicted = _predicted(classifications, None if thresholds is None else np.array(thresholds))
    return Outputs(np.array(logits), classifications, predicted, sum(seen))


def outputs_out_of_fold(bundle: Bundle, out_of_fold: OutOfFold) -> Outputs:
    """Return what networks that did not see the images predict for them, with the bundle's calibration.

    The bundle's thresholds of several labels are those that suit these very predictions best, which would make the
    metrics look better than they are. So each fold gets thresholds that were fitted on the others.
    """
    fold_of, bundles, thresholds = out_of_fold.fold_of, [bundle] * out_of_fold.folds, None
    if bundle.thresholds is not None:
        probabilities = probabilities_of(out_of_fold.logits, bundle.temperature, multi_label=True)
        others = [fold_of != fold for fold in range(out_of_fold.folds)]
        fitted = [best_thresholds(probabilities[rows], out_of_fold.targets[rows]) for rows in others]
        bundles = [replace(bundle, thresholds=one) for one in fitted]
        thresholds = np.array(fitted)[fold_of]
    rows = zip(out_of_fold.logits, out_of_fold.distances, fold_of.tolist(), strict=True)
    found = [classification_of(logits, bundles[fold], float(distance)) for logits, distance, fold in rows]
    return Outputs(out_of_fold.logits, found, _predicted(found, thresholds))


def with_thresholds_of_others(outputs: Outputs, targets: np.ndarray) -> Outputs:
    """Return the outputs with labels by thresholds that other images gave, as `outputs_out_of_fold` does.

    Args:
        outputs: For images that the bundle's thresholds of several labels were fitted on.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    if len(targets) < 2:
        return outputs
    half = np.arange(len(targets)) % 2
    fitted = [best_thresholds(outputs.probabilities[half != one], targets[half != one]) for one in (0, 1)]
    return replace(outputs, predicted=_predicted(outputs.classifications, np.array(fitted)[half]))


def _predicted(classifications: Sequence[Classification], thresholds: np.ndarray | None) -> np.ndarray:
    """Return which labels are predicted, (n, classes), bool, by thresholds for all images or for each."""
    probabilities = _probabilities(classifications)
    if thresholds is not None:
        return np.asarray(probabilities >= thresholds)
    return np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]


def _probabilities(classifications: Sequence[Classification]) -> np.ndarray:
    return np.array([found.probabilities for found in classifications])


def evaluate_outputs(
    bundle: Bundle, outputs: Outputs, targets: np.ndarray, groups: Sequence[int] = ()
) -> dict[str, Any]:
    """Return all metrics of a network's outputs, with the bundle's temperature, thresholds and statistics.

    Args:
        bundle: The model.
        outputs: What the network returned.
        targets: (n, classes), float32: 1 for every label of an image.
        groups: The group of each image, where some belong together.
    """
    probabilities = outputs.probabilities
    # Far from the training images probabilities shrink in any case; without temperature scaling they would as well.
    pairs = zip(outputs.logits, outputs.classifications, strict=True)
    shrunk = [logits * bundle.temperature / found.temperature for logits, found in pairs]
    uncalibrated = probabilities_of(np.array(shrunk), multi_label=bundle.multi_label)
    if bundle.thresholds is not None:
        metrics = multilabel_metrics(
            probabilities,
            targets,
            bundle.labels,
            bundle.thresholds,
            predicted=outputs.predicted,
            uncalibrated=uncalibrated,
            groups=groups,
        )
    else:
        metrics = classification_metrics(
            probabilities,
            targets.argmax(axis=1),
            bundle.labels,
            uncalibrated=uncalibrated,
            threshold=None if bundle.statistics else bundle.unknown_threshold,  # which the verdict then ignores
            groups=groups,
        )
    unknown = np.array([found.is_unknown for found in outputs.classifications]) | ~outputs.predicted.any(axis=1)
    return {
        "temperature": bundle.temperature,
        "unknown_images": int(unknown.sum()),
        **metrics,
        "verdicts": verdict_counts(outputs, targets),
    }


def verdict_counts(outputs: Outputs, targets: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return for each verdict the number of images ("n") and the share whose most likely label is true ("accuracy").

    Args:
        outputs: The predictions for images of the labels; a label that is predicted comes before one that is not.
        targets: (n, classes), 1 for every label of an image.
    """
    probabilities = outputs.probabilities
    likely = (probabilities + outputs.predicted).argmax(axis=1)
    right = [bool(row[label]) for row, label in zip(targets, likely.tolist(), strict=True)]
    counts: dict[str, dict[str, Any]] = {}
    for verdict in VERDICTS:
        of_these = [ok for ok, found in zip(right, outputs.classifications, strict=True) if found.verdict == verdict]
        share = round(sum(of_these) / len(of_these), 6) if of_these else None
        counts[verdict] = {"n": len(of_these), "accuracy": share}
    return counts


def evidence_of(
    bundle: Bundle, images: np.ndarray, examples: Sequence[Example], outputs: Outputs, targets: np.ndarray
) -> Evidence:
    """Return the evaluated images with their predictions, for the report.

    Args:
        bundle: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
        examples: The files of the images.
        outputs: What the network returned.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    probabilities = outputs.probabilities
    predicted = outputs.predicted if bundle.multi_label else None
    return Evidence(images, [example.path.name for example in examples], targets, probabilities, predicted)

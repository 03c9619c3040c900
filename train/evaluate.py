"""From a bundle and a data folder to metrics: `run_evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model.bundle import Bundle
from model.classifier import Classifier, probabilities_of
from model.errors import DataError, SettingsError
from model.hub.resolve import resolve_model
from train.data.data_set import listed, refuse_inside
from train.data.folders import Example, all_labels, match_labels
from train.data.image_store import ImageStore
from train.data.loading import print_unreadable
from train.data.source import DataSource, read_data
from train.data.targets import multi_hot
from train.export.bundle import write_json
from train.metrics.classification import classification_metrics, summary
from train.metrics.multilabel import multilabel_metrics
from train.report.gallery import Evidence
from train.report.write import write_report


def run_evaluate(
    model: str, data: DataSource, out: Path | None = None, *, report_images: bool = False
) -> dict[str, Any]:
    """Evaluate a bundle, with the network that is served, on a folder per class.

    Args:
        model: The bundle's directory, or a Hub repository.
        data: The images and their labels; of several splits the test split is used, then validation.
        out: Where to write metrics.json and the report, if anywhere.
        report_images: Whether the report holds small copies of the images.

    Returns:
        The metrics that are single numbers, with "split" and the number of "unreadable" files.

    Raises:
        VistazoError: The bundle or the data cannot be used, or no folder name matches a label.
    """
    if out and out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    if out:
        refuse_inside(out, data.folder)
    classifier = Classifier.load(resolve_model(model))
    bundle = classifier.bundle
    data_set = read_data(data, multi_label=bundle.multi_label, labels=bundle.labels)
    data_set.announce()
    split, examples = data_set.evaluated()
    index_of = match_labels(all_labels(examples), bundle.labels)
    matched = [e for e in examples if set(e.labels) <= set(index_of)]
    unknown = [label for label in all_labels(examples) if label not in index_of]
    if not matched:
        raise DataError(
            f"No class of “{data.folder}” is named like a label of the model. "
            f"Classes: {listed(unknown)}; labels: {listed(bundle.labels)}."
        )
    if unknown:
        print(f"Left out, as the model has no such label: {listed(unknown)}.", file=sys.stderr)
    with ImageStore() as store:
        images, kept, unreadable = store.load(matched, bundle.input, "reading")
        print_unreadable(unreadable)
        if not kept:
            raise DataError(f"None of the {len(matched)} files in “{data.folder}” is an image that can be read.")
        targets = multi_hot(kept, index_of, len(bundle.labels))
        logits = served_logits(classifier, images)
        metrics = {"split": split, "unreadable": len(unreadable)} | evaluate_logits(bundle, logits, targets)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / "metrics.json", metrics)
            evidence = evidence_of(bundle, images, kept, logits, targets) if report_images else None
            write_report(out, metrics, bundle.labels, evidence)
    return summary(metrics)


def served_logits(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return the logits of a served network, (n, classes), float32.

    Args:
        classifier: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
    """
    progress = tqdm(images, desc="evaluating", unit="image", leave=False, disable=None)
    return np.array([classifier.logits(image) for image in progress])


def evaluate_logits(bundle: Bundle, logits: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """Return all metrics of some logits, with the bundle's temperature and thresholds.

    Args:
        bundle: The model.
        logits: (n, classes), float.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    probabilities, uncalibrated = (
        probabilities_of(logits, temperature, multi_label=bundle.multi_label)
        for temperature in (bundle.temperature, 1.0)
    )
    if bundle.multi_label:
        metrics = multilabel_metrics(
            probabilities, targets, bundle.labels, bundle.thresholds, uncalibrated=uncalibrated
        )
    else:
        metrics = classification_metrics(
            probabilities,
            targets.argmax(axis=1),
            bundle.labels,
            uncalibrated=uncalibrated,
            threshold=bundle.unknown_threshold,
        )
    return {"temperature": bundle.temperature} | metrics


def evidence_of(
    bundle: Bundle, images: np.ndarray, examples: Sequence[Example], logits: np.ndarray, targets: np.ndarray
) -> Evidence:
    """Return the evaluated images with their predictions, for the report.

    Args:
        bundle: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
        examples: The files of the images.
        logits: (n, classes), float.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    probabilities = probabilities_of(logits, bundle.temperature, multi_label=bundle.multi_label)
    thresholds = (bundle.thresholds or (0.5,) * len(bundle.labels)) if bundle.multi_label else None
    return Evidence(images, [example.path.name for example in examples], targets, probabilities, thresholds)

"""From a bundle and a data folder to figures: `run_evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model.bundle import Bundle
from model.classifier import Classifier, probabilities_of
from model.errors import DataError, SettingsError
from model.hub.resolve import resolve_model
from train.data import folders
from train.data.folders import Example
from train.data.image_store import ImageStore
from train.data.loading import listed, name_unreadable
from train.export.bundle import write_json
from train.metrics.classification import measure, summary
from train.metrics.multilabel import measure_multilabel
from train.report.gallery import Evidence
from train.report.write import write_report


def run_evaluate(model: str, data: Path, out: Path | None = None, *, show: bool = False) -> dict[str, Any]:
    """Measure a bundle, with the network that is served, on a folder per class.

    Args:
        model: The bundle's directory, or a Hub repository.
        data: Folder per class; of a folder with parts the test part counts, then validation.
        out: Where to write metrics.json and the report, if anywhere.
        show: Whether the report holds small copies of the images.

    Returns:
        The single-number figures, with "split" and the number of "unreadable" files.

    Raises:
        VistazoError: The bundle or the data cannot be used, or no folder name matches a label.
    """
    if out and out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    classifier = Classifier.load(resolve_model(model))
    labels = classifier.bundle.labels
    parts = folders.find_part_folders(data)
    split = next((part for part in ("test", "validation", "train") if part in parts), "whole folder")
    examples = folders.list_examples(parts.get(split, data), multi_label=classifier.bundle.multi_label)
    index_of = folders.match_labels(folders.all_labels(examples), labels)
    matched = [e for e in examples if set(e.labels) <= set(index_of)]
    strangers = [label for label in folders.all_labels(examples) if label not in index_of]
    if not matched:
        raise DataError(
            f"No folder of “{data}” is named like a label of the model. "
            f"Folders: {listed(strangers)}; labels: {listed(labels)}."
        )
    if strangers:
        print(f"Left out, as the model has no such label: {listed(strangers)}.", file=sys.stderr)
    with ImageStore() as store:
        images, kept, unreadable = store.load(matched, classifier.bundle.input, "reading")
        name_unreadable(unreadable)
        if not kept:
            raise DataError(f"None of the {len(matched)} files in “{data}” is an image that can be read.")
        targets = targets_of(kept, index_of, len(labels))
        logits = served_logits(classifier, images)
        metrics = {"split": split, "unreadable": len(unreadable)} | measure_logits(classifier.bundle, logits, targets)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / "metrics.json", metrics)
            evidence = evidence_of(classifier.bundle, images, kept, logits, targets) if show else None
            write_report(out, metrics, labels, evidence)
    return summary(metrics)


def served_logits(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return what a served network says, (n, classes), float32.

    Args:
        classifier: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
    """
    shown = tqdm(images, desc="measuring", unit="image", leave=False, disable=None)
    return np.array([classifier.logits(image) for image in shown])


def measure_logits(bundle: Bundle, logits: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """Return every figure of what a bundle's network said, with its temperature and its thresholds.

    Args:
        bundle: The model.
        logits: (n, classes), float.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    probabilities, uncalibrated = (
        probabilities_of(logits, temperature, multi_label=bundle.multi_label)
        for temperature in (bundle.temperature, 1.0)
    )
    figures: dict[str, Any] = {"temperature": bundle.temperature}
    if bundle.multi_label:
        return figures | measure_multilabel(
            probabilities, targets, bundle.labels, bundle.thresholds, uncalibrated=uncalibrated
        )
    return figures | measure(
        probabilities,
        targets.argmax(axis=1),
        bundle.labels,
        uncalibrated=uncalibrated,
        threshold=bundle.unknown_threshold,
    )


def evidence_of(
    bundle: Bundle, images: np.ndarray, examples: Sequence[Example], logits: np.ndarray, targets: np.ndarray
) -> Evidence:
    """Return the measured images for the report, with what the model said about them.

    Args:
        bundle: The model.
        images: (n, height, width, 3), uint8 RGB, prepared.
        examples: The same images' files.
        logits: (n, classes), float.
        targets: (n, classes), float32: 1 for every label of an image.
    """
    probabilities = probabilities_of(logits, bundle.temperature, multi_label=bundle.multi_label)
    thresholds = (bundle.thresholds or (0.5,) * len(bundle.labels)) if bundle.multi_label else None
    return Evidence(images, [example.path.name for example in examples], targets, probabilities, thresholds)


def targets_of(examples: Sequence[Example], index_of: Mapping[str, int], count: int) -> np.ndarray:
    """Return the targets of some images.

    Args:
        examples: The images.
        index_of: The class index of each of their labels.
        count: Number of classes.

    Returns:
        (n, count), float32: 1 for every label of an image, 0 for the others.
    """
    targets = np.zeros((len(examples), count), np.float32)
    for row, example in enumerate(examples):
        targets[row, [index_of[label] for label in example.labels]] = 1
    return targets

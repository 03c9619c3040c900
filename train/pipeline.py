"""The two ways through this package: data folder to bundle, and bundle plus data folder to figures."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model.bundle import load_bundle
from model.classifier import Classifier, probabilities_of
from model.errors import DataError, SettingsError
from model.hub import resolve_model
from model.preprocessing import InputSpec
from train import dataset
from train.bundle import check_target, new_bundle, write_json, write_manifest, write_metrics, write_model
from train.dataset import Example
from train.evaluation import calibrate, measure, summary
from train.pictures import PictureStore, Unreadable, all_grey
from train.report import write_card, write_report
from train.settings import Settings


@dataclass(frozen=True)
class LoadedPart:
    """One part of the data, decoded: pictures (n, height, width, 3) uint8, and whose they are."""

    pictures: np.ndarray
    examples: list[Example]


def run_fit(
    data: Path, out: Path, settings: Settings, *, validation: Path | None = None, test: Path | None = None
) -> dict[str, Any]:
    """Train on a data folder and write a bundle.

    Args:
        data: Folder per class, or a folder with train, valid and test folders of that form.
        out: The bundle's directory.
        settings: What to train and how.
        validation: A separate folder per class for validation.
        test: A separate folder per class for the final figures.

    Returns:
        The single-number figures, measured on the test part with the file that is served.

    Raises:
        VistazoError: The data, the settings or the target cannot work; nothing is written then.
    """
    check_target(out)
    folders = dataset.find_part_folders(data)
    if folders and "train" not in folders:
        raise DataError(
            f"“{data}” has {', '.join(folders)} folders but no train folder. Add one, or remove the others."
        )
    folders = folders or {"train": data}
    folders |= {part: folder for part, folder in (("validation", validation), ("test", test)) if folder}
    spec = InputSpec(
        settings.input_size,
        settings.input_size,
        "grey" if settings.colour == "grey" else "rgb",
        settings.resize_rule,  # type: ignore[arg-type]  # checked by Settings
    )
    with PictureStore() as store:
        parts = _load_parts(store, folders, spec, settings)
        labels = tuple(sorted({e.label for e in parts["train"].examples}, key=dataset.natural_key))
        dataset.check_classes(parts["train"].examples, labels, "training", 2 if len(folders) > 1 else 1)
        if settings.colour == "auto" and all(all_grey(part.pictures) for part in parts.values()):
            spec = replace(spec, colour_mode="grey")
            print("All pictures are grey: training a grey network.", file=sys.stderr)
        print(_sizes(parts, labels), file=sys.stderr)
        return _train_and_write(parts, labels, spec, settings, out)


def run_evaluate(model: str, data: Path, out: Path | None = None) -> dict[str, Any]:
    """Measure a bundle, with the network that is served, on a folder per class.

    Args:
        model: The bundle's directory, or a Hub repository.
        data: Folder per class; of a folder with parts the test part counts, then validation.
        out: Where to write metrics.json and the report, if anywhere.

    Returns:
        The single-number figures, with "split" and the number of "unreadable" files.

    Raises:
        VistazoError: The bundle or the data cannot be used, or no folder name matches a label.
    """
    if out and out.exists() and not out.is_dir():
        raise SettingsError(f"--out should be a directory. “{out}” is a file.")
    classifier = Classifier.load(resolve_model(model))
    labels = classifier.bundle.labels
    parts = dataset.find_part_folders(data)
    split = next((part for part in ("test", "validation", "train") if part in parts), "whole folder")
    examples = dataset.list_examples(parts.get(split, data))
    index_of = dataset.match_labels({e.label for e in examples}, labels)
    matched = [e for e in examples if e.label in index_of]
    strangers = sorted({e.label for e in examples} - {e.label for e in matched}, key=dataset.natural_key)
    if not matched:
        raise DataError(
            f"No folder of “{data}” is named like a label of the model. "
            f"Folders: {_list(strangers)}; labels: {_list(labels)}."
        )
    if strangers:
        print(f"Left out, as the model has no such label: {_list(strangers)}.", file=sys.stderr)
    with PictureStore() as store:
        pictures, kept, unreadable = store.load(matched, classifier.bundle.input, "reading")
        _name_unreadable(unreadable)
        if not kept:
            raise DataError(f"None of the {len(matched)} files in “{data}” is a picture that can be read.")
        classes = np.array([index_of[e.label] for e in kept])
        metrics = {"split": split, "unreadable": len(unreadable)} | _measure(classifier, pictures, classes)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "metrics.json", metrics)
        write_report(out, metrics, labels)
    return summary(metrics)


def _load_parts(
    store: PictureStore, folders: dict[str, Path], spec: InputSpec, settings: Settings
) -> dict[str, LoadedPart]:
    """Decode the given parts and split off the ones that are missing."""
    parts: dict[str, LoadedPart] = {}
    unreadable: list[Unreadable] = []
    labels: list[str] = []
    for part in ("train", "validation", "test"):
        if part not in folders:
            continue
        examples = dataset.list_examples(folders[part])
        if part == "train":
            labels = sorted({e.label for e in examples}, key=dataset.natural_key)
            empty = dataset.empty_class_folders(folders[part], labels)
            if empty:
                raise DataError(
                    f"Class folders without a file in “{folders[part]}”: {_list(empty)}. "
                    "Add pictures or remove the folders."
                )
            if len(labels) < 2:
                raise DataError(
                    f"“{folders[part]}” holds one class only, “{labels[0]}”. "
                    "A classifier needs at least two class folders."
                )
        strangers = {e.label for e in examples} - set(labels)
        if strangers:
            raise DataError(f"The {part} part has classes that the training part lacks: {_list(sorted(strangers))}.")
        pictures, kept, bad = store.load(examples, spec, f"reading {part}")
        parts[part] = LoadedPart(pictures, kept)
        unreadable += bad
    _name_unreadable(unreadable)
    dataset.check_classes(parts["train"].examples, labels, "training", 2)
    # With a test part given and no validation part, or the other way round, only what is missing is
    # split off; a validation part alone also serves for the figures, and they say so.
    missing_validation = "validation" not in parts
    missing_test = "test" not in parts and missing_validation
    if missing_validation:
        train = parts["train"]
        divided = dataset.split(
            train.examples,
            validation_share=settings.validation_share,
            test_share=settings.test_share if missing_test else 0,
            seed=settings.seed,
        )
        row = {example: index for index, example in enumerate(train.examples)}
        for part, examples in zip(("train", "validation", "test"), divided, strict=True):
            if examples:
                parts[part] = LoadedPart(store.select(train.pictures, [row[e] for e in examples]), examples)
    return parts


def _train_and_write(
    parts: dict[str, LoadedPart], labels: Sequence[str], spec: InputSpec, settings: Settings, out: Path
) -> dict[str, Any]:
    from train.export import to_litert
    from train.fitting import Part, fit, predict_logits

    index_of = {label: index for index, label in enumerate(labels)}
    train, validation = (
        Part(parts[name].pictures, np.array([index_of[e.label] for e in parts[name].examples], np.int64))
        for name in ("train", "validation")
    )
    model = fit(settings, spec, len(labels), train, validation)
    calibration = calibrate(predict_logits(model, validation.pictures), validation.classes)
    print("Converting the network for serving …", file=sys.stderr)
    split = "test" if "test" in parts else "validation"
    with new_bundle(out) as directory:
        write_model(
            directory,
            model,
            to_litert(model),
            labels=labels,
            spec=spec,
            calibration=calibration,
            settings=settings,
            fingerprint=dataset.fingerprint(parts["train"].examples),
        )
        write_manifest(directory)
        classifier = Classifier.load(directory)  # the figures are those of the very file that is served
        classes = np.array([index_of[e.label] for e in parts[split].examples])
        metrics = {"split": split} | _measure(classifier, parts[split].pictures, classes)
        write_metrics(directory, metrics)
        write_report(directory, metrics, labels)
        write_card(classifier.bundle, metrics)
        write_manifest(directory)
        load_bundle(directory)
    return summary(metrics)


def _measure(classifier: Classifier, pictures: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
    bundle = classifier.bundle
    logits = [classifier.logits(p) for p in tqdm(pictures, desc="measuring", unit="picture", leave=False, disable=None)]
    probabilities = probabilities_of(np.array(logits), bundle.temperature, multi_label=bundle.multi_label)
    return measure(probabilities, classes, bundle.labels)


def _name_unreadable(unreadable: Sequence[Unreadable]) -> None:
    for file in unreadable:
        print(f"left out: {file.path}: {file.reason}", file=sys.stderr)
    if unreadable:
        print(f"{len(unreadable)} unreadable files were left out (and not touched).", file=sys.stderr)


def _sizes(parts: dict[str, LoadedPart], labels: Sequence[str]) -> str:
    counts = ", ".join(f"{len(part.examples)} for {name}" for name, part in parts.items())
    return f"{len(labels)} classes; pictures: {counts}."


def _list(names: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

"""Evaluate several bundles on the same images, and time them in turns: `run_compare`."""

from __future__ import annotations

import csv
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.classifier import Classifier
from model.errors import DataError, SettingsError, VistazoError
from model.hub.resolve import resolve_model
from model.preprocessing import read_image
from train.data.data_set import DataSet, listed
from train.data.folders import all_labels, match_labels, natural_key
from train.data.source import DataSource
from train.evaluate import Evaluation, data_set_for, evaluate
from train.export.bundle import refuse_in_bundle
from train.metrics.paired import mcnemar

COLUMNS = (
    "bundle",
    "architecture",
    "n",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "macro_f1",
    "loss",
    "milliseconds_per_image",
    "parameters",
    "file_megabytes",
    "p_value",
)
_TIMED_IMAGES = 100
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison.

    Attributes:
        rows: One for each bundle, with the keys of `COLUMNS`. "p_value" is that of McNemar's test against the bundle of
            the highest accuracy; None for that bundle.
        verdicts: A sentence for each other bundle: whether the difference is more than chance.
        best: The bundle that is better than each other one by more than chance; None where there is none.
        table: The CSV file.
        plot: The plot beside it.
    """

    rows: Sequence[dict[str, Any]]
    verdicts: Sequence[str]
    best: str | None
    table: Path
    plot: Path


def run_compare(models: Sequence[str], data: DataSource, out: Path) -> Comparison:
    """Compare bundles.

    Args:
        models: Directories or Hub repositories.
        data: The images and their labels, which are labels of every bundle.
        out: The CSV file to write; a plot of the same name is written beside it.

    Raises:
        VistazoError: A bundle or the data cannot be used.
    """
    if out.suffix.lower() != ".csv" or out.is_dir() or not out.absolute().parent.is_dir():
        raise SettingsError(f"--out should name a .csv file in an existing directory. Received: {out}.")
    refuse_in_bundle(out)
    classifiers = [Classifier.load(resolve_model(model)) for model in models]
    data_sets = _data_sets(classifiers, data)
    _refuse_other_images(models, classifiers, data_sets)
    data_sets[0].announce()
    evaluations = [evaluate(*of_model) for of_model in zip(models, classifiers, data_sets, strict=True)]
    milliseconds = _median_milliseconds(classifiers, data_sets[0])
    rows = [
        _row(model, classifier, evaluation, median)
        for model, classifier, evaluation, median in zip(models, classifiers, evaluations, milliseconds, strict=True)
    ]
    best = max(range(len(rows)), key=lambda number: (rows[number]["accuracy"], -number))
    verdicts = []
    for number, row in enumerate(rows):
        if number != best:
            row["p_value"] = _p_value(evaluations[best], evaluations[number])
            verdicts.append(_verdict(models[best], models[number], row["n"], row["p_value"]))
    is_best = all(row["p_value"] < _SIGNIFICANT for number, row in enumerate(rows) if number != best)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    from train.report.comparison import comparison_plot

    plot = out.with_suffix(".png")
    plot.write_bytes(comparison_plot(rows, short_names(models)))
    return Comparison(rows, verdicts, models[best] if is_best else None, out, plot)


def short_names(models: Sequence[str]) -> list[str]:
    """Return the last part of each name, or the whole names where these would be the same."""
    names = [Path(model).name or model for model in models]
    return names if len(set(names)) == len(set(models)) else list(models)


def _row(model: str, classifier: Classifier, evaluation: Evaluation, milliseconds: float) -> dict[str, Any]:
    metrics = evaluation.metrics
    return {
        "bundle": model,
        "architecture": str(classifier.bundle.settings.get("architecture", "")),
        "n": metrics["n"],
        "accuracy": metrics["accuracy"],
        "accuracy_low": metrics["accuracy_low"],
        "accuracy_high": metrics["accuracy_high"],
        "macro_f1": metrics["macro_f1"],
        "loss": metrics["loss"],
        "milliseconds_per_image": round(milliseconds, 3),
        "parameters": parameters(classifier.bundle.directory),
        "file_megabytes": round(classifier.bundle.network.stat().st_size / 1e6, 3),
        "p_value": None,
    }


def _data_sets(classifiers: Sequence[Classifier], data: DataSource) -> list[DataSet]:
    """List the data for each model; once for those of the same labels, since these tell how folders are understood."""
    keys = [(classifier.bundle.multi_label, classifier.bundle.labels) for classifier in classifiers]
    one_of = dict(zip(keys, classifiers, strict=True))
    found = {key: data_set_for(classifier.bundle, data) for key, classifier in one_of.items()}
    return [found[key] for key in keys]


def _refuse_other_images(
    models: Sequence[str], classifiers: Sequence[Classifier], data_sets: Sequence[DataSet]
) -> None:
    """Raise `DataError` where a model lacks a label of the data that another one has: it would be spared its images."""
    known = [
        set(match_labels(all_labels(data_set.evaluated()[1]), classifier.bundle.labels))
        for classifier, data_set in zip(classifiers, data_sets, strict=True)
    ]
    for model, labels in zip(models, known, strict=True):
        if missing := sorted(set().union(*known) - labels, key=natural_key):
            raise DataError(
                f"“{model}” lacks labels of the data that another model has: {listed(missing)}. Compare the models on "
                "images of labels that all of them have."
            )


def _p_value(first: Evaluation, second: Evaluation) -> float:
    """Return how likely so large a difference would be by chance; groups count where one of the models names them."""
    places = {file: place for place, file in enumerate(second.files)}
    shared = [(place, places[file]) for place, file in enumerate(first.files) if file in places]
    rows, others = ([pair[side] for pair in shared] for side in (0, 1))
    groups: list[int] = []
    if first.groups:
        groups = [first.groups[row] for row in rows]
    elif second.groups:
        groups = [second.groups[row] for row in others]
    return mcnemar(first.right[rows], second.right[others], groups)


def _verdict(best: str, other: str, images: int, p_value: float) -> str:
    measured = f"McNemar's test on {images} images, p = {p_value:.2g}"
    if p_value < _SIGNIFICANT:
        return f"“{best}” is better than “{other}” by more than chance ({measured})."
    return f"The difference between “{best}” and “{other}” may be chance ({measured})."


def parameters(directory: Path) -> int | None:
    """Return the number of weights of a bundle's Keras model; None when the bundle has no weights file."""
    import h5py

    count = 0

    def add(name: str, item: object) -> None:
        nonlocal count
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
            count += item.size

    try:
        with h5py.File(directory / "model.weights.h5") as file:
            file.visititems(add)
    except OSError:
        return None
    return count


def _median_milliseconds(classifiers: Sequence[Classifier], data_set: DataSet) -> list[float]:
    """Return the median milliseconds of a prediction by each model: preprocessing and network, without decoding.

    The models take turns, so that other load on the machine slows all of them, and each begins as often as the others:
    the first one pays for an image that is new to the processor. The quicker of two predictions counts.
    """
    count = len(classifiers)
    spent: list[list[float]] = [[] for _ in classifiers]
    _, examples = data_set.evaluated()
    # Evenly over the classes, since the images of one class may all be large.
    print("Timing predictions …", file=sys.stderr)
    timed = examples[:: max(1, len(examples) // _TIMED_IMAGES)]
    for number, example in enumerate(tqdm(timed, desc="timing", unit="image", leave=False, disable=None)):
        try:
            image = read_image(example.path)
        except VistazoError:  # it was reported by the evaluation
            continue
        quickest = [math.inf] * count
        for turn in range(2 * count):
            index = (number + turn) % count
            start = time.perf_counter()
            classifiers[index].classify(image)
            quickest[index] = min(quickest[index], 1000 * (time.perf_counter() - start))
        for times, least in zip(spent, quickest, strict=True):
            times.append(least)
    return [statistics.median(times or [math.nan]) for times in spent]

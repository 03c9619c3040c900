"""Evaluate several bundles on the same images, and time them in turns: `run_compare`."""

from __future__ import annotations

import csv
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py

from model.classifier import Classifier
from model.errors import SettingsError, VistazoError
from model.hub.resolve import resolve_model
from model.preprocessing import read_image
from train.data.source import DataSource, read_data
from train.evaluate import run_evaluate

COLUMNS = (
    "bundle",
    "architecture",
    "n",
    "accuracy",
    "macro_f1",
    "loss",
    "milliseconds_per_image",
    "parameters",
    "file_megabytes",
)
_TIMED_IMAGES = 100


def run_compare(models: Sequence[str], data: DataSource, out: Path) -> list[dict[str, Any]]:
    """Compare bundles.

    Args:
        models: Directories or Hub repositories.
        data: The images and their labels, which are labels of every bundle.
        out: The CSV file to write; a plot of the same name is written beside it.

    Returns:
        One row per bundle, with the keys of `COLUMNS`.

    Raises:
        VistazoError: A bundle or the data cannot be used.
    """
    if out.suffix.lower() != ".csv" or out.is_dir() or not out.absolute().parent.is_dir():
        raise SettingsError(f"--out should name a .csv file in an existing directory. Received: {out}.")
    directories = [resolve_model(model) for model in models]
    metrics = [run_evaluate(str(directory), data) for directory in directories]
    classifiers = [Classifier.load(directory) for directory in directories]
    milliseconds = _median_milliseconds(classifiers, data)
    rows = [
        {
            "bundle": model,
            "architecture": str(classifier.bundle.settings.get("architecture", "")),
            **{name: result[name] for name in ("n", "accuracy", "macro_f1", "loss")},
            "milliseconds_per_image": round(median, 3),
            "parameters": parameters(classifier.bundle.directory),
            "file_megabytes": round(classifier.bundle.network.stat().st_size / 1e6, 3),
        }
        for model, classifier, result, median in zip(models, classifiers, metrics, milliseconds, strict=True)
    ]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    _plot(rows, out.with_suffix(".png"))
    return rows


def parameters(directory: Path) -> int | None:
    """Return the number of weights of a bundle's Keras model; None when the bundle has no weights file."""
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


def _median_milliseconds(classifiers: Sequence[Classifier], data: DataSource) -> list[float]:
    """Return the median milliseconds of a prediction by each model: preprocessing and network, without decoding.

    The models take turns at every image, so that other load on the machine slows all of them.
    """
    spent: list[list[float]] = [[] for _ in classifiers]
    bundle = classifiers[0].bundle
    _, examples = read_data(data, multi_label=bundle.multi_label, labels=bundle.labels).evaluated()
    # Evenly over the classes, since the images of one class may all be large.
    for example in examples[:: max(1, len(examples) // _TIMED_IMAGES)]:
        try:
            image = read_image(example.path)
        except VistazoError:  # it was reported by the evaluation
            continue
        for index, classifier in enumerate(classifiers):
            start = time.perf_counter()
            classifier.classify(image)
            spent[index].append(1000 * (time.perf_counter() - start))
    return [statistics.median(times or [math.nan]) for times in spent]


def _plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Plot accuracy over time per image; the area of a point grows with the size of the bundle's network."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for row in rows:
        name = Path(row["bundle"]).name
        axes.scatter(row["milliseconds_per_image"], row["accuracy"], s=40 + 20 * row["file_megabytes"], alpha=0.6)
        axes.annotate(
            name,
            (row["milliseconds_per_image"], row["accuracy"]),
            (6, 6),
            textcoords="offset points",
            parse_math=False,
        )
    axes.set(xlabel="milliseconds per image", ylabel=f"accuracy on {rows[0]['n']} images")
    axes.margins(0.2)
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=130)

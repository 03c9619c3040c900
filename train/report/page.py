"""The report's page: HTML that needs no network and no other file."""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_FOLDER = Path(__file__).parent
_MAX_CONFUSIONS = 10


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        id: Of its element, and the name of its template.
        title: Its heading.
    """

    id: str
    title: str


@dataclass(frozen=True)
class Confusion:
    """How many images of one class were predicted as another.

    Attributes:
        true: Index of the true label.
        predicted: Index of the predicted label.
        count: Number of images.
        share: Of all images of the true label, 0 to 1.
    """

    true: int
    predicted: int
    count: int
    share: float


def page(metrics: Mapping[str, Any], labels: Sequence[str], plots: Mapping[str, bytes], images: str) -> str:
    """Return the page.

    Args:
        metrics: The content of metrics.json; bundles of older versions lack some of its keys.
        labels: The labels in class order.
        plots: PNG files by name; a section without its plot is left out.
        images: HTML from `train.report.gallery.images_block`.
    """
    multi_label = bool(metrics.get("multi_label"))
    per_class = sorted(metrics["per_class"].items(), key=lambda item: item[1]["f1"])
    return (
        _environment()
        .get_template("page.html")
        .render(
            metrics=metrics,
            labels=labels,
            multi_label=multi_label,
            sections=list(_sections(metrics, plots)),
            plots={name: base64.b64encode(content).decode() for name, content in plots.items()},
            label_counts=metrics.get("label_counts"),
            confusions=_confusions(metrics, labels),
            classes=[(label, row) for label, row in per_class if row["support"]],
            absent=[label for label, row in metrics["per_class"].items() if not row["support"]],
            phases=_phases(metrics),
            images=Markup(images),
            style=_asset("page.css"),
            script=_asset("page.js"),
        )
    )


def percent(share: float | None, digits: int = 1) -> str:
    """Format a share as a percentage; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f}%"


def decimal(value: float | None) -> str:
    """Format a metric with three decimals; a dash for None."""
    return "–" if value is None else f"{value:.3f}"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "decimal": decimal}
    return environment


def _asset(name: str) -> Markup:
    return Markup((_FOLDER / "assets" / name).read_text(encoding="utf-8"))


def _sections(metrics: Mapping[str, Any], plots: Mapping[str, bytes]) -> Iterator[Section]:
    yield Section("summary", "Summary")
    yield Section("matrix", "Predictions by label" if metrics.get("multi_label") else "Confusion matrix")
    yield Section("mistakes", "Most confident mistakes")
    yield Section("classes", "Best and worst classes")
    if "roc_curves" in plots:
        yield Section("curves", "Precision-recall and ROC curves")
    if "histograms" in plots:
        yield Section("histograms", "Probabilities by class")
    if "reliability" in plots:
        yield Section("calibration", "Calibration of the probabilities")
    if metrics.get("verdicts"):
        yield Section("verdicts", "Verdicts")
    if metrics.get("unknown"):
        yield Section("unknown", "“None of these” by probability alone")
    if "training_curves" in plots:
        yield Section("training", "Training")
    if metrics.get("training", {}).get("losses"):
        yield Section("tried", "What was tried")


def _confusions(metrics: Mapping[str, Any], labels: Sequence[str]) -> list[Confusion]:
    """Return the pairs of classes that are confused most often, the most frequent first."""
    found = metrics.get("confusions") or [
        (true, predicted, count)
        for true, row in enumerate(metrics.get("confusion_matrix", []))
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    most = sorted(found, key=lambda confusion: -confusion[2])[:_MAX_CONFUSIONS]
    return [Confusion(t, p, count, count / metrics["per_class"][labels[t]]["support"]) for t, p, count in most]


def _phases(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the phases of training, in order."""
    history = metrics.get("training", {}).get("history", [])
    return list(dict.fromkeys(row["phase"] for row in history if row.get("phase")))

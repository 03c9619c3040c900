"""Write the evaluation report: plots, and one self-contained page that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from train.report.gallery import Evidence, images_block
from train.report.page import page

REPORT = "report"


def write_report(
    folder: Path, metrics: Mapping[str, Any], labels: Sequence[str], evidence: Evidence | None = None
) -> None:
    """Write index.html and its plots; plots whose metrics are missing are left out.

    Args:
        folder: Where to write; of a bundle it is "report".
        metrics: The content of metrics.json.
        labels: The labels in class order.
        evidence: The evaluated images, which a click opens; None writes a page without images.
    """
    folder.mkdir(exist_ok=True)
    drawn = {name: draw() for name, draw in _plots(metrics, labels).items()}
    for name, content in drawn.items():
        (folder / f"{name}.png").write_bytes(content)
    (folder / "index.html").write_text(page(metrics, labels, drawn, images_block(evidence)), encoding="utf-8")


def _plots(metrics: Mapping[str, Any], labels: Sequence[str]) -> dict[str, Callable[[], bytes]]:
    """Return a function that draws each plot for which there are metrics, by file name."""
    from train.report import plots  # Matplotlib takes seconds, which a command's first checks do not wait for

    per_class = metrics["per_class"]
    found: dict[str, Callable[[], bytes]] = {"classes": lambda: plots.classes_plot(per_class)}
    if "confusion_matrix" in metrics:
        matrix, totals = np.array(metrics["confusion_matrix"]), np.array([one["support"] for one in per_class.values()])
        found["confusion_matrix"] = lambda: plots.confusion_plot(matrix, labels)
        found["confusion_matrix_normalised"] = lambda: plots.confusion_plot(matrix, labels, totals)
    if metrics.get("curves", {}).get("drawn"):
        found["roc_curves"] = lambda: plots.curves_plot(metrics["curves"], "roc")
        found["precision_recall_curves"] = lambda: plots.curves_plot(metrics["curves"], "precision_recall")
    if "histograms" in metrics:
        found["histograms"] = lambda: plots.histograms_plot(metrics["histograms"], per_class, metrics.get("thresholds"))
    if "reliability" in metrics:
        found["reliability"] = lambda: plots.reliability_plot(metrics)
    if metrics.get("training", {}).get("history"):
        found["training_curves"] = lambda: plots.training_plot(
            metrics["training"]["history"], metrics["training"].get("best_epoch")
        )
    return found

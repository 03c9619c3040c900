"""Show an evaluation to people: plots and one self-contained page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from train.gallery import STYLE, Evidence, gallery

REPORT = "report"


def write_report(
    directory: Path, metrics: dict[str, Any], labels: Sequence[str], evidence: Evidence | None = None
) -> None:
    """Write report/confusion_matrix.png and report/index.html.

    Args:
        directory: The bundle.
        metrics: As `train.evaluation.measure` returns them, with "split".
        labels: The labels in class order.
        evidence: The measured pictures, to be opened by a click; None writes a page without pictures.
    """
    folder = directory / REPORT
    folder.mkdir(exist_ok=True)
    plot = _confusion_plot(np.array(metrics["confusion_matrix"]), labels)
    (folder / "confusion_matrix.png").write_bytes(plot)
    (folder / "index.html").write_text(
        _page(metrics, plot, gallery(evidence, labels) if evidence else ""), encoding="utf-8"
    )


def _confusion_plot(matrix: np.ndarray, labels: Sequence[str]) -> bytes:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(2.5 + 0.16 * len(labels), 4, 16))
    figure = Figure(figsize=(side, side), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 8 if len(labels) <= 40 else 6
    axes.set_xticks(range(len(labels)), [_short(label) for label in labels], rotation=90, fontsize=size)
    axes.set_yticks(range(len(labels)), [_short(label) for label in labels], fontsize=size)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(labels) <= 20:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=size, color=colour)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    # Few colours occur, so a palette loses nothing that can be seen and makes a fraction of the size.
    small = io.BytesIO()
    Image.open(buffer).convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()


def _short(label: str) -> str:
    # A dollar sign would start a formula in matplotlib.
    return (label if len(label) <= 24 else label[:23] + "…").replace("$", r"\$")


def _page(metrics: dict[str, Any], plot: bytes, pictures: str) -> str:
    figures = "".join(
        f"<tr><th>{title}</th><td>{metrics[key]}</td></tr>"
        for key, title in (
            ("n", "Pictures"),
            ("accuracy", "Accuracy"),
            ("top5_accuracy", "Top-5 accuracy"),
            ("macro_f1", "Macro F1"),
            ("weighted_f1", "Weighted F1"),
            ("ece", "Expected calibration error"),
            ("loss", "Cross-entropy"),
        )
    )
    per_class = "".join(
        f"<tr><th>{html.escape(label)}</th><td>{c['precision']:.3f}</td><td>{c['recall']:.3f}</td>"
        f"<td>{c['f1']:.3f}</td><td>{c['support']}</td></tr>"
        for label, c in sorted(metrics["per_class"].items(), key=lambda item: item[1]["f1"])
    )
    picture = base64.b64encode(plot).decode()
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evaluation</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child {{ text-align: left; font-weight: 500; }}
img {{ max-width: 100%; }}
{STYLE}</style>
<h1>Evaluation on the {html.escape(metrics["split"])} part</h1>
<table>{figures}</table>
<h2>Confusion matrix</h2>
<p>Rows: true label. Columns: predicted label. Shade: share of the row.</p>
<img alt="Confusion matrix" src="data:image/png;base64,{picture}">
{pictures}
<h2>Per class, the weakest first</h2>
<div class="scroll">
<table><tr><th>Label</th><th>Precision</th><th>Recall</th><th>F1</th><th>Pictures</th></tr>{per_class}</table>
</div>
</html>
"""

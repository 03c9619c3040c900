"""The report's plots: legible for few and many classes, nothing cut off, small files, no global state."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.verdict import probabilities_of
from tests.support.cases import rotating
from train.metrics.classification import classification_metrics
from train.metrics.multilabel import multilabel_metrics
from train.report import plots

HISTORY = [
    {"phase": "head" if epoch < 4 else "all", "epoch": epoch, "loss": 2 / epoch, "accuracy": 1 - 0.7 / epoch}
    | ({"val_loss": 1.7 / epoch, "val_accuracy": 1 - 0.6 / epoch} if epoch > 1 else {})
    | {"learning_rate": 1e-3 / epoch}
    for epoch in range(1, 9)
]


def evaluated(count: int, images: int, absent: int | None = None) -> tuple[list[str], dict[str, Any]]:
    """Labels and metrics of random predictions; the first label is long, the second has a formula and markup."""
    rng = np.random.default_rng(count)
    labels = ["an uncommonly long label of a class, too long", "$x^2$ <b>&", *(f"class {i}" for i in range(2, count))]
    classes = np.arange(images) % count
    if absent is not None:
        classes[classes == absent] = 0
    logits = rng.normal(0, 1, (images, count))
    logits[np.arange(images), classes] += 2
    return labels, classification_metrics(
        probabilities_of(logits, 0.8), classes, labels, uncalibrated=probabilities_of(logits), threshold=0.4
    )


CASES = {
    "two classes": lambda: evaluated(2, 30),
    "seven classes, one absent": lambda: evaluated(7, 90, absent=3),
    "one image a class": lambda: evaluated(8, 8),
    "forty classes": lambda: evaluated(40, 120),  # more than any plot draws or numbers one by one
    "a hundred classes": lambda: evaluated(100, 300),
}
PLOTS: dict[str, Callable[[list[str], dict[str, Any]], bytes]] = {
    "counts": lambda labels, m: plots.confusion_plot(np.array(m["confusion_matrix"]), labels),
    "shares": lambda labels, m: plots.confusion_plot(
        np.array(m["confusion_matrix"]), labels, np.array([m["per_class"][label]["support"] for label in labels])
    ),
    "roc": lambda _, m: plots.curves_plot(m["curves"], "roc"),
    "precision and recall": lambda _, m: plots.curves_plot(m["curves"], "precision_recall"),
    "histograms": lambda _, m: plots.histograms_plot(m["histograms"], m["per_class"]),
    "reliability": lambda _, m: plots.reliability_plot(m),
    "classes": lambda _, m: plots.classes_plot(m["per_class"]),
}


@pytest.mark.parametrize(("plot", "case"), rotating(list(PLOTS), list(CASES)))
def test_a_plot_is_a_small_image_in_which_nothing_is_cut(plot: str, case: str) -> None:
    check(PLOTS[plot](*CASES[case]()))


@pytest.mark.parametrize(
    ("history", "best"),
    [
        pytest.param(HISTORY, 5, id="eight epochs"),
        pytest.param(HISTORY, 0, id="no better epoch", marks=pytest.mark.nightly),
        pytest.param(HISTORY[:1], None, id="one epoch"),
    ],
)
def test_training_curves_are_drawn_with_and_without_validation(history: list[dict[str, Any]], best: int | None) -> None:
    check(plots.training_plot(history, best))


def test_thresholds_of_several_labels_are_drawn() -> None:
    targets = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], float)
    found = multilabel_metrics(targets * 0.6 + 0.2, targets, ["a", "b"], (0.5, 0.3))

    drawn = plots.histograms_plot(found["histograms"], found["per_class"], found["thresholds"])

    check(drawn)
    assert drawn != plots.histograms_plot(found["histograms"], found["per_class"])


def test_drawing_leaves_matplotlib_s_settings_and_figures_alone() -> None:
    import matplotlib
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    plots.classes_plot(evaluated(3, 9)[1]["per_class"])

    assert dict(matplotlib.rcParams) == before
    assert not pyplot.get_fignums()


def test_labels_of_any_script_are_drawn_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    row = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}

    check(plots.classes_plot({"日本": row, "العربية": row, "🦊": row}))

    assert not [w for w in recwarn if "lyph" in str(w.message)]


def check(content: bytes) -> None:
    """A PNG of readable size and few bytes, with a margin in which there is no ink."""
    assert content.startswith(b"\x89PNG")
    assert len(content) < 150_000
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert 300 <= image.shape[1] <= 2000
    edges = np.concatenate([image[:4].reshape(-1, 3), image[-4:].reshape(-1, 3)])
    edges = np.concatenate([edges, image[:, :4].reshape(-1, 3), image[:, -4:].reshape(-1, 3)])
    assert edges.min() >= 250
    assert (image < 128).all(axis=2).any()  # dark text

"""The plots of the evaluation report, each as the bytes of a PNG file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from train.report.plot_style import BLUE, COLOURS, GREEN, INK, ORANGE, PALE, RED, new_figure, png, short, tidy

_MAX_NUMBERED = 20  # classes whose counts are written into the matrix
_MAX_NAMED = 110  # classes whose names are written beside it
_MAX_LISTED = 30
_MAX_PANELS = 12
_BIN = 1 / 15  # width of a bin of train/metrics/reliability.py
_TITLES = {"roc": "ROC curves", "precision_recall": "Precision-recall curves"}


def confusion_plot(matrix: np.ndarray, labels: Sequence[str], totals: np.ndarray | None = None) -> bytes:
    """Draw a confusion matrix.

    Args:
        matrix: (classes, classes), int: rows true, columns predicted.
        labels: The labels in class order.
        totals: (classes,), the images of each true class, to draw shares of them instead of counts.
    """
    count = len(labels)
    drawn = matrix if totals is None else matrix / np.maximum(totals, 1)[:, np.newaxis]
    highest = max(1.0, float(drawn.max())) if totals is None else 1.0
    size = float(np.clip(9.8 - 0.05 * count, 5.5, 9))
    named = 0.009 * size * max(len(short(label)) for label in labels)  # inches that the names take
    side = float(np.clip(0.5 * count, 3, 12.5)) + named
    figure = new_figure(side + 0.9, side + 0.5)
    axes = figure.subplots()
    # Among many classes a mistake is a small share; the square root makes it visible.
    norm = PowerNorm(1 if count <= _MAX_NUMBERED else 0.5, vmin=0, vmax=highest)
    image = axes.imshow(drawn, cmap="Blues", norm=norm, interpolation="nearest")
    tidy(axes, grid="", size=size, xlabel="predicted", ylabel="true")
    axes.set_title("Images" if totals is None else "Share of each true class", loc="left", fontsize=11, color=INK)
    if count <= _MAX_NAMED:
        axes.set_xticks(range(count), [short(label) for label in labels], rotation=90, fontsize=size)
        axes.set_yticks(range(count), [short(label) for label in labels], fontsize=size)
    if count <= _MAX_NUMBERED:
        for (row, column), value in np.ndenumerate(drawn):
            if value:
                text = f"{value}" if totals is None else f"{value:.0%}"
                colour = "white" if value > 0.65 * highest else INK
                axes.text(column, row, text, ha="center", va="center", fontsize=size - 0.5, color=colour)
    bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=24, pad=0.02)
    bar.outline.set_visible(False)  # type: ignore[operator]  # a spine, whatever the stub says
    bar.ax.tick_params(labelsize=8, colors=INK, length=0)
    if totals is None:
        bar.ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    else:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return png(figure)


def curves_plot(curves: Mapping[str, Any], kind: str) -> bytes:
    """Draw the averaged curves and those of the classes.

    Args:
        curves: "curves" of metrics.json.
        kind: "roc" or "precision_recall".
    """
    area = {"roc": "roc_auc", "precision_recall": "average_precision"}[kind]
    total, drawn = len(curves["per_class"]), len(curves["drawn"])
    figure = new_figure(7.6, 4.9)
    axes = figure.subplots()
    if kind == "roc":
        axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, linestyle=(0, (2, 3)), label="guessing 0.500")
    solid = drawn // 2 if drawn < total else len(COLOURS)  # the rest is dashed, in the same colours again
    for index, (label, points) in enumerate(curves["drawn"].items()):
        name = f"{short(label)} {curves['per_class'][label][area]:.3f}"
        _line(
            axes,
            points[kind],
            color=COLOURS[index % solid],
            linewidth=1.3,
            linestyle="-" if index < solid else (0, (5, 1.5)),
            label=name,
        )
    for mean, title, dashes in (
        ("macro", "mean of the classes", "-"),
        ("micro", "all predictions together", (0, (1, 1))),
    ):
        if kind in curves[mean]:
            name = f"{title} {curves[mean][area]:.3f}"
            _line(axes, curves[mean][kind], color=INK, linewidth=2.4, linestyle=dashes, label=name)
    texts: dict[str, Any] = {
        "xlabel": "false positive rate",
        "ylabel": "true positive rate (recall)",
    }
    if kind == "precision_recall":
        texts = {"xlabel": "recall", "ylabel": "precision"}
    tidy(axes, _TITLES[kind], xlim=(-0.015, 1.015), ylim=(-0.015, 1.03), aspect="equal", **texts)
    which = f"{drawn // 2} best, {drawn // 2} worst of {total}" if drawn < total else "each class"
    lines, names = axes.get_legend_handles_labels()
    legend = figure.legend(
        lines[::-1],
        names[::-1],
        loc="outside right center",
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        title=f"Area under the curve\n({which})",
        alignment="left",
    )
    legend.get_title().set(fontsize=8.5, color=PALE)
    return png(figure)


def histograms_plot(
    histograms: Mapping[str, Mapping[str, Sequence[int]]],
    per_class: Mapping[str, Mapping[str, float]],
    thresholds: Mapping[str, float] | None = None,
) -> bytes:
    """Draw the distribution of each label's probability, for images that show it and for the others.

    Args:
        histograms: "histograms" of metrics.json.
        per_class: Metrics by label; of more than twelve classes the six best and six worst by F1 are drawn.
        thresholds: By label, the probability from which it is predicted, 0 to 1.
    """
    chosen = _best_and_worst(per_class, _MAX_PANELS)
    columns = min(3 if len(chosen) <= 9 else 4, max(1, len(chosen)))
    rows = max(1, -(-len(chosen) // columns))
    figure = new_figure(max(5.0, 2.6 * columns), 1.75 * rows + 0.9)
    panels = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True)).ravel()
    for axes in panels[len(chosen) :]:
        axes.set_visible(False)
    highest = 0.05
    for axes, label in zip(panels, chosen, strict=False):
        for name, colour in (("others", ORANGE), ("own", BLUE)):
            counts = np.array(histograms[label][name], float)
            edges = np.linspace(0, 1, len(counts) + 1)
            shares = counts / max(counts.sum(), 1)
            highest = max(highest, float(shares.max()))
            axes.stairs(shares, edges, fill=True, color=colour, alpha=0.35)
            axes.stairs(shares, edges, color=colour, linewidth=1.4)
        if thresholds:
            axes.axvline(thresholds[label], color=INK, linewidth=1.2, linestyle=(0, (2, 2)))
        tidy(axes, grid="y", size=8, xlim=(0, 1))
        axes.set_title(short(label), loc="left", fontsize=9, color=INK)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[0].set_ylim(0, 1.05 * highest)
    names = ["images of the class", "other images"]
    handles = [Patch(facecolor=colour, alpha=0.6) for colour in (BLUE, ORANGE)]
    figure.legend(handles, names, loc="outside upper left", ncols=2, frameon=False, fontsize=9, labelcolor=INK)
    figure.supxlabel("predicted probability of the class", fontsize=9.5, color=INK)
    figure.supylabel("share of the images", fontsize=9.5, color=INK)
    return png(figure)


def reliability_plot(metrics: Mapping[str, Any]) -> bytes:
    """Draw a reliability diagram: accuracy against confidence, before and after temperature scaling.

    Args:
        metrics: The content of metrics.json; read are "reliability", "ece" and "ece_before".
    """
    shown = [name for name in ("before", "after") if name in metrics["reliability"]]
    figure = new_figure(4.2 * len(shown) + 0.2, 5.1)
    panels = figure.subplots(2, len(shown), sharex=True, sharey="row", height_ratios=[3.4, 1], squeeze=False)
    errors = {"before": metrics.get("ece_before"), "after": metrics["ece"]}
    titles = {"before": "Before temperature scaling", "after": "After temperature scaling"}
    for column, name in enumerate(shown):
        bins = metrics["reliability"][name]
        lows, means, shares, counts = (np.array([row[i] for row in bins], float) for i in range(4))
        upper, lower = panels[0][column], panels[1][column]
        upper.bar(lows, shares, _BIN, align="edge", color=BLUE, edgecolor="white", label="accuracy")
        upper.plot([0, 1], [0, 1], color=PALE, linewidth=1.2, linestyle=(0, (3, 2)), label="perfect calibration")
        upper.plot(means, shares, "o", color=RED, markersize=4.5, label="accuracy at the mean confidence")
        tidy(upper, f"{titles[name]}: ECE {errors[name]:.3f}", xlim=(0, 1), ylim=(0, 1.02))
        lower.bar(lows, counts / max(counts.sum(), 1), _BIN, align="edge", color=PALE, edgecolor="white")
        tidy(lower, grid="y", xlabel="confidence")
        for axes in (upper, lower):
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[0][0].set_ylabel("accuracy", fontsize=9.5, color=INK)
    panels[1][0].set_ylabel("share of predictions", fontsize=9.5, color=INK)
    lines, names = panels[0][0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=3, frameon=False, fontsize=8.5, labelcolor=INK)
    return png(figure)


def classes_plot(per_class: Mapping[str, Mapping[str, float]]) -> bytes:
    """Draw precision, recall and F1 of every class, the best first; of many classes the best and the worst.

    Args:
        per_class: Metrics by label.
    """
    chosen = _best_and_worst(per_class, _MAX_LISTED)
    figure = new_figure(7.4, 1.3 + 0.25 * max(len(chosen), 2))
    axes = figure.subplots()
    places = np.arange(len(chosen))[::-1]
    for name, colour, mark, size in (("precision", ORANGE, "<", 26), ("recall", GREEN, ">", 26), ("f1", BLUE, "o", 34)):
        values = [per_class[label][name] for label in chosen]
        if name == "f1":
            axes.hlines(places, 0, values, color="#c8d8e6", linewidth=3, zorder=1)
        axes.scatter(values, places, s=size, c=colour, marker=mark, label={"f1": "F1"}.get(name, name), zorder=3)
    known = sum(row["support"] > 0 for row in per_class.values())
    if len(chosen) < known:
        axes.axhline(len(chosen) / 2 - 0.5, color=PALE, linewidth=1, linestyle=(0, (2, 3)))
    title = f"The {len(chosen) // 2} best and {len(chosen) // 2} worst of {known} classes"
    tidy(axes, title if len(chosen) < known else "Classes, the best first", grid="x", xlim=(0, 1.02))
    axes.set_yticks(places, [f"{short(label)} ({per_class[label]['support']})" for label in chosen], fontsize=8.5)
    axes.set_ylim(-0.7, len(chosen) - 0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9, labelcolor=INK)
    return png(figure)


def training_plot(history: Sequence[Mapping[str, Any]], best_epoch: int | None = None) -> bytes:
    """Draw losses, accuracy and learning rate over the epochs.

    The losses have an axis each: that of training is of augmented images, mixed and with smoothed labels, that of
    validation is the calibrated log loss.

    Args:
        history: One mapping per epoch, as stored in metrics.json under "training".
        best_epoch: The epoch whose weights were kept; 0 is the network before the first.
    """
    epochs = [row["epoch"] for row in history]
    figure = new_figure(7.6, 8.4)
    panels = figure.subplots(4, 1, sharex=True, height_ratios=[1.5, 1.5, 2, 1])
    shown = {
        "Validation loss": ("val_loss",),
        "Training loss": ("loss",),
        "Accuracy": ("accuracy", "val_accuracy"),
        "Learning rate": ("learning_rate",),
    }
    for axes, (title, keys) in zip(panels, shown.items(), strict=True):
        for key in keys:
            known = [(epoch, row[key]) for epoch, row in zip(epochs, history, strict=True) if key in row]
            colour, text = (RED, "validation") if key.startswith("val_") else (BLUE, "training")
            if known:
                axes.plot(*zip(*known, strict=True), color=colour, marker="o", markersize=3, linewidth=1.6, label=text)
        for before, after in pairwise(history):
            if before.get("phase") != after.get("phase"):
                axes.axvline(before["epoch"] + 0.5, color=PALE, linewidth=1, linestyle=(0, (2, 3)))
        if best_epoch:
            axes.axvline(best_epoch, color=GREEN, linewidth=6, alpha=0.25, label="weights that were kept")
        tidy(axes, title)
    panels[2].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panels[3].set_xlabel("epoch", fontsize=9.5, color=INK)
    panels[3].xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[3].ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    panels[2].legend(loc="best", frameon=False, fontsize=8.5, labelcolor=INK)
    return png(figure)


def _line(axes: Axes, points: Sequence[Sequence[float]], **style: Any) -> None:
    x, y = zip(*points, strict=True)
    axes.plot(x, y, **style)


def _best_and_worst(per_class: Mapping[str, Mapping[str, float]], most: int) -> list[str]:
    """Return the labels that have images, the highest F1 first; of more than `most`, the best and the worst."""
    ranked = sorted((label for label in per_class if per_class[label]["support"]), key=lambda x: -per_class[x]["f1"])
    return ranked if len(ranked) <= most else ranked[: most // 2] + ranked[-(most // 2) :]

"""The plot of a comparison: a line a model, with its accuracy, the interval of that, its speed and its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import PercentFormatter

from train.report.plot_style import BLUE, INK, PALE, new_figure, png, short, tidy


def comparison_plot(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bytes:
    """Draw the accuracy of each model with its 95% interval; beside it, in words, what it costs.

    Args:
        rows: As `train.compare` returns them, in the order in which they are drawn from the top.
        names: What the models are called.

    Returns:
        A PNG file.
    """
    figure = new_figure(8.4, 1.5 + 0.42 * len(rows))
    axes = figure.subplots()
    for place, row in enumerate(rows):
        low, high = row["accuracy_low"], row["accuracy_high"]
        axes.plot([low, high], [place, place], color=PALE, linewidth=2, solid_capstyle="round")
        axes.plot([row["accuracy"]], [place], "o", color=BLUE, markersize=8, clip_on=False)  # whole at 100%
        text = (
            f"{100 * row['accuracy']:.1f}%    {row['milliseconds_per_image']:.1f} ms    {row['file_megabytes']:.1f} MB"
        )
        axes.annotate(
            text, (1, place), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            color=INK, fontsize=9,
        )  # fmt: skip
    title = f"Accuracy on {rows[0]['n']} images, with its 95% interval; time per image; size of the file"
    tidy(axes, title, grid="x", ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [short(name) for name in names])
    lowest, highest = min(row["accuracy_low"] for row in rows), max(row["accuracy_high"] for row in rows)
    axes.set_xlim(max(0.0, lowest - 0.03), min(1.0, highest + 0.03))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return png(figure)

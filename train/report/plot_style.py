"""The style of the report's plots, set on each figure and never globally."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Okabe & Ito (2008), told apart with any colour vision; its yellow is too pale for a line on white.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
INK, PALE, GRID = "#1f2933", "#6b7785", "#e3e7eb"
_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Devanagari")
_LONGEST_LABEL = 24
_DOTS_PER_INCH = 110


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, which draws to memory and changes no global state."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=_DOTS_PER_INCH, facecolor="white")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)  # type: ignore[union-attr, call-arg]  # constrained, it is
    FigureCanvasAgg(figure)
    return figure


def tidy(axes: Axes, title: str = "", *, grid: str = "both", size: float = 9.0, **texts: Any) -> Axes:
    """Give axes the common look.

    Args:
        axes: The axes to change.
        title: Above it.
        grid: The axis whose grid lines are drawn: "x", "y", "both" or "".
        size: Font size of the tick labels, in points.
        texts: Arguments of `Axes.set`, such as xlabel.

    Returns:
        The same axes.
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=size, length=3, color=PALE)
    axes.set(**texts)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set(color=INK, fontsize=size + 0.5)
    if title:
        axes.set_title(title, loc="left", fontsize=size + 1.5, color=INK, fontweight="bold")
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]  # one of the three
    axes.set_axisbelow(True)
    return axes


def short(label: str) -> str:
    """Return a label fit for drawing: shortened, and with the dollar sign of formulas escaped."""
    return (label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…").replace("$", r"\$")


def save(figure: Figure, target: Path | io.BytesIO) -> None:
    """Write a figure as PNG, with the installed fonts for labels of other scripts."""
    families = [name for name in _FONTS if name in font_manager.get_font_names()]
    for text in figure.findobj(lambda artist: hasattr(artist, "set_fontfamily")):
        text.set_fontfamily(families)  # type: ignore[attr-defined]  # asked for just now
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box is drawn instead; the page has the label
        figure.draw_without_rendering()  # the layout of a square image settles in the second round
        figure.savefig(target, format="png")


def png(figure: Figure) -> bytes:
    """Return a figure as PNG; a palette of 256 colours makes the file several times smaller."""
    buffer, small = io.BytesIO(), io.BytesIO()
    save(figure, buffer)
    Image.open(buffer).convert("RGB").quantize(256).save(small, format="png", optimize=True)
    return small.getvalue()

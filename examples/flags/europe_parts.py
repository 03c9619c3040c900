"""Helpers shared by the European flags: emblems without a ground, clipping to a shield, plain bands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from examples.flags.canvas import Canvas, Colour, Point, curve

Flag = Callable[[], Canvas]


class Emblem(Canvas):
    """A drawing without a ground of its own, to be placed on a flag."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(width, height)
        self._shapes.clear()

    def fill_within(self, outline: Sequence[Point], points: Iterable[Point], colour: Colour) -> None:
        """Fill the part of a polygon that lies inside the convex `outline` (a shield)."""
        inside = clip(points, outline)
        if len(inside) > 2:
            self.polygon(inside, colour)

    def mirrored(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill the polygon whose right half (from top to bottom) is given relative to the middle axis."""
        middle = self.width / 2
        right = [(middle + x, y) for x, y in points]
        left = [(middle - x, y) for x, y in reversed(points)]
        self.polygon(right + left, colour)


def box(x: float, y: float, width: float, height: float) -> list[Point]:
    """Return the corners of a rectangle."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def shield(x: float, y: float, width: float, height: float, straight: float = 0.5, tip: float = 0.5) -> list[Point]:
    """Return the outline of a shield with a flat top.

    Args:
        x: Left edge.
        y: Top edge.
        width: Width at the top.
        height: Height down to the tip.
        straight: Share of the height over which the sides stay upright.
        tip: 0 for a round foot, 1 for a sharp one.
    """
    middle, foot, turn = x + width / 2, y + height, y + height * straight
    low = turn + (foot - turn) * 0.55
    reach = width / 2 * 0.55 * (1 - tip)
    rise = (foot - turn) * 0.35 * tip
    right = curve((x + width, turn), (x + width, low), (middle + reach, foot - rise), (middle, foot))
    left = [(2 * middle - px, py) for px, py in reversed(right)]
    return [(x, y), (x + width, y), *right, *left[1:]]


def clip(points: Iterable[Point], outline: Sequence[Point]) -> list[Point]:
    """Return the part of a polygon inside a convex outline that runs clockwise on the image."""
    result = list(points)
    for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):

        def side(point: Point, ax: float = ax, ay: float = ay, bx: float = bx, by: float = by) -> float:
            return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)

        kept: list[Point] = []
        for start, end in zip(result, [*result[1:], *result[:1]], strict=True):
            s, e = side(start), side(end)
            if s >= 0:
                kept.append(start)
            if (s < 0) != (e < 0):
                t = s / (s - e)
                kept.append((start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])))
        result = kept
    return result


def bands(height: float, width: float, colours: str, upright: bool = False) -> Canvas:
    """Draw equal bands, from the top or (`upright`) from the hoist; colours separated by spaces."""
    flag = Canvas(width, height)
    if upright:
        flag.vertical_stripes(colours.split())
    else:
        flag.horizontal_stripes(colours.split())
    return flag


def band_flags(
    table: Mapping[str, Sequence[tuple[float, float, str]]], upright: bool = False
) -> dict[str, tuple[Flag, ...]]:
    """Turn a table of label -> (height, width, colours) rows into drawing functions."""
    return {label: tuple(partial(bands, *row, upright=upright) for row in rows) for label, rows in table.items()}

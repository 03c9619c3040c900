"""National flags of Oceania."""

from __future__ import annotations

import math
from collections.abc import Callable

from .asia_emblems import bird_of_paradise
from .canvas import Canvas, Colour

WHITE = "#ffffff"


def union_jack(blue: Colour, red: Colour) -> Canvas:
    """1:2; the crosses of St George and St Andrew and the saltire of St Patrick, in the Admiralty's proportions.

    Widths in thirtieths of the height: 6 for the red cross, 2 for its white edges, 6 for the white saltire, 2 for
    the red one, which keeps to one side of each arm so that the broader white is uppermost at the hoist.
    """
    canvas = Canvas(60, 30, blue)
    slant = math.hypot(60, 30)
    along_x, along_y = slant / 30, slant / 60  # what one unit of width takes up on the long and on the short edge
    for corners in (((0, 0), (60, 30)), ((60, 0), (0, 30))):
        (x1, y1), (x2, y2) = corners
        inward = 1 if x1 < x2 else -1
        dx, dy = 3 * along_x * inward, 3 * along_y
        canvas.polygon([(x1, y1), (x1 + dx, y1), (x2, y2 - dy), (x2, y2), (x2 - dx, y2), (x1, y1 + dy)], WHITE)
    dx, dy = 2 * along_x, 2 * along_y
    canvas.polygon([(0, 0), (30, 15), (30, 15 + dy), (0, dy)], red)
    canvas.polygon([(60, 30), (30, 15), (30, 15 - dy), (60, 30 - dy)], red)
    canvas.polygon([(60, 0), (30, 15), (30, 15 - dy), (60 - dx, 0)], red)
    canvas.polygon([(0, 30), (30, 15), (30, 15 + dy), (dx, 30)], red)
    canvas.rectangle(25, 0, 10, 30, WHITE)
    canvas.rectangle(0, 10, 60, 10, WHITE)
    canvas.rectangle(27, 0, 6, 30, red)
    canvas.rectangle(0, 12, 60, 6, red)
    return canvas


def australia(blue: Colour = "#012169", red: Colour = "#e4002b") -> Canvas:
    """1:2; Union Jack, Commonwealth Star below it, Southern Cross in the fly (gazetted in 1934)."""
    canvas = Canvas(2, 1, blue)
    canvas.place(union_jack(blue, red), 0, 0, 1, 0.5)
    canvas.star(0.5, 0.75, 0.15, WHITE, points=7, inner=0.15 * 4 / 9)
    cross = ((1.5, 5 / 6), (1.25, 7 / 16), (1.5, 1 / 6), (1.5 + 2 / 9, 0.5 - 31 / 240))
    for x, y in cross:
        canvas.star(x, y, 1 / 14, WHITE, points=7, inner=4 / 9 / 14)
    canvas.star(1.6, 0.5 + 1 / 24, 1 / 24, WHITE, inner=4 / 9 / 24)
    return canvas


def australia_bright() -> Canvas:
    """1:2; the same in the brighter shades of much older artwork."""
    return australia("#00008b", "#ff0000")


def new_zealand(blue: Colour = "#012169", red: Colour = "#c8102e") -> Canvas:
    """1:2; Union Jack and four white-edged red stars, placed as the notice of 1902 says (sixtieths of the height)."""
    canvas = Canvas(120, 60, blue)
    canvas.place(union_jack(blue, red), 0, 0, 60, 30)
    tilt = math.radians(82)
    crossing = 24  # where the short limb meets the long one, 12 below its uppermost star
    stars = (
        (90, 12, 6),
        (90, 48, 7),
        (90 - 14 * math.sin(tilt), crossing + 14 * math.cos(tilt), 6),
        (90 + 12 * math.sin(tilt), crossing - 12 * math.cos(tilt), 5),
    )
    border = 0.5 / math.sin(math.radians(18))  # an edge half a unit wide moves the tips of a star out this far
    for x, y, size in stars:
        canvas.star(x, y, size / 2 + border, WHITE)
        canvas.star(x, y, size / 2, red)
    return canvas


def new_zealand_bright() -> Canvas:
    """1:2; the same in the brighter shades of much older artwork."""
    return new_zealand("#00247d", "#cc142b")


def papua_new_guinea(red: Colour = "#c8102e", yellow: Colour = "#ffcd00") -> Canvas:
    """3:4; red over black along the diagonal from the upper hoist; bird of paradise, Southern Cross."""
    canvas = Canvas(400, 300, red)
    canvas.polygon([(0, 0), (400, 300), (0, 300)], "#000000")
    bird_of_paradise(canvas, 290, 92, 0.74, yellow)
    for x, y, radius in ((100, 130, 15), (50, 186, 15), (146, 176, 15), (100, 262, 15), (118, 214, 9)):
        canvas.star(x, y, radius, WHITE)
    return canvas


def papua_new_guinea_bright() -> Canvas:
    """3:4; the same in the shades of older artwork."""
    return papua_new_guinea("#ce1126", "#fcd116")


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Australia": (australia, australia_bright),
    "New Zealand": (new_zealand, new_zealand_bright),
    "Papua New Guinea": (papua_new_guinea, papua_new_guinea_bright),
}

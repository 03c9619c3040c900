"""National flags of Oceania."""

from __future__ import annotations

import math
from collections.abc import Callable

from examples.flags.asia_emblems import bird_of_paradise
from examples.flags.canvas import Canvas, Colour
from examples.flags.europe_west import union_jack

WHITE = "#ffffff"


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

"""National flags of East and South-East Asia."""

from __future__ import annotations

import math
from collections.abc import Callable

from examples.flags.asia_emblems import angkor_wat, soyombo
from examples.flags.canvas import Canvas, Colour, Point, arc

WHITE, BLACK = "#ffffff", "#000000"


def cambodia(blue: Colour = "#032ea1", red: Colour = "#e00025") -> Canvas:
    """16:25; blue, red, blue in the proportions 1:2:1, Angkor Wat in white on the red."""
    canvas = Canvas(1000, 640)
    canvas.horizontal_stripes((blue, red, blue), (1, 2, 1))
    angkor_wat(canvas, 500, 322, 1.0)
    return canvas


def cambodia_two_thirds() -> Canvas:
    """2:3; a common shape of the same flag, in brighter shades."""
    canvas = Canvas(3, 2)
    canvas.place(cambodia("#0033a0", "#da121a"), 0, 0, 3, 2)
    return canvas


def china(red: Colour = "#ee1c25", yellow: Colour = "#ffff00") -> Canvas:
    """2:3; grid of 30 by 20, each small star points a tip at the centre of the large one (1949)."""
    canvas = Canvas(30, 20, red)
    canvas.star(5, 5, 3, yellow)
    for x, y in ((10, 2), (12, 4), (12, 7), (10, 9)):
        canvas.star(x, y, 1, yellow, angle=math.degrees(math.atan2(5 - x, y - 5)))
    return canvas


def china_muted() -> Canvas:
    """2:3; the same in the other shades usual in artwork."""
    return china("#de2910", "#ffde00")


def indonesia(red: Colour = "#ff0000") -> Canvas:
    """2:3; red over white."""
    canvas = Canvas(3, 2)
    canvas.horizontal_stripes((red, WHITE))
    return canvas


def indonesia_crimson() -> Canvas:
    """2:3; the same in a deeper red."""
    return indonesia("#ce1126")


def japan(red: Colour = "#bc002d") -> Canvas:
    """2:3; a disc of three fifths of the height, in the middle (law of 1999)."""
    canvas = Canvas(3, 2)
    canvas.circle(1.5, 1, 0.6, red)
    return canvas


def japan_bright() -> Canvas:
    """2:3; the same in a brighter red."""
    return japan("#d9001b")


def malaysia(red: Colour = "#cc0000", blue: Colour = "#000066", yellow: Colour = "#ffcc00") -> Canvas:
    """1:2; fourteen stripes, canton eight of them high, crescent and star of fourteen points."""
    canvas = Canvas(28, 14)
    canvas.horizontal_stripes((red, WHITE) * 7)
    canvas.rectangle(0, 0, 14, 8, blue)
    canvas.crescent(5.75, 4, 2.85, 6.75, 4, 2.45, yellow)
    canvas.star(8.75, 4, 2.35, yellow, points=14, inner=2.35 * 0.56)
    return canvas


def malaysia_violet() -> Canvas:
    """1:2; the same with the lighter, slightly violet blue of some artwork."""
    return malaysia("#cc0001", "#010082")


def mongolia(red: Colour = "#da2032", blue: Colour = "#0066b3", yellow: Colour = "#ffd900") -> Canvas:
    """1:2; red, blue, red upright, the Soyombo in yellow at the hoist."""
    canvas = Canvas(1200, 600)
    canvas.vertical_stripes((red, blue, red))
    soyombo(canvas, 200, 300, 1.02, yellow, red)
    return canvas


def mongolia_dark() -> Canvas:
    """1:2; the same in the darker shades of older artwork."""
    return mongolia("#c4272f", "#015197", "#f9cf02")


def north_korea(blue: Colour = "#024fa2", red: Colour = "#ed1c27") -> Canvas:
    """1:2; blue, white, red, white, blue as 6:1:22:1:6; red star on a white disc a third of the way along."""
    canvas = Canvas(72, 36)
    canvas.horizontal_stripes((blue, WHITE, red, WHITE, blue), (6, 1, 22, 1, 6))
    canvas.circle(24, 18, 8, WHITE)
    canvas.star(24, 18, 7.85, red)
    return canvas


def philippines(blue: Colour = "#0038a8", red: Colour = "#ce1126", yellow: Colour = "#fcd116") -> Canvas:
    """1:2; blue over red, equilateral white triangle with a sun of eight rays and three stars (act of 1998)."""
    canvas = Canvas(900, 450)
    canvas.horizontal_stripes((blue, red))
    reach = 450 * math.sqrt(3) / 2
    canvas.polygon([(0, 0), (reach, 225), (0, 450)], WHITE)
    x, y = reach / 3, 225.0
    canvas.circle(x, y, 41, yellow)
    for i in range(8):  # each ray is a broad beam between two narrow ones
        for offset, half, tip in ((-13, 3.4, 76), (0, 6, 88), (13, 3.4, 76)):
            t = math.radians(i * 45)
            along, across = (math.sin(t), -math.cos(t)), (math.cos(t), math.sin(t))
            beam = [(30, offset - half), (tip - 6, offset - half), (tip, offset), (tip - 6, offset + half)]
            beam.append((30, offset + half))
            canvas.polygon(
                [(x + r * along[0] + s * across[0], y + r * along[1] + s * across[1]) for r, s in beam], yellow
            )
    for corner_x, corner_y in ((0, 0), (0, 450), (reach, 225)):
        towards = math.atan2(corner_y - y, corner_x - x)
        distance = math.hypot(corner_x - x, corner_y - y) - 50
        canvas.star(
            x + distance * math.cos(towards),
            y + distance * math.sin(towards),
            23,
            yellow,
            angle=math.degrees(towards) + 90,
        )
    return canvas


def philippines_light() -> Canvas:
    """1:2; the same with a lighter blue."""
    return philippines("#0057b8", "#d2001c", "#ffd700")


def singapore(red: Colour = "#ee2536") -> Canvas:
    """2:3; red over white, crescent and a ring of five stars in white at the hoist."""
    canvas = Canvas(900, 600)
    canvas.horizontal_stripes((red, WHITE))
    canvas.crescent(196, 150, 110, 241, 150, 110, WHITE)
    for i in range(5):
        t = math.radians(i * 72 - 90)
        canvas.star(262 + 61 * math.cos(t), 150 + 61 * math.sin(t), 25, WHITE)
    return canvas


def singapore_deep() -> Canvas:
    """2:3; the same in a deeper red."""
    return singapore("#c8102e")


def south_korea(red: Colour = "#cd2e3a", blue: Colour = "#0047a0") -> Canvas:
    """2:3; taegeuk of half the height along the diagonal, four trigrams in black (construction of 1949, units 1/24)."""
    canvas = Canvas(72, 48)
    x, y, radius = 36.0, 24.0, 12.0
    tilt = math.degrees(math.atan2(2, 3))
    canvas.circle(x, y, radius, red)
    canvas.polygon(arc(x, y, radius, tilt, tilt + 180), blue)
    dx, dy = radius / 2 * math.cos(math.radians(tilt)), radius / 2 * math.sin(math.radians(tilt))
    canvas.circle(x - dx, y - dy, radius / 2, red)
    canvas.circle(x + dx, y + dy, radius / 2, blue)

    # Bars from the inside out, whole (1) or broken (0), for each corner.
    trigrams = (((-1, -1), (1, 1, 1)), ((1, -1), (0, 1, 0)), ((-1, 1), (1, 0, 1)), ((1, 1), (0, 0, 0)))
    for (side_x, side_y), bars in trigrams:
        along = (side_x * math.cos(math.radians(tilt)), side_y * math.sin(math.radians(tilt)))
        across = (-along[1], along[0])

        def bar(near: float, start: float, end: float, along: Point = along, across: Point = across) -> None:
            corners = ((near, start), (near + 2, start), (near + 2, end), (near, end))
            canvas.polygon(
                [(x + r * along[0] + s * across[0], y + r * along[1] + s * across[1]) for r, s in corners], BLACK
            )

        for i, whole in enumerate(bars):
            near = radius + 6 + 3 * i
            if whole:
                bar(near, -6, 6)
            else:
                bar(near, -6, -0.5)
                bar(near, 0.5, 6)
    return canvas


def south_korea_deep() -> Canvas:
    """2:3; the same in the deeper shades of older artwork."""
    return south_korea("#c60c30", "#003478")


def thailand(red: Colour = "#a51931", white: Colour = "#f4f5f8", blue: Colour = "#2d2a4a") -> Canvas:
    """2:3; red, white, blue, white, red as 1:1:2:1:1 (standard colours of 2017)."""
    canvas = Canvas(9, 6)
    canvas.horizontal_stripes((red, white, blue, white, red), (1, 1, 2, 1, 1))
    return canvas


def thailand_bright() -> Canvas:
    """2:3; the same in the brighter shades of older artwork."""
    return thailand("#ed1c24", WHITE, "#241d4f")


def vietnam(red: Colour = "#da251d", yellow: Colour = "#ffff00") -> Canvas:
    """2:3; star in the middle, its tips a fifth of the length from the centre."""
    canvas = Canvas(30, 20, red)
    canvas.star(15, 10, 6, yellow)
    return canvas


def vietnam_muted() -> Canvas:
    """2:3; the same in other shades usual in artwork."""
    return vietnam("#c8102e", "#ffcd00")


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Cambodia": (cambodia, cambodia_two_thirds),
    "China": (china, china_muted),
    "Indonesia": (indonesia, indonesia_crimson),
    "Japan": (japan, japan_bright),
    "Malaysia": (malaysia, malaysia_violet),
    "Mongolia": (mongolia, mongolia_dark),
    "North Korea": (north_korea,),
    "Philippines": (philippines, philippines_light),
    "Singapore": (singapore, singapore_deep),
    "South Korea": (south_korea, south_korea_deep),
    "Thailand": (thailand, thailand_bright),
    "Vietnam": (vietnam, vietnam_muted),
}

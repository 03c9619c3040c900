"""The flags of East and South-East Asia."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from examples.flags.canvas import Canvas, Colour, arc, curve
from examples.flags.emblem_frame import Frame
from examples.flags.europe_parts import band_flags

_WHITE = "#ffffff"
_BLACK = "#000000"


def china(red: Colour = "#ee1c25", yellow: Colour = "#ffff00") -> Canvas:
    """2:3 on a grid of 30 x 20; a large star and four small ones that each point a tip at its centre."""
    flag = Canvas(30, 20, red)
    flag.star(5, 5, 3, yellow)
    for x, y in ((10, 2), (12, 4), (12, 7), (10, 9)):
        towards = math.degrees(math.atan2(5 - y, 5 - x)) + 90
        flag.star(x, y, 1, yellow, angle=towards)
    return flag


def japan(red: Colour = "#bc002d") -> Canvas:
    """2:3; a disc of 3/5 of the height in the middle."""
    flag = Canvas(3, 2)
    flag.circle(1.5, 1, 0.6, red)
    return flag


def south_korea(red: Colour = "#cd2e3a", blue: Colour = "#0047a0") -> Canvas:
    """2:3; taegeuk of half the height turned to the diagonal, four trigrams about it (flag act of 2007)."""
    flag = Canvas(36, 24)
    tilt = math.degrees(math.atan2(24, 36))
    flag.circle(18, 12, 6, red)
    lower = arc(18, 12, 6, tilt, tilt + 180)
    flag.polygon(lower, blue)
    dx, dy = 3 * math.cos(math.radians(tilt)), 3 * math.sin(math.radians(tilt))
    flag.circle(18 - dx, 12 - dy, 3, red)
    flag.circle(18 + dx, 12 + dy, 3, blue)
    # Bars from the outside in; True is whole, False broken in the middle.
    trigrams = (
        (-1, -1, (True, True, True)),
        (1, 1, (False, False, False)),
        (1, -1, (False, True, False)),
        (-1, 1, (True, False, True)),
    )
    for sx, sy, bars in trigrams:
        ux, uy = sx * math.cos(math.radians(tilt)), sy * math.sin(math.radians(tilt))
        for step, whole in enumerate(bars):
            distance = 6 + 3 + 4 - 0.5 - 1.5 * step
            _trigram_bar(flag, 18 + ux * distance, 12 + uy * distance, (ux, uy), whole)
    return flag


def _trigram_bar(flag: Canvas, x: float, y: float, outwards: tuple[float, float], whole: bool) -> None:
    """Draw one bar of 6 x 1 across the direction `outwards`."""
    ux, uy = outwards
    pieces = ((-3.0, 3.0),) if whole else ((-3.0, -0.25), (0.25, 3.0))
    for start, end in pieces:
        corners = [(start, -0.5), (end, -0.5), (end, 0.5), (start, 0.5)]
        flag.polygon([(x - uy * a + ux * b, y + ux * a + uy * b) for a, b in corners], _BLACK)


def north_korea() -> Canvas:
    """1:2; blue, white, red, white, blue as 6:2:22:2:6; red star on a white disc at a third of the length."""
    flag = Canvas(72, 36)
    flag.horizontal_stripes(["#024fa2", _WHITE, "#ed1c27", _WHITE, "#024fa2"], [6, 2, 20, 2, 6])
    flag.circle(24, 18, 8, _WHITE)
    flag.star(24, 18, 8, "#ed1c27")
    return flag


def mongolia() -> Canvas:
    """1:2; red, blue, red upright; the golden Soyombo on the band at the hoist."""
    flag = Canvas(6, 3)
    flag.vertical_stripes(["#da2032", "#0066b3", "#da2032"])
    gold = "#ffd900"
    frame = Frame(flag, 1, 1.5, 0.1)
    for tip in (-1.4, 0, 1.4):  # the three tongues of the flame
        frame.polygon(
            [*curve((tip - 0.7, -7.6), (tip - 0.9, -8.9), (tip, -10.2 if tip else -11)), (tip + 0.7, -7.6)], gold
        )
    frame.circle(0, -6.1, 1.5, gold)
    frame.polygon([*arc(0, -5.2, 3.4, 10, 170), *reversed(arc(0, -6.2, 3.1, 20, 160))], gold)
    for side in (-1, 1):  # the two pillars
        frame.rectangle(side * 5.1 - 1.0, -1.6, 2.0, 11.4, gold)
    frame.polygon([(-3.6, -1.6), (3.6, -1.6), (0, 0.6)], gold)
    frame.rectangle(-3.6, 1.0, 7.2, 0.9, gold)
    frame.circle(0, 4.5, 2.3, gold)
    frame.line(curve((0, 2.3), (1.7, 3.2), (-1.7, 5.6), (0, 6.8)), 0.5, "#da2032")
    frame.rectangle(-3.6, 7.1, 7.2, 0.9, gold)
    frame.polygon([(-3.6, 8.4), (3.6, 8.4), (0, 10.4)], gold)
    return flag


def vietnam(red: Colour = "#da251d") -> Canvas:
    """2:3; a star whose tips lie on a circle of radius 1/5 of the length."""
    flag = Canvas(30, 20, red)
    flag.star(15, 10, 6, "#ffff00")
    return flag


def cambodia() -> Canvas:
    """16:25; blue, red, blue as 1:2:1; Angkor Wat in white with three towers."""
    flag = Canvas(25, 16)
    flag.horizontal_stripes(["#032ea1", "#e00025", "#032ea1"], [1, 2, 1])
    frame = Frame(flag, 12.5, 8, 1)
    for x, y, width, height in ((-5.2, 2.4, 10.4, 0.7), (-4.6, 1.5, 9.2, 0.75), (-4.0, 0.2, 8.0, 1.15)):
        frame.rectangle(x, y, width, height, _WHITE)
    for x, top, width in ((-3.0, -1.9, 1.4), (0.0, -3.2, 1.9), (3.0, -1.9, 1.4)):
        outline = [
            *curve((x - width / 2, 0.4), (x - width / 2 - 0.15, top + 1.4), (x, top)),
            *curve((x, top), (x + width / 2 + 0.15, top + 1.4), (x + width / 2, 0.4)),
        ]
        frame.polygon(outline, _WHITE)
    for x in (-3.4, -2.3, -1.2, 1.2, 2.3, 3.4):  # doors and galleries
        frame.rectangle(x - 0.12, 0.5, 0.24, 0.85, "#e00025")
    frame.rectangle(-0.3, 0.4, 0.6, 1.1, "#e00025")
    for y in (1.4, 2.3):
        frame.rectangle(-4.6, y, 9.2, 0.1, "#032ea1")
    return flag


def malaysia(blue: Colour = "#010066", red: Colour = "#cc0001", yellow: Colour = "#ffcc00") -> Canvas:
    """1:2; fourteen stripes; canton over eight of them with crescent and fourteen-pointed star."""
    flag = Canvas(56, 28)
    flag.horizontal_stripes([red, _WHITE] * 7)
    flag.rectangle(0, 0, 28, 16, blue)
    flag.crescent(11, 8, 6, 12.6, 8, 5.2, yellow)
    flag.star(17, 8, 4.6, yellow, points=14, inner=2.5)
    return flag


def singapore(red: Colour = "#ed2939") -> Canvas:
    """2:3; red over white; crescent and a ring of five stars in the upper hoist."""
    flag = Canvas(54, 36)
    flag.rectangle(0, 0, 54, 18, red)
    flag.crescent(10.5, 9, 6.4, 13.2, 9, 6.3, _WHITE)
    for i in range(5):
        turn = math.radians(-90 + 72 * i)
        flag.star(15.6 + 3.6 * math.cos(turn), 9 + 3.6 * math.sin(turn), 1.55, _WHITE)
    return flag


def philippines(blue: Colour = "#0038a8", red: Colour = "#ce1126", yellow: Colour = "#fcd116") -> Canvas:
    """1:2; blue over red; white triangle with an eight-rayed sun and three stars."""
    flag = Canvas(180, 90)
    flag.horizontal_stripes([blue, red])
    side = 90 * math.sqrt(3) / 2
    flag.polygon([(0, 0), (side, 45), (0, 90)], _WHITE)
    for x, y, towards in ((7, 12, 35), (68, 45, 90), (7, 78, 145)):
        flag.star(x, y, 5.5, yellow, angle=towards)
    centre = side / 3 + 2
    flag.circle(centre, 45, 9, yellow)
    for i in range(8):
        for offset, length, width in ((0, 18, 3.2), (-11, 16, 1.8), (11, 16, 1.8)):
            turn = math.radians(45 * i + offset)
            ux, uy = math.cos(turn), math.sin(turn)
            base = [(centre + ux * 10 - uy * w, 45 + uy * 10 + ux * w) for w in (-width / 3, width / 3)]
            tip = [(centre + ux * length - uy * w, 45 + uy * length + ux * w) for w in (width / 2, 0, -width / 2)]
            tip[1] = (centre + ux * (length + 1.5), 45 + uy * (length + 1.5))
            flag.polygon(base + tip, yellow)
    return flag


_BANDS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "Indonesia": ((2, 3, "#ff0000 #ffffff"), (2, 3, "#ce1126 #ffffff")),
    # Red, white, blue (double), white, red: six equal parts, the middle two alike.
    "Thailand": (
        (2, 3, "#a51931 #f4f5f8 #2d2a4a #2d2a4a #f4f5f8 #a51931"),
        (2, 3, "#ef3340 #ffffff #00247d #00247d #ffffff #ef3340"),
    ),
}

FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    **band_flags(_BANDS),
    "Cambodia": (cambodia,),
    "China": (china, partial(china, "#de2910", "#ffde00")),
    "Japan": (japan, partial(japan, "#d30000")),
    "Malaysia": (malaysia, partial(malaysia, "#0032a0", "#ef3340", "#fcd116")),
    "Mongolia": (mongolia,),
    "North Korea": (north_korea,),
    "Philippines": (philippines, partial(philippines, "#0057b7", "#ef3340", "#ffcd00")),
    "Singapore": (singapore, partial(singapore, "#ee2536")),
    "South Korea": (south_korea, partial(south_korea, "#c60c30", "#003478")),
    "Vietnam": (vietnam, partial(vietnam, "#ef2b2d")),
}

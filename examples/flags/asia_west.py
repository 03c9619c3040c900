"""The flags of South, Central and West Asia."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from examples.flags.asia_emblems import cedar, eagle_under_sun, lion_with_sword, script, takbir
from examples.flags.canvas import Canvas, Colour, arc, star_points
from examples.flags.emblem_frame import Frame

_WHITE = "#ffffff"
_BLACK = "#000000"


def bangladesh(green: Colour = "#006a4e", red: Colour = "#f42a41") -> Canvas:
    """3:5; a red disc of radius 1/5 of the length, set towards the hoist at 9/20."""
    flag = Canvas(20, 12, green)
    flag.circle(9, 6, 4, red)
    return flag


def india(saffron: Colour = "#ff9933", green: Colour = "#138808") -> Canvas:
    """2:3; saffron, white, green; the navy Ashoka wheel with 24 spokes."""
    flag = Canvas(9, 6)
    flag.horizontal_stripes([saffron, _WHITE, green])
    navy = "#000080"
    flag.annulus(4.5, 3, 0.92, 0.78, navy)
    flag.circle(4.5, 3, 0.17, navy)
    for i in range(24):
        turn = math.radians(15 * i)
        flag.line([(4.5, 3), (4.5 + 0.8 * math.cos(turn), 3 + 0.8 * math.sin(turn))], 0.05, navy)
    return flag


def iran() -> Canvas:
    """4:7; green, white, red with the takbir along both seams and the red emblem in the middle."""
    flag = Canvas(63, 36)
    flag.horizontal_stripes(["#239f40", _WHITE, "#da0000"])
    takbir(flag, 11.1)
    takbir(flag, 24.0)
    red = "#da0000"
    frame = Frame(flag, 31.5, 18, 1)
    frame.polygon([(-0.45, -3.2), (0, -4.2), (0.45, -3.2), (0.4, 3.6), (0, 4.6), (-0.4, 3.6)], red)
    outer = [*arc(1.0, 0.2, 4.2, -62, 62), *reversed(arc(-0.4, 0.2, 4.3, -50, 50))]
    inner = [*arc(-0.2, 0.4, 2.4, -66, 66), *reversed(arc(-1.2, 0.4, 2.5, -52, 52))]
    for half in (outer, inner):
        frame.polygon([(x * 0.9, y) for x, y in half], red, both=True)
    frame.ellipse(-0.5, -4.4, 0.6, 0.25, red, both=True)
    return flag


def iraq() -> Canvas:
    """2:3; red, white, black; the takbir in green Kufic script on the white."""
    flag = Canvas(36, 24)
    flag.horizontal_stripes(["#ce1126", _WHITE, _BLACK])
    green = "#007a3d"
    frame = Frame(flag, 18, 12, 1)
    for x in (-9.6, -5.6, 3.0, 5.4, 9.0):  # upright strokes of the square script
        frame.rectangle(x, -2.6, 0.75, 5.0, green)
    for x, width in ((-9.6, 4.6), (-4.2, 3.6), (1.0, 4.9), (7.0, 2.7)):
        frame.rectangle(x, 1.6, width, 0.8, green)
    for x in (-7.4, -3.0, 1.0, 7.2):
        frame.rectangle(x, -0.8, 0.7, 3.0, green)
    for x, y, width in ((-7.4, -0.8, 1.9), (-3.0, -0.8, 1.7), (7.2, -0.8, 1.8), (-1.0, -2.2, 1.4)):
        frame.rectangle(x, y, width, 0.7, green)
    return flag


def israel(blue: Colour = "#0038b8") -> Canvas:
    """8:11; two blue bands and the outlined six-pointed star."""
    flag = Canvas(220, 160)
    for y in (15, 120):
        flag.rectangle(0, y, 220, 25, blue)
    for angle in (0, 180):
        outer = star_points(110, 80, 32, points=3, inner=16, angle=angle)
        inner = star_points(110, 80, 20.5, points=3, inner=10.25, angle=angle)
        flag.ring(outer, inner, blue)
    return flag


def kazakhstan() -> Canvas:
    """1:2; sky blue; a gold sun of 32 rays over a soaring eagle; an ornament along the hoist."""
    gold = "#ffec2d"
    flag = Canvas(60, 30, "#00abc2")
    eagle_under_sun(flag, 31.5, 13.0, gold)
    for i in range(10):  # the "ram's horn" ornament, as a chain of curls
        y = 1.5 + 3 * i
        flag.annulus(2.1, y, 1.15, 0.62, gold)
        flag.polygon([(2.1, y - 1.5), (2.6, y), (2.1, y + 1.5), (1.6, y)], gold)
    for x in (0.55, 3.4):
        flag.rectangle(x, 0, 0.25, 30, gold)
    return flag


def lebanon() -> Canvas:
    """2:3; red, white, red as 1:2:1; the green cedar touches both red bands."""
    flag = Canvas(60, 40)
    flag.horizontal_stripes(["#ee161f", _WHITE, "#ee161f"], [1, 2, 1])
    cedar(flag, 30, 20, 20, "#00a850")
    return flag


def nepal() -> Canvas:
    """The only flag that is no rectangle: two crimson pennants edged with blue; moon above, sun below."""
    crimson, blue = "#dc143c", "#003893"
    flag = Canvas(82, 100, blue)
    flag.cut([(0, 0), (82, 49.5), (33.5, 49.5), (78.5, 100), (0, 100)])
    flag.polygon([(3.6, 6.3), (68.5, 45.6), (24.8, 45.6), (70.2, 96.2), (3.6, 96.2)], crimson)
    flag.crescent(19.6, 31.0, 10.6, 19.6, 27.0, 10.2, _WHITE)
    flag.star(19.6, 35.2, 6.8, _WHITE, points=16, inner=4.6)
    flag.polygon([(9.0, 32.5), (30.2, 32.5), *arc(19.6, 31.0, 10.6, 8, 172)], _WHITE)
    flag.star(19.6, 73.0, 13.0, _WHITE, points=12, inner=8.2)
    return flag


def pakistan(green: Colour = "#01411c") -> Canvas:
    """2:3; white quarter at the hoist; crescent and star turned to the upper fly."""
    flag = Canvas(36, 24, green)
    flag.rectangle(0, 0, 9, 24, _WHITE)
    flag.crescent(22.5, 12, 7.2, 24.3, 10.4, 6.6, _WHITE)
    flag.star(26.6, 8.2, 2.3, _WHITE, angle=48)
    return flag


def qatar(maroon: Colour = "#8a1538", length: float = 28) -> Canvas:
    """11:28; maroon with a white band at the hoist, parted by nine white points."""
    flag = Canvas(length, 11, maroon)
    edge, tip = length * 0.286, length * 0.393
    step = 11 / 9
    teeth = [(0.0, 0.0), (edge, 0.0)]
    for i in range(9):
        teeth += [(tip, step * (i + 0.5)), (edge, step * (i + 1))]
    flag.polygon([*teeth, (0, 11)], _WHITE)
    return flag


def saudi_arabia(green: Colour = "#005430") -> Canvas:
    """2:3; green with the creed in white script over a sword whose hilt is at the fly."""
    flag = Canvas(36, 24, green)
    script(flag, 9.2, 6.2, 17.6, 7.6, _WHITE)
    flag.polygon([(9.4, 17.6), (11.4, 17.0), (25.0, 16.9), (25.0, 17.7), (11.2, 17.7)], _WHITE)
    flag.rectangle(24.6, 16.2, 0.5, 2.2, _WHITE)
    flag.rectangle(25.0, 16.9, 2.2, 0.75, _WHITE)
    flag.circle(27.0, 17.0, 0.65, _WHITE)
    return flag


def sri_lanka() -> Canvas:
    """1:2; a yellow frame round green and saffron bands and the crimson field of the lion."""
    yellow = "#ffb700"
    flag = Canvas(56, 28, yellow)
    flag.rectangle(2.2, 2.2, 6.4, 23.6, "#005f56")
    flag.rectangle(8.6, 2.2, 6.4, 23.6, "#df7500")
    flag.rectangle(17.2, 2.2, 36.6, 23.6, "#941e32")
    lion_with_sword(flag, 35.5, 14.0, yellow)
    for x, y, sx, sy in ((17.2, 2.2, 1, 1), (53.8, 2.2, -1, 1), (17.2, 25.8, 1, -1), (53.8, 25.8, -1, -1)):
        leaf = [(0.5, 0.5), (2.9, 0.7), (3.4, 2.1), (2.4, 2.6), (2.1, 3.4), (0.7, 2.9)]  # leaf of the bo tree
        flag.polygon([(x + sx * dx, y + sy * dy) for dx, dy in leaf], yellow)
    return flag


def turkey(red: Colour = "#e30a17") -> Canvas:
    """2:3; crescent and star as the flag law of 1983 lays them out."""
    flag = Canvas(30, 20, red)
    flag.crescent(10, 10, 5, 11.25, 10, 4, _WHITE)
    flag.star(16.3, 10, 2.5, _WHITE, angle=-90)
    return flag


def united_arab_emirates(red: Colour = "#ef3340", green: Colour = "#009739") -> Canvas:
    """1:2; green, white, black; a red band at the hoist, a quarter of the length."""
    flag = Canvas(12, 6)
    flag.horizontal_stripes([green, _WHITE, _BLACK])
    flag.rectangle(0, 0, 3, 6, red)
    return flag


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Bangladesh": (bangladesh, partial(bangladesh, "#00694d", "#da291c")),
    "India": (india, partial(india, "#ff671f", "#046a38")),
    "Iran": (iran,),
    "Iraq": (iraq,),
    "Israel": (israel, partial(israel, "#0052b4")),
    "Kazakhstan": (kazakhstan,),
    "Lebanon": (lebanon,),
    "Nepal": (nepal,),
    "Pakistan": (pakistan, partial(pakistan, "#00401a"), partial(pakistan, "#115740")),
    "Qatar": (qatar, partial(qatar, "#8d1b3d", 16.5)),
    "Saudi Arabia": (saudi_arabia, partial(saudi_arabia, "#006c35")),
    "Sri Lanka": (sri_lanka,),
    "Turkey": (turkey, partial(turkey, "#c8102e")),
    "United Arab Emirates": (united_arab_emirates, partial(united_arab_emirates, "#ff0000", "#00732f")),
}

"""Emblems and script on the flags of Asia, simplified to what can be told at the size of a flag."""

from __future__ import annotations

import math

from examples.flags.canvas import Canvas, Colour, arc, curve
from examples.flags.emblem_frame import Frame

_WHITE = "#ffffff"


def takbir(flag: Canvas, y: float) -> None:
    """Draw Iran's row of eleven squared inscriptions in white along a seam; `y` is its top edge."""
    width = flag.width / 11
    for i in range(11):
        frame = Frame(flag, width * i, y, width / 5.6)
        for x in (0.5, 1.6, 3.6, 4.7):
            frame.rectangle(x, 0, 0.35, 1.1, _WHITE)
        frame.rectangle(0.4, 0.75, 4.8, 0.35, _WHITE)
        frame.rectangle(2.4, 0.2, 0.6, 0.3, _WHITE)


def script(flag: Canvas, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    """Draw flowing script that fills a rectangle: tall uprights, bowls under them, marks over them."""
    thick = height * 0.085

    def at(u: float, v: float) -> tuple[float, float]:
        return x + u * width, y + v * height

    for u in (0.03, 0.12, 0.25, 0.31, 0.43, 0.55, 0.61, 0.72, 0.82, 0.91, 0.97):
        lean = 0.012 * math.sin(40 * u)
        flag.line([at(u + lean, 0.02 + 0.12 * (u * 7 % 1)), at(u - lean, 0.62)], thick, colour)
    for start, end in ((0.0, 0.22), (0.19, 0.42), (0.40, 0.63), (0.60, 0.84), (0.80, 1.0)):
        middle = (start + end) / 2
        flag.line(curve(at(start, 0.56), at(middle, 1.0), at(end, 0.60)), thick * 1.25, colour)
    for start, end in ((0.05, 0.30), (0.36, 0.58), (0.64, 0.93)):
        middle = (start + end) / 2
        flag.line(curve(at(start, 0.86), at(middle, 1.12), at(end, 0.84)), thick * 1.1, colour)
    for u, v in (
        (0.18, 0.15),
        (0.37, 0.22),
        (0.49, 0.1),
        (0.66, 0.2),
        (0.77, 0.1),
        (0.88, 0.24),
        (0.5, 0.92),
        (0.2, 0.95),
    ):
        flag.circle(*at(u, v), thick * 0.7, colour)


def cedar(flag: Canvas, x: float, y: float, height: float, colour: Colour) -> None:
    """Draw Lebanon's cedar: tiers of branches that widen downwards, a short trunk."""
    frame = Frame(flag, x, y, height / 20)
    tiers = ((-10.0, -6.4, 3.0), (-7.4, -3.4, 4.8), (-4.6, 0.0, 6.4), (-1.4, 3.4, 7.8), (2.0, 6.6, 9.0))
    for top, bottom, half in tiers:
        frame.polygon(
            [
                (0, top),
                *curve((half * 0.4, bottom - 2.2), (half * 0.75, bottom - 2.0), (half, bottom - 1.2)),
                *curve((half, bottom - 0.4), (half * 0.5, bottom), (0, bottom)),
            ],
            colour,
            both=True,
        )
    for side, y0, end in ((1, -3.9, 3.6), (1, -0.5, 5.0), (1, 2.9, 6.2)):  # light between the tiers
        frame.line([(side * 1.6, y0), (side * end, y0 - 0.2)], 0.32, _WHITE, both=True)
    frame.polygon([(-1.0, 6.0), (1.0, 6.0), (1.2, 8.6), (2.6, 10.0), (-2.6, 10.0), (-1.2, 8.6)], colour)


def eagle_under_sun(flag: Canvas, x: float, y: float, colour: Colour) -> None:
    """Draw Kazakhstan's sun with 32 rays, and under it the steppe eagle with its wings spread."""
    flag.circle(x, y, 4.1, colour)
    for i in range(32):
        turn = math.radians(11.25 * i)
        ux, uy = math.cos(turn), math.sin(turn)
        flag.polygon(
            [
                (x + ux * 4.6, y + uy * 4.6),
                (x + ux * 5.8 - uy * 0.38, y + uy * 5.8 + ux * 0.38),
                (x + ux * 7.0, y + uy * 7.0),
                (x + ux * 5.8 + uy * 0.38, y + uy * 5.8 - ux * 0.38),
            ],
            colour,
        )
    wing = [
        *curve((0.0, 11.4), (3.2, 10.2), (7.4, 7.0)),
        *curve((7.4, 7.0), (10.2, 4.8), (11.6, 1.0)),
        *curve((11.9, 3.6), (11.0, 8.0), (7.6, 10.2)),
        *curve((7.6, 10.2), (4.4, 12.2), (1.6, 12.6)),
        (0.9, 13.9),
        (0.0, 13.3),
    ]
    Frame(flag, x, y, 1).polygon(wing, colour, both=True)
    flag.circle(x, y + 11.2, 0.9, colour)


def lion_with_sword(flag: Canvas, x: float, y: float, colour: Colour) -> None:
    """Draw Sri Lanka's lion: walking to the hoist, raised sword in the forepaw, tail over the back."""
    frame = Frame(flag, x, y, 1)
    frame.polygon([*curve((-7.2, -3.0), (-2.0, -4.4), (6.4, -2.6)), *curve((8.6, 0.4), (7.8, 3.4), (6.0, 2.6)),
                   *curve((2.0, 1.2), (-3.0, 3.0), (-7.0, 2.2))], colour)  # fmt: skip
    frame.circle(-8.0, -4.2, 2.9, colour)  # mane and head
    frame.polygon([(-10.2, -5.2), (-12.0, -4.0), (-11.4, -2.6), (-9.6, -2.4)], colour)
    for hip, knee, foot in (
        ((-5.6, 1.6), (-5.2, 5.4), (-7.0, 9.6)),
        ((4.4, 1.8), (3.4, 5.6), (2.0, 9.6)),
        ((6.6, 1.4), (8.2, 5.4), (7.2, 9.6)),
    ):
        frame.line([hip, knee, foot], 1.9, colour)
        frame.rectangle(foot[0] - 2.2, foot[1] - 0.7, 2.9, 1.3, colour)
    frame.line([(-7.0, 0.2), (-10.6, 1.0), (-11.4, -1.6)], 1.5, colour)  # raised forepaw
    frame.line(curve((-11.5, -0.4), (-12.6, -5.2), (-10.4, -10.4)), 0.8, colour)  # sword
    frame.line([(-12.8, -1.4), (-10.2, -1.9)], 0.7, colour)
    frame.line(curve((7.2, -1.0), (12.4, -1.2), (11.0, -5.6), (7.4, -8.6)), 1.1, colour)  # tail
    frame.circle(7.2, -8.8, 1.2, colour)
    frame.polygon(arc(-8.6, -4.6, 0.4, 0, 360), "#941e32")  # eye

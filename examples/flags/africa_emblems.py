"""Emblems on flags of Africa, simplified to what is seen at the size of a flag."""

from __future__ import annotations

import math

from examples.flags.canvas import Canvas, Colour, Point, curve
from examples.flags.emblem_frame import Frame


def pentagram(
    canvas: Canvas, x: float, y: float, radius: float, thickness: float, colour: Colour, ground: Colour
) -> None:
    """Draw an open five-pointed star of five straight bands, `thickness` wide; `ground` shows through it."""
    canvas.star(x, y, radius, colour)
    outer = radius * math.cos(math.radians(72))  # distance of the bands' outer edges from the centre
    inner = outer - thickness
    canvas.polygon(_regular_pentagon(x, y, inner / math.cos(math.radians(36))), ground)
    # Each tip has a triangular hole, between the inner edges of its two bands and the outer edge of the third.
    tip = inner / math.cos(math.radians(72))
    half = (tip - outer) * math.tan(math.radians(18))
    for i in range(5):
        t = math.radians(72 * i)
        sin, cos = math.sin(t), math.cos(t)
        hole = [(0, tip), (-half, outer), (half, outer)]  # across and along the direction of the tip
        canvas.polygon(
            [(x + along * sin + across * cos, y - along * cos + across * sin) for across, along in hole], ground
        )


def _regular_pentagon(x: float, y: float, radius: float) -> list[Point]:
    """Return the corners of a pentagon with one corner down."""
    turns = [math.radians(180 + 72 * i) for i in range(5)]
    return [(x + radius * math.sin(t), y - radius * math.cos(t)) for t in turns]


def eagle_of_saladin(canvas: Canvas, x: float, y: float, height: float, coloured_shield: bool) -> None:
    """Draw Egypt's golden eagle, its head towards the hoist, a shield on its breast and a scroll in its claws."""
    gold, dark = "#c09300", "#8a6a00"
    frame = Frame(canvas, x, y, height / 2)
    frame.polygon([(-0.16, 0.45), (0.16, 0.45), (0.24, 0.84), (-0.24, 0.84)], gold)  # the tail
    wing = [(-0.1, -0.5), *curve((-0.14, -0.56), (-0.36, -0.78), (-0.6, -0.66)), (-0.64, -0.1), (-0.6, 0.34)]
    wing += [(-0.5, 0.6), (-0.42, 0.52), (-0.36, 0.56), (-0.28, 0.44), (-0.18, 0.42), (-0.1, 0.2)]
    frame.polygon(wing, gold, both=True)
    for top, bottom in (((-0.26, -0.4), (-0.3, 0.46)), ((-0.38, -0.4), (-0.42, 0.5)), ((-0.5, -0.4), (-0.52, 0.5))):
        frame.line([top, bottom], 0.03, "#ffffff", both=True)
    frame.ellipse(0, -0.1, 0.2, 0.5, gold)
    frame.polygon([(-0.13, -0.5), (-0.14, -0.78), (0.1, -0.78), (0.14, -0.5)], gold)
    frame.circle(-0.03, -0.83, 0.14, gold)
    frame.polygon([(-0.12, -0.93), (-0.29, -0.84), (-0.26, -0.74), (-0.1, -0.77)], gold)
    frame.circle(-0.08, -0.86, 0.03, "#ffffff")
    frame.polygon([(-0.13, 0.3), (-0.28, 0.66), (-0.16, 0.66), (-0.02, 0.4)], gold, both=True)  # the legs
    shield = [(-0.2, -0.36), (0.2, -0.36), (0.2, 0.1), *curve((0.2, 0.1), (0.17, 0.28), (0, 0.38))]
    shield += curve((0, 0.38), (-0.17, 0.28), (-0.2, 0.1))
    frame.polygon(shield, dark)
    left, right = ("#ce1126", "#000000") if coloured_shield else (gold, gold)
    frame.polygon([(-0.17, -0.33), (-0.06, -0.33), (-0.06, 0.3), (-0.17, 0.12)], left)
    frame.polygon([(0.17, -0.33), (0.06, -0.33), (0.06, 0.3), (0.17, 0.12)], right)
    frame.polygon([(-0.06, -0.33), (0.06, -0.33), (0.06, 0.3), (0, 0.34), (-0.06, 0.3)], "#ffffff")
    frame.polygon([(-0.5, 0.68), (0.5, 0.68), (0.46, 0.86), (0, 0.82), (-0.46, 0.86)], gold)
    frame.line([(-0.4, 0.76), (0.4, 0.76)], 0.05, "#ffffff")


def shield_of_kenya(canvas: Canvas, x: float, y: float, unit: float) -> None:
    """Draw a Maasai shield before two crossed white spears; the unit is the height of the flag."""
    frame = Frame(canvas, x, y, unit)
    red, white = "#bb0000", "#ffffff"
    for side in (1, -1):
        # Long white blade, thin black-edged shaft, short white butt.
        turn = Frame(canvas, x, y, unit, turn=side * 31)
        turn.line([(0, -0.3), (0, 0.36)], 0.024, "#000000")
        turn.line([(0, -0.3), (0, 0.36)], 0.015, white)
        turn.polygon([(0, -0.41), (0.027, -0.31), (0.012, -0.18), (-0.012, -0.18), (-0.027, -0.31)], white)
        turn.polygon([(0, 0.4), (0.02, 0.33), (0.011, 0.24), (-0.011, 0.24), (-0.02, 0.33)], white)
    outline = curve((0, -0.3), (0.2, -0.17), (0.2, 0.17), (0, 0.3))
    frame.polygon(outline, red, both=True)
    # Black fields at both sides, hollow towards the middle and lined with white.
    frame.polygon(_segment(0.052, 0.145), white, both=True)
    frame.polygon(_segment(0.066, 0.135), "#000000", both=True)
    for sign in (-1, 1):
        frame.polygon([(0, sign * 0.27), (0.022, sign * 0.17), (0, sign * 0.12), (-0.022, sign * 0.17)], white)
    spindle = curve((0, -0.11), (0.045, -0.05), (0.045, 0.05), (0, 0.11))
    frame.polygon(spindle, white, both=True)


def _segment(inner: float, reach: float) -> list[Point]:
    """Return the right-hand side field of Kenya's shield, `reach` up and down, hollowed to `inner`."""
    # The outer side follows the shield's own outline: the Bézier curve of `shield_of_kenya`.
    outline = [
        point for point in curve((0, -0.3), (0.2, -0.17), (0.2, 0.17), (0, 0.3), steps=41) if abs(point[1]) <= reach
    ]
    (x1, y1), (x2, y2) = outline[-1], outline[0]
    return outline + curve((x1, y1), (2 * inner - x1, 0), (x2, y2))


def tools_of_mozambique(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw an open book under a crossed rifle and hoe, on a yellow star."""
    canvas.star(x, y, radius, "#fce100")
    frame = Frame(canvas, x, y, radius)
    page = [
        (0, 0.1),
        *curve((0, 0.1), (-0.2, 0), (-0.42, 0.1)),
        (-0.42, 0.4),
        *curve((-0.42, 0.4), (-0.2, 0.3), (0, 0.4)),
    ]
    frame.polygon(page, "#ffffff", both=True)
    for edge in ([(0, 0.1), (0, 0.4)], page[-1:] + page[18:19], [page[17], page[18], *page[19:]]):
        frame.line(edge, 0.03, "#000000", both=True)
    frame.line(page[1:17], 0.03, "#000000", both=True)
    rifle = Frame(canvas, x, y, radius, turn=45)  # its muzzle and bayonet point to the upper fly
    rifle.line([(0, 0.3), (0, -0.62)], 0.075, "#000000")
    rifle.line([(0, -0.6), (0, -0.84)], 0.04, "#000000")
    rifle.polygon([(-0.05, 0.18), (0.05, 0.18), (0.1, 0.6), (-0.06, 0.6)], "#000000")
    rifle.line(curve((0.02, -0.1), (0.14, -0.1), (0.24, -0.2)), 0.1, "#000000")
    hoe = Frame(canvas, x, y, radius, turn=-45)  # its blade at the upper hoist
    hoe.line([(0, 0.62), (0, -0.62)], 0.06, "#000000")
    hoe.polygon([(0.03, -0.64), (-0.06, -0.64), (-0.3, -0.48), (-0.24, -0.36), (-0.04, -0.52)], "#000000")


def crane_of_uganda(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw the grey crowned crane on its white disc, facing the hoist, one leg lifted."""
    canvas.circle(x, y, radius, "#ffffff")
    frame = Frame(canvas, x, y, radius)
    grey, dark, yellow, red = "#9ca69c", "#3c3c3c", "#fcdc04", "#d90000"
    frame.line([(0.1, 0.3), (0.12, 0.86)], 0.06, "#000000")
    frame.line([(-0.04, 0.86), (0.26, 0.86)], 0.05, "#000000")
    frame.line([(0.02, 0.34), (-0.26, 0.5), (-0.1, 0.68)], 0.05, "#000000")
    frame.polygon([(0.28, 0.06), (0.62, 0.26), (0.56, 0.56), (0.36, 0.62), (0.12, 0.3)], dark)
    frame.polygon([(0.3, 0.2), (0.5, 0.34), (0.44, 0.54), (0.32, 0.5)], red)
    frame.polygon([(0.2, 0.24), (0.36, 0.34), (0.3, 0.52), (0.16, 0.4)], yellow)
    neck = curve((-0.3, -0.5), (-0.05, -0.3), (-0.4, -0.1), (-0.12, 0.14))
    frame.line(neck, 0.15, grey)
    frame.ellipse(0.08, 0.12, 0.3, 0.2, grey, 28)
    frame.polygon([(-0.02, -0.02), (0.3, 0.0), (0.44, 0.24), (0.1, 0.28)], "#ffffff")
    frame.line([(-0.02, -0.02), (0.3, 0.0), (0.44, 0.24), (0.1, 0.28)], 0.03, dark)
    for turn in range(-24, 73, 12):  # the crest, a fan of bristles behind the head
        t = math.radians(turn)
        start = (-0.3, -0.6)
        frame.line([start, (start[0] + 0.3 * math.sin(t), start[1] - 0.3 * math.cos(t))], 0.035, "#b89a00")
        frame.circle(start[0] + 0.3 * math.sin(t), start[1] - 0.3 * math.cos(t), 0.035, yellow)
    frame.circle(-0.33, -0.56, 0.13, "#000000")
    frame.circle(-0.28, -0.54, 0.075, "#ffffff")
    frame.polygon([(-0.44, -0.6), (-0.68, -0.5), (-0.42, -0.49)], dark)
    frame.ellipse(-0.32, -0.4, 0.05, 0.09, red)

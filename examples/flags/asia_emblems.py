"""Emblems on the flags of Asia and Oceania, simplified to what can be seen at the size of a small image.

Each function draws one emblem on a canvas; `x` and `y` are its centre unless said otherwise, and the emblem's own
numbers are multiplied by `scale`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from examples.flags.canvas import Canvas, Colour, Point, arc, curve, star_points


def fitted(points: Sequence[Point], x: float, y: float, scale: float) -> list[Point]:
    """Return points given in an emblem's own units as points of the flag."""
    return [(x + px * scale, y + py * scale) for px, py in points]


def mirrored(right: Sequence[Point]) -> list[Point]:
    """Return the outline whose right half runs from the top to the bottom through `right`."""
    return [*right, *((-px, py) for px, py in reversed(right))]


def brush(points: Sequence[Point], *widths: float) -> list[Point]:
    """Return the outline of a stroke through `points` whose width runs evenly through `widths`."""
    left, right = [], []
    last = len(points) - 1
    for i, (px, py) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, last)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        position = i / last * (len(widths) - 1)
        step = min(int(position), len(widths) - 2) if len(widths) > 1 else 0
        following = widths[min(step + 1, len(widths) - 1)]
        half = (widths[step] + (following - widths[step]) * (position - step)) / 2
        nx, ny = (ay - by) / length * half, (bx - ax) / length * half
        left.append((px + nx, py + ny))
        right.append((px - nx, py - ny))
    return left + right[::-1]


def angkor_wat(canvas: Canvas, x: float, y: float, scale: float) -> None:
    """Draw the temple of Cambodia, 400 wide and 270 high, white with black outlines."""
    white, black = "#ffffff", "#000000"

    def outlined(points: Sequence[Point]) -> None:
        placed = fitted(points, x, y, scale)
        canvas.polygon(placed, white)
        canvas.line([*placed, placed[0], placed[1]], 3 * scale, black)

    def box(left: float, top: float, right: float, bottom: float) -> None:
        outlined([(left, top), (right, top), (right, bottom), (left, bottom)])

    def tower(centre: float, top: float, foot: float, half: float) -> None:
        height = foot - top
        side = [(0.0, top), (half * 0.3, top + height * 0.16), (half * 0.72, top + height * 0.34)]
        side += [(half, top + height * 0.6), (half * 0.9, top + height * 0.75), (half * 1.15, foot)]
        outlined([(centre + px, py) for px, py in mirrored(side)])
        for share in (0.3, 0.46, 0.62, 0.78):
            level, reach = top + height * share, half * min(1.0, share * 1.6)
            canvas.line(fitted([(centre - reach, level), (centre + reach, level)], x, y, scale), 3 * scale, black)

    tower(-98, -48, 42, 28)
    tower(98, -48, 42, 28)
    for side in (-1, 1):  # roofs of the galleries, stepping up towards the middle
        outlined([(side * 40, 8), (side * 72, 8), (side * 76, 42), (side * 40, 42)])
        outlined([(side * 122, 22), (side * 152, 22), (side * 160, 42), (side * 122, 42)])
    tower(0, -135, 42, 38)
    box(-162, 42, 162, 84)
    for i in range(-7, 8):
        canvas.line(fitted([(i * 20, 48), (i * 20, 80)], x, y, scale), 4 * scale, black)
    box(-24, 30, 24, 84)
    box(-9, 50, 9, 84)
    box(-176, 84, 176, 100)
    box(-188, 100, 188, 117)
    box(-200, 117, 200, 135)
    box(-28, 84, 28, 135)


def soyombo(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, ground: Colour) -> None:
    """Draw the Soyombo of Mongolia, 180 wide and 410 high."""

    def fill(points: Sequence[Point], paint: Colour = colour) -> None:
        canvas.polygon(fitted(points, x, y, scale), paint)

    flame = [*curve((0, -205), (26, -178), (4, -162), (14, -152)), (24, -170)]
    flame += curve((24, -170), (46, -140), (26, -118), (0, -118))
    fill(mirrored(flame))
    canvas.circle(x, y - 82 * scale, 32 * scale, colour)
    canvas.crescent(x, y - 78 * scale, 55 * scale, x, y - 96 * scale, 51 * scale, colour)
    for left in (-90, 54):
        fill([(left, -12), (left + 36, -12), (left + 36, 205), (left, 205)])
    for top in (-12, 171):
        fill([(-46, top), (46, top), (0, top + 34)])
    for top in (30, 148):
        fill([(-46, top), (46, top), (46, top + 15), (-46, top + 15)])
    cx, cy = 0.0, 96.5
    canvas.circle(x + cx * scale, y + cy * scale, 46 * scale, colour)
    between = arc(cx, cy - 21, 21, -90, 90) + arc(cx, cy + 21, 21, 270, 90)
    canvas.polygon(brush(fitted(between, x, y, scale), 7 * scale), ground)
    for eye in (-21, 21):
        canvas.circle(x, y + (cy + eye) * scale, 7 * scale, ground)


def cedar(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, ground: Colour) -> None:
    """Draw the cedar of Lebanon, 300 wide and 300 high, with `ground` showing between the boughs."""
    right = [(0.0, -150.0), (12, -140), (22, -126), (44, -116), (60, -104), (48, -98), (34, -97), (50, -84), (84, -72)]
    right += [(106, -58), (88, -54), (62, -55), (78, -38), (116, -24), (134, -8), (112, -6), (80, -9), (98, 8)]
    right += [(132, 22), (148, 38), (120, 41), (82, 37), (100, 52), (136, 66), (150, 82), (118, 86), (74, 80)]
    right += [(92, 92), (114, 104), (80, 111), (40, 104), (16, 98), (15, 124), (24, 140), (40, 150)]
    canvas.polygon(fitted(mirrored(right), x, y, scale), colour)
    for top, reach in ((-84, 38), (-40, 62), (6, 82), (52, 88), (84, 50)):
        for side in (-1, 1):
            slit = curve((side * 9, top), (side * reach * 0.6, top + 4), (side * reach, top + 22))
            canvas.polygon(brush(fitted(slit, x, y, scale), 2 * scale, 6 * scale, 1 * scale), ground)


def steppe_eagle(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, ground: Colour) -> None:
    """Draw Kazakhstan's sun with 32 rays above the soaring eagle; (x, y) is the centre of the sun.

    The disc has a radius of 75, the rays reach out to 126 and the wings span 450.
    """
    canvas.circle(x, y, 75 * scale, colour)
    for i in range(32):  # each ray has the shape of a grain
        t = math.radians(i * 360 / 32)
        along, across = (math.sin(t), -math.cos(t)), (math.cos(t), math.sin(t))
        grain = [(81, 0), (98, 7), (110, 6), (126, 0), (110, -6), (98, -7)]
        points = [(r * along[0] + s * across[0], r * along[1] + s * across[1]) for r, s in grain]
        canvas.polygon(fitted(points, x, y, scale), colour)
    wing = curve((12, 150), (80, 150), (190, 120), (222, 8))
    wing += [(226, 40), (216, 62), (222, 66), (204, 92), (211, 98), (186, 122), (192, 130), (162, 148), (166, 157)]
    wing += [(132, 166), (134, 176), (98, 176), (98, 186), (58, 182), (44, 192), (34, 212), (18, 224), (0, 228)]
    canvas.polygon(fitted([(0, 138), *wing], x, y, scale), colour)
    canvas.polygon(fitted([(-px, py) for px, py in [(0.0, 138.0), *wing]], x, y, scale), colour)
    for side in (-1, 1):  # gaps that set the wings off from the body
        gap = curve((side * 24, 168), (side * 90, 166), (side * 168, 118))
        canvas.polygon(brush(fitted(gap, x, y, scale), 3 * scale, 5 * scale, 1 * scale), ground)
    canvas.circle(x, y + 146 * scale, 15 * scale, colour)
    canvas.polygon(fitted([(-8, 136), (-28, 146), (-25, 156), (-10, 154)], x, y, scale), colour)


def horn_ornament(canvas: Canvas, x: float, width: float, colour: Colour, units: int = 10) -> None:
    """Draw Kazakhstan's "ram's horns" ornament as a column along the hoist, starting `x` from it."""
    step = canvas.height / units
    middle = x + width / 2
    stroke = width * 0.13
    for i in range(units):
        top = i * step
        centre = top + step / 2
        canvas.line([(middle, top), (middle, top + step)], stroke, colour)
        canvas.polygon(star_points(middle, centre, step * 0.17, 4, step * 0.12), colour)
        for side in (-1, 1):
            for lean in (-1, 1):
                horn = curve(
                    (middle, centre + lean * step * 0.1),
                    (middle + side * width * 0.62, centre + lean * step * 0.12),
                    (middle + side * width * 0.56, centre + lean * step * 0.52),
                    (middle + side * width * 0.18, centre + lean * step * 0.36),
                )
                canvas.polygon(brush(horn, stroke), colour)


def sri_lanka_lion(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, ground: Colour) -> None:
    """Draw the lion of Sri Lanka, facing the hoist with a raised sword, about 64 wide and 46 high."""

    def stroke(points: Sequence[Point], *widths: float, paint: Colour = colour) -> None:
        canvas.polygon(brush(fitted(points, x, y, scale), *(width * scale for width in widths)), paint)

    def fill(points: Sequence[Point], paint: Colour = colour) -> None:
        canvas.polygon(fitted(points, x, y, scale), paint)

    tail = curve((21, 0), (33, 4), (34, -8), (25, -13)) + curve((25, -13), (18, -18), (23, -25), (30, -20))
    stroke(tail, 3.2, 2.6, 2.2)
    canvas.ellipse(x + 30 * scale, y - 18.5 * scale, 3.4 * scale, 2.4 * scale, colour, 40)
    body = curve((-18, -6), (-6, -9), (10, -6), (20, -6)) + curve((20, -6), (28, -4), (27, 8), (19, 9))
    body += [*curve((19, 9), (8, 4), (0, 9), (-10, 10)), (-20, 8)]
    fill(body)
    stroke(curve((22, 4), (28, 10), (18, 14), (23, 21)), 9, 5, 4)  # hind legs
    stroke([(24.5, 21.5), (16.5, 21.5)], 3.4)
    stroke(curve((13, 3), (17, 10), (7, 14), (9, 21)), 9, 5, 4)
    stroke([(11, 21.5), (2.5, 21.5)], 3.4)
    stroke(curve((-12, 6), (-9, 12), (-12, 16), (-11, 21)), 7, 4.5, 4)  # standing foreleg
    stroke([(-9, 21.5), (-17.5, 21.5)], 3.4)
    stroke(curve((-17, 2), (-22, 8), (-28, 8), (-29, 1)), 6, 4.5, 4)  # raised foreleg
    stroke([(-31.5, 2.5), (-25.5, 0.5)], 2)
    stroke(curve((-28.5, 2), (-29, -8), (-31, -16), (-27.5, -24)), 1.6, 2.4, 0.6)  # sword
    stroke(curve((-28, 0), (-26.5, 6), (-29, 8)), 1.8)
    mane = [(-21, -20), (-15, -21), (-13, -17), (-8.5, -17), (-9, -12), (-5, -10), (-8, -5), (-5, -1), (-10, 2)]
    mane += [(-10, 7), (-15, 5), (-18, 9), (-20, 3), (-24, 1), (-22, -4)]
    fill(mane)
    fill([(-23, -18), (-15, -17), (-13, -8), (-18, -3), (-23, -4), (-21.5, -7), (-26, -8), (-27, -12), (-24, -14)])
    stroke(curve((-15, -17), (-10.5, -12), (-13, -4), (-17, -1)), 0.8, paint=ground)
    canvas.circle(x - 20.5 * scale, y - 13.5 * scale, 1 * scale, ground)
    stroke(curve((-7, -3), (-3, 3), (-8, 8)), 0.8, paint=ground)
    stroke(curve((12, -3), (8, 2), (12, 6)), 0.8, paint=ground)


def bo_leaf(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, angle: float) -> None:
    """Draw a leaf of the bo tree, 10 long, whose tip points up at an angle of 0."""
    half = curve((0, -6), (0.3, -3.4), (0.9, -2.4), (1.8, -1.2)) + curve((1.8, -1.2), (3.6, 1), (2.4, 3.4), (0, 2.6))
    turn = math.radians(angle)
    leaf = [
        (px * math.cos(turn) - py * math.sin(turn), px * math.sin(turn) + py * math.cos(turn))
        for px, py in mirrored(half)
    ]
    canvas.polygon(fitted(leaf, x, y, scale), colour)


def bird_of_paradise(canvas: Canvas, x: float, y: float, scale: float, colour: Colour) -> None:
    """Draw Papua New Guinea's soaring bird of paradise, about 200 wide and high, its plumes trailing behind."""

    def stroke(points: Sequence[Point], *widths: float) -> None:
        canvas.polygon(brush(fitted(points, x, y, scale), *(width * scale for width in widths)), colour)

    def fill(points: Sequence[Point]) -> None:
        canvas.polygon(fitted(points, x, y, scale), colour)

    body = curve((62, -30), (50, -50), (20, -34), (-6, 8)) + curve((-6, 8), (6, 30), (40, 0), (62, -30))
    fill(body)
    canvas.circle(x + 58 * scale, y - 34 * scale, 14 * scale, colour)
    fill([(64, -46), (92, -42), (66, -25)])  # beak
    wing = curve((34, -30), (30, -66), (6, -92), (-34, -98))
    wing += [(-26, -86), (-44, -84), (-32, -72), (-50, -66), (-34, -56), (-48, -46), (-24, -38), (-30, -26), (-2, -14)]
    fill(wing)
    wing = curve((52, -18), (78, -4), (92, 22), (88, 62))
    wing += [(78, 50), (72, 70), (62, 52), (52, 70), (46, 46), (32, 56), (30, 30), (14, 24)]
    fill(wing)
    plumes = (
        ((8, -4), (-30, -12), (-70, -10), (-98, 26)),
        ((4, 2), (-30, 4), (-66, 14), (-88, 52)),
        ((2, 6), (-24, 16), (-54, 34), (-70, 74)),
        ((4, 10), (-14, 26), (-38, 50), (-48, 88)),
        ((8, 14), (-4, 36), (-20, 60), (-24, 92)),
    )
    for plume in plumes:
        stroke(curve(*plume), 18, 15, 2)
    stroke(curve((4, 6), (-40, 40), (-70, 84), (-96, 84)), 5, 4, 3)  # the two tail wires curl at their ends
    stroke(curve((-96, 84), (-112, 84), (-110, 64), (-98, 70)), 3)
    stroke(curve((10, 10), (0, 50), (-4, 90), (-26, 104)), 5, 4, 3)
    stroke(curve((-26, 104), (-42, 108), (-42, 92), (-32, 94)), 3)

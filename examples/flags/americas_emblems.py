"""Emblems on flags of the Americas, simplified to what is seen at the size of a flag."""

from __future__ import annotations

import math

from examples.flags.canvas import Canvas, Colour, Point, arc, curve
from examples.flags.emblem_frame import Frame

_GREEN = "#2f7d3b"
_GOLD = "#e0b23c"
_BROWN = "#7a4a21"


def sun_of_may(canvas: Canvas, x: float, y: float, radius: float, rays: int, disc: float, colour: Colour) -> None:
    """Draw a sun with a face, its rays in turn straight and wavy; `disc` is the disc's part of the radius."""
    outline = "#85340a"
    for i in range(rays):
        ray = Frame(canvas, x, y, radius, turn=i * 360 / rays)
        half = disc * math.sin(math.pi / rays) * 0.92
        if i % 2 == 0:
            edge = [(-half, -disc * 0.95), (0.0, -1.0), (half, -disc * 0.95)]
        else:
            steps = [k / 10 for k in range(11)]
            middle = [
                (half * 0.75 * math.sin(2 * math.pi * t), -disc * 0.95 - (0.97 - disc * 0.95) * t, t) for t in steps
            ]
            left = [(px - half * 0.85 * (1 - t), py) for px, py, t in middle]
            right = [(px + half * 0.85 * (1 - t), py) for px, py, t in middle]
            edge = left + right[::-1]
        ray.polygon(edge, colour)
        ray.line(edge, 0.2 / rays, outline)
    face = Frame(canvas, x, y, radius * disc)
    face.circle(0, 0, 1, outline)
    face.circle(0, 0, 0.95, colour)
    face.line(curve((-0.62, -0.22), (-0.38, -0.52), (-0.12, -0.25)), 0.09, outline, both=True)
    face.ellipse(-0.36, -0.12, 0.17, 0.08, outline, both=True)
    face.line([(-0.1, -0.2), (-0.12, 0.2), (0.12, 0.2)], 0.06, outline)
    face.line(curve((-0.3, 0.45), (0, 0.58), (0.3, 0.45)), 0.1, outline)


_LETTERS: dict[str, tuple[tuple[Point, ...], ...]] = {  # strokes in a box 1 wide and 1 high, from its middle
    "O": (tuple(arc(0, 0, 0.4, 0, 360, ry=0.5)),),
    "R": ((((-0.3, 0.5), (-0.3, -0.5), (0.2, -0.5), (0.3, -0.25), (0.2, 0), (-0.3, 0))), ((0, 0), (0.35, 0.5))),
    "D": (((-0.3, 0.5), (-0.3, -0.5), (0.1, -0.5), (0.35, -0.2), (0.35, 0.2), (0.1, 0.5), (-0.3, 0.5)),),
    "E": (((0.3, -0.5), (-0.3, -0.5), (-0.3, 0.5), (0.3, 0.5)), ((-0.3, 0), (0.2, 0))),
    "M": (((-0.4, 0.5), (-0.35, -0.5), (0, 0.3), (0.35, -0.5), (0.4, 0.5)),),
    "P": (((-0.3, 0.5), (-0.3, -0.5), (0.2, -0.5), (0.35, -0.22), (0.2, 0.05), (-0.3, 0.05)),),
    "G": (((0.35, -0.35), (0, -0.5), (-0.38, -0.2), (-0.38, 0.2), (0, 0.5), (0.35, 0.35), (0.35, 0.05), (0.05, 0.05)),),
    "S": (((0.3, -0.38), (0, -0.5), (-0.3, -0.3), (0.3, 0.25), (0, 0.5), (-0.3, 0.38)),),
}


def arched_text(canvas: Canvas, text: str, x: float, y: float, radius: float, start: float, end: float) -> None:
    """Write green capitals along the circle about (x, y), from `start` to `end` degrees right of the top."""
    height = 0.33
    for i, letter in enumerate(text):
        turn = start + (end - start) * (i + 0.5) / len(text)
        t = math.radians(turn)
        frame = Frame(canvas, x + radius * math.sin(t), y - radius * math.cos(t), height, turn)
        for stroke in _LETTERS.get(letter, ()):
            frame.line(stroke, 0.17, "#009739")


def maple_leaf(canvas: Canvas, x: float, y: float, unit: float, colour: Colour) -> None:
    """Draw Canada's eleven-pointed leaf; 4800 units are the height of the flag."""
    half = [(0, -2000), (332, -1348), (423, -1321), (750, -1510), (546, -458), (657, -401), (1080, -855)]
    half += [(1185, -608), (1258, -570), (1800, -685), (1614, -113), (1648, -34), (1860, 65), (919, 827)]
    half += [(899, 900), (1015, 1220), (156, 1069), (45, 1167), (90, 2030)]
    leaf = Frame(canvas, x, y, unit)
    leaf.polygon([*half, *[(-px, py) for px, py in reversed(half)]], colour)


def trident(canvas: Canvas, x: float, y: float, unit: float) -> None:
    """Draw Barbados's broken trident head; 1000 units are the height of the flag."""
    half = curve((0, -278), (-22, -210), (-36, -158), (-70, -120))
    half += [(-28, -129), (-28, 34), (-80, 41)]
    half += curve((-80, 41), (-88, -50), (-116, -122))  # inner edge of the side prong, up to its barb
    half += [(-126, -146), (-102, -140)]
    half += curve((-102, -140), (-140, -182), (-209, -193))
    half += curve((-209, -188), (-116, -40), (-116, 85))
    half += [(-31, 73), (-31, 278)]
    Frame(canvas, x, y, unit).polygon([*half, *[(-px, py) for px, py in reversed(half)]], "#000000")


def eagle_of_mexico(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw the eagle in left profile devouring a snake on a cactus, half ringed by oak and laurel."""
    frame = Frame(canvas, x, y, radius)
    dark, brown, light = "#5a3a1c", "#8a5a2c", "#b98a4e"
    for start, colour in ((176, "#3f7f36"), (4, "#2f6b45")):
        end = 96 if start > 90 else 84
        frame.branch(arc(0, 0.03, 0.88, start, end), colour, 0.2, count=9, spread=38)
    for dx, colour in ((-0.09, "#006341"), (0, "#ffffff"), (0.09, "#c8102e")):
        frame.rectangle(dx - 0.045, 0.84, 0.09, 0.13, colour)
    frame.ellipse(0, 0.62, 0.5, 0.1, "#4aa7b5")
    frame.ellipse(0, 0.55, 0.34, 0.08, "#c9b458")
    for px, py, angle in ((0, 0.42, 0), (-0.28, 0.42, 55), (0.28, 0.42, -55), (-0.46, 0.25, 10), (0.44, 0.27, -10)):
        frame.ellipse(px, py, 0.09, 0.17, "#4f8f3a", angle)
        frame.circle(px * 1.12, py - 0.17, 0.035, "#c8102e")
    # The far wing, then the near one raised behind the body, each with a darker fringe of feathers.
    frame.polygon([(-0.05, -0.4), (-0.46, -0.8), (-0.72, -0.5), (-0.7, -0.18), (-0.55, 0.06), (-0.3, 0.16)], dark)
    frame.polygon([(-0.08, -0.4), (-0.44, -0.72), (-0.6, -0.45), (-0.52, -0.15), (-0.2, 0.05)], brown)
    wing = [
        (0.02, -0.48),
        (0.3, -0.84),
        (0.5, -0.95),
        (0.76, -0.62),
        (0.82, -0.25),
        (0.68, 0.08),
        (0.42, 0.2),
        (0.1, 0.1),
    ]
    frame.polygon(wing, dark)
    frame.polygon([(0.02, -0.45), (0.3, -0.76), (0.48, -0.82), (0.62, -0.5), (0.58, -0.2), (0.3, 0.02)], brown)
    for tip in ((0.74, -0.55), (0.78, -0.28), (0.68, 0.0), (0.46, 0.12)):
        frame.line([(0.3, -0.45), tip], 0.03, light)
    for tip in ((-0.66, -0.45), (-0.66, -0.2), (-0.5, 0.0)):
        frame.line([(-0.25, -0.45), tip], 0.03, light)
    frame.polygon([(0.08, 0.0), (0.26, 0.02), (0.52, 0.42), (0.4, 0.5), (0.2, 0.46)], dark)  # the tail
    frame.ellipse(0.02, -0.12, 0.2, 0.36, brown, -12)
    frame.ellipse(0, -0.16, 0.11, 0.25, dark, -12)
    frame.line([(0.04, 0.1), (0.06, 0.32)], 0.1, dark)
    frame.line([(-0.1, 0.05), (-0.28, 0.2)], 0.1, dark)
    frame.ellipse(-0.08, -0.53, 0.17, 0.14, brown, -20)
    frame.polygon([(-0.2, -0.6), (-0.38, -0.52), (-0.36, -0.44), (-0.2, -0.47)], "#e5b733")
    snake = curve((-0.3, 0.2), (-0.75, 0.35), (-0.15, -0.2), (-0.58, -0.25)) + curve(
        (-0.58, -0.25), (-0.7, -0.5), (-0.3, -0.5)
    )
    frame.line(snake, 0.075, "#7f9f45")


def arms_of_costa_rica(canvas: Canvas, x: float, y: float, height: float) -> None:
    """Draw three volcanoes between two seas in a golden frame, a blue ribbon above, on a white ellipse."""
    canvas.ellipse(x, y, height * 0.43, height / 2, "#ffffff")
    frame = Frame(canvas, x, y, height / 2)
    shield = [(-0.5, -0.4), *curve((-0.45, -0.52), (0, -0.4), (0.45, -0.52)), (0.5, -0.4)]
    shield += curve((0.5, 0.3), (0.45, 0.65), (0, 0.82)) + curve((0, 0.82), (-0.45, 0.65), (-0.5, 0.3))
    frame.branch(arc(0, -0.1, 0.55, 195, 345, ry=0.48), _GREEN, 0.14, count=10)
    frame.line(curve((-0.42, -0.68), (0, -0.95), (0.42, -0.68)), 0.14, "#5b92e5")
    frame.polygon(shield, _BROWN)
    frame.polygon([(px * 0.93, py * 0.93) for px, py in shield], _GOLD)
    inner = [(px * 0.8, 0.15 + (py - 0.15) * 0.8) for px, py in shield]
    frame.polygon(inner, "#9fd0f0")
    frame.rectangle(-0.4, -0.02, 0.8, 0.12, "#2f73c4")
    low = [point for point in inner if point[1] > 0.25]
    frame.polygon([(-0.4, 0.22), (0.4, 0.22), *low], "#2f73c4")
    for px, top in ((-0.22, -0.12), (0.02, -0.17), (0.25, -0.1)):
        frame.polygon([(px - 0.2, 0.26), (px, top), (px + 0.2, 0.26)], "#2c6e4f")
    frame.polygon([(-0.3, 0.38), (0.05, 0.38), (-0.12, 0.46)], _BROWN)
    frame.polygon([(-0.12, 0.2), (0.02, 0.36), (-0.24, 0.36)], "#ffffff")
    frame.circle(0.28, -0.06, 0.07, "#fcd116")


def arms_of_the_dominican_republic(canvas: Canvas, x: float, y: float, height: float) -> None:
    """Draw the shield of the flag with Bible and cross, between laurel and palm, a ribbon above and below."""
    frame = Frame(canvas, x, y, height / 2)
    blue, red = "#002d62", "#ce1126"
    frame.branch(curve((-0.1, 0.72), (-0.95, 0.4), (-0.6, -0.55)), "#3a8040", 0.26, count=9)
    frame.branch(curve((0.1, 0.72), (0.95, 0.4), (0.6, -0.55)), "#277a35", 0.26, count=9, spread=24)
    shield = [(-0.48, -0.52), (0.48, -0.52), (0.48, 0.2), *curve((0.48, 0.2), (0.4, 0.5), (0, 0.62))]
    shield += curve((0, 0.62), (-0.4, 0.5), (-0.48, 0.2))
    frame.polygon(shield, "#ffffff")
    frame.polygon([(-0.46, -0.5), (-0.09, -0.5), (-0.09, -0.04), (-0.46, -0.04)], blue)
    frame.polygon([(0.46, -0.5), (0.09, -0.5), (0.09, -0.04), (0.46, -0.04)], red)
    lower = [(-0.46, 0.12), (-0.09, 0.12), (-0.09, 0.56), *curve((-0.09, 0.56), (-0.42, 0.45), (-0.46, 0.18))]
    frame.polygon(lower, red)
    frame.polygon([(-px, py) for px, py in lower], blue)
    for tip in ((-0.36, 0.3), (0.36, 0.3)):
        frame.line([(0, 0), tip], 0.05, _GOLD)
    for colour, dx in ((red, -0.24), (blue, 0.24)):
        frame.polygon([(0, -0.1), (dx, -0.3), (dx * 1.4, 0.0), (dx * 0.6, 0.12)], colour)
    frame.rectangle(-0.13, -0.02, 0.26, 0.18, _GOLD)
    frame.rectangle(-0.1, 0.0, 0.2, 0.14, "#ffffff")
    frame.line([(0, -0.34), (0, -0.04)], 0.06, _GOLD)
    frame.line([(-0.09, -0.24), (0.09, -0.24)], 0.06, _GOLD)
    frame.line(curve((-0.62, -0.72), (0, -1.02), (0.62, -0.72)), 0.2, blue)
    frame.line(curve((-0.66, 0.78), (0, 1.0), (0.66, 0.78)), 0.2, red)


def arms_of_peru(canvas: Canvas, x: float, y: float, height: float) -> None:
    """Draw vicuña, cinchona tree and cornucopia on a shield under a wreath, between palm and laurel."""
    frame = Frame(canvas, x, y, height / 2)
    frame.branch(curve((0, 0.82), (-0.95, 0.5), (-0.62, -0.68)), "#2f7d3b", 0.3, count=10, spread=26)
    frame.branch(curve((0, 0.82), (0.95, 0.5), (0.62, -0.68)), "#1f6b35", 0.26, count=10)
    frame.rectangle(-0.2, 0.78, 0.4, 0.1, "#d91023")
    frame.polygon([(-0.2, 0.8), (-0.06, 0.86), (-0.3, 1.0), (-0.36, 0.94)], "#d91023", both=True)
    for t in range(0, 360, 24):
        leaf = math.radians(t)
        frame.ellipse(0.15 * math.cos(leaf), -0.8 + 0.15 * math.sin(leaf), 0.08, 0.045, _GREEN, t + 60)
    outline = [(-0.46, -0.58), (0.46, -0.58), (0.46, 0.35), *curve((0.46, 0.35), (0.42, 0.55), (0, 0.7))]
    outline += curve((0, 0.7), (-0.42, 0.55), (-0.46, 0.35))
    frame.polygon(outline, _GOLD)
    frame.rectangle(-0.42, -0.54, 0.41, 0.58, "#7fb6e6")
    frame.rectangle(0.01, -0.54, 0.41, 0.58, "#ffffff")
    lower = [(-0.42, 0.07), (0.42, 0.07), (0.42, 0.34), *curve((0.42, 0.34), (0.38, 0.52), (0, 0.66))]
    frame.polygon([*lower, *curve((0, 0.66), (-0.38, 0.52), (-0.42, 0.34))], "#d91023")
    vicuna = [(-0.34, -0.06), (-0.34, -0.24), (-0.17, -0.26), (-0.13, -0.45), (-0.05, -0.42), (-0.11, -0.2)]
    frame.polygon([*vicuna, (-0.13, -0.04), (-0.17, -0.04), (-0.18, -0.16), (-0.29, -0.15), (-0.3, -0.06)], "#a5672e")
    frame.rectangle(0.19, -0.25, 0.05, 0.24, _BROWN)
    frame.ellipse(0.215, -0.32, 0.16, 0.15, _GREEN)
    frame.polygon([(-0.26, 0.2), *curve((-0.26, 0.2), (-0.05, 0.1), (0.2, 0.22)), (0.14, 0.46), (-0.1, 0.38)], _GOLD)
    for px, py in ((0.2, 0.3), (0.24, 0.38), (0.16, 0.44), (0.1, 0.48)):
        frame.circle(px, py, 0.05, "#f7d64a")


def arms_of_venezuela(canvas: Canvas, x: float, y: float, height: float) -> None:
    """Draw sheaf, flags and white horse on a shield, two cornucopias above, between laurel and palm."""
    frame = Frame(canvas, x, y, height / 2)
    frame.branch(curve((-0.08, 0.8), (-1.0, 0.55), (-0.72, -0.6)), _GREEN, 0.26, count=10)
    frame.branch(curve((0.08, 0.8), (1.0, 0.55), (0.72, -0.6)), "#3a8a30", 0.3, count=10, spread=24)
    for py, colour in ((0.72, "#fcd116"), (0.8, "#00247d"), (0.88, "#cf142b")):
        frame.line(curve((-0.6, py - 0.02), (0, py + 0.12), (0.6, py - 0.02)), 0.09, colour)
    frame.polygon([(0, -0.62), (-0.5, -0.9), (-0.62, -0.82), (-0.5, -0.66), (-0.1, -0.56)], _GOLD, both=True)
    frame.polygon([(-0.4, -0.86), (-0.66, -0.98), (-0.68, -0.7), (-0.5, -0.64)], "#b3402e", both=True)
    outline = [(-0.54, -0.56), (0.54, -0.56), (0.54, 0.3), *curve((0.54, 0.3), (0.48, 0.56), (0, 0.68))]
    outline += curve((0, 0.68), (-0.48, 0.56), (-0.54, 0.3))
    frame.polygon(outline, _GOLD)
    frame.rectangle(-0.5, -0.52, 0.49, 0.5, "#cf142b")
    frame.rectangle(0.01, -0.52, 0.49, 0.5, "#fcd116")
    lower = [(-0.5, 0.02), (0.5, 0.02), (0.5, 0.28), *curve((0.5, 0.28), (0.44, 0.52), (0, 0.63))]
    frame.polygon([*lower, *curve((0, 0.63), (-0.44, 0.52), (-0.5, 0.28))], "#00247d")
    frame.polygon([(-0.38, -0.46), (-0.12, -0.46), (-0.2, -0.26), (-0.14, -0.06), (-0.36, -0.06), (-0.3, -0.26)], _GOLD)
    frame.line([(0.1, -0.08), (0.4, -0.42)], 0.1, "#00247d")
    frame.line([(0.42, -0.08), (0.14, -0.42)], 0.1, "#cf142b")
    frame.ellipse(0.0, 0.27, 0.17, 0.07, "#ffffff")
    frame.polygon([(-0.1, 0.26), (-0.22, 0.1), (-0.3, 0.15), (-0.27, 0.19), (-0.16, 0.34)], "#ffffff")
    for legs in (((-0.1, 0.28), (-0.26, 0.4)), ((-0.06, 0.3), (-0.1, 0.46)), ((0.12, 0.28), (0.24, 0.44))):
        frame.line(legs, 0.045, "#ffffff")
    frame.line([(0.14, 0.25), (0.3, 0.2)], 0.045, "#ffffff")

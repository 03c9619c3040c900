"""Script on the flags of West Asia, as simplified strokes that read like it, with the emblems that belong to it."""

from __future__ import annotations

from examples.flags.asia_emblems import brush, fitted
from examples.flags.canvas import Canvas, Colour, Point, curve


def iran_border(canvas: Canvas, edge: float, depth: float, ground: Colour, *, upward: bool) -> None:
    """Draw the takbir eleven times in squared white letters on the coloured side of the line y = `edge`."""
    white = "#ffffff"
    unit = canvas.width / 11
    away = -1 if upward else 1  # from the white band into the coloured one

    def bar(left: float, near: float, width: float, far: float) -> None:
        ends = sorted((edge + away * near * depth, edge + away * far * depth))
        canvas.rectangle(left, ends[0], width, ends[1] - ends[0], white)

    for i in range(11):
        x = i * unit
        stem = unit / 17
        bar(x, 0.0, unit, 0.16)
        # Stems and the loops between them; the white lines are as wide as the gaps that set them off.
        for position, reach in ((0, 1), (2, 1), (4, 0.55), (6, 1), (8, 1), (10, 0.55), (12, 1), (14, 1), (16, 0.55)):
            bar(x + position * stem, 0.16, stem, reach)
        for position, near, width in ((2, 0.84, 3), (4, 0.42, 3), (8, 0.84, 3), (10, 0.42, 3), (14, 0.84, 2)):
            bar(x + position * stem, near, width * stem, near + 0.16)


def iran_emblem(canvas: Canvas, x: float, y: float, scale: float, colour: Colour) -> None:
    """Draw the emblem of Iran: four crescents and a sword under a small stroke; the radius is `scale`."""
    for side in (-1, 1):

        def fill(points: list[Point], side: int = side) -> None:
            canvas.polygon(fitted([(side * px, py) for px, py in points], x, y, scale), colour)

        outer = curve((0.62, -0.92), (1.22, -0.38), (1.12, 0.72), (0.22, 0.94))
        fill(outer + curve((0.22, 0.94), (0.86, 0.6), (1.0, -0.22), (0.62, -0.92)))
        inner = curve((0.3, -0.66), (0.86, -0.1), (0.74, 0.66), (0.12, 0.8))
        fill(inner + curve((0.12, 0.8), (0.36, 0.5), (0.52, -0.04), (0.3, -0.66)))
        fill([*curve((0.0, -0.72), (0.1, -0.62), (0.34, -0.8), (0.3, -1.02)), (0.2, -1.0), (0.14, -0.84), (0.0, -0.9)])
    canvas.polygon(
        fitted([(-0.085, -0.5), (0, -0.62), (0.085, -0.5), (0.085, 0.9), (0, 1.1), (-0.085, 0.9)], x, y, scale), colour
    )


def iraq_takbir(canvas: Canvas, x: float, y: float, scale: float, colour: Colour) -> None:
    """Draw "Allahu akbar" in Kufic letters, 420 wide and 140 high; the first word is on the right."""

    def bar(left: float, top: float, right: float, bottom: float) -> None:
        canvas.polygon(fitted([(left, top), (right, top), (right, bottom), (left, bottom)], x, y, scale), colour)

    def fill(points: list[Point]) -> None:
        canvas.polygon(fitted(points, x, y, scale), colour)

    thick = 22.0
    # Allah: alif, two tall lams joined along the line, and the closed final letter.
    fill([(186, -70), (210, -58), (210, 44), (188, 44)])
    for left in (142, 96):
        fill([(left, -70), (left + thick, -58), (left + thick, 44), (left, 44)])
    bar(30, 22, 164, 44)
    bar(30, -22, 50, 44)
    bar(30, -22, 84, -3)
    bar(64, -22, 84, 44)
    # Akbar: alif with its small sign above, kaf with the slanting top, one tooth with a dot, and the final curve.
    fill([(-24, -50), (0, -38), (0, 44), (-22, 44)])
    bar(-26, -70, 2, -60)
    bar(-176, 22, -44, 44)
    bar(-66, -20, -44, 44)
    bar(-136, -20, -44, 0)
    fill([(-136, 0), (-136, -20), (-84, -70), (-58, -70), (-112, -12)])
    bar(-176, -14, -156, 44)
    bar(-176, 54, -158, 70)
    fill([(-212, -10), (-190, -10), (-190, 48), (-212, 70), (-238, 70), (-238, 52), (-222, 52), (-212, 40)])


def saudi_script(canvas: Canvas, x: float, y: float, scale: float, colour: Colour) -> None:
    """Draw the creed as the Thuluth composition appears: tall strokes over interlaced bowls, 440 wide, 220 high."""

    def stroke(points: list[Point], *widths: float) -> None:
        canvas.polygon(brush(fitted(points, x, y, scale), *(width * scale for width in widths)), colour)

    # Tall letters, from the right; each leans a little and thins towards its foot.
    talls = (
        (206, -92, 60), (180, -96, 30), (150, -74, 66), (126, -100, 28), (98, -92, 36), (60, -104, 44), (36, -60, 22),
        (6, -102, 34), (-22, -92, 44), (-66, -104, 30), (-96, -64, 38), (-124, -98, 24), (-158, -96, 40),
        (-190, -70, 30),
    )  # fmt: skip
    for left, top, foot in talls:
        stroke([(left - 9, top + 9), (left + 2, top), (left + 1, (top + foot) / 2), (left - 5, foot)], 4, 13, 11, 7)
    # Crossed pairs, as in "la", and the joints along the upper line.
    stroke(curve((176, 30), (196, 46), (214, 28), (206, 6)), 8, 12, 8)
    stroke(curve((150, -30), (134, 10), (118, 34), (92, 36)), 8, 12, 8)
    stroke(curve((118, 28), (100, 44), (76, 44), (58, 40)), 8, 12, 8)
    stroke(curve((32, 22), (24, 38), (12, 40), (2, 34)), 8, 12, 8)
    stroke(curve((-30, 44), (-44, 50), (-58, 42), (-62, 30)), 8, 12, 8)
    stroke(curve((-90, 38), (-102, 46), (-116, 42), (-120, 24)), 8, 12, 8)
    stroke(curve((-152, 40), (-166, 50), (-184, 48), (-186, 30)), 8, 12, 8)
    # The great bowls below, each sweeping towards the left, at uneven heights.
    bowls = (
        ((222, 56), (216, 112), (160, 118), (132, 84)),
        ((168, 58), (150, 100), (96, 96), (80, 60)),
        ((96, 84), (76, 124), (10, 122), (-8, 80)),
        ((28, 56), (8, 96), (-40, 92), (-58, 56)),
        ((-40, 88), (-58, 122), (-112, 120), (-128, 78)),
        ((-92, 60), (-112, 96), (-150, 92), (-162, 58)),
        ((-140, 86), (-162, 124), (-226, 112), (-222, 34)),
    )
    for bowl in bowls:
        stroke(curve(*bowl), 5, 16, 14, 4)
    # Rings of the round letters, and the small signs and points that fill the gaps.
    for cx, cy in ((186, 74), (112, 66), (46, 84), (-16, 66), (-88, 90), (-178, 80), (-204, -6)):
        canvas.annulus(x + cx * scale, y + cy * scale, 12 * scale, 4.5 * scale, colour)
    signs = (
        (164, -2),
        (134, -54),
        (76, -22),
        (46, -48),
        (16, -20),
        (-14, -58),
        (-46, -18),
        (-76, -52),
        (-106, -14),
        (-136, -50),
    )
    for cx, cy in (*signs, (-170, -20), (190, -30), (188, 84)):
        stroke([(cx - 9, cy + 5), (cx + 9, cy - 5)], 5, 8)
    for cx, cy in ((44, 104), (-30, 108), (118, 106), (-196, 60)):
        canvas.polygon(fitted([(cx - 7, cy), (cx, cy - 7), (cx + 7, cy), (cx, cy + 7)], x, y, scale), colour)


def saudi_sword(canvas: Canvas, x: float, y: float, scale: float, colour: Colour, ground: Colour) -> None:
    """Draw the sabre, 430 long: hilt towards the fly, point towards the hoist."""
    blade = [(-215.0, -6.0), (-196, -4), (130, -7), (130, 8), (-160, 6)]
    canvas.polygon(fitted(blade, x, y, scale), colour)
    guard = [*curve((132, -24), (146, -12), (146, 12), (132, 26)), (126, 26), (132, 0), (126, -24)]
    canvas.polygon(fitted(guard, x, y, scale), colour)
    grip = [(140.0, -7.0), (184, -8), *curve((184, -8), (206, -8), (218, 4), (212, 26)), (202, 28), (196, 12), (140, 8)]
    canvas.polygon(fitted(grip, x, y, scale), colour)
    for px in (152, 166, 180):
        canvas.polygon(brush(fitted([(px, -8), (px + 3, 9)], x, y, scale), 2.5 * scale), ground)

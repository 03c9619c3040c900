"""National flags of South, Central and West Asia."""

from __future__ import annotations

import math
from collections.abc import Callable

from examples.flags.asia_emblems import bo_leaf, brush, cedar, horn_ornament, sri_lanka_lion, steppe_eagle
from examples.flags.asia_scripts import iran_border, iran_emblem, iraq_takbir, saudi_script, saudi_sword
from examples.flags.canvas import Canvas, Colour, Point, arc, star_points

WHITE, BLACK = "#ffffff", "#000000"


def bangladesh(green: Colour = "#006a4e", red: Colour = "#f42a41") -> Canvas:
    """3:5; disc with a radius of a fifth of the length, its centre at nine twentieths of the length."""
    canvas = Canvas(10, 6, green)
    canvas.circle(4.5, 3, 2, red)
    return canvas


def bangladesh_deep() -> Canvas:
    """3:5; the same in other shades usual in artwork."""
    return bangladesh("#006747", "#da291c")


def india(saffron: Colour = "#ff9933", green: Colour = "#138808", navy: Colour = "#000080") -> Canvas:
    """2:3; saffron, white and green with the wheel of Ashoka, 24 spokes, in navy blue."""
    canvas = Canvas(900, 600)
    canvas.horizontal_stripes((saffron, WHITE, green))
    x, y, radius = 450.0, 300.0, 92.5
    canvas.annulus(x, y, radius, radius * 0.86, navy)
    canvas.circle(x, y, radius * 0.17, navy)
    for i in range(24):
        t = math.radians(i * 15)
        spoke = [(x + r * radius * math.cos(t), y + r * radius * math.sin(t)) for r in (0.15, 0.5, 0.88)]
        canvas.polygon(brush(spoke, radius * 0.025, radius * 0.06, radius * 0.015), navy)
        dot = t + math.radians(7.5)
        canvas.circle(x + radius * 0.86 * math.cos(dot), y + radius * 0.86 * math.sin(dot), radius * 0.045, navy)
    return canvas


def india_deep() -> Canvas:
    """2:3; the same in other shades usual in artwork."""
    return india("#ff6820", "#046a38", "#07038d")


def iran(green: Colour = "#239f40", red: Colour = "#da0000", script: bool = True) -> Canvas:
    """4:7; green, white and red, red emblem, the takbir eleven times along the green and along the red band."""
    canvas = Canvas(630, 360)
    canvas.horizontal_stripes((green, WHITE, red))
    if script:
        iran_border(canvas, 120, 17, green, upward=True)
        iran_border(canvas, 240, 17, red, upward=False)
    iran_emblem(canvas, 315, 180, 47, red)
    return canvas


def iran_plain() -> Canvas:
    """4:7; the same without the script, which small artwork leaves out."""
    return iran(script=False)


def iraq(red: Colour = "#ce1126", green: Colour = "#007a3d") -> Canvas:
    """2:3; red, white and black, the takbir in green Kufic letters on the white (since 2008)."""
    canvas = Canvas(900, 600)
    canvas.horizontal_stripes((red, WHITE, BLACK))
    iraq_takbir(canvas, 450, 300, 1.0, green)
    return canvas


def iraq_bright() -> Canvas:
    """2:3; the same in the brighter shades of some artwork."""
    return iraq("#e8112d", "#009c3b")


def israel(blue: Colour = "#0038b8") -> Canvas:
    """8:11; two stripes of 25 at 15 from the edges and the Star of David, in 160ths of the height."""
    canvas = Canvas(220, 160)
    for y in (15, 120):
        canvas.rectangle(0, y, 220, 25, blue)
    outer, inner = 32.5, 21.5  # both edges of the triangles' strokes, 5.5 wide
    for angle in (0, 180):
        triangles = [
            [
                (110 + r * math.sin(math.radians(angle + i * 120)), 80 - r * math.cos(math.radians(angle + i * 120)))
                for i in range(3)
            ]
            for r in (outer, inner)
        ]
        canvas.ring(triangles[0], triangles[1], blue)
    return canvas


def israel_light() -> Canvas:
    """8:11; the same in a lighter blue."""
    return israel("#005eb8")


def kazakhstan(blue: Colour = "#00afca", yellow: Colour = "#fec50c") -> Canvas:
    """1:2; sky blue, sun with 32 rays above the steppe eagle, ornament of horns along the hoist."""
    canvas = Canvas(1000, 500, blue)
    horn_ornament(canvas, 16, 52, yellow)
    steppe_eagle(canvas, 510, 207, 0.98, yellow, blue)
    return canvas


def kazakhstan_lemon() -> Canvas:
    """1:2; the same with the paler yellow of some artwork."""
    return kazakhstan("#00abc2", "#ffec2d")


def lebanon(red: Colour = "#ee161f", green: Colour = "#00a850") -> Canvas:
    """2:3; red, white, red as 1:2:1, a green cedar that reaches from one red band to the other."""
    canvas = Canvas(900, 600)
    canvas.horizontal_stripes((red, WHITE, red), (1, 2, 1))
    cedar(canvas, 450, 300, 0.99, green, WHITE)
    return canvas


def lebanon_deep() -> Canvas:
    """2:3; the same in deeper shades."""
    return lebanon("#d2101c", "#007a3d")


def nepal() -> Canvas:
    """Two joined pennants; the construction in the constitution's schedule, step by step, for a base of 3 units."""
    crimson, blue = "#dc143c", "#003893"

    # Outline, y upwards from the lower corner at the hoist; the letters are the schedule's.
    e = (3 - 3 / math.sqrt(2), 3 / math.sqrt(2))
    g = (3.0, e[1])
    outline = [(0.0, 0.0), (3.0, 0.0), e, g, (0.0, 4.0)]

    # Moon: centres L, M, N and T stand above each other at a quarter of the base.
    x = 0.75
    level_l = (4 + e[1]) / 2
    level_m = level_l + (e[1] - level_l) * x / 3  # on the line from J to G
    small = (x + level_m - 3) / math.sqrt(2)  # from M to the line BD
    level_n = level_m - small
    large = level_l - level_n
    horns = math.sqrt(large**2 - (level_l - level_m) ** 2)
    below = (2 * large**2 - small**2) / (2 * large)  # from L down to the chord RS
    level_t = level_l - below
    half_chord = math.sqrt(large**2 - below**2)
    border = level_t - level_n

    corners = _offset(outline, border)
    left, top = min(px for px, _ in corners), max(py for _, py in corners)
    right, bottom = max(px for px, _ in corners), min(py for _, py in corners)

    def placed(points: list[Point]) -> list[Point]:
        return [(px - left, top - py) for px, py in points]

    canvas = Canvas(right - left, top - bottom, blue)
    canvas.polygon(placed(outline), crimson)
    (_, moon_l), (_, moon_m), (middle, moon_t) = placed([(x, level_l), (x, level_m), (x, level_t)])
    # Eight of sixteen rays rise from the chord; what lies below it joins the crescent.
    rays = star_points(middle, moon_t, half_chord, 16, level_m - level_t, angle=11.25)
    canvas.polygon([(px, py) for px, py in rays if py <= moon_t + 1e-9], WHITE)
    canvas.polygon(arc(middle, moon_l, large, 40, 140), WHITE)
    canvas.crescent(middle, moon_m, horns, middle, moon_l, large, WHITE)
    canvas.star(middle, top - e[1] / 2, large, WHITE, points=12, inner=small)
    canvas.cut(placed(corners))
    return canvas


def _offset(outline: list[Point], distance: float) -> list[Point]:
    """Move every edge of an outline (counter-clockwise, y upwards) outwards and return the new corners."""
    edges = []
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        length = math.hypot(x2 - x1, y2 - y1)
        nx, ny = (y2 - y1) / length, (x1 - x2) / length
        edges.append((nx, ny, nx * x1 + ny * y1 + distance))
    corners = []
    for (a1, b1, c1), (a2, b2, c2) in zip(edges[-1:] + edges[:-1], edges, strict=True):
        determinant = a1 * b2 - a2 * b1
        corners.append(((c1 * b2 - c2 * b1) / determinant, (a1 * c2 - a2 * c1) / determinant))
    return corners


def pakistan(green: Colour = "#01411c") -> Canvas:
    """2:3; white quarter at the hoist; crescent and star along the rising diagonal of the green field."""
    canvas = Canvas(1.5, 1, green)
    canvas.rectangle(0, 0, 0.375, 1, WHITE)
    centre_x, centre_y = 0.9375, 0.5
    diagonal = math.hypot(1.125, 1)
    dx, dy = 1.125 / diagonal, -1 / diagonal
    shift = diagonal / 2 - 0.65  # the second circle's centre is 13/20 of the height from the upper fly corner
    canvas.crescent(centre_x, centre_y, 0.3, centre_x + shift * dx, centre_y + shift * dy, 0.275, WHITE)
    towards = math.degrees(math.atan2(dy, dx))
    canvas.star(centre_x + 0.2 * dx, centre_y + 0.2 * dy, 0.1, WHITE, angle=towards + 90)
    return canvas


def pakistan_light() -> Canvas:
    """2:3; the same in a lighter green."""
    return pakistan("#00561f")


def qatar(maroon: Colour = "#8a1538") -> Canvas:
    """11:28; white at the hoist, nine serrated points towards the maroon."""
    canvas = Canvas(1400, 550, maroon)
    tooth = 550 / 9
    edge = [(0.0, 0.0)]
    for i in range(9):
        edge += [(397, i * tooth), (516, (i + 0.5) * tooth)]
    canvas.polygon([*edge, (397, 550), (0, 550)], WHITE)
    return canvas


def qatar_short() -> Canvas:
    """3:5; the shape in which the flag appears among others of that format."""
    canvas = Canvas(5, 3)
    canvas.place(qatar("#8d1b3d"), 0, 0, 5, 3)
    return canvas


def saudi_arabia(green: Colour = "#005430") -> Canvas:
    """2:3; the creed in white Thuluth script above a sword that points to the hoist."""
    canvas = Canvas(750, 500, green)
    saudi_script(canvas, 375, 205, 1.0, WHITE)
    saudi_sword(canvas, 375, 366, 1.0, WHITE, green)
    return canvas


def saudi_arabia_light() -> Canvas:
    """2:3; the same in the lighter green of older artwork."""
    return saudi_arabia("#006c35")


def sri_lanka(
    yellow: Colour = "#ffb700", green: Colour = "#005641", orange: Colour = "#df7500", maroon: Colour = "#8d2029"
) -> Canvas:
    """1:2; yellow frame round green and orange stripes and a maroon panel with the lion and four bo leaves."""
    canvas = Canvas(140, 70, yellow)
    canvas.rectangle(5, 5, 15, 60, green)
    canvas.rectangle(20, 5, 15, 60, orange)
    canvas.rectangle(40, 5, 95, 60, maroon)
    for x, side_x in ((46.5, -1), (128.5, 1)):
        for y, side_y in ((11.5, -1), (58.5, 1)):
            bo_leaf(canvas, x, y, 1.05, yellow, math.degrees(math.atan2(side_x, -side_y)))
    sri_lanka_lion(canvas, 87.5, 35.5, 0.98, yellow, maroon)
    return canvas


def sri_lanka_muted() -> Canvas:
    """1:2; the same in the shades of older artwork."""
    return sri_lanka("#ffbe29", "#00534e", "#eb7400", "#8d153a")


def turkey(red: Colour = "#e30a17") -> Canvas:
    """2:3; circles of 1/2, 2/5 and 1/4 of the height, the star's tip a third of the height into the crescent (1936)."""
    canvas = Canvas(1200, 800, red)
    canvas.crescent(425, 400, 200, 475, 400, 160, WHITE)
    canvas.star(683, 400, 100, WHITE, angle=-90)
    return canvas


def turkey_deep() -> Canvas:
    """2:3; the same in a deeper red."""
    return turkey("#c8102e")


def united_arab_emirates(red: Colour = "#ff0000", green: Colour = "#00732f") -> Canvas:
    """1:2; red quarter at the hoist; green, white and black bands."""
    canvas = Canvas(4, 2)
    canvas.horizontal_stripes((green, WHITE, BLACK))
    canvas.rectangle(0, 0, 1, 2, red)
    return canvas


def united_arab_emirates_soft() -> Canvas:
    """1:2; the same in the softer shades of some artwork."""
    return united_arab_emirates("#c8102e", "#009739")


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Bangladesh": (bangladesh, bangladesh_deep),
    "India": (india, india_deep),
    "Iran": (iran, iran_plain),
    "Iraq": (iraq, iraq_bright),
    "Israel": (israel, israel_light),
    "Kazakhstan": (kazakhstan, kazakhstan_lemon),
    "Lebanon": (lebanon, lebanon_deep),
    "Nepal": (nepal,),
    "Pakistan": (pakistan, pakistan_light),
    "Qatar": (qatar, qatar_short),
    "Saudi Arabia": (saudi_arabia, saudi_arabia_light),
    "Sri Lanka": (sri_lanka, sri_lanka_muted),
    "Turkey": (turkey, turkey_deep),
    "United Arab Emirates": (united_arab_emirates, united_arab_emirates_soft),
}

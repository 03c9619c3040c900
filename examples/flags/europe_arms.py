"""Arms and emblems of European flags, simplified to what can be told apart at the size of an icon.

Every function returns an `Emblem` that fills its own rectangle; the flag decides on place and size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from examples.flags.canvas import Canvas, Colour, Point, arc, curve
from examples.flags.europe_parts import Emblem, box, shield

_BLACK, _WHITE = "#000000", "#ffffff"


# Spain and Portugal -------------------------------------------------------------------------


def _castle(emblem: Canvas, x: float, y: float, size: float, colour: Colour, door: Colour) -> None:
    """Draw a castle of three towers whose square is centred on (x, y)."""
    left, top = x - size / 2, y - size / 2
    emblem.rectangle(left, top + size * 0.45, size, size * 0.55, colour)
    emblem.rectangle(left, top + size * 0.25, size * 0.24, size * 0.3, colour)
    emblem.rectangle(left + size * 0.76, top + size * 0.25, size * 0.24, size * 0.3, colour)
    emblem.rectangle(left + size * 0.34, top, size * 0.32, size * 0.5, colour)
    emblem.rectangle(left + size * 0.4, top + size * 0.65, size * 0.2, size * 0.35, door)


def _rampant_lion(emblem: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Draw the silhouette of a lion standing on its hind legs, facing the hoist."""
    outline = [
        (-0.15, -0.5), (0.1, -0.45), (0.18, -0.2), (0.22, 0.1), (0.36, -0.1), (0.3, -0.4), (0.42, -0.45), (0.48, -0.1),
        (0.3, 0.25), (0.34, 0.45), (0.1, 0.5), (0.14, 0.3), (0.0, 0.22), (-0.2, 0.5), (-0.38, 0.46), (-0.2, 0.3),
        (-0.12, 0.05), (-0.42, 0.15), (-0.45, 0.0), (-0.18, -0.1), (-0.45, -0.15), (-0.46, -0.3), (-0.3, -0.28),
    ]  # fmt: skip
    emblem.polygon([(x + px * size, y + py * size) for px, py in outline], colour)


def _royal_crown(emblem: Canvas, x: float, y: float, width: float, height: float, gold: Colour, lining: Colour) -> None:
    """Draw a closed crown with its top left corner at (x, y)."""
    middle, foot = x + width / 2, y + height
    dome = curve((x + width * 0.08, foot), (x - width * 0.06, y - height * 0.1), (middle, y + height * 0.1))
    dome += [(2 * middle - px, py) for px, py in reversed(dome)]
    emblem.polygon(dome, gold)
    for share in (-0.52, 0.52):  # the lining shows between the arches
        emblem.ellipse(middle + share * width / 2, y + height * 0.5, width * 0.15, height * 0.2, lining)
    emblem.rectangle(x + width * 0.08, y + height * 0.76, width * 0.84, height * 0.24, gold)
    emblem.rectangle(middle - width * 0.03, y, width * 0.06, height * 0.25, gold)
    for share in (0.22, 0.5, 0.78):
        emblem.circle(x + width * share, y + height * 0.88, height * 0.06, lining)


def spanish_arms() -> Emblem:
    """Quartered shield under the royal crown between the Pillars of Hercules."""
    red, gold, silver, lion, blue = "#ad1519", "#c8b100", "#eeeeee", "#db4446", "#005bbf"
    emblem = Emblem(100, 100)
    for mirror in (False, True):
        pillar = Emblem(20, 100)
        pillar.rectangle(6.5, 34, 8, 50, silver)
        pillar.rectangle(4.5, 31, 12, 3.5, gold)
        pillar.rectangle(4.5, 82, 12, 4, gold)
        _royal_crown(pillar, 4, 19, 13, 12.5, gold, red)
        pillar.rectangle(2, 86, 17, 3, blue)
        pillar.rectangle(2, 89, 17, 3, silver)
        pillar.rectangle(2, 92, 17, 2, blue)
        for line in ([(3, 44), (19, 51)], [(2, 66), (19, 58)], [(1, 50), (3, 44)], [(19, 51), (14, 57)]):
            pillar.line(line, 5.5, red)
        pillar.line([(4, 46.5), (17, 51.5)], 1.2, gold)
        emblem.place(pillar, 100 if mirror else 0, 0, -20 if mirror else 20, 100)

    emblem.polygon(shield(23.2, 31.2, 53.6, 66.6, straight=0.72, tip=0), gold)
    outline = shield(24.5, 32.5, 51, 64, straight=0.72, tip=0)
    emblem.polygon(outline, red)
    emblem.fill_within(outline, box(50, 32.5, 26, 26), silver)
    emblem.fill_within(outline, box(24, 58.5, 26, 40), gold)
    for column in range(4):
        emblem.fill_within(outline, box(26.8 + column * 6, 58.5, 3, 40), red)
    _castle(emblem, 37, 45.5, 16, gold, blue)
    _rampant_lion(emblem, 63, 45.5, 20, lion)
    for x, y in ((1, 0), (0, 1), (1, 1), (1, -1)):  # chains of Navarre
        emblem.line([(62.5 - x * 8, 71.5 - y * 9), (62.5 + x * 8, 71.5 + y * 9)], 1.4, gold)
    emblem.line([*box(54.5, 62.5, 16, 18), (54.5, 62.5)], 1.4, gold)
    emblem.polygon([*curve((39.5, 96), (50, 74), (60.5, 96)), (50, 96.5)], silver)  # point of Granada
    emblem.circle(50, 91.5, 2.6, gold)
    emblem.ellipse(50, 62, 10, 12, red)
    emblem.ellipse(50, 62, 7.4, 9.4, blue)
    for jewel_x, jewel_y in ((46.8, 59.0), (53.2, 59.0), (50.0, 66.0)):
        emblem.circle(jewel_x, jewel_y, 1.5, gold)
    _royal_crown(emblem, 29, 3, 42, 29, gold, red)
    return emblem


def spanish_arms_plain() -> Emblem:
    """The few strokes of small images: red and pale shield, crown, two pillars."""
    red, gold, silver = "#ad1519", "#c8a000", "#ddd5d0"
    emblem = Emblem(100, 100)
    for x in (8, 83):
        emblem.rectangle(x, 30, 9, 58, silver)
        emblem.rectangle(x - 2, 26, 13, 6, gold)
        emblem.rectangle(x - 2, 84, 13, 6, gold)
        emblem.rectangle(x - 3, 50, 15, 9, red)
    outline = shield(26, 30, 48, 64, straight=0.7, tip=0)
    emblem.polygon(outline, red)
    emblem.fill_within(outline, box(50, 30, 30, 32), silver)
    emblem.fill_within(outline, box(20, 62, 30, 40), gold)
    emblem.ellipse(50, 62, 8, 10, "#2b3f8f")
    emblem.rectangle(28, 18, 44, 12, gold)
    emblem.polygon(arc(50, 20, 20, 180, 360), red)
    return emblem


def portuguese_arms(gold: Colour, red: Colour, blue: Colour = "#003399") -> Emblem:
    """Armillary sphere with the shield of seven castles and five quinas."""
    emblem = Emblem(100, 100)
    hoops: list[list[Point]] = [
        arc(50, 50, 45.5, 0, 360),
        arc(50, 50, 45.5, 0, 180, ry=9),  # equator, seen from a little above
        arc(50, 24, 37, 0, 180, ry=7),
        arc(50, 70, 40, 0, 180, ry=7),
        arc(50, 50, 20, 0, 360, ry=45.5),
        arc(50, 50, 37, 0, 360, ry=45.5),
        [(50, 4), (50, 96)],
    ]
    for extra, colour in ((1.6, _BLACK), (0.0, gold)):  # black first: what sticks out is the outline
        for number, hoop in enumerate(hoops):
            emblem.line(hoop, (6.5 if number < 2 else 3.6) + extra, colour)
        emblem.line(arc(50, 50, 45, 0, 180, ry=14, angle=-38), 8 + extra, colour)  # ecliptic
    emblem.polygon(shield(19.5, 14.5, 61, 73, straight=0.5, tip=0), _WHITE)
    emblem.polygon(shield(21, 16, 58, 70, straight=0.5, tip=0), red)
    emblem.polygon(shield(31, 25.5, 38, 49, straight=0.5, tip=0), _WHITE)
    for x, y in ((26.2, 21), (50, 21), (73.8, 21), (26.2, 45), (73.8, 45), (32, 69.5), (68, 69.5)):
        _castle(emblem, x, y, 7.6, gold, red)
    for x, y in ((50, 34), (50, 48.5), (50, 63), (38.6, 48.5), (61.4, 48.5)):
        emblem.polygon(shield(x - 4.4, y - 5.4, 8.8, 11, straight=0.5, tip=0), blue)
        for dx, dy in ((-2.2, -2.6), (2.2, -2.6), (0, 0), (-2.2, 2.6), (2.2, 2.6)):
            emblem.circle(x + dx, y + dy, 0.95, _WHITE)
    return emblem


def portuguese_arms_plain(gold: Colour, red: Colour) -> Emblem:
    """The few strokes of small images: a disc, a red shield, a white one with blue marks."""
    emblem = Emblem(100, 100)
    emblem.circle(50, 50, 50, gold)
    emblem.polygon(shield(21, 16, 58, 70, straight=0.5, tip=0), red)
    emblem.polygon(shield(30, 25, 40, 50, straight=0.5, tip=0), _WHITE)
    for x, y in ((50, 35), (50, 49), (50, 63), (39, 49), (61, 49)):
        emblem.circle(x, y, 4, "#003399")
    return emblem


# Adriatic and Carpathians -------------------------------------------------------------------


def croatian_arms(red: Colour, crown: bool = True) -> Emblem:
    """Shield of 25 red and white squares, red first, under a crown of five small shields."""
    emblem = Emblem(100, 150)
    foot = {"straight": 0.45, "tip": 0.1}
    emblem.polygon(shield(2, 40, 96, 110, **foot), red)
    outline = shield(4.5, 42.5, 91, 105, **foot)
    for row in range(5):
        for column in range(5):
            colour = _WHITE if (row + column) % 2 else red
            emblem.fill_within(outline, box(4.5 + column * 18.2, 42.5 + row * 21, 18.2, 21), colour)
    if not crown:
        return emblem

    light, dark, gold = "#0093dd", "#171796", "#f7db17"

    def spot(u: float, v: float) -> Point:
        """Return a point of the crown: u from 0 to 5 across the shields, v from 0 (top) to 1 (foot)."""
        bend = math.cos(math.radians((u - 2.5) * 24))
        return 50 + (u - 2.5) * (23.5 - 4 * v), 42.5 - 13 * bend + 12 - 35 * (1 - v) - 12 * v * (1 - bend)

    for number, ground in enumerate((light, dark, light, dark, light)):
        for edge, top, low, colour in ((-0.05, -0.1, 1.05, red), (0.08, 0, 0.95, ground)):
            left, right = number + edge, number + 1 - edge
            corners = ((left, top), (number + 0.5, top - 0.16), (right, top), (right, low), (left, low))
            emblem.polygon([spot(u, v) for u, v in corners], colour)

    def strip(number: int, top: float, thickness: float, colour: Colour) -> None:
        corners = ((0.12, top), (0.88, top), (0.88, top + thickness), (0.12, top + thickness))
        emblem.polygon([spot(number + u, v) for u, v in corners], colour)

    emblem.star(*spot(0.5, 0.32), 5, gold, 6)
    emblem.polygon([spot(0.2, 0.6), *curve(spot(0.2, 0.6), spot(0.5, 1.1), spot(0.8, 0.6)), spot(0.5, 0.75)], _WHITE)
    strip(1, 0.2, 0.22, red)
    strip(1, 0.6, 0.22, red)
    for u, v in ((2.32, 0.3), (2.68, 0.3), (2.5, 0.65)):
        emblem.circle(*spot(u, v), 3, gold)
    emblem.ellipse(*spot(3.5, 0.45), 5.5, 7, gold)
    emblem.circle(*spot(3.35, 0.25), 2, red)
    strip(4, 0.32, 0.12, _WHITE)
    strip(4, 0.44, 0.28, red)
    strip(4, 0.72, 0.12, _WHITE)
    emblem.ellipse(*spot(4.5, 0.58), 4.5, 1.6, _BLACK)
    emblem.star(*spot(4.5, 0.14), 3, gold, 6)
    return emblem


def slovak_arms(red: Colour, blue: Colour) -> Emblem:
    """White-edged red shield with a double cross on the middle one of three blue hills."""
    emblem = Emblem(80, 92)
    foot = {"straight": 0.42, "tip": 0.3}
    emblem.polygon(shield(0, 0, 80, 92, **foot), _WHITE)
    outline = shield(3.2, 3.2, 73.6, 85, **foot)
    emblem.polygon(outline, red)
    for y, reach in ((22, 17.5), (38.5, 22)):  # bars widening towards their ends
        emblem.mirrored([(0, y - 3.3), (reach - 8, y - 3.5), (reach, y - 5.3), (reach, y + 5.3), (reach - 8, y + 3.5),
                         (0, y + 3.3)], _WHITE)  # fmt: skip
    emblem.mirrored([(5.5, 7), (3.4, 18), (3.4, 60), (0, 60)], _WHITE)
    for x, y, radius in ((20, 74, 15), (60, 74, 15), (40, 68, 14)):
        emblem.fill_within(outline, arc(x, y, radius, 0, 360), blue)
    emblem.fill_within(outline, box(0, 72, 80, 20), blue)
    return emblem


def slovene_arms(red: Colour, blue: Colour) -> Emblem:
    """Blue shield edged in red: Triglav in white, two wavy lines and three golden stars."""
    emblem = Emblem(80, 100)
    emblem.polygon(shield(0, 0, 80, 100, straight=0.4, tip=0.5), red)
    outline = shield(6, 0, 68, 93, straight=0.4, tip=0.5)
    emblem.polygon(outline, blue)
    peaks = [(6, 70), (14, 58), (18, 60), (24, 48), (29, 53), (40, 34), (51, 53), (56, 48), (62, 60), (66, 58),
             (74, 70), (74, 100), (6, 100)]  # fmt: skip
    emblem.fill_within(outline, peaks, _WHITE)
    for y in (68, 77):
        wave = [(x, y + 2 * math.cos(x * math.pi / 11.5)) for x in range(6, 75)]
        emblem.fill_within(outline, [*wave, *((x, wy + 3.8) for x, wy in reversed(wave))], blue)
    for x, y in ((27, 12), (53, 12), (40, 26)):
        emblem.star(x, y, 6.2, "#ffdd00", 6)
    return emblem


# Eagles -------------------------------------------------------------------------------------


def _feathers(tips: Sequence[Point], notches: Sequence[Point], blunt: float = 0.25) -> list[Point]:
    """Return the edge of a wing or tail: blunt feathers at `tips` with a notch after each."""
    edge: list[Point] = []
    previous = notches[0]
    for tip, notch in zip(tips, notches[1:], strict=True):
        for root in (previous, notch):
            middle = ((previous[0] + notch[0]) / 2, (previous[1] + notch[1]) / 2)
            edge.append((tip[0] + (root[0] - middle[0]) * blunt * 2, tip[1] + (root[1] - middle[1]) * blunt * 2))
        edge.append(notch)
        previous = notch
    return edge


def double_eagle(colour: Colour = _BLACK) -> Emblem:
    """Two-headed eagle of Skanderbeg: nine feathers in each wing, seven in the tail."""
    emblem = Emblem(86, 100)
    head = [(0, 27), (2.2, 20), (0.8, 17), (3.2, 15), (1.8, 11.5), (4.4, 10), (3.2, 6), (6, 5.2), (7.5, 1.5),
            (11.5, 0), (16, 1.2), (20.5, 3.4), (23.5, 8.5), (20, 7), (17, 7.2), (18.5, 9.2), (22, 9.2), (19.5, 12.6),
            (15, 11.6), (13, 13), (15.2, 16), (12.4, 16.3), (14, 20), (11.2, 20.4), (12, 24), (9.8, 28)]  # fmt: skip
    shoulder = curve((11.5, 30), (15, 19), (25, 16.5), (31, 12.5), steps=8)
    tips = [(39, 14), (42, 22), (43, 30), (43, 38), (42, 46), (39.5, 53.5), (35.5, 60), (30, 65), (24, 67.5)]
    notches = [(33, 13), (29, 22), (29.5, 28), (29.5, 34), (28.5, 39.5), (26.5, 44.5), (23.5, 48.5), (20, 51.5),
               (16, 53.5), (11.5, 55.5)]  # fmt: skip
    leg = [(11.5, 62), (15, 67.5), (21, 70), (25, 67.5), (25.5, 70.5), (31, 71), (27, 73), (31.5, 77), (26.5, 76),
           (26.5, 81), (23.5, 77), (19.5, 80), (20.5, 75.5), (13, 73.5), (7, 69)]  # fmt: skip
    tail = _feathers([(17, 88), (12, 94), (6.5, 98)], [(8, 73), (9, 83), (5.8, 87), (2.8, 89)], blunt=0.35)
    emblem.mirrored([*head, *shoulder, *_feathers(tips, notches), *leg, (7, 73), *tail, (2, 100), (0, 100)], colour)
    return emblem


def single_eagle(colour: Colour, limbs: Colour, crown: Colour, raised: bool) -> Emblem:
    """Heraldic eagle looking to the hoist; `raised` wings end level with the head (Poland's)."""
    emblem = Emblem(100, 100)
    lift = 0 if raised else 8
    shoulder = curve((7, 30), (12, 14 + lift), (26, 4 + lift), (33, 3 + lift), steps=8)
    tips = [(42, 8 + lift), (47, 22 + lift), (48, 36 + lift), (46, 50 + lift), (40, 61 + lift), (31, 68), (21, 70)]
    notches = [(34, 3 + lift), (37, 20 + lift), (37, 30 + lift), (35, 40 + lift), (31, 47 + lift), (25, 53 + lift),
               (18, 57), (11, 60)]  # fmt: skip
    leg = [(12, 64), (18, 70), (15, 75), (7, 72)]
    tail = _feathers([(21, 88), (13, 96), (5, 99)], [(8, 75), (11, 86), (7, 90), (0, 92)], blunt=0.35)
    emblem.mirrored([(0, 24), (5, 26), *shoulder, *_feathers(tips, notches), *leg, *tail], colour)
    for side in (-1, 1):
        for dx, dy in ((-5, 6), (0, 9), (6, 6)):
            emblem.line([(50 + side * 17, 71), (50 + side * (20 + dx), 74 + dy)], 3.5, limbs)
        emblem.line([(50 + side * 12, 67), (50 + side * 19, 74)], 5, limbs)
    emblem.polygon([(43, 32), (45, 22), (42, 17), (45, 10), (52, 9), (57, 14), (57, 32)], colour)
    emblem.polygon([(44, 12), (35, 15), (35, 20), (38, 18), (44, 18)], limbs)
    emblem.polygon([(45, 9), (43.5, 1), (47, 4), (50.5, 0), (54, 4), (57.5, 1), (56, 9)], crown)
    return emblem


def polish_arms(red: Colour) -> Emblem:
    """Crowned white eagle on a red shield."""
    emblem = Emblem(85, 100)
    emblem.polygon(shield(0, 0, 85, 100, straight=0.75, tip=0.3), red)
    emblem.place(single_eagle(_WHITE, "#e6b23a", "#e6b23a", raised=True), 6, 6, 73, 82)
    return emblem


def austrian_arms(red: Colour) -> Emblem:
    """Black eagle with mural crown, gold limbs, and the red-white-red shield on its breast."""
    gold = "#fedf00"
    emblem = Emblem(100, 100)
    emblem.line([(20, 62), (20, 86)], 2.5, gold)  # sickle and hammer in the claws
    emblem.line(arc(14, 62, 7, 300, 480), 2.5, gold)
    emblem.line([(80, 60), (80, 88)], 2.5, gold)
    emblem.rectangle(74, 58, 12, 5, _BLACK)
    emblem.place(single_eagle(_BLACK, gold, gold, raised=False), 0, 0, 100, 100)
    outline = shield(37.5, 34, 25, 33, straight=0.45, tip=0.4)
    emblem.polygon(outline, red)
    emblem.fill_within(outline, box(37, 44, 26, 10), _WHITE)
    return emblem


# Cyprus -------------------------------------------------------------------------------------

# The coast as longitude and latitude, from Cape Apostolos Andreas along the south and back.
_CYPRUS_COAST = [
    (34.59, 35.69), (34.45, 35.57), (34.22, 35.44), (34.02, 35.33), (33.92, 35.26), (33.93, 35.14), (33.98, 35.05),
    (34.08, 34.96), (33.98, 34.98), (33.86, 34.95), (33.70, 34.98), (33.64, 34.90), (33.60, 34.81), (33.40, 34.75),
    (33.20, 34.71), (33.05, 34.67), (33.03, 34.57), (32.93, 34.57), (32.92, 34.65), (32.75, 34.65), (32.58, 34.68),
    (32.40, 34.75), (32.31, 34.88), (32.27, 35.09), (32.42, 35.04), (32.54, 35.17), (32.66, 35.19), (32.83, 35.14),
    (32.92, 35.20), (32.95, 35.28), (32.92, 35.40), (33.10, 35.35), (33.32, 35.34), (33.60, 35.36), (33.90, 35.42),
    (34.15, 35.51), (34.40, 35.63),
]  # fmt: skip


def cyprus_map(colour: Colour) -> Emblem:
    """Outline of the island of Cyprus."""
    west, east, south, north = 32.27, 34.59, 34.57, 35.69
    per_longitude = math.cos(math.radians(35.1))
    emblem = Emblem((east - west) * per_longitude, north - south)
    emblem.polygon([((lon - west) * per_longitude, north - lat) for lon, lat in _CYPRUS_COAST], colour)
    return emblem


def olive_branches(colour: Colour) -> Emblem:
    """Two olive branches crossing at the foot."""
    emblem = Emblem(100, 48)
    for side in (-1, 1):
        stem = curve((50 - side * 7, 46), (50 + side * 22, 44), (50 + side * 44, 8), steps=13)
        emblem.line(stem, 1.8, colour)
        for index, (x, y) in enumerate(stem[3:], start=3):
            before = stem[index - 1]
            along = math.degrees(math.atan2(y - before[1], x - before[0]))
            turn = along + (38 if index % 2 else -38) * side
            dx, dy = 5.2 * math.cos(math.radians(turn)), 5.2 * math.sin(math.radians(turn))
            emblem.ellipse(x + dx, y + dy, 5.6, 1.9, colour, angle=turn)
    return emblem

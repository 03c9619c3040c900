"""National flags of Africa."""

from __future__ import annotations

import math
from collections.abc import Callable

from examples.flags import africa_emblems as emblems
from examples.flags.canvas import Canvas, Colour

_WHITE = "#ffffff"
_BLACK = "#000000"


def algeria() -> Canvas:
    """2:3; green and white upright; red crescent of radii 1/4 and 1/5 of the hoist, star of radius 1/8."""
    red = "#d21034"
    flag = Canvas(900, 600)
    flag.vertical_stripes(["#006233", _WHITE])
    flag.crescent(450, 300, 150, 486.2, 300, 120, red)
    flag.star(510.7, 300, 75, red, angle=90)
    return flag


def cameroon() -> Canvas:
    """2:3; green, red, yellow upright; a yellow star in the middle."""
    flag = Canvas(3, 2)
    flag.vertical_stripes(["#007a5e", "#ce1126", "#fcd116"])
    flag.star(1.5, 1, 0.29, "#fcd116")
    return flag


def egypt(red: Colour = "#ce1126", coloured_shield: bool = False) -> Canvas:
    """2:3; red, white, black; the golden eagle of Saladin in the white."""
    flag = Canvas(3, 2)
    flag.horizontal_stripes([red, _WHITE, _BLACK])
    emblems.eagle_of_saladin(flag, 1.5, 1, 0.61, coloured_shield)
    return flag


def egypt_coloured_shield() -> Canvas:
    """2:3; with the shield in the colours of the flag, as in the arms."""
    return egypt("#c8102e", coloured_shield=True)


def ethiopia() -> Canvas:
    """1:2; green, yellow, red; a blue disc with a yellow open star and five rays between its tips."""
    blue, yellow = "#0f47af", "#fcdd09"
    flag = ethiopia_plain()
    radius = 0.32
    flag.circle(1, 0.5, radius, blue)
    for i in range(5):
        t = math.radians(36 + 72 * i)
        ends = [(1 + r * radius * math.sin(t), 0.5 - r * radius * math.cos(t)) for r in (0.4, 0.78)]
        flag.line(ends, 0.018, yellow)
    emblems.pentagram(flag, 1, 0.5, 0.86 * radius, 0.021, yellow, blue)
    return flag


def ethiopia_plain() -> Canvas:
    """1:2; the plain tricolour, widely flown."""
    flag = Canvas(2, 1)
    flag.horizontal_stripes(["#078930", "#fcdd09", "#da121a"])
    return flag


def ghana() -> Canvas:
    """2:3; red, gold, green; a black star as high as the gold band."""
    flag = Canvas(9, 6)
    flag.horizontal_stripes(["#ce1126", "#fcd116", "#006b3f"])
    radius = 2 / (1 + math.cos(math.radians(36)))
    flag.star(4.5, 2 + radius, radius, _BLACK)
    return flag


def kenya() -> Canvas:
    """2:3; black, red, green edged with white, in 6:1:6:1:6; shield and spears in the middle."""
    flag = Canvas(3, 2)
    flag.horizontal_stripes([_BLACK, _WHITE, "#bb0000", _WHITE, "#006600"], [6, 1, 6, 1, 6])
    emblems.shield_of_kenya(flag, 1.5, 1, 2)
    return flag


def madagascar(red: Colour = "#fc3d32", green: Colour = "#007e3a") -> Canvas:
    """2:3; a white upright third at the hoist, red over green in the rest."""
    flag = Canvas(3, 2)
    flag.rectangle(1, 0, 2, 1, red)
    flag.rectangle(1, 1, 2, 1, green)
    return flag


def madagascar_bright() -> Canvas:
    """2:3; in the shades of printed flag books."""
    return madagascar("#f9423a", "#00843d")


def morocco() -> Canvas:
    """2:3; red; a green open pentagram in a circle of 1/6 of the length."""
    red = "#c1272d"
    flag = Canvas(9, 6, red)
    emblems.pentagram(flag, 4.5, 3, 1.5, 0.19, "#006233", red)
    return flag


def mozambique(green: Colour = "#007168", yellow: Colour = "#fce100") -> Canvas:
    """2:3; green, black, yellow edged with white, in 6:1:6:1:6; red triangle with star, book, rifle and hoe."""
    flag = Canvas(900, 600)
    flag.horizontal_stripes([green, _WHITE, _BLACK, _WHITE, yellow], [6, 1, 6, 1, 6])
    flag.polygon([(0, 0), (392, 300), (0, 600)], "#d21034")
    emblems.tools_of_mozambique(flag, 138, 300, 108)
    return flag


def mozambique_bright() -> Canvas:
    """2:3; in the livelier green often seen."""
    return mozambique("#009639", "#ffd100")


def nigeria() -> Canvas:
    """1:2; green, white, green upright."""
    flag = Canvas(2, 1)
    flag.vertical_stripes(["#008753", _WHITE, "#008753"])
    return flag


def senegal() -> Canvas:
    """2:3; green, yellow, red upright; a green star in the middle."""
    flag = Canvas(3, 2)
    flag.vertical_stripes(["#00853f", "#fdef42", "#e31b23"])
    flag.star(1.5, 1, 0.33, "#00853f")
    return flag


def seychelles() -> Canvas:
    """1:2; blue, yellow, red, white, green fan out from the lower hoist to thirds of the top and of the fly."""
    flag = Canvas(6, 3, "#003f87")
    rim = [(2, 0), (4, 0), (6, 0), (6, 1), (6, 2), (6, 3)]
    for colour, corners in (("#fcd856", rim[:2]), ("#d62828", rim[1:4]), (_WHITE, rim[3:5]), ("#007a3d", rim[4:])):
        flag.polygon([(0, 3), *corners], colour)
    return flag


def somalia() -> Canvas:
    """2:3; light blue; a white star in the middle."""
    flag = Canvas(27, 18, "#4189dd")
    flag.star(13.5, 9, 4.1, _WHITE)
    return flag


def south_africa(
    red: Colour = "#e03c31", green: Colour = "#007749", blue: Colour = "#001489", yellow: Colour = "#ffb81c"
) -> Canvas:
    """2:3; red over blue; a green Y a fifth of the hoist wide, edged white and, round a black triangle, yellow."""
    flag = Canvas(90, 60, blue)
    flag.rectangle(0, 0, 90, 30, red)
    # The Y runs along the lines from the hoist corners to the centre and on to the fly: 6 units to
    # either side, 10 with the edging. The area at the hoist is filled along with it, then covered.
    slant = math.hypot(45, 30) / 45  # upright measure of a slanting arm for each unit of its width
    for half, colour in ((10, _WHITE), (6, green)):
        upper = [(0, -half * slant), (45 + (slant - 1) * half * 1.5, 30 - half), (90, 30 - half)]
        flag.polygon([*upper, *((x, 60 - y) for x, y in reversed(upper))], colour)
    for half, colour in ((6, yellow), (10, _BLACK)):
        rise = half * slant
        flag.polygon([(0, rise), (45 - rise * 1.5, 30), (0, 60 - rise)], colour)
    return flag


def south_africa_screen() -> Canvas:
    """2:3; in the shades long usual on screen."""
    return south_africa("#de3831", "#007a4d", "#002395", "#ffb612")


def tanzania() -> Canvas:
    """2:3; green over blue, parted by a black diagonal from the lower hoist, edged with yellow."""
    flag = Canvas(72, 48, "#1eb53a")
    flag.polygon([(0, 48), (72, 0), (72, 48)], "#00a3dd")
    for width, colour in ((19, "#fcd116"), (13, _BLACK)):
        flag.line([(-18, 60), (90, -12)], width, colour)
    return flag


def tunisia() -> Canvas:
    """2:3; red; a white disc half the hoist wide, in it a red crescent and a star pointing to the hoist."""
    red = "#e70013"
    flag = Canvas(60, 40, red)
    flag.circle(30, 20, 10, _WHITE)
    flag.crescent(30, 20, 7.5, 32, 20, 6, red)
    flag.star(32, 20, 4.5, red, angle=-90)
    return flag


def uganda() -> Canvas:
    """2:3; black, yellow, red, twice; the grey crowned crane on a white disc."""
    flag = Canvas(900, 600)
    flag.horizontal_stripes([_BLACK, "#fcdc04", "#d90000"] * 2)
    emblems.crane_of_uganda(flag, 450, 300, 102)
    return flag


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Algeria": (algeria,),
    "Cameroon": (cameroon,),
    "Egypt": (egypt, egypt_coloured_shield),
    "Ethiopia": (ethiopia, ethiopia_plain),
    "Ghana": (ghana,),
    "Kenya": (kenya,),
    "Madagascar": (madagascar, madagascar_bright),
    "Morocco": (morocco,),
    "Mozambique": (mozambique, mozambique_bright),
    "Nigeria": (nigeria,),
    "Senegal": (senegal,),
    "Seychelles": (seychelles,),
    "Somalia": (somalia,),
    "South Africa": (south_africa, south_africa_screen),
    "Tanzania": (tanzania,),
    "Tunisia": (tunisia,),
    "Uganda": (uganda,),
}

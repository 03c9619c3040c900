"""National flags of the Americas."""

from __future__ import annotations

import math
from collections.abc import Callable

from examples.flags import americas_emblems as emblems
from examples.flags.canvas import Canvas, Colour

_WHITE = "#ffffff"
_BLACK = "#000000"


def argentina() -> Canvas:
    """5:8; sky blue, white, sky blue; the Sun of May fills 5/6 of the white band."""
    flag = argentina_plain()
    emblems.sun_of_may(flag, 4, 2.5, 2.5 / 3 / 2 * 1.67, 32, 0.4, "#f6b40e")
    return flag


def argentina_plain() -> Canvas:
    """5:8; the ornamental flag, without the sun."""
    flag = Canvas(8, 5)
    flag.horizontal_stripes(["#74acdf", _WHITE, "#74acdf"])
    return flag


def bahamas() -> Canvas:
    """1:2; aquamarine, gold, aquamarine; black equilateral triangle at the hoist."""
    flag = Canvas(2, 1)
    flag.horizontal_stripes(["#00778b", "#ffc72c", "#00778b"])
    flag.polygon([(0, 0), (math.sqrt(3) / 2, 0.5), (0, 1)], _BLACK)
    return flag


def barbados() -> Canvas:
    """2:3; ultramarine, gold, ultramarine upright; a black trident head in the gold."""
    flag = Canvas(1500, 1000)
    flag.vertical_stripes(["#00267f", "#ffc726", "#00267f"])
    emblems.trident(flag, 750, 500, 1)
    return flag


# Places of the stars from the middle of the disc, 210 to a module, and their size class.
_BRAZIL_STARS = (
    (-600, -132, 1), (-535, 177, 1), (-625, 243, 2), (-463, 132, 4), (-382, 250, 2), (-404, 323, 3), (228, -228, 1),
    (515, 258, 1), (617, 265, 3), (545, 323, 2), (368, 477, 2), (367, 551, 3), (441, 419, 3), (500, 382, 2),
    (365, 405, 3), (-280, 30, 2), (200, -37, 3), (0, 330, 1), (85, 184, 2), (0, 118, 2), (-74, 184, 3), (-37, 235, 4),
    (220, 495, 2), (283, 430, 3), (162, 412, 3), (-295, 390, 1), (0, 575, 5),
)  # fmt: skip
_BRAZIL_STAR_DIAMETERS = {1: 3 / 10, 2: 1 / 4, 3: 1 / 5, 4: 1 / 7, 5: 1 / 10}  # in modules


def brazil(lettered: bool = True) -> Canvas:
    """14:20; law 5700 of 1971: rhombus 1.7 from the edges, disc of radius 3.5, its band between radii 8 and 8.5."""
    flag = Canvas(20, 14, "#009739")
    flag.polygon([(1.7, 7), (10, 1.7), (18.3, 7), (10, 12.3)], "#fedd00")
    flag.circle(10, 7, 3.5, "#012169")
    # The band's arcs are centred on the lower edge, two modules left of the middle; they end at the disc's rim.
    band = []
    for radius in (8.5, 8.0):
        turns = [math.radians(turn / 4) for turn in range(-4 * 30, 4 * 60)]  # right of the top
        line = [(8 + radius * math.sin(turn), 14 - radius * math.cos(turn)) for turn in turns]
        band.append([(x, y) for x, y in line if math.hypot(x - 10, y - 7) < 3.5])
    flag.polygon(band[0] + band[1][::-1], _WHITE)
    if lettered:
        emblems.arched_text(flag, "ORDEM E PROGRESSO", 8, 14, 8.25, -8, 34)
    for x, y, size in _BRAZIL_STARS:
        flag.star(10 + x / 210, 7 + y / 210, _BRAZIL_STAR_DIAMETERS[size] / 2, _WHITE)
    return flag


def brazil_without_letters() -> Canvas:
    """14:20; the band left blank, as in small artwork."""
    return brazil(lettered=False)


def canada(red: Colour = "#d80621") -> Canvas:
    """1:2; red, white, red upright in 1:2:1; a red maple leaf of eleven points."""
    flag = Canvas(9600, 4800)
    flag.vertical_stripes([red, _WHITE, red], [1, 2, 1])
    emblems.maple_leaf(flag, 4800, 2400, 1, red)
    return flag


def canada_bright() -> Canvas:
    """1:2; in the pure red usual on screen."""
    return canada("#ff0000")


def chile() -> Canvas:
    """2:3; white over red; a blue square at the upper hoist with a white star half as wide."""
    flag = Canvas(6, 4)
    flag.horizontal_stripes([_WHITE, "#d52b1e"])
    flag.rectangle(0, 0, 2, 2, "#0039a6")
    flag.star(1, 1, 0.5, _WHITE)
    return flag


def colombia() -> Canvas:
    """2:3; yellow, blue, red in 2:1:1."""
    flag = Canvas(6, 4)
    flag.horizontal_stripes(["#fcd116", "#003893", "#ce1126"], [2, 1, 1])
    return flag


def costa_rica() -> Canvas:
    """3:5; blue, white, red, white, blue in 1:1:2:1:1; the civil flag."""
    flag = Canvas(10, 6)
    flag.horizontal_stripes(["#002b7f", _WHITE, "#ce1126", _WHITE, "#002b7f"], [1, 1, 2, 1, 1])
    return flag


def costa_rica_state() -> Canvas:
    """3:5; the state flag: the arms on a white ellipse in the red band, towards the hoist."""
    flag = costa_rica()
    emblems.arms_of_costa_rica(flag, 3.4, 3, 1.9)
    return flag


def cuba() -> Canvas:
    """1:2; three blue and two white stripes; red equilateral triangle with a white star, a third of the hoist wide."""
    flag = Canvas(2, 1)
    flag.horizontal_stripes(["#002a8f", _WHITE, "#002a8f", _WHITE, "#002a8f"])
    flag.polygon([(0, 0), (math.sqrt(3) / 2, 0.5), (0, 1)], "#cb1515")
    flag.star(math.sqrt(3) / 6, 0.5, 1 / 6, _WHITE)
    return flag


def dominican_republic() -> Canvas:
    """2:3; a white cross between blue and red quarters, with the arms in the middle."""
    flag = dominican_republic_plain()
    emblems.arms_of_the_dominican_republic(flag, 7.5, 5, 1.8)
    return flag


def dominican_republic_plain() -> Canvas:
    """2:3; the civil ensign, without the arms."""
    flag = Canvas(15, 10)
    for x, y, colour in ((0, 0, "#002d62"), (8.5, 0, "#ce1126"), (0, 6, "#ce1126"), (8.5, 6, "#002d62")):
        flag.rectangle(x, y, 6.5, 4, colour)
    return flag


def jamaica() -> Canvas:
    """1:2; a gold saltire a sixth of the hoist wide; green above and below, black at hoist and fly."""
    flag = Canvas(12, 6, "#009b3a")
    flag.polygon([(0, 0), (6, 3), (0, 6)], _BLACK)
    flag.polygon([(12, 0), (6, 3), (12, 6)], _BLACK)
    flag.line([(-2, -1), (14, 7)], 1, "#fed100")
    flag.line([(-2, 7), (14, -1)], 1, "#fed100")
    return flag


def mexico(green: Colour = "#006341", red: Colour = "#c8102e") -> Canvas:
    """4:7; green, white, red upright; the arms, three quarters of the white band wide."""
    flag = Canvas(7, 4)
    flag.vertical_stripes([green, _WHITE, red])
    emblems.eagle_of_mexico(flag, 3.5, 2, 7 / 3 * 0.75 / 2)
    return flag


def mexico_bright() -> Canvas:
    """4:7; in the lighter shades usual on screen."""
    return mexico("#006847", "#ce1126")


def panama() -> Canvas:
    """2:3; quarters white with a blue star, red, blue, and white with a red star."""
    flag = Canvas(6, 4)
    flag.rectangle(3, 0, 3, 2, "#da121a")
    flag.rectangle(0, 2, 3, 2, "#072357")
    flag.star(1.5, 1, 0.56, "#072357")
    flag.star(4.5, 3, 0.56, "#da121a")
    return flag


def peru() -> Canvas:
    """2:3; red, white, red upright; the civil flag."""
    flag = Canvas(6, 4)
    flag.vertical_stripes(["#d91023", _WHITE, "#d91023"])
    return flag


def peru_state() -> Canvas:
    """2:3; the state flag: the arms between palm and laurel in the white band."""
    flag = peru()
    emblems.arms_of_peru(flag, 3, 2, 1.75)
    return flag


def trinidad_and_tobago() -> Canvas:
    """3:5; red; a black diagonal from the upper hoist, 2/15 of the length wide, edged white by 1/30."""
    flag = Canvas(60, 36, "#da1a35")
    # Widths across the band are 2, 8 and 2; along the upper and lower edge they come to 18.35 in all.
    total = (math.sqrt(15**2 + 4 * 612) - 15) / 2
    for inset, colour in ((0, _WHITE), (total / 6, _BLACK)):
        flag.polygon([(inset, 0), (total - inset, 0), (60 - inset, 36), (60 - total + inset, 36)], colour)
    return flag


def united_states(red: Colour = "#b31942", blue: Colour = "#0a3161") -> Canvas:
    """10:19; Executive Order 10834: thirteen stripes, canton 7/13 by 0.76 of the hoist, fifty stars."""
    flag = Canvas(1.9, 1)
    flag.horizontal_stripes([red, _WHITE] * 6 + [red])
    height, width = 7 / 13, 0.76
    flag.rectangle(0, 0, width, height, blue)
    for row in range(1, 10):
        for column in range(1, 12):
            if (row + column) % 2 == 0:
                flag.star(column * width / 12, row * height / 10, 0.0308, _WHITE)
    return flag


def united_states_screen() -> Canvas:
    """10:19; in the shades long usual on screen."""
    return united_states("#b22234", "#3c3b6e")


def uruguay(blue: Colour = "#0038a8") -> Canvas:
    """2:3; nine stripes, five white and four blue; a white square with the Sun of May at the upper hoist."""
    flag = Canvas(27, 18)
    flag.horizontal_stripes([_WHITE, blue] * 4 + [_WHITE])
    flag.rectangle(0, 0, 10, 10, _WHITE)
    emblems.sun_of_may(flag, 5, 5, 10 * 11 / 15 / 2 * 1.14, 16, 0.46, "#fcd116")
    return flag


def uruguay_dark() -> Canvas:
    """2:3; in the darker blue often seen."""
    return uruguay("#001489")


def venezuela() -> Canvas:
    """2:3; yellow, blue, red; an arc of eight white stars; the civil flag."""
    flag = Canvas(3, 2)
    flag.horizontal_stripes(["#fcd116", "#00247d", "#cf142b"])
    for turn in range(-70, 71, 20):
        t = math.radians(turn)
        flag.star(1.5 + 2 / 3 * math.sin(t), 1.46 - 2 / 3 * math.cos(t), 0.08, _WHITE, angle=turn)
    return flag


def venezuela_state() -> Canvas:
    """2:3; the state flag: the arms in the yellow at the upper hoist."""
    flag = venezuela()
    emblems.arms_of_venezuela(flag, 0.37, 0.34, 0.56)
    return flag


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Argentina": (argentina, argentina_plain),
    "Bahamas": (bahamas,),
    "Barbados": (barbados,),
    "Brazil": (brazil, brazil_without_letters),
    "Canada": (canada, canada_bright),
    "Chile": (chile,),
    "Colombia": (colombia,),
    "Costa Rica": (costa_rica, costa_rica_state),
    "Cuba": (cuba,),
    "Dominican Republic": (dominican_republic, dominican_republic_plain),
    "Jamaica": (jamaica,),
    "Mexico": (mexico, mexico_bright),
    "Panama": (panama,),
    "Peru": (peru, peru_state),
    "Trinidad and Tobago": (trinidad_and_tobago,),
    "United States": (united_states, united_states_screen),
    "Uruguay": (uruguay, uruguay_dark),
    "Venezuela": (venezuela, venezuela_state),
}

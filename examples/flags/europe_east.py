"""Flags of central, eastern and south-eastern Europe, with Cyprus and Georgia."""

from __future__ import annotations

from functools import partial

from examples.flags.canvas import Canvas, Colour
from examples.flags.europe_arms import (
    croatian_arms,
    cyprus_map,
    double_eagle,
    olive_branches,
    polish_arms,
    slovak_arms,
    slovene_arms,
)
from examples.flags.europe_parts import Flag, band_flags, bands

# Height, width, colours from the top. Second rows: shades or proportions that are also widely drawn.
_HORIZONTAL = {
    "Bulgaria": ((3, 5, "#ffffff #00966e #d62612"), (2, 3, "#ffffff #009b74 #d01c1f")),
    "Estonia": ((7, 11, "#0072ce #000000 #ffffff"), (7, 11, "#4891d9 #000000 #ffffff")),
    "Hungary": (
        (1, 2, "#ce2939 #ffffff #477050"),
        (2, 3, "#cd2a3e #ffffff #436f4d"),
        (2, 3, "#ce1126 #ffffff #008751"),
    ),
    "Lithuania": ((3, 5, "#fdb913 #006a44 #c1272d"), (3, 5, "#ffb81c #046a38 #be3a34")),
    "Russia": ((2, 3, "#ffffff #0039a6 #d52b1e"), (2, 3, "#ffffff #1c3578 #e4181c")),
    "Ukraine": ((2, 3, "#0057b7 #ffd700"), (2, 3, "#005bbb #ffd500")),
}

# Height, width, colours from the hoist.
_VERTICAL = {
    "Romania": ((2, 3, "#002b7f #fcd116 #ce1126"),),
}


def albania(red: Colour) -> Canvas:
    """5:7; black two-headed eagle in the middle of a red field."""
    flag = Canvas(7, 5, red)
    flag.place(double_eagle(), 3.5 - 1.51, 0.75, 3.02, 3.5)
    return flag


def croatia(crown: bool = True) -> Canvas:
    """1:2; red, white, blue; arms in the middle, the crown reaching into the red band (1990)."""
    red = "#ff0000"
    flag = bands(6, 12, f"{red} #ffffff #171796")
    flag.place(croatian_arms(red, crown), 6 - 1.08, 1.1, 2.16, 3.24)
    return flag


def cyprus(copper: Colour, green: Colour) -> Canvas:
    """2:3; copper-coloured island above two crossed olive branches (2006 shades)."""
    flag = Canvas(30, 20)
    flag.place(cyprus_map(copper), 6.8, 2.9, 16.6, 9.8)
    flag.place(olive_branches(green), 8.6, 12, 12.8, 5.8)
    return flag


def czechia(blue: Colour, red: Colour) -> Canvas:
    """2:3; white over red, blue wedge from the hoist to the middle (1920)."""
    flag = Canvas(6, 4)
    flag.rectangle(0, 2, 6, 2, red)
    flag.polygon([(0, 0), (3, 2), (0, 4)], blue)
    return flag


def georgia(red: Colour) -> Canvas:
    """2:3; Saint George's cross, a fifth of the height wide, and a Bolnisi cross in each quarter (2004)."""
    flag = Canvas(300, 200)
    flag.rectangle(130, 0, 40, 200, red)
    flag.rectangle(0, 80, 300, 40, red)
    narrow, wide, reach = 3.6, 7.6, 21.5  # half-widths of an arm at the middle and at its end; its length
    for x, y in ((65, 40), (235, 40), (65, 160), (235, 160)):
        upright = [(-narrow, 0), (-wide, -reach), (0, -reach + 2.2), (wide, -reach), (narrow, 0)]
        upright += [(-px, -py) for px, py in upright]
        flag.polygon([(x + px, y + py) for px, py in upright], red)
        flag.polygon([(x + py, y + px) for px, py in upright], red)
    return flag


def greece(blue: Colour) -> Canvas:
    """2:3; nine stripes, blue first; blue canton five stripes high with a cross one stripe wide (1978)."""
    flag = Canvas(27, 18)
    flag.horizontal_stripes([blue if row % 2 == 0 else "#ffffff" for row in range(9)])
    flag.rectangle(0, 0, 10, 10, blue)
    flag.rectangle(4, 0, 2, 10, "#ffffff")
    flag.rectangle(0, 4, 10, 2, "#ffffff")
    return flag


def north_macedonia(red: Colour, gold: Colour) -> Canvas:
    """1:2; sun with eight rays that widen to the edges (1995)."""
    flag = Canvas(280, 140, red)
    x, y = 140.0, 70.0
    for side in (-1, 1):
        flag.polygon([(x, y), (x + side * 140, y - 14), (x + side * 140, y + 14)], gold)
        flag.polygon([(x, y + side * 10), (x - 11.7, y + side * 70), (x + 11.7, y + side * 70)], gold)
        for end in (-1, 1):
            corner, along = (x + side * 140, y + end * 70), (x + side * 98, y + end * 70)
            flag.polygon([(x, y), corner, along, (x, y + end * 2.5)], gold)
    flag.circle(x, y, 25, red)
    flag.circle(x, y, 20, gold)
    return flag


def poland_state() -> Canvas:
    """5:8; the plain flag with the arms in the white band, used abroad and at sea."""
    flag = bands(5, 8, "#ffffff #dc143c")
    flag.place(polish_arms("#dc143c"), 4 - 0.85, 0.25, 1.7, 2)
    return flag


def slovakia() -> Canvas:
    """2:3; white, blue, red; shield about half as high, as far from the hoist as from top and foot (1992)."""
    red, blue = "#ee1c25", "#0b4ea2"
    flag = bands(4, 6, f"#ffffff {blue} {red}")
    flag.place(slovak_arms(red, blue), 1.06, 0.91, 1.74, 2.18)
    return flag


def slovenia(height: float, width: float, blue: Colour, red: Colour) -> Canvas:
    """1:2, often drawn 2:3; white, blue, red; shield across the first border, towards the hoist (1991)."""
    flag = bands(height, width, f"#ffffff {blue} {red}")
    size = height / 3
    flag.place(slovene_arms(red, blue), width / 4 - size * 0.4, height / 3 - size / 2, size * 0.8, size)
    return flag


FLAGS: dict[str, tuple[Flag, ...]] = {
    **band_flags(_HORIZONTAL),
    **band_flags(_VERTICAL, upright=True),
    "Albania": (partial(albania, "#e41e20"), partial(albania, "#ff0000")),
    "Croatia": (croatia, partial(croatia, crown=False)),
    "Cyprus": (partial(cyprus, "#d57800", "#4e5b31"), partial(cyprus, "#d47600", "#006651")),
    "Czechia": (partial(czechia, "#11457e", "#d7141a"),),
    "Georgia": (partial(georgia, "#ff0000"), partial(georgia, "#da291c")),
    "Greece": (partial(greece, "#0d5eaf"), partial(greece, "#004c98")),
    "North Macedonia": (partial(north_macedonia, "#d20000", "#ffe600"), partial(north_macedonia, "#ce2028", "#f9d616")),
    "Poland": (
        partial(bands, 5, 8, "#ffffff #dc143c"),
        partial(bands, 5, 8, "#ffffff #d4213d"),
        poland_state,
    ),
    "Slovakia": (slovakia,),
    "Slovenia": (
        partial(slovenia, 1, 2, "#005da4", "#ed1c24"),
        partial(slovenia, 2, 3, "#005ce5", "#ff0000"),
    ),
}

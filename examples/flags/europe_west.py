"""Flags of northern, western and southern Europe."""

from __future__ import annotations

from functools import partial

from examples.flags.canvas import Canvas, Colour, Point
from examples.flags.europe_arms import (
    austrian_arms,
    portuguese_arms,
    portuguese_arms_plain,
    spanish_arms,
    spanish_arms_plain,
)
from examples.flags.europe_parts import Flag, band_flags, bands, box, clip

# Height, width, colours from the top. Second rows: shades or proportions that are also widely drawn.
_HORIZONTAL = {
    "Germany": ((3, 5, "#000000 #dd0000 #ffce00"), (2, 3, "#000000 #ff0000 #ffcc00")),
    "Netherlands": ((2, 3, "#ae1c28 #ffffff #21468b"), (2, 3, "#c8102e #ffffff #003da5")),
}

# Height, width, colours from the hoist.
_VERTICAL = {
    # France: the navy blue of 1976 came back to the state's own flags in 2020; the lighter one is still common.
    "France": (
        (2, 3, "#000091 #ffffff #e1000f"),
        (2, 3, "#0055a4 #ffffff #ef4135"),
        (2, 3, "#002654 #ffffff #ce1126"),
    ),
    "Belgium": ((13, 15, "#000000 #fdda24 #ef3340"), (2, 3, "#000000 #fae042 #ed2939")),
    "Ireland": ((1, 2, "#169b62 #ffffff #ff883e"), (2, 3, "#009a44 #ffffff #ff8200")),
    "Italy": ((2, 3, "#008c45 #f4f9ff #cd212a"), (2, 3, "#009246 #ffffff #ce2b37")),
}

# Widths along the length, widths along the height, ground, then the cross from the outside in.
_NORDIC = {
    "Denmark": (
        ((12, 4, 21), (12, 4, 12), "#c8102e", ("#ffffff",)),
        ((12, 4, 21), (12, 4, 12), "#d00c33", ("#ffffff",)),
    ),
    "Finland": (
        ((5, 3, 10), (4, 3, 4), "#ffffff", ("#002f6c",)),
        ((5, 3, 10), (4, 3, 4), "#ffffff", ("#003580",)),
    ),
    "Iceland": (
        ((7, 1, 2, 1, 14), (7, 1, 2, 1, 7), "#02529c", ("#ffffff", "#dc1e35")),
        ((7, 1, 2, 1, 14), (7, 1, 2, 1, 7), "#003897", ("#ffffff", "#d72828")),
    ),
    "Norway": (
        ((6, 1, 2, 1, 12), (6, 1, 2, 1, 6), "#ba0c2f", ("#ffffff", "#00205b")),
        ((6, 1, 2, 1, 12), (6, 1, 2, 1, 6), "#ef2b2d", ("#ffffff", "#002868")),
    ),
    "Sweden": (
        ((5, 2, 9), (4, 2, 4), "#006aa7", ("#fecc00",)),
        ((5, 2, 9), (4, 2, 4), "#005293", ("#ffcd00",)),
    ),
}


def nordic_cross(
    across: tuple[float, ...], down: tuple[float, ...], ground: Colour, cross: tuple[Colour, ...]
) -> Canvas:
    """Draw a cross shifted to the hoist; with two colours, the first one edges the second."""
    flag = Canvas(sum(across), sum(down), ground)
    for layer, colour in enumerate(cross, start=1):
        x, y = sum(across[:layer]), sum(down[:layer])
        flag.rectangle(x, 0, sum(across[layer:-layer]), flag.height, colour)
        flag.rectangle(0, y, flag.width, sum(down[layer:-layer]), colour)
    return flag


def austria_state() -> Canvas:
    """2:3; the civil flag with the federal eagle in the middle, reaching into both red bands."""
    flag = bands(2, 3, "#c8102e #ffffff #c8102e")
    flag.place(austrian_arms("#c8102e"), 0.95, 0.45, 1.1, 1.1)
    return flag


def _spain() -> Canvas:
    flag = Canvas(6, 4)
    flag.horizontal_stripes(["#aa151b", "#f1bf00", "#aa151b"], [1, 2, 1])
    return flag


def spain() -> Canvas:
    """2:3; red, yellow, red as 1:2:1; arms 2/5 of the height, half the height from the hoist (1981)."""
    flag = _spain()
    flag.place(spanish_arms(), 2 - 0.84, 1.16, 1.68, 1.68)
    return flag


def spain_plain_arms() -> Canvas:
    """The same with the arms as small images show them."""
    flag = _spain()
    flag.place(spanish_arms_plain(), 2 - 0.8, 1.2, 1.6, 1.6)
    return flag


def spain_civil() -> Canvas:
    """The same without arms."""
    return _spain()


def portugal(green: Colour, red: Colour, gold: Colour) -> Canvas:
    """2:3; green to red as 2:3; armillary sphere half as high as the flag on the border (1911)."""
    flag = Canvas(30, 20, red)
    flag.rectangle(0, 0, 12, 20, green)
    flag.place(portuguese_arms(gold, red), 7, 5, 10, 10)
    return flag


def portugal_plain_arms() -> Canvas:
    """The same with the arms as small images show them."""
    flag = Canvas(30, 20, "#ff0000")
    flag.rectangle(0, 0, 12, 20, "#006600")
    flag.place(portuguese_arms_plain("#ffe000", "#ff0000"), 7, 5, 10, 10)
    return flag


def switzerland(red: Colour) -> Canvas:
    """1:1; upright cross, arms a sixth longer than wide (1889); arms of 6 and 7 in a field of 32."""
    flag = Canvas(32, 32, red)
    flag.rectangle(6, 13, 20, 6, "#ffffff")
    flag.rectangle(13, 6, 6, 20, "#ffffff")
    return flag


def switzerland_ensign() -> Canvas:
    """2:3, as at sea and in sets of images that share one shape; cross 5/8 of the height."""
    flag = Canvas(48, 32, "#ff0000")
    flag.rectangle(14, 13, 20, 6, "#ffffff")
    flag.rectangle(21, 6, 6, 20, "#ffffff")
    return flag


def union_jack(blue: Colour = "#012169", red: Colour = "#c8102e") -> Canvas:
    """1:2; 30 by 60: saltire 6 with red counterchanged 2, cross 6 edged with 2 on each side."""
    flag = Canvas(60, 30, blue)
    field = box(0, 0, 60, 30)

    def diagonal(x: float, y: float, near: float, far: float) -> list[Point]:
        """Return a strip from the middle past the corner (x, y), between two offsets to its right."""
        dx, dy = x - 30, y - 15
        length = (dx**2 + dy**2) ** 0.5
        nx, ny = -dy / length, dx / length
        ends = ((30, 15), (30 + 1.5 * dx, 15 + 1.5 * dy))
        corners = [(px + nx * near, py + ny * near) for px, py in ends]
        return clip(corners + [(px + nx * far, py + ny * far) for px, py in reversed(ends)], field)

    corners = ((0, 0), (60, 0), (60, 30), (0, 30))
    for corner in corners:
        flag.polygon(diagonal(*corner, -3, 3), "#ffffff")
    for corner in corners:  # the red keeps to the left-hand side, looking from the middle: the broad white leads
        flag.polygon(diagonal(*corner, -2, 0), red)
    for colour, width in (("#ffffff", 10), (red, 6)):
        flag.rectangle(30 - width / 2, 0, width, 30, colour)
        flag.rectangle(0, 15 - width / 2, 60, width, colour)
    return flag


def union_jack_on_land() -> Canvas:
    """3:5, the shape used by the army and in many images."""
    flag = Canvas(5, 3)
    flag.place(union_jack("#00247d", "#cf142b"), 0, 0, 5, 3)
    return flag


FLAGS: dict[str, tuple[Flag, ...]] = {
    **band_flags(_HORIZONTAL),
    **band_flags(_VERTICAL, upright=True),
    **{label: tuple(partial(nordic_cross, *row) for row in rows) for label, rows in _NORDIC.items()},
    "Austria": (
        partial(bands, 2, 3, "#c8102e #ffffff #c8102e"),
        partial(bands, 2, 3, "#ed2939 #ffffff #ed2939"),
        austria_state,
    ),
    "Portugal": (
        partial(portugal, "#006600", "#ff0000", "#ffff00"),
        partial(portugal, "#046a38", "#da291c", "#ffe900"),
        portugal_plain_arms,
    ),
    "Spain": (spain, spain_plain_arms, spain_civil),
    "Switzerland": (partial(switzerland, "#da291c"), partial(switzerland, "#ff0000"), switzerland_ensign),
    "United Kingdom": (union_jack, union_jack_on_land),
}

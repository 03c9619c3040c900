"""The flags of Oceania."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from examples.flags.canvas import Canvas, Colour, Point, curve
from examples.flags.europe_west import union_jack

# Southern Cross on the fly half of a 60 x 30 flag, from the construction sheets: (x, y, points).
_AUSTRALIAN_STARS = ((45.0, 25.0), (45.0, 5.0), (37.5, 13.125), (51.67, 11.0))
_NEW_ZEALAND_STARS = ((45.0, 6.5, 1.25), (45.0, 23.5, 1.5), (38.6, 13.4, 1.25), (51.0, 12.1, 1.1))


def australia(blue: Colour = "#012169", red: Colour = "#e4002b") -> Canvas:
    """1:2; Union Jack in the canton, the seven-pointed Commonwealth Star under it, the Southern Cross in the fly."""
    flag = Canvas(60, 30, blue)
    flag.place(union_jack(blue, red), 0, 0, 30, 15)
    flag.star(15, 22.5, 4.5, "#ffffff", points=7, inner=2.0)
    for x, y in _AUSTRALIAN_STARS:
        flag.star(x, y, 30 / 14, "#ffffff", points=7, inner=30 / 14 * 4 / 9)
    flag.star(48, 16.25, 30 / 24, "#ffffff", points=5, inner=30 / 24 * 4 / 9)
    return flag


def new_zealand(blue: Colour = "#012169", red: Colour = "#c8102e") -> Canvas:
    """1:2; Union Jack in the canton, four red stars edged with white in the fly."""
    flag = Canvas(60, 30, blue)
    flag.place(union_jack(blue, red), 0, 0, 30, 15)
    for x, y, size in _NEW_ZEALAND_STARS:
        flag.star(x, y, size * 1.95, "#ffffff")
        flag.star(x, y, size * 1.35, red)
    return flag


def papua_new_guinea() -> Canvas:
    """3:4; red over black along the falling diagonal, bird of paradise above, Southern Cross below."""
    flag = Canvas(40, 30, "#000000")
    flag.polygon([(0, 0), (40, 0), (40, 30)], "#ce1126")
    for x, y, radius in (
        (9.9, 13.0, 1.55),
        (9.9, 26.0, 1.55),
        (5.1, 18.8, 1.55),
        (14.8, 17.9, 1.55),
        (12.5, 21.6, 1.0),
    ):
        flag.star(x, y, radius, "#ffffff")
    _bird_of_paradise(flag)
    return flag


def _bird_of_paradise(flag: Canvas) -> None:
    """Draw the soaring bird in the upper fly: raised wings, head to the hoist, long curled tail plumes."""
    gold = "#fcd116"
    body: list[Point] = [
        *curve((23.2, 9.6), (24.6, 8.6), (25.8, 9.4)),
        *curve((25.8, 9.4), (26.0, 6.0), (24.2, 3.4)),  # front of the near wing
        *curve((25.4, 3.6), (27.6, 5.4), (28.2, 8.2)),
        *curve((28.2, 8.2), (30.4, 4.8), (33.6, 3.8)),  # far wing
        *curve((33.8, 5.0), (31.6, 8.4), (29.6, 10.2)),
        *curve((29.6, 10.2), (33.8, 10.0), (36.6, 12.8)),  # upper tail plume
        *curve((33.4, 12.0), (31.2, 12.4), (29.8, 12.4)),
        *curve((29.8, 12.4), (33.4, 14.0), (34.8, 17.4)),  # lower tail plume
        *curve((32.2, 15.4), (29.6, 14.0), (27.6, 13.4)),
        *curve((27.6, 13.4), (25.4, 13.0), (24.4, 10.8)),
    ]
    flag.polygon(body, gold)
    flag.line(curve((28.6, 13.2), (29.8, 18.0), (33.6, 18.6), (33.0, 16.6)), 0.35, gold)
    flag.line(curve((30.6, 11.4), (36.4, 9.0), (38.4, 13.4), (36.4, 14.4)), 0.35, gold)


FLAGS: dict[str, tuple[Callable[[], Canvas], ...]] = {
    "Australia": (australia, partial(australia, "#00008b", "#ff0000")),
    "New Zealand": (new_zealand, partial(new_zealand, "#00247d", "#cc142b")),
    "Papua New Guinea": (papua_new_guinea,),
}

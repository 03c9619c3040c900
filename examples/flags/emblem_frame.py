"""Draw an emblem in a frame of its own: an origin, a unit and a turn, laid on a flag's canvas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from examples.flags.canvas import Canvas, Colour, Point, arc, star_points


class Frame:
    """A place on a flag with its own coordinates.

    Emblems are drawn around (0, 0), y down, and mostly symmetric about x = 0: every shape can be
    drawn a second time as its mirror image with `both`.

    Args:
        canvas: The flag drawn on.
        x: Where the origin lies, from the hoist.
        y: Where the origin lies, from the top.
        unit: Length of one unit of the frame in the flag's own units.
        turn: Clockwise turn of the frame in degrees.
    """

    def __init__(self, canvas: Canvas, x: float, y: float, unit: float, turn: float = 0) -> None:
        self._canvas = canvas
        self._origin = (x, y)
        self._unit = unit
        self._cos, self._sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def _point(self, point: Point) -> Point:
        x, y = point[0] * self._unit, point[1] * self._unit
        return self._origin[0] + x * self._cos - y * self._sin, self._origin[1] + x * self._sin + y * self._cos

    def polygon(self, points: Iterable[Point], colour: Colour, both: bool = False) -> None:
        """Fill the closed polygon through `points`."""
        points = list(points)
        self._canvas.polygon([self._point(point) for point in points], colour)
        if both:
            self._canvas.polygon([self._point((-x, y)) for x, y in points], colour)

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour, both: bool = False) -> None:
        """Fill the rectangle whose top left corner is (x, y)."""
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour, both)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0, both: bool = False
    ) -> None:
        """Fill an ellipse centred on (x, y), turned clockwise by `angle` degrees."""
        self.polygon(arc(x, y, rx, 0, 360, ry=ry, angle=angle), colour, both)

    def circle(self, x: float, y: float, radius: float, colour: Colour, both: bool = False) -> None:
        """Fill a circle centred on (x, y)."""
        self.ellipse(x, y, radius, radius, colour, both=both)

    def line(self, points: Sequence[Point], thickness: float, colour: Colour, both: bool = False) -> None:
        """Stroke straight pieces through `points`."""
        self._canvas.line([self._point(point) for point in points], thickness * self._unit, colour)
        if both:
            self._canvas.line([self._point((-x, y)) for x, y in points], thickness * self._unit, colour)

    def star(self, x: float, y: float, radius: float, colour: Colour, points: int = 5, angle: float = 0) -> None:
        """Fill a star centred on (x, y)."""
        self.polygon(star_points(x, y, radius, points, angle=angle), colour)

    def branch(
        self, path: Sequence[Point], colour: Colour, leaf: float, count: int = 7, spread: float = 32, both: bool = False
    ) -> None:
        """Draw a twig along `path` with pairs of leaves of length `leaf`, `spread` degrees off the twig."""
        self.line(path, leaf * 0.16, colour, both)
        for i in range(count):
            at = (i + 0.5) / count * (len(path) - 1)
            start, end = path[int(at)], path[int(at) + 1]
            part = at - int(at)
            x, y = start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])
            along = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
            for angle in (along - spread, along + spread):
                dx, dy = math.cos(math.radians(angle)) * leaf / 2, math.sin(math.radians(angle)) * leaf / 2
                self.ellipse(x + dx, y + dy, leaf / 2, leaf * 0.2, colour, angle, both)

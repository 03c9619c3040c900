"""Draw a flag from its construction sheet: rectangles, polygons, circles and stars in the flag's own units."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

Point = tuple[float, float]
Colour = str  # "#rrggbb", as flag laws and construction sheets give it

_SUPERSAMPLING = 4  # drawn this much larger, then averaged down: the edges come out smooth
_SUBPIXEL_BITS = 4  # OpenCV's fixed-point coordinates


class Canvas:
    """A flag being drawn.

    Coordinates are in the flag's own units, x to the right from the hoist and y down from the
    top, so that the numbers of a construction sheet can be used as they stand.

    Args:
        width: Length of the flag in its own units, e.g. 3.
        height: Height of the flag in the same units, e.g. 2.
        ground: Colour that fills the flag at the start.
    """

    def __init__(self, width: float, height: float, ground: Colour = "#ffffff") -> None:
        self.width = float(width)
        self.height = float(height)
        self._shapes: list[tuple[list[np.ndarray], Colour]] = []
        self._outline: np.ndarray | None = None
        self.rectangle(0, 0, width, height, ground)

    # Shapes ---------------------------------------------------------------------------------

    def polygon(self, points: Iterable[Point], colour: Colour) -> None:
        """Fill the closed polygon through `points`, in drawing order."""
        self._shapes.append(([np.asarray(list(points), np.float64)], colour))

    def ring(self, outer: Iterable[Point], inner: Iterable[Point], colour: Colour) -> None:
        """Fill the area between two closed polygons (even-odd rule)."""
        contours = [np.asarray(list(line), np.float64) for line in (outer, inner)]
        self._shapes.append((contours, colour))

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill the rectangle whose top left corner is (x, y)."""
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour)

    def line(self, points: Sequence[Point], thickness: float, colour: Colour) -> None:
        """Stroke straight pieces through `points` with round joints."""
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1)
            if length:
                nx, ny = (y1 - y2) / length * thickness / 2, (x2 - x1) / length * thickness / 2
                self.polygon([(x1 + nx, y1 + ny), (x2 + nx, y2 + ny), (x2 - nx, y2 - ny), (x1 - nx, y1 - ny)], colour)
        for x, y in points[1:-1]:
            self.circle(x, y, thickness / 2, colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0) -> None:
        """Fill an ellipse centred on (x, y), turned clockwise by `angle` degrees."""
        self.polygon(arc(x, y, rx, 0, 360, ry=ry, angle=angle), colour)

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle centred on (x, y)."""
        self.ellipse(x, y, radius, radius, colour)

    def annulus(self, x: float, y: float, outer: float, inner: float, colour: Colour) -> None:
        """Fill the ring between two circles centred on (x, y)."""
        self.ring(arc(x, y, outer, 0, 360), arc(x, y, inner, 0, 360), colour)

    def crescent(
        self, x: float, y: float, radius: float, cut_x: float, cut_y: float, cut_radius: float, colour: Colour
    ) -> None:
        """Fill the part of one circle that lies outside a second one (which crosses it)."""
        distance = math.hypot(cut_x - x, cut_y - y)
        towards = math.degrees(math.atan2(cut_y - y, cut_x - x))
        along = (distance**2 + radius**2 - cut_radius**2) / (2 * distance)
        half = math.degrees(math.acos(along / radius))
        half_cut = math.degrees(math.acos((along - distance) / cut_radius))
        outside = arc(x, y, radius, towards + half, towards + 360 - half)
        inside = arc(cut_x, cut_y, cut_radius, towards - half_cut, towards - 360 + half_cut)
        self.polygon(outside + inside, colour)

    def star(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        points: int = 5,
        inner: float | None = None,
        angle: float = 0,
    ) -> None:
        """Fill a star centred on (x, y).

        Args:
            x: Centre, from the hoist.
            y: Centre, from the top.
            radius: Distance of the tips from the centre.
            colour: Fill colour.
            points: Number of tips.
            inner: Distance of the inner corners; the regular pentagram's for five points, half
                the radius otherwise, when not given.
            angle: Clockwise turn in degrees; at 0 one tip points up.
        """
        self.polygon(star_points(x, y, radius, points, inner, angle), colour)

    # Whole-flag patterns --------------------------------------------------------------------

    def horizontal_stripes(self, colours: Sequence[Colour], weights: Sequence[float] | None = None) -> None:
        """Divide the whole flag into horizontal bands, from the top, equal unless weighted."""
        weights = weights or [1] * len(colours)
        y = 0.0
        for colour, weight in zip(colours, weights, strict=True):
            band = self.height * weight / sum(weights)
            self.rectangle(0, y, self.width, band, colour)
            y += band

    def vertical_stripes(self, colours: Sequence[Colour], weights: Sequence[float] | None = None) -> None:
        """Divide the whole flag into vertical bands, from the hoist, equal unless weighted."""
        weights = weights or [1] * len(colours)
        x = 0.0
        for colour, weight in zip(colours, weights, strict=True):
            band = self.width * weight / sum(weights)
            self.rectangle(x, 0, band, self.height, colour)
            x += band

    def place(self, other: Canvas, x: float, y: float, width: float, height: float) -> None:
        """Copy another drawing, stretched into the given rectangle (a canton, for example)."""
        scale = np.array([width / other.width, height / other.height])
        for contours, colour in other._shapes:
            self._shapes.append(([contour * scale + (x, y) for contour in contours], colour))

    def cut(self, outline: Iterable[Point]) -> None:
        """Make everything outside `outline` transparent (Nepal's flag is not a rectangle)."""
        self._outline = np.asarray(list(outline), np.float64)

    # Result ---------------------------------------------------------------------------------

    def render(self, height: int = 480) -> np.ndarray:
        """Paint the flag.

        Args:
            height: Height of the image in pixels; the width follows from the proportions.

        Returns:
            The image, (height, width, 4), uint8 RGBA.
        """
        width = round(height * self.width / self.height)
        large = (height * _SUPERSAMPLING, width * _SUPERSAMPLING)
        scale = np.array([large[1] / self.width, large[0] / self.height]) * (1 << _SUBPIXEL_BITS)

        def paint(target: np.ndarray, contours: list[np.ndarray], value: Sequence[int]) -> None:
            # Pixel centres lie at half coordinates, hence the shift by half a pixel.
            fixed = [np.round(contour * scale - (1 << _SUBPIXEL_BITS) / 2).astype(np.int32) for contour in contours]
            cv2.fillPoly(target, fixed, value, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)

        image = np.zeros((*large, 4), np.uint8)
        for contours, colour in self._shapes:
            paint(image, contours, (*parse_colour(colour), 255))
        if self._outline is not None:
            mask = np.zeros(large, np.uint8)
            paint(mask, [self._outline], (255,))
            image[..., 3] = mask
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def parse_colour(colour: Colour) -> tuple[int, int, int]:
    """Return "#rrggbb" as red, green and blue, each 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def arc(
    x: float, y: float, radius: float, start: float, end: float, ry: float | None = None, angle: float = 0
) -> list[Point]:
    """Return points along an arc, degrees clockwise from three o'clock; `angle` turns an ellipse."""
    ry = radius if ry is None else ry
    turn = math.radians(angle)
    steps = max(2, int(abs(end - start) / 4) + 1)
    points = []
    for t in np.linspace(math.radians(start), math.radians(end), steps):
        dx, dy = radius * math.cos(t), ry * math.sin(t)
        points.append((x + dx * math.cos(turn) - dy * math.sin(turn), y + dx * math.sin(turn) + dy * math.cos(turn)))
    return points


def curve(*controls: Point, steps: int = 16) -> list[Point]:
    """Return points along the Bézier curve with these control points (2, 3 or 4 of them)."""
    t = np.linspace(0, 1, steps)[:, None]
    level = [np.tile(np.asarray(point, np.float64), (steps, 1)) for point in controls]
    while len(level) > 1:  # de Casteljau
        level = [(1 - t) * a + t * b for a, b in itertools.pairwise(level)]
    return [(float(px), float(py)) for px, py in level[0]]


def star_points(
    x: float, y: float, radius: float, points: int = 5, inner: float | None = None, angle: float = 0
) -> list[Point]:
    """Return the corners of a star; the arguments are those of `Canvas.star`."""
    if inner is None:
        inner = radius * 0.381966 if points == 5 else radius / 2  # 0.381966: inner radius of the pentagram
    corners = []
    for i in range(2 * points):
        t = math.radians(angle - 90 + i * 180 / points)
        r = inner if i % 2 else radius
        corners.append((x + r * math.cos(t), y + r * math.sin(t)))
    return corners

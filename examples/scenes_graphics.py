"""Images that never were photographs: posters, charts, screens, codes, pages, maps and every drawing."""

from __future__ import annotations

import cv2
import numpy as np

from examples import scenes_drawings, textures
from examples.noise import CLOUDY, Size, fractal
from examples.paint import colour, ellipse_points, near, outline, plain, stamp, to_bytes, word, write
from examples.scenes_drawings import INK, anywhere, paper


def graphic(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Return a random graphic, RGB uint8."""
    kinds = (
        poster,
        chart,
        screen,
        code,
        scenes_drawings.logo,
        scenes_drawings.drawing,
        scenes_drawings.abstract,
        text_page,
        colour_chart,
        scenes_drawings.icon,
        scenes_drawings.cartoon,
        map_like,
        scenes_drawings.mosaic,
    )
    weights = np.array([3, 1.5, 1.5, 0.6, 2.5, 1.5, 2, 1.2, 0.8, 1.5, 2, 1, 1])
    return to_bytes(kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))](rng, size))


def poster(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Blocks of colour, an image-like area and words."""
    height, width = size
    image = textures.material(rng, size) if rng.random() < 0.4 else paper(rng, size)
    for _ in range(int(rng.integers(1, 6))):
        kind = str(rng.choice(["box", "ellipse", "polygon", "blob"], p=[0.5, 0.2, 0.15, 0.15]))
        fill = textures.material(rng, size) if rng.random() < 0.4 else colour(rng)
        stamp(
            image,
            outline(rng, *anywhere(rng, size), rng.uniform(0.1, 0.5) * width, kind),
            fill,
            rng,
            float(rng.choice([0, 0, 0.5])),
        )
    ink = colour(rng)
    for _ in range(int(rng.integers(1, 7))):
        write(
            image,
            word(rng),
            rng.uniform(0, 0.6) * width,
            rng.uniform(0, 0.9) * height,
            height * rng.uniform(0.04, 0.25),
            ink,
        )
    return image


def chart(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Bars, lines, a pie or points, with axes."""
    height, width = size
    image = plain(
        size, near(rng, np.full(3, 250, np.float32), 5) if rng.random() < 0.75 else np.full(3, 30, np.float32)
    )
    palette = [colour(rng, vivid=rng.uniform(0.4, 0.9)) for _ in range(6)]
    left, base = 0.12 * width, 0.88 * height
    kind = rng.choice(["bars", "lines", "pie", "points"])
    if kind == "pie":
        radius, start = 0.36 * min(size), rng.uniform(0, 6.3)
        for share, fill in zip(rng.dirichlet(np.full(6, 2.0)), palette, strict=True):
            t = np.linspace(start, start + share * 2 * np.pi, 30)
            wedge = np.stack([width / 2 + radius * np.cos(t), height / 2 + radius * np.sin(t)], -1)
            stamp(image, np.concatenate([[[width / 2, height / 2]], wedge]), fill)
            start += share * 2 * np.pi
        return image
    for k in range(6):
        y = int(base - k * 0.15 * height)
        cv2.line(image, (int(left), y), (int(0.95 * width), y), (190, 190, 190) if k else (60, 60, 60), 1)
        write(image, str(k * 10), 0.03 * width, y - height * 0.03, height * 0.05, INK * 3)
    count = int(rng.integers(4, 16))
    xs = np.linspace(left + 5, 0.93 * width, count)
    for series in range(int(rng.integers(1, 4))):
        ys = base - height * np.clip(rng.uniform(0.1, 0.6) + 0.1 * np.cumsum(rng.normal(0, 1, count)), 0.02, 0.8)
        fill = palette[series]
        if kind == "bars":
            wide = (xs[1] - xs[0]) * 0.24
            for x, y in zip(xs, ys, strict=True):
                stamp(
                    image,
                    np.array(
                        [
                            [x + series * wide, y],
                            [x + (series + 1) * wide, y],
                            [x + (series + 1) * wide, base],
                            [x + series * wide, base],
                        ]
                    ),
                    fill,
                )
        elif kind == "lines":
            cv2.polylines(image, [np.stack([xs, ys], -1).astype(np.int32)], False, fill.tolist(), 2, cv2.LINE_AA)
        else:
            for _ in range(60):
                stamp(
                    image,
                    ellipse_points(rng.uniform(left, 0.95 * width), base - rng.beta(2, 3) * 0.8 * height, 2, 2),
                    fill,
                )
    return image


def screen(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Something like a program's window or a web page."""
    height, width = size
    dark = rng.random() < 0.3
    image = plain(size, np.full(3, 32 if dark else 246, np.float32))
    accent = colour(rng, vivid=0.7)
    bar = height * rng.uniform(0.06, 0.14)
    stamp(image, np.array([[0, 0], [width, 0], [width, bar], [0, bar]]), accent)
    side = width * float(rng.choice([0, 0.2, 0.28]))
    stamp(
        image,
        np.array([[0, bar], [side, bar], [side, height], [0, height]]),
        np.full(3, 50 if dark else 225, np.float32),
    )
    ink = np.full(3, 215 if dark else 60, np.float32)
    y = bar * 1.5
    while y < height:
        if rng.random() < 0.2:
            high = height * rng.uniform(0.1, 0.3)
            right = rng.uniform(side + 0.2 * width, width)
            box = np.array([[side + 6, y], [right, y], [right, y + high], [side + 6, y + high]])
            stamp(image, box, textures.material(rng, size) if rng.random() < 0.6 else colour(rng))
            y += high
        else:
            write(image, " ".join(word(rng) for _ in range(int(rng.integers(1, 5)))), side + 8, y, height * 0.045, ink)
        y += height * 0.07
    return image


def code(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Square codes, bar codes, crosswords, pixel noise."""
    height, width = size
    cells = int(rng.integers(12, 36))
    grid = (rng.random((cells, cells)) < 0.5).astype(np.float32)
    if rng.random() < 0.25:
        grid[:] = grid[0]
    else:
        for y, x in ((0, 0), (0, cells - 7), (cells - 7, 0)):
            grid[y : y + 7, x : x + 7] = 1
            grid[y + 1 : y + 6, x + 1 : x + 6] = 0
            grid[y + 2 : y + 5, x + 2 : x + 5] = 1
    side = int(min(size) * rng.uniform(0.5, 1))
    block = cv2.resize(grid, (side, side), interpolation=cv2.INTER_NEAREST)
    image = plain(size, np.full(3, 250, np.float32))
    y, x = (height - side) // 2, (width - side) // 2
    ink = INK if rng.random() < 0.7 else colour(rng) * 0.6
    image[y : y + side, x : x + side] += (ink - image[y : y + side, x : x + side]) * block[..., None]
    return image


def text_page(rng: np.random.Generator, size: Size) -> np.ndarray:
    """A page of text, a menu, a price tag, a label."""
    height, width = size
    image = paper(rng, size)
    ink = INK if image.mean() > 120 else np.full(3, 240, np.float32)
    line = height / rng.uniform(6, 24)
    left = width * rng.uniform(0.04, 0.2)
    y = line
    while y < height - line:
        x = left
        while x < width * 0.85 and rng.random() < 0.93:
            text = word(rng)
            write(image, text, x, y, line * 0.62, ink)
            x += line * 0.36 * (len(text) + 1.5)
        y += line * float(rng.choice([1, 1, 1, 1.8]))
    return image


def colour_chart(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Swatches: a paint chart, a palette, a test card; too many and too varied for a flag."""
    rows, columns = int(rng.integers(2, 8)), int(rng.integers(4, 10))
    swatches = np.array([[colour(rng) for _ in range(columns)] for _ in range(rows)], np.float32)
    if rng.random() < 0.3:
        swatches = np.sort(swatches, axis=1)
    image = cv2.resize(swatches, size[::-1], interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.6:
        gap = max(1, size[1] // 60)
        for k in range(1, columns):
            image[:, max(0, k * size[1] // columns - gap) : k * size[1] // columns + gap] = 245
        for k in range(1, rows):
            image[max(0, k * size[0] // rows - gap) : k * size[0] // rows + gap] = 245
    return image


def map_like(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Areas with coasts, rivers and names."""
    height, width = size
    noise = fractal(rng, size, CLOUDY, zoom=rng.uniform(0.5, 1.5))
    palette = np.array([colour(rng, vivid=0.3) for _ in range(5)], np.float32)
    image = palette[np.clip(((noise + 1.5) * 1.6).astype(int), 0, 4)]
    for _ in range(int(rng.integers(2, 12))):
        path = np.cumsum(rng.normal(0, 0.05 * width, (12, 2)), axis=0) + anywhere(rng, size)
        cv2.polylines(image, [path.astype(np.int32)], False, colour(rng).tolist(), int(rng.integers(1, 4)), cv2.LINE_AA)
        write(image, word(rng), *anywhere(rng, size), height * 0.05, INK)
    return image

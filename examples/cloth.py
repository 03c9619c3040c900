"""A piece of cloth in the wind: its shape, the light on it, and how it looks from the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from examples.noise import CLOUDY, Size, fractal

_COLUMNS, _ROWS = 45, 11  # mesh points from hoist to fly and from top to bottom
_SHADE_SIZE = (96, 160)  # resolution at which light on the cloth is worked out


@dataclass(frozen=True)
class Wave:
    """One wave that travels from the hoist to the fly.

    Attributes:
        bend: Largest turn of the cloth out of its plane, in radians; beyond pi/2 it folds over itself.
        length: Distance between two crests, in flag heights.
        slant: How far crests lean, in flag heights from top to bottom.
        speed: Waves passing per second.
        phase: Where it stands at time 0, in radians.
    """

    bend: float
    length: float
    slant: float
    speed: float
    phase: float


@dataclass(frozen=True)
class Cloth:
    """Everything that decides how a cloth looks; angles in radians, lengths in flag heights.

    Attributes:
        waves: The waves, added up.
        grip: How quickly waves gain strength away from the hoist (small: at once).
        droop: How far the fly hangs down: 0 for a strong wind, about 1.3 for none.
        gather: How much narrower the fly's side is than the hoist's.
        yaw: Turn about the vertical axis.
        pitch: Camera looking from below (positive) or above.
        roll: Lean of the pole.
        distance: Distance of the camera.
        light: Direction towards the light (x right, y down, z towards the camera).
        ambient: Light that comes from everywhere, 0 to 1.
        translucency: How much light shines through from behind.
        gloss: Strength of satin highlights.
        hollows: How much the inside of folds is darkened.
        wrinkles: Strength of small creases.
        seed: Draws the small creases.
        from_behind: Whether the reverse is seen.
    """

    waves: tuple[Wave, ...]
    grip: float
    droop: float
    gather: float
    yaw: float
    pitch: float
    roll: float
    distance: float
    light: tuple[float, float, float]
    ambient: float
    translucency: float
    gloss: float
    hollows: float
    wrinkles: float
    seed: int
    from_behind: bool


@dataclass(frozen=True)
class Placement:
    """Where the cloth lies in the image: pixels = scale * projected point + (x, y)."""

    scale: float
    x: float
    y: float

    def moved(self, dx: float, dy: float, zoom: float = 1.0) -> Placement:
        """Return this placement shifted in pixels and enlarged about the origin of the cloth."""
        return replace(self, scale=self.scale * zoom, x=self.x + dx, y=self.y + dy)


def random_cloth(rng: np.random.Generator) -> Cloth:
    """Draw a cloth: mostly a fair breeze, sometimes nearly flat, sometimes limp."""
    kind = str(rng.choice(["flat", "breeze", "strong", "limp"], p=[0.2, 0.46, 0.22, 0.12]))
    low, high = {"flat": (0.08, 0.4), "breeze": (0.4, 0.95), "strong": (0.8, 1.35), "limp": (0.7, 1.3)}[kind]
    count = int(rng.integers(2, 5))
    shares = rng.dirichlet(np.full(count, 1.5))
    bend = rng.uniform(low, high)
    waves = tuple(
        Wave(
            bend=float(bend * share**0.7),
            length=float(rng.uniform(0.35, 0.7) if i else rng.uniform(0.7, 1.6)),
            slant=float(rng.normal(0, 0.35)),
            speed=float(rng.uniform(0.5, 1.1)),
            phase=float(rng.uniform(0, 2 * math.pi)),
        )
        for i, share in enumerate(sorted(shares, reverse=True))
    )
    droop = {"flat": rng.uniform(-0.1, 0.2), "limp": rng.uniform(0.75, 1.2)}.get(str(kind), rng.uniform(-0.15, 0.5))
    light = np.array([rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.25), rng.uniform(0.25, 0.9)])
    light /= np.linalg.norm(light)
    steep = rng.random() < 0.08  # a flag on a leaning pole, on a facade for example
    return Cloth(
        waves=waves,
        grip=float(rng.uniform(0.15, 0.7)),
        droop=float(droop),
        gather=float(rng.uniform(-0.05, 0.18)),
        yaw=float(rng.normal(0, 0.35)),
        pitch=float(rng.normal(0.15, 0.25)),
        roll=float(
            rng.choice([-1, 1]) * rng.uniform(0.45, 1.0) if steep else np.clip(rng.normal(0, 0.16), -0.44, 0.44)
        ),
        distance=float(rng.uniform(2.5, 8)),
        light=(float(light[0]), float(light[1]), float(light[2])),
        ambient=float(rng.uniform(0.2, 0.65)),
        translucency=float(rng.choice([rng.uniform(0, 0.2), rng.uniform(0.4, 1.0)])),
        gloss=float(rng.choice([0, rng.uniform(0.1, 0.6)], p=[0.6, 0.4])),
        hollows=float(rng.uniform(0.2, 1.3)),
        wrinkles=float(rng.uniform(0, 0.09)),
        seed=int(rng.integers(1 << 31)),
        from_behind=bool(rng.random() < 0.1),
    )


def mesh(cloth: Cloth, aspect: float, time: float = 0.0) -> np.ndarray:
    """Return the cloth's points in space at a time, (rows, columns, 3), camera frame, z towards the camera."""
    u = np.linspace(0, aspect, _COLUMNS)[None, :]
    v = np.linspace(0, 1, _ROWS)[:, None]
    turn = np.zeros((_ROWS, _COLUMNS))
    for wave in cloth.waves:
        turn += wave.bend * np.sin(2 * np.pi * ((u + wave.slant * v) / wave.length - wave.speed * time) + wave.phase)
    turn *= 1 - np.exp(-u / cloth.grip)
    # The cloth keeps its length: each step goes `turn` out of the plane and `sink` downwards.
    sink = cloth.droop * (1 - np.exp(-2.2 * u / aspect)) * (1.1 - 0.2 * v)
    step = aspect / (_COLUMNS - 1)
    x = np.cumsum(np.cos(turn) * np.cos(sink), axis=1) * step
    y = v * (1 - cloth.gather * u / aspect) + np.cumsum(np.cos(turn) * np.sin(sink), axis=1) * step
    z = np.cumsum(np.sin(turn), axis=1) * step
    points = np.stack([x - step - aspect / 2, y - 0.5, z], axis=-1)
    return points @ _rotation(cloth).T


def _rotation(cloth: Cloth) -> np.ndarray:
    cy, sy, cp, sp, cr, sr = (f(a) for a in (cloth.yaw, cloth.pitch, cloth.roll) for f in (math.cos, math.sin))
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return roll @ pitch @ yaw


def project(points: np.ndarray, cloth: Cloth) -> np.ndarray:
    """Return points as the camera sees them, (..., 2), before placement; mirrored when seen from behind."""
    flat = points[..., :2] * (cloth.distance / np.maximum(cloth.distance - points[..., 2:], 0.3))
    return flat * [-1, 1] if cloth.from_behind else flat


def light_on(cloth: Cloth, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how bright the cloth is (1 where flat and lit) and its highlights, at `_SHADE_SIZE`."""
    # Corners on corners: cv2.resize would flatten a rim of half a mesh, and light it wrongly.
    x, y = np.meshgrid(np.linspace(0, _COLUMNS - 1, _SHADE_SIZE[1]), np.linspace(0, _ROWS - 1, _SHADE_SIZE[0]))
    grid = cv2.remap(
        points.astype(np.float32),
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    normal = np.cross(np.gradient(grid, axis=1), np.gradient(grid, axis=0))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    rng = np.random.default_rng(cloth.seed)
    if cloth.wrinkles:
        relief = fractal(rng, _SHADE_SIZE, CLOUDY, zoom=0.5) * (6 * cloth.wrinkles)
        normal[..., 0] += cv2.Sobel(relief, cv2.CV_32F, 1, 0, scale=1 / 8)
        normal[..., 1] += cv2.Sobel(relief, cv2.CV_32F, 0, 1, scale=1 / 8)
    light = np.asarray(cloth.light, np.float32)
    facing = normal @ light
    # Light from behind the cloth still shines through it.
    diffuse = np.maximum(facing, 0) + cloth.translucency * np.maximum(-facing, 0)
    flat = max(float(light[2]), 0.35)
    bright = cloth.ambient + (1 - cloth.ambient) * diffuse / flat
    depth = grid[..., 2]
    bright *= np.clip(1 - cloth.hollows * (cv2.GaussianBlur(depth, (0, 0), 12) - depth) * 4, 0.35, 1.2)
    half = light + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    shine = cloth.gloss * np.maximum(normal @ half, 0) ** 24
    # The photographer exposes for the flag. Highlights flatten out, or navy would turn into sky blue.
    mean = float(bright.mean())
    bright *= np.clip(mean, 0.7, 1.0) / mean
    bright = np.where(bright > 1, 1 + 0.35 * np.tanh((bright - 1) / 0.35), np.maximum(bright, 0.05))
    return bright.astype(np.float32), shine.astype(np.float32)


def render_cloth(
    flag: np.ndarray, cloth: Cloth, placement: Placement, size: Size, time: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Paint the cloth.

    Args:
        flag: RGBA image of the flag; its height should be near the height it is seen at.
        cloth: The cloth.
        placement: Where it lies in the image.
        size: Height and width of the image.
        time: Seconds; waves travel.

    Returns:
        The colours, (height, width, 3) float32 from 0 to 1, and the coverage, (height, width) float32.
    """
    points = mesh(cloth, flag.shape[1] / flag.shape[0], time)
    screen = project(points, cloth) * placement.scale + (placement.x, placement.y)
    u, v, covered = _rasterise(screen.astype(np.float32), points[..., 2], size)
    height, width = flag.shape[:2]
    pixels = cv2.remap(
        flag, u * width - 0.5, v * height - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    pixels *= 1 / 255
    bright, shine = light_on(cloth, points)
    u *= _SHADE_SIZE[1] - 1
    v *= _SHADE_SIZE[0] - 1
    colours = pixels[..., :3]
    colours = colours * cv2.remap(bright, u, v, cv2.INTER_LINEAR)[..., None]
    if cloth.gloss:
        colours += cv2.remap(shine, u, v, cv2.INTER_LINEAR)[..., None]
    return colours, pixels[..., 3] * covered


def _rasterise(screen: np.ndarray, depth: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, per pixel, the place on the cloth (u, v from 0 to 1) that is seen there, and coverage.

    Triangles are painted from the farthest to the nearest with their number; u and v then follow
    from each triangle's own linear map, which is exact and keeps edges in the flag sharp.
    """
    rows, columns = depth.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])
    corners = screen.reshape(-1, 2)[triangles]
    (x0, y0), (x1, y1), (x2, y2) = (corners[:, i].T for i in range(3))
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    keep = np.abs(area) > 0.02  # seen edge-on: nothing to paint, and no map to invert
    triangles, corners, area = triangles[keep], corners[keep], area[keep]
    x0, y0, x1, y1, x2, y2 = (value[keep] for value in (x0, y0, x1, y1, x2, y2))

    places = np.stack([triangles % columns / (columns - 1), triangles // columns / (rows - 1)], -1)
    maps = np.empty((len(triangles), 6), np.float32)  # u = m0 x + m1 y + m2, v = m3 x + m4 y + m5
    for k in range(2):
        f0, f1, f2 = places[:, :, k].T
        by_x = ((f1 - f0) * (y2 - y0) - (f2 - f0) * (y1 - y0)) / area
        by_y = ((f2 - f0) * (x1 - x0) - (f1 - f0) * (x2 - x0)) / area
        maps[:, 3 * k : 3 * k + 3] = np.stack([by_x, by_y, f0 - by_x * x0 - by_y * y0], -1)

    order = np.argsort(depth.reshape(-1)[triangles].sum(axis=1))
    height, width = size
    seen = np.zeros((height, width), np.float32)
    fixed = np.round(np.clip(corners, -2000, 4000) * 16).astype(np.int32)
    for number in order.tolist():
        cv2.fillConvexPoly(seen, fixed[number], number + 1, lineType=cv2.LINE_8, shift=4)
    ys, xs = np.nonzero(seen)
    found = maps[seen[ys, xs].astype(np.int32) - 1]
    u = np.zeros((height, width), np.float32)
    v = np.zeros((height, width), np.float32)
    u[ys, xs] = np.clip(found[:, 0] * xs + found[:, 1] * ys + found[:, 2], 0, 1)
    v[ys, xs] = np.clip(found[:, 3] * xs + found[:, 4] * ys + found[:, 5], 0, 1)
    # A little blur, inwards only, stands in for antialiasing at the silhouette.
    inside = (seen > 0).astype(np.float32)
    return u, v, inside * np.clip(cv2.GaussianBlur(inside, (3, 3), 0.6) * 1.6 - 0.6, 0, 1)


def fit(cloth: Cloth, aspect: float, size: Size, width: float, at: tuple[float, float]) -> Placement:
    """Return the placement that gives the cloth a width in pixels and centres it at a point in pixels."""
    screen = project(mesh(cloth, aspect), cloth).reshape(-1, 2)
    low, high = screen.min(axis=0), screen.max(axis=0)
    scale = width / max(float(high[0] - low[0]), 0.3)
    # A limp or leaning flag may be taller than wide: never let it outgrow the image's height by much.
    scale = min(scale, 1.25 * size[0] / max(float(high[1] - low[1]), 0.3))
    centre = (low + high) / 2 * scale
    return Placement(scale, at[0] - float(centre[0]), at[1] - float(centre[1]))

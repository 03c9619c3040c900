"""Flags as people photograph them besides flying ones: limp, turned, from below, far away, at night, on hearts, cut."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from examples import scenes, scenes_outdoors, scenes_people
from examples.camera import shoot, vignette
from examples.cloth import Cloth, fit, mesh, project, random_cloth
from examples.flag_scene import FlagScene, random_scene, render
from examples.noise import SMOOTH, Size, fractal
from examples.paint import ellipse_points, outline, to_bytes
from examples.scenes import frame
from examples.surfaces import box, laid

# Turned by a quarter or a half, these are the flags of other countries, or nearly so.
_UPRIGHT_ONLY = frozenset(
    ("Austria", "France", "Hungary", "India", "Indonesia", "Ireland", "Italy", "Netherlands", "Peru", "Poland")
)
_KINDS = ("limp", "turned", "far", "many", "cut out", "cropped")
_SHARES = (0.26, 0.26, 0.14, 0.12, 0.12, 0.1)
_NIGHTS = 0.15


def unusual(flag: np.ndarray, label: str, rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Make one image of a flag that does not fly in the middle of it.

    Args:
        flag: The flag's drawing, RGBA uint8, hoist to the left.
        label: Its name; some flags are turned only a little, because turned they are others.
        rng: Everything random comes from here.
        size: Longer side of the image in pixels.

    Returns:
        The image, RGB uint8.
    """
    while flag.shape[0] > 1.6 * size:
        flag = cv2.resize(flag, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    kind = str(rng.choice(_KINDS, p=_SHARES))
    if kind == "turned" and label in _UPRIGHT_ONLY:
        kind = "limp"
    shape = frame(rng, size)
    if kind == "cut out":
        return shoot(_cut_out(flag, rng, shape), rng)
    aspect = flag.shape[1] / flag.shape[0]
    cloth = _limp(rng) if kind == "limp" else _turned(rng) if kind == "turned" else random_cloth(rng)
    low, high = {"far": (0.16, 0.34), "cropped": (1.3, 1.9), "many": (0.2, 0.6)}.get(kind, (0.34, 1.0))
    scene = _placed(replace(random_scene(aspect, rng, shape), cloth=cloth), aspect, rng, rng.uniform(low, high))
    night = rng.random() < _NIGHTS
    if night:
        dark = scenes_outdoors.night(rng, shape) * rng.uniform(0.1, 1)
        scene = replace(scene, backdrop=to_bytes(dark))
    elif rng.random() < 0.4:
        scene = replace(scene, backdrop=to_bytes(scenes_outdoors.sky(rng, shape)))
    image = render(flag, scene)
    for _ in range(int(rng.integers(1, 6)) if kind == "many" else 0):
        near_one = replace(scene.cloth, roll=scene.cloth.roll + float(rng.normal(0, 0.1)), seed=int(rng.integers(1000)))
        other = replace(scene, cloth=near_one, backdrop=image, front=0)
        image = render(flag, _placed(other, aspect, rng, rng.uniform(0.2, 0.6)))
    return shoot(_lit_at_night(image, rng) if night else image, rng)


def _limp(rng: np.random.Generator) -> Cloth:
    """Without wind: the cloth hangs down along its pole, which may lean out from a wall."""
    cloth = random_cloth(rng)
    calm = tuple(replace(wave, bend=wave.bend * float(rng.uniform(0.3, 1.1))) for wave in cloth.waves)
    leaning = rng.random() < 0.5
    return replace(
        cloth,
        waves=calm,
        grip=float(rng.uniform(0.1, 0.5)),
        droop=float(rng.uniform(0.9, 1.45)),
        gather=float(rng.uniform(0.0, 0.4)),
        yaw=float(rng.normal(0, 0.5)),
        roll=float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.2)) if leaning else cloth.roll,
    )


def _turned(rng: np.random.Generator) -> Cloth:
    """Turned by 30 to 180 degrees: hung from a rope or a wall, seen from below, or the photograph was."""
    cloth = random_cloth(rng)
    quarters = float(rng.choice([-1, 1, 2])) * np.pi / 2 + rng.normal(0, 0.12)
    anywhere = rng.choice([-1, 1]) * rng.uniform(0.5, np.pi)
    return replace(
        cloth,
        roll=float(quarters if rng.random() < 0.5 else anywhere),
        pitch=float(rng.normal(0.3, 0.4)),
        yaw=float(rng.normal(0, 0.45)),
        droop=float(cloth.droop * rng.uniform(0, 1)),
    )


def _placed(scene: FlagScene, aspect: float, rng: np.random.Generator, share: float) -> FlagScene:
    """Put the cloth anywhere in the image, its width a share of the image's; cut by the frame only when larger."""
    height, width = scene.size
    placement = fit(scene.cloth, aspect, scene.size, share * width, (width / 2, height / 2))
    extent = project(mesh(scene.cloth, aspect), scene.cloth) * placement.scale
    span = np.ptp(extent.reshape(-1, 2), axis=0)
    room = np.array([width, height]) - span
    most = np.where(room > 0, room / 2, np.minimum(-room / 2, 0.22 * span))
    shift = rng.uniform(-1, 1, 2) * most
    return replace(scene, placement=placement.moved(float(shift[0]), float(shift[1])))


def _lit_at_night(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leave light from one lamp only."""
    size = (image.shape[0], image.shape[1])
    light = vignette(size, rng.uniform(0.2, 1.0)) * np.clip(
        1 + rng.uniform(0, 0.5) * fractal(rng, size, SMOOTH, zoom=rng.uniform(0.5, 1.5)), 0.1, 1.4
    )
    tone = np.array([1.0, rng.uniform(0.8, 1.0), rng.uniform(0.6, 1.0)], np.float32)
    return to_bytes(image.astype(np.float32) * light[..., None] * tone * rng.uniform(0.35, 1.0))


def _cut_out(flag: np.ndarray, rng: np.random.Generator, size: Size) -> np.ndarray:
    """The flag in the shape of a heart, a disc or a spot of paint, on anything or in front of people."""
    height, width = flag.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    side = min(height, width * 0.8)
    kind = str(rng.choice(["heart", "disc", "blob"], p=[0.5, 0.25, 0.25]))
    if kind == "heart":
        t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        x = 16 * np.sin(t) ** 3
        y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
        points = np.stack([x * width / 34 + width / 2, y * height / 32 + height * 0.46], -1)
    elif kind == "disc":
        points = ellipse_points(width / 2, height / 2, min(width * 0.5, side * 0.75), height * 0.5)
    else:
        points = outline(rng, width / 2, height / 2, 1.0, "blob")
        points = (points - points.mean(axis=0)) / np.ptp(points, axis=0) * (width, height) + (width / 2, height / 2)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255, cv2.LINE_AA)
    shaped = np.dstack([flag[..., :3], np.minimum(flag[..., 3], mask)])
    image = scenes.background(rng, size).astype(np.float32)
    if rng.random() < 0.4:
        scenes_people.portrait(
            rng, image, size[1] * rng.uniform(0.3, 0.7), size[0] * rng.uniform(0.3, 0.6), size[1] * rng.uniform(0.6, 1)
        )
    layer = laid(shaped, box(shaped, rng, size, 0.3, 0.9, 0.08), size).astype(np.float32)
    relief = np.clip(1 + rng.uniform(0.03, 0.2) * fractal(rng, size, SMOOTH, zoom=0.5), 0.5, 1.5)[..., None]
    alpha = layer[..., 3:] / 255 * rng.uniform(0.8, 1)
    return to_bytes(image + (np.clip(layer[..., :3] * relief, 0, 255) - image) * alpha)

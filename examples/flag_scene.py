"""A cloth flag in its scene: pole, background, things in front; for one moment or for a film."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from examples import scenes, scenes_people, textures
from examples.cloth import Cloth, Placement, fit, mesh, project, random_cloth, render_cloth
from examples.noise import Size
from examples.paint import ellipse_points, limb, near, outline, stamp, xy


@dataclass(frozen=True)
class FlagScene:
    """A flag in front of something.

    Attributes:
        cloth: The cloth and the light on it.
        placement: Where it lies in the image.
        size: Height and width of the image.
        backdrop: What is behind, RGB uint8, the image's size.
        pole: Thickness of the pole in pixels; 0 for none.
        pole_tone: Its colour.
        held: Whether a hand holds the pole.
        front: How many things stand in front.
        seed: Draws the things in front.
    """

    cloth: Cloth
    placement: Placement
    size: Size
    backdrop: np.ndarray
    pole: float
    pole_tone: tuple[float, float, float]
    held: bool
    front: int
    seed: int


def random_scene(aspect: float, rng: np.random.Generator, size: Size) -> FlagScene:
    """Draw a scene for a flag whose width is `aspect` times its height."""
    height, width = size
    cloth = random_cloth(rng)
    kind = rng.choice(["inside", "large", "cropped"], p=[0.6, 0.22, 0.18])
    low, high = {"inside": (0.34, 0.9), "large": (0.8, 1.05), "cropped": (1.05, 1.3)}[str(kind)]
    placement = fit(cloth, aspect, size, rng.uniform(low, high) * width, (width / 2, height / 2))
    extent = project(mesh(cloth, aspect), cloth) * placement.scale
    span = np.ptp(extent.reshape(-1, 2), axis=0)
    # Centred as far as there is room; when cropped, no side loses more than a fifth of the flag.
    room = np.abs(np.array([width, height]) - span) / 2
    if kind == "cropped":
        room = np.minimum(room, 0.14 * span)
    shift = rng.uniform(-1, 1, 2) * room
    metal = near(
        rng,
        np.array([(150, 150, 152), (225, 225, 225), (110, 75, 45), (60, 60, 62)][int(rng.integers(4))], np.float32),
        18,
    )
    pole = rng.random() < 0.55 or cloth.from_behind  # from behind, only the pole shows which side is which
    return FlagScene(
        cloth=cloth,
        placement=placement.moved(float(shift[0]), float(shift[1])),
        size=size,
        backdrop=scenes.background(rng, size),
        pole=float(rng.uniform(0.012, 0.05) * placement.scale) + 1 if pole else 0.0,
        pole_tone=(float(metal[0]), float(metal[1]), float(metal[2])),
        held=bool(rng.random() < 0.15),
        front=int(rng.choice([0, 1, 2, 3], p=[0.72, 0.17, 0.08, 0.03])),
        seed=int(rng.integers(1 << 31)),
    )


def render(flag: np.ndarray, scene: FlagScene, time: float = 0.0, placement: Placement | None = None) -> np.ndarray:
    """Return the scene at a time, RGB uint8.

    Args:
        flag: RGBA image of the flag.
        scene: The scene.
        time: Seconds since the scene began.
        placement: Where the flag lies now, if the camera moves; the scene's own otherwise.
    """
    placement = placement or scene.placement
    while flag.shape[0] > 2 * placement.scale and flag.shape[0] > 48:  # halve first, or it would alias
        flag = cv2.resize(flag, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(scene.seed)
    image = scene.backdrop.astype(np.float32)
    colours, cover = render_cloth(flag, scene.cloth, placement, scene.size, time)
    if scene.pole:
        _pole(image, scene, placement, flag.shape[1] / flag.shape[0], rng)
    colours = np.minimum(colours, 1.0) * 255
    image += (colours - image) * cover[..., None]
    _front(image, scene, rng)
    return np.clip(image, 0, 255).astype(np.uint8)


def _pole(image: np.ndarray, scene: FlagScene, placement: Placement, aspect: float, rng: np.random.Generator) -> None:
    """Draw the pole along the hoist, down to the image's edge, with a knob or a hand."""
    hoist = mesh(scene.cloth, aspect)[[0, -1], 0, :]
    ends = project(hoist, scene.cloth) * placement.scale + (placement.x, placement.y)
    along = (ends[1] - ends[0]) / max(float(np.hypot(*(ends[1] - ends[0]))), 1e-6)
    top = ends[0] - along * placement.scale * rng.uniform(0.01, 0.2)
    reach = placement.scale * rng.uniform(0.3, 1.0) if scene.held else 4.0 * max(scene.size)
    foot = ends[1] + along * reach
    tone = np.array(scene.pole_tone, np.float32)
    side = np.array([along[1], -along[0]]) * scene.pole * 0.2
    for share, shift, light in ((1.0, 0.0, 0.6), (0.75, 0.4, 0.85), (0.45, 0.6, 1.1), (0.2, 0.8, 1.3)):
        bar = limb(*xy(top + side * shift), *xy(foot + side * shift), scene.pole * share, scene.pole * share)
        stamp(image, np.clip(bar, -4000, 8000), np.clip(tone * light, 0, 255))
    if rng.random() < 0.5:
        gold = near(rng, np.array([200, 160, 70], np.float32), 20) if rng.random() < 0.5 else tone
        stamp(image, ellipse_points(*xy(top), scene.pole * 0.9, scene.pole * 0.9), gold, rng, 0.9)
    if scene.held:
        scenes_people.hand(
            rng, image, *xy(ends[1] + along * reach * 0.7), max(scene.pole * 2.2, 0.12 * placement.scale)
        )


def _front(image: np.ndarray, scene: FlagScene, rng: np.random.Generator) -> None:
    """Draw what hides parts of the flag: posts, heads, leaves, other things; never much of its middle."""
    height, width = scene.size
    for _ in range(scene.front):
        kind = rng.choice(["post", "head", "leaves", "thing"])
        if kind == "post":
            x = rng.uniform(0, width)
            thick = rng.uniform(0.008, 0.04) * width
            tone = near(rng, np.full(3, rng.choice([40, 120, 200]), np.float32), 20)
            stamp(image, limb(x, -9, x + rng.normal(0, 0.15) * width, height + 9, thick, thick), tone, rng, 0.7)
        elif kind == "head":
            scenes_people.portrait(
                rng, image, rng.uniform(0, width), height * rng.uniform(0.92, 1.1), width * rng.uniform(0.15, 0.45)
            )
        elif kind == "leaves":
            fill = textures.ragged(rng, scene.size, near(rng, np.array([55, 90, 40], np.float32), 18))
            x, y = float(rng.choice([0, width])), rng.uniform(0, height)
            for _ in range(14):
                at = (x + rng.normal(0, 0.1) * width, y + rng.normal(0, 0.16) * height)
                stamp(image, outline(rng, *at, rng.uniform(0.015, 0.06) * width, "blob"), fill, soft=rng.uniform(0, 2))
        else:
            at = (float(rng.choice([0.05, 0.95])) * width, rng.uniform(0.2, 1) * height)
            stamp(
                image,
                outline(rng, *at, rng.uniform(0.05, 0.16) * width),
                textures.material(rng, scene.size),
                rng,
                0.6,
            )

"""Make short example clips with ground truth for every frame."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from examples import scenes_objects
from examples import scenes_outdoors as outdoors
from examples.camera import vignette
from examples.dataset import NO_FLAG
from examples.flag_scene import FlagScene, random_scene, render
from examples.flags import catalogue
from examples.paint import to_bytes

RATE = 25
SIZE = (360, 640)
_MARGIN = 1.3  # the backdrop is this much larger than the image, so that the camera can move over it
_PLACES = (outdoors.sky, outdoors.sky, outdoors.land, outdoors.trees, outdoors.street, outdoors.facade, outdoors.water)
_FADE = 20  # frames of a cross-fade


@dataclass(frozen=True)
class Shot:
    """One shot of a clip, without a cut.

    Attributes:
        label: The flag seen, or NO_FLAG.
        seconds: How long it lasts.
        fades: Whether it fades in over the end of the shot before, instead of a hard cut.
    """

    label: str
    seconds: float
    fades: bool = False


@dataclass(frozen=True)
class Clip:
    """A clip: its file name without ending, its seed and its shots."""

    name: str
    seed: int
    shots: tuple[Shot, ...]


CLIPS = (
    Clip(
        "three-flags",
        11,
        (
            Shot("Brazil", 2.4),
            Shot(NO_FLAG, 1.6),
            Shot("Japan", 2.4, fades=True),
            Shot(NO_FLAG, 1.2),
            Shot("France", 2.4),
        ),
    ),
    Clip(
        "four-flags",
        27,
        (
            Shot(NO_FLAG, 1.2),
            Shot("Germany", 2.0),
            Shot("Canada", 2.0),
            Shot(NO_FLAG, 1.4, fades=True),
            Shot("Mexico", 2.0),
            Shot("Sweden", 2.2),
        ),
    ),
)


def write_clips(out: Path, clips: tuple[Clip, ...] = CLIPS) -> list[Path]:
    """Write the clips and, beside each, `NAME.truth.csv` with its frame numbers, times and labels.

    Args:
        out: Folder for the files; made when missing.
        clips: What to make.

    Returns:
        The clips' paths.
    """
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for clip in clips:
        path = out / f"{clip.name}.mp4"
        truth = []
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=RATE, options={"crf": "27", "preset": "slow"})
            stream.height, stream.width = SIZE
            stream.pix_fmt = "yuv420p"
            stream.time_base = Fraction(1, RATE)
            for image, label in frames(clip):
                truth.append(label)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
        with (out / f"{clip.name}.truth.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["frame", "time", "label"])
            writer.writerows([i, f"{i / RATE:.2f}", label] for i, label in enumerate(truth))
        paths.append(path)
    return paths


def frames(clip: Clip) -> Iterator[tuple[np.ndarray, str]]:
    """Yield a clip's frames (RGB uint8) and the true label of each.

    During a cross-fade, the truth is the shot that is seen more clearly.
    """
    tail: list[np.ndarray] = []  # images of this shot that the next one fades over
    for number, shot in enumerate(clip.shots):
        rng = np.random.default_rng([clip.seed, number])
        count = round(shot.seconds * RATE)
        before, tail = tail, []
        fades_out = number + 1 < len(clip.shots) and clip.shots[number + 1].fades
        for i, image in enumerate(_shoot(shot, rng, count + (_FADE if fades_out else 0))):
            if i >= count:
                tail.append(image)
                continue
            label = shot.label
            if i < len(before):
                share = (i + 1) / (len(before) + 1)
                image = cv2.addWeighted(image, share, before[i], 1 - share, 0)
                label = shot.label if share >= 0.5 else clip.shots[number - 1].label
            yield image, label


def _shoot(shot: Shot, rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Yield the images of one shot: one scene, the wind blowing, the camera drifting."""
    height, width = SIZE
    large = (round(height * _MARGIN), round(width * _MARGIN))
    place = _PLACES[int(rng.integers(len(_PLACES)))]
    backdrop = to_bytes(place(rng, large))
    flag = scene = None
    if shot.label == NO_FLAG:
        ground = backdrop.astype(np.float32)
        for _ in range(2):
            scenes_objects.thing(rng, ground, rng.uniform(0.15, 0.4))
        backdrop = to_bytes(ground)
    else:
        flag = catalogue.draw(shot.label)
        scene = _calm_scene(flag, rng)
    drift = rng.uniform(-1, 1, 2) * (14, 5)  # pixels a second
    growth = rng.uniform(-0.03, 0.05)  # zoom a second
    phase = rng.uniform(0, 6.3, 2)
    light = vignette(SIZE, 0.18)[..., None]
    for i in range(count):
        time = i / RATE
        zoom = math.exp(growth * time)
        shake = 2.5 * np.sin(np.array([1.9, 2.6]) * time + phase)
        dx, dy = drift * time + shake
        centre = np.array([width, height]) / 2
        # The backdrop is farther away than the flag, so it moves less.
        grown = 1 + (zoom - 1) * 0.5
        left = centre[0] + dx * 0.4 - grown * large[1] / 2
        top = centre[1] + dy * 0.4 - grown * large[0] / 2
        far = np.array([[grown, 0, left], [0, grown, top]])
        behind = cv2.warpAffine(backdrop, far, (width, height), borderMode=cv2.BORDER_REFLECT)
        image = behind
        if scene is not None and flag is not None:
            x = centre[0] + (scene.placement.x - centre[0]) * zoom + dx
            y = centre[1] + (scene.placement.y - centre[1]) * zoom + dy
            placement = replace(scene.placement, scale=scene.placement.scale * zoom, x=float(x), y=float(y))
            image = render(flag, replace(scene, backdrop=behind), time, placement)
        yield to_bytes(image * light)


def _calm_scene(flag: np.ndarray, rng: np.random.Generator) -> FlagScene:
    """Draw scenes until the flag is seen whole, large, upright and from the front; always with a pole."""
    while True:
        scene = random_scene(flag.shape[1] / flag.shape[0], rng, SIZE)
        cloth = scene.cloth
        inside = 0.3 * SIZE[1] < scene.placement.x < 0.7 * SIZE[1] and 0.3 * SIZE[0] < scene.placement.y < 0.7 * SIZE[0]
        if (
            inside
            and not cloth.from_behind
            and abs(cloth.yaw) < 0.5
            and abs(cloth.roll) < 0.3
            and cloth.droop < 0.4
            and 0.42 * SIZE[0] < scene.placement.scale < 0.72 * SIZE[0]
        ):
            return replace(scene, front=0, pole=max(scene.pole, 0.03 * scene.placement.scale))

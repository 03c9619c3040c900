"""Change training pictures at random: geometry, light, colour and a covered patch."""

from __future__ import annotations

import cv2
import numpy as np

from train.settings import Settings


def augment(
    picture: np.ndarray, rng: np.random.Generator, settings: Settings, size: tuple[int, int], *, grey: bool
) -> np.ndarray:
    """Return a changed copy of a training picture.

    Args:
        picture: (height, width, 3), uint8 RGB, as `prepare` returns it.
        rng: Source of all randomness.
        settings: How far each change may go.
        size: Width and height of the result in pixels; smaller than the picture in the early phase.
        grey: Leave the colours alone: the three channels stay equal.

    Returns:
        (height, width, 3), uint8 RGB.
    """
    changed = cv2.warpAffine(
        picture,
        _matrix(picture, rng, settings, size),
        size,
        flags=cv2.INTER_CUBIC,  # linear blurs: pictures to predict would be sharper than any in training
        borderMode=cv2.BORDER_REFLECT_101,
    )
    changed = _light_and_colour(changed, rng, settings, grey)
    if rng.random() < settings.erase:
        _erase(changed, rng)
    return changed


def mix(
    pictures: np.ndarray, targets: np.ndarray, rng: np.random.Generator, *, union: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Mix a batch with itself in another order, by mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019).

    Args:
        pictures: (n, height, width, 3), uint8.
        targets: (n, classes), float32.
        rng: Source of all randomness.
        union: Whether a mixed picture shows all labels of both (multi-label) or shares of each.

    Returns:
        Mixed pictures and targets, of the same shapes and dtypes.
    """
    order = rng.permutation(len(pictures))
    share = rng.beta(0.4, 0.4)  # of the first picture
    share = max(share, 1 - share)
    height, width = pictures.shape[1:3]
    if rng.random() < 0.5:
        rows = (pictures.reshape(len(pictures), -1), pictures[order].reshape(len(pictures), -1))
        mixed = cv2.addWeighted(rows[0], share, rows[1], 1 - share, 0).reshape(pictures.shape)
    else:
        h, w = (round(side * np.sqrt(1 - share)) for side in (height, width))
        y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        mixed = pictures.copy()
        mixed[:, y : y + h, x : x + w] = pictures[order, y : y + h, x : x + w]
        share = 1 - h * w / (height * width)
    if union:
        return mixed, np.maximum(targets, targets[order])
    return mixed, (share * targets + (1 - share) * targets[order]).astype(np.float32)


def shrink(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the picture unchanged but for its width and height."""
    return picture if picture.shape[1::-1] == size else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def shrink_all(pictures: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return pictures, (n, height, width, 3), at another width and height; as they are when they have it."""
    if pictures.shape[2:0:-1] == size:
        return pictures
    return np.stack([shrink(picture, size) for picture in pictures])


def _matrix(picture: np.ndarray, rng: np.random.Generator, settings: Settings, size: tuple[int, int]) -> np.ndarray:
    """Compose zoom, turn, shear, mirror and shift about the centre, source to result pixels, (2, 3)."""
    height, width = picture.shape[:2]
    angle = np.radians(rng.uniform(-settings.rotation, settings.rotation))
    zoom = np.exp(rng.uniform(-1, 1) * np.log1p(settings.zoom))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log1p(settings.zoom))
    shear = rng.uniform(-settings.shear, settings.shear)
    mirror = -1 if settings.flip and rng.random() < 0.5 else 1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror * zoom * stretch, zoom / stretch])
    linear = np.diag([size[0] / width, size[1] / height]) @ linear
    shift = rng.uniform(-settings.shift, settings.shift, 2) * size
    offset = (np.array(size) - 1) / 2 + shift - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([linear, offset])


def _light_and_colour(picture: np.ndarray, rng: np.random.Generator, settings: Settings, grey: bool) -> np.ndarray:
    contrast = 1 + rng.uniform(-settings.light, settings.light)
    brightness = 255 * rng.uniform(-settings.light, settings.light) / 2
    colours = np.eye(3)
    if not grey and settings.colour_shift:
        saturation = 1 + rng.uniform(-2, 2) * settings.colour_shift
        channels = 1 + rng.uniform(-settings.colour_shift, settings.colour_shift, 3)
        colours = np.diag(channels) @ (saturation * np.eye(3) + (1 - saturation) / 3)
    # One affine map of the colours does contrast about mid-grey, brightness, saturation and cast.
    offset = np.full((3, 1), 128 * (1 - contrast) + brightness)
    return cv2.transform(picture, np.hstack([contrast * colours, offset]))


def _erase(picture: np.ndarray, rng: np.random.Generator) -> None:
    """Cover a rectangle of up to a third of each side with one grey (Zhong et al. 2020, random erasing)."""
    rows, columns = picture.shape[:2]
    width, height = (rng.integers(side // 10 + 1, side // 3 + 2) for side in (columns, rows))
    x, y = rng.integers(0, columns - width + 1), rng.integers(0, rows - height + 1)
    picture[y : y + height, x : x + width] = rng.integers(0, 256)

"""Random augmentation of training images: geometry, brightness and colour, erasing, mixup and CutMix."""

from __future__ import annotations

import cv2
import numpy as np

from train.settings import Settings


def augment(
    image: np.ndarray, rng: np.random.Generator, settings: Settings, size: tuple[int, int], *, grey: bool
) -> np.ndarray:
    """Return an augmented copy of a training image.

    Args:
        image: (height, width, 3), uint8 RGB, as `prepare` returns it.
        rng: Source of all randomness.
        settings: Limits of each change.
        size: Width and height of the result in pixels; smaller than the image during progressive resizing.
        grey: Keep the three channels equal.

    Returns:
        (height, width, 3), uint8 RGB.
    """
    changed = cv2.warpAffine(
        image,
        _matrix(image, rng, settings, size),
        size,
        flags=cv2.INTER_CUBIC,  # linear interpolation blurs: images to predict would be sharper than any in training
        borderMode=cv2.BORDER_REFLECT_101,
    )
    changed = _colour_jitter(changed, rng, settings, grey)
    if rng.random() < settings.random_erasing_prob:
        _erase(changed, rng)
    return changed


def mix(
    images: np.ndarray, targets: np.ndarray, rng: np.random.Generator, *, union: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Mix a batch with itself in another order, by mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019).

    Args:
        images: (n, height, width, 3), uint8.
        targets: (n, classes), float32.
        rng: Source of all randomness.
        union: Give a mixed image all labels of both (multi-label) rather than shares of each.

    Returns:
        Mixed images and targets, of the same shapes and dtypes.
    """
    order = rng.permutation(len(images))
    share = rng.beta(0.4, 0.4)  # of the first image
    share = max(share, 1 - share)
    height, width = images.shape[1:3]
    if rng.random() < 0.5:
        rows = (images.reshape(len(images), -1), images[order].reshape(len(images), -1))
        mixed = cv2.addWeighted(rows[0], share, rows[1], 1 - share, 0).reshape(images.shape)
    else:
        h, w = (round(side * np.sqrt(1 - share)) for side in (height, width))
        y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        mixed = images.copy()
        mixed[:, y : y + h, x : x + w] = images[order, y : y + h, x : x + w]
        share = 1 - h * w / (height * width)
    if union:
        return mixed, np.maximum(targets, targets[order])
    return mixed, (share * targets + (1 - share) * targets[order]).astype(np.float32)


def shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an image, (height, width, 3), at another width and height in pixels."""
    return image if image.shape[1::-1] == size else cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def shrink_all(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return images, (n, height, width, 3), at another width and height; the array itself when it has that size."""
    if images.shape[2:0:-1] == size:
        return images
    return np.stack([shrink(image, size) for image in images])


def _matrix(image: np.ndarray, rng: np.random.Generator, settings: Settings, size: tuple[int, int]) -> np.ndarray:
    """Return the affine matrix, (2, 3), of zoom, rotation, shear, flip and shift about the centre, source to result."""
    height, width = image.shape[:2]
    angle = np.radians(rng.uniform(-settings.rotation, settings.rotation))
    zoom = np.exp(rng.uniform(-1, 1) * np.log1p(settings.zoom))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log1p(settings.zoom))
    shear = rng.uniform(-settings.shear, settings.shear)
    mirror = -1 if settings.flip and rng.random() < 0.5 else 1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror * zoom * stretch, zoom / stretch])
    linear = np.diag([size[0] / width, size[1] / height]) @ linear
    shift = rng.uniform(-settings.translate, settings.translate, 2) * size
    offset = (np.array(size) - 1) / 2 + shift - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    return np.column_stack([linear, offset])


def _colour_jitter(image: np.ndarray, rng: np.random.Generator, settings: Settings, grey: bool) -> np.ndarray:
    contrast = 1 + rng.uniform(-settings.brightness_contrast, settings.brightness_contrast)
    brightness = 255 * rng.uniform(-settings.brightness_contrast, settings.brightness_contrast) / 2
    colours = np.eye(3)
    if not grey and settings.colour_shift:
        saturation = 1 + rng.uniform(-2, 2) * settings.colour_shift
        channels = 1 + rng.uniform(-settings.colour_shift, settings.colour_shift, 3)
        colours = np.diag(channels) @ (saturation * np.eye(3) + (1 - saturation) / 3)
    # One affine map of the colours: contrast about mid-grey, brightness, saturation and colour cast.
    offset = np.full((3, 1), 128 * (1 - contrast) + brightness)
    return cv2.transform(image, np.hstack([contrast * colours, offset]))


def _erase(image: np.ndarray, rng: np.random.Generator) -> None:
    """Cover a rectangle of up to a third of each side with one grey, in place (random erasing, Zhong et al. 2020)."""
    rows, columns = image.shape[:2]
    width, height = (rng.integers(side // 10 + 1, side // 3 + 2) for side in (columns, rows))
    x, y = rng.integers(0, columns - width + 1), rng.integers(0, rows - height + 1)
    image[y : y + height, x : x + width] = rng.integers(0, 256)

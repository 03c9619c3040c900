"""How images are scaled before a network of another program."""

from __future__ import annotations

from typing import Any

import numpy as np

# How images are scaled before the network: factor and offset for each channel, and whether the channels are reversed
# to blue, green, red. “caffe” and “torch” as in keras.applications.imagenet_utils.
SCALES: dict[str, tuple[Any, Any, bool]] = {
    "0..1": (1 / 255, 0.0, False),
    "-1..1": (1 / 127.5, -1.0, False),
    "0..255": (1.0, 0.0, False),
    "caffe": (1.0, [-103.939, -116.779, -123.68], True),
    "torch": (
        [1 / 255 / 0.229, 1 / 255 / 0.224, 1 / 255 / 0.225],
        [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
        False,
    ),
}


def scaled(images: np.ndarray, scale: str, bgr: bool, channels: int) -> np.ndarray:
    """Scale images in NumPy as the older program did; the reference for what is put before the network.

    Args:
        images: (n, height, width, 3), uint8 RGB.
        scale: A key of `SCALES`.
        bgr: Whether the network was trained on blue, green, red.
        channels: 3, or 1 for grey.

    Returns:
        (n, height, width, channels), float32.
    """
    factor, offset, is_reversed = SCALES[scale]
    ordered = images[..., ::-1] if is_reversed or bgr else images
    return (ordered.astype(np.float32) * np.asarray(factor, np.float32) + np.asarray(offset, np.float32))[
        ..., :channels
    ]

"""Decode images and resize them to the network's input.

Training, evaluation, the app, the command line and the benchmarks all use these functions, so that a file gets
the same probabilities everywhere. The network itself scales the values of pixels to the range that it needs.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np
from PIL import Image, ImageOps

from model.errors import ImageError, Sentence, name_of, took_too_much_memory
from model.image_file import load_image, open_image, sample_bits

ColourMode = Literal["rgb", "grey"]
ResizeRule = Literal["stretch", "crop", "pad"]
ChannelOrder = Literal["rgb", "bgr"]

COLOUR_MODES: tuple[str, ...] = get_args(ColourMode)
RESIZE_RULES: tuple[str, ...] = get_args(ResizeRule)

_STRIP_PIXELS = 4_000_000
_PAD_GREY = 128


@dataclass(frozen=True)
class InputSpec:
    """The input of the network.

    Attributes:
        width: In pixels.
        height: In pixels.
        colour_mode: "rgb", or "grey" for brightness only.
        resize_rule: How an image of another aspect ratio is fitted: "stretch" it, "crop" it to its centre, or
            "pad" it with grey.
    """

    width: int
    height: int
    colour_mode: ColourMode = "rgb"
    resize_rule: ResizeRule = "stretch"

    @property
    def ample_side(self) -> int:
        """Side in pixels at which an image still has twice the resolution of the network's input."""
        return 2 * max(self.width, self.height)


def read_image(source: Path | bytes, ample_side: int | None = None) -> np.ndarray:
    """Decode an image as image viewers show it.

    The EXIF orientation is applied; transparent areas are blended with white; 16-bit values keep the upper 8 of the
    bits that are used (`sample_bits`); CMYK, palettes and greyscale become RGB; of an animation the first frame is
    used.

    Args:
        source: Path of the file, or its content.
        ample_side: A larger JPEG is decoded at a half, a quarter or an eighth of its size, in a fraction of the
            time, as long as both sides keep at least this many pixels. Training and prediction both use
            `InputSpec.ample_side`, so that they see the same pixels. By default at its whole size.

    Returns:
        The image, (height, width, 3), uint8 RGB.

    Raises:
        ImageError: The file is not an image, is damaged, or has too many pixels; see `open_image`.
        DecodingError: There is not enough memory to decode it.
    """
    name = name_of(source)
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise ImageError(
            Sentence("{name} cannot be opened: {reason}. Check the path.", name=name, reason=error.strerror or error)
        ) from error
    if not content:
        raise ImageError(Sentence("{name} is an empty file. Choose an image file with content.", name=name))
    try:
        with open_image(content, name, ample_side) as pil_image:
            load_image(pil_image, content)
            _turn_upright(pil_image)
            return to_rgb(pil_image)
    except ImageError:
        raise
    except MemoryError as error:
        raise took_too_much_memory(name) from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(
            Sentence(
                "{name} is not an image that can be read. Use JPEG, PNG, HEIC, WebP, GIF, BMP, TIFF or AVIF.", name=name
            )
        ) from error
    except Exception as error:  # for damaged data, Pillow's decoders raise exceptions of many types
        raise ImageError(
            Sentence("{name} is damaged and cannot be decoded. Save it again or choose another.", name=name)
        ) from error


def prepare(image: np.ndarray, spec: InputSpec, channels: ChannelOrder = "rgb") -> np.ndarray:
    """Resize a decoded image or video frame to the network's input and convert its colours.

    Args:
        image: (height, width, 3), uint8, any size.
        spec: The input of the network.
        channels: The order of the image's channels. Frames of videos are decoded to "bgr", which takes less time
            to convert after resizing and gives the same result.

    Returns:
        (spec.height, spec.width, 3), uint8 RGB; three equal channels in grey mode.
    """
    if spec.resize_rule == "pad":
        image = _resize_and_pad(image, spec.width, spec.height)
    else:
        if spec.resize_rule == "crop":
            image = _crop_to_aspect(image, spec.width / spec.height)
        image = _resize(image, spec.width, spec.height)
    if channels == "bgr":
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    if spec.colour_mode == "grey":
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return image


def _turn_upright(pil_image: Image.Image) -> None:
    # With unreadable EXIF data, the image keeps its orientation.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(pil_image, in_place=True)


def to_rgb(pil_image: Image.Image) -> np.ndarray:
    """Return the pixels of a loaded image of any mode, (height, width, 3), uint8 RGB; see `read_image`."""
    # In strips, because Pillow's conversions hold several copies of what they convert.
    rows = max(1, _STRIP_PIXELS // max(1, pil_image.width))
    scale = _scale(pil_image)
    if pil_image.height <= rows:
        return _strip_to_rgb(pil_image, scale)
    image = np.empty((pil_image.height, pil_image.width, 3), np.uint8)
    for top in range(0, pil_image.height, rows):
        strip = pil_image.crop((0, top, pil_image.width, min(top + rows, pil_image.height)))
        image[top : top + rows] = _strip_to_rgb(strip, scale)
    return image


def _scale(pil_image: Image.Image) -> float:
    """Return the factor for the values of an image of floating-point numbers or of 16 bits.

    For floating-point numbers, 0 to 1 and 0 to 255 are both common ranges. Mode "I" is Pillow's for 16-bit values in
    32-bit pixels (PGM, some PNG and TIFF).
    """
    if pil_image.mode == "F":
        values = np.asarray(pil_image)
        return 255 if values.max(initial=0, where=np.isfinite(values)) <= 1 else 1
    if pil_image.mode == "I" or pil_image.mode.startswith("I;16"):
        return 2.0 ** (8 - sample_bits(pil_image, int(np.asarray(pil_image).max(initial=0))))
    return 1


def _strip_to_rgb(pil_image: Image.Image, scale: float) -> np.ndarray:
    if pil_image.mode == "F" or pil_image.mode == "I" or pil_image.mode.startswith("I;16"):
        values = np.nan_to_num(np.asarray(pil_image), nan=0, posinf=0, neginf=0)
        return _grey_to_rgb(np.clip(values * np.float32(scale), 0, 255).astype(np.uint8))
    if pil_image.has_transparency_data:
        rgba = pil_image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        pil_image = Image.alpha_composite(white, rgba)
    return np.array(pil_image.convert("RGB"))


def _grey_to_rgb(values: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(values, cv2.COLOR_GRAY2RGB)


def _resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Average over whole blocks, then interpolate: close to an area filter, at a fraction of its cost."""
    x_step, y_step = max(1, image.shape[1] // width), max(1, image.shape[0] // height)
    if x_step > 1 or y_step > 1:
        columns, rows = image.shape[1] // x_step, image.shape[0] // y_step
        x = (image.shape[1] - columns * x_step) // 2
        y = (image.shape[0] - rows * y_step) // 2
        whole_blocks = image[y : y + rows * y_step, x : x + columns * x_step]
        image = cv2.resize(whole_blocks, (columns, rows), interpolation=cv2.INTER_AREA)
    if image.shape[:2] != (height, width):
        # Small images are enlarged with sharp edges, since a network trained on blurred ones is worse on sharp ones:
        # with 160-pixel training images and 224-pixel test images of 100 sports, accuracy is 0.79 instead of 0.77.
        enlarged = image.shape[0] < height and image.shape[1] < width
        rule = cv2.INTER_CUBIC if enlarged else cv2.INTER_LINEAR
        image = cv2.resize(image, (width, height), interpolation=rule)
    return np.ascontiguousarray(image)


def _crop_to_aspect(image: np.ndarray, aspect: float) -> np.ndarray:
    height, width = image.shape[:2]
    new_width, new_height = min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))
    x, y = (width - new_width) // 2, (height - new_height) // 2
    return image[y : y + new_height, x : x + new_width]


def _resize_and_pad(image: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / image.shape[1], height / image.shape[0])
    image = _resize(image, max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    x, y = width - image.shape[1], height - image.shape[0]
    grey = (_PAD_GREY,) * 3
    return cv2.copyMakeBorder(image, y // 2, y - y // 2, x // 2, x - x // 2, cv2.BORDER_CONSTANT, value=grey)


def prepared_image(source: Path | bytes, spec: InputSpec) -> np.ndarray:
    """Decode an image and resize it to the network's input; see `read_image` and `prepare`."""
    return prepare(read_image(source, spec.ample_side), spec)


def prepared_and_shown(source: Path | bytes, spec: InputSpec, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `prepared_image` and `shown_image` return; the image is decoded once where that is large enough."""
    image = read_image(source, spec.ample_side)
    shown = _shrunk(image, side) if max(image.shape[:2]) >= side else shown_image(source, side)
    return prepare(image, spec), shown


def shown_image(source: Path | bytes, side: int) -> np.ndarray:
    """Decode an image for display.

    Args:
        source: As in `read_image`.
        side: Maximum of the longer side, in pixels; smaller images keep their size.

    Returns:
        (height, width, 3), uint8 RGB.
    """
    return _shrunk(read_image(source, side), side)


def _shrunk(image: np.ndarray, side: int) -> np.ndarray:
    height, width = image.shape[:2]
    shrink = max(1.0, max(width, height) / side)
    if shrink == 1:
        return image
    return prepare(image, InputSpec(max(1, round(width / shrink)), max(1, round(height / shrink))))

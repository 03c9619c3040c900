"""Convert the frames that PyAV decodes to images as players show them: upright, in standard range, without alpha."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import VideoReformatter
from PIL import Image

from model.preprocessing import to_rgb
from model.video.hdr import HLG, PQ, converter


class FrameImages:
    """Converts the frames of one stream.

    Args:
        stream: The stream of the frames.
    """

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        self._stream = stream
        self._reformatter = VideoReformatter()  # keeps its lookup tables from frame to frame
        self._converters: dict[object, Callable[[av.VideoFrame], np.ndarray]] = {}

    def bgr(self, frame: av.VideoFrame) -> np.ndarray:
        """Return the image of a frame, (height, width, 3), uint8 BGR, rotated and mirrored as the stream asks for."""
        if any(component.is_alpha for component in frame.format.components):
            image = cv2.cvtColor(to_rgb(Image.fromarray(frame.to_ndarray(format="rgba"))), cv2.COLOR_RGB2BGR)
        elif frame.color_trc in {PQ, HLG}:
            kind = (frame.color_trc, frame.format.name, frame.width, frame.height)
            if kind not in self._converters:  # the size may change within a clip
                self._converters = {kind: converter(self._stream, frame)}
            image = self._converters[kind](frame)
        else:
            image = self._reformatter.reformat(frame, format="bgr24").to_ndarray()
        return _upright(image, frame)


def _upright(image: np.ndarray, frame: av.VideoFrame) -> np.ndarray:
    """Apply the display matrix (ISO/IEC 14496-12, 8.3.2) where it mirrors or rotates by a multiple of 90°."""
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    if matrix is None:
        return image
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), np.int32).tolist()
    # The directions of the source's axes x and y; images rotated by 45° stay as they are.
    if abs(b) > abs(a) and abs(c) > abs(d):
        image = image.transpose(1, 0, 2)
        across, down = c, b
    elif abs(a) >= abs(b) and abs(d) >= abs(c):
        across, down = a, d
    else:
        return image
    return np.ascontiguousarray(image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])

"""Decode single frames of a clip as small images, without decoding the whole clip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from model.errors import VideoError
from model.preprocessing import InputSpec, prepare
from model.video.frame_conversion import FrameImages
from model.video.probe import open_container, read_header
from model.video.reader import read_frames

_MAX_DECODED_SECONDS = 2.0  # farther ahead, the decoder seeks instead of decoding all frames up to there
_TIME_TOLERANCE = 1e-3  # the times may have been rounded


def key_frames(path: Path, times: Sequence[float], width: int = 320) -> Iterator[tuple[float, np.ndarray]]:
    """Yield the frames that are shown at some times; those that cannot be decoded are left out.

    Args:
        path: A clip that was read before.
        times: In seconds from the clip's first frame, ascending.
        width: Maximum width of the images in pixels; narrower frames keep their size.

    Yields:
        The time from `times`, and the image, (height, width, 3), uint8 RGB, with phone rotation applied.
    """
    try:
        header = read_header(path)
        if header.animation:
            yield from _frames_of_animation(path, times, width)
            return
        with open_container(path) as container:
            stream = next(stream for stream in container.streams.video if stream.index == header.stream)
            yield from _frames_at(container, stream, times, width)
    except (av.FFmpegError, VideoError, OSError):
        return  # of a truncated clip, the frames up to its end have been yielded


def _frames_of_animation(path: Path, times: Sequence[float], width: int) -> Iterator[tuple[float, np.ndarray]]:
    wanted = list(times)
    for frame in read_frames(path):
        if wanted and frame.time >= wanted[0] - _TIME_TOLERANCE:
            yield wanted.pop(0), _small(frame.image, width)


def _frames_at(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, times: Sequence[float], width: int
) -> Iterator[tuple[float, np.ndarray]]:
    if stream.time_base is None:
        return
    stream.thread_type = "AUTO"
    decoder = _timed(container, stream)
    shown, upcoming = next(decoder, None), next(decoder, None)
    if shown is None:
        return
    first = shown[0]
    images = FrameImages(stream)
    for target in times:
        if target + first - shown[0] > _MAX_DECODED_SECONDS:
            container.seek(int((target + first) / stream.time_base), stream=stream)
            decoder = _timed(container, stream)
            shown, upcoming = next(decoder, shown), next(decoder, None)
        while upcoming is not None and upcoming[0] - first <= target + _TIME_TOLERANCE:
            shown, upcoming = upcoming, next(decoder, None)
        yield target, _small(cv2.cvtColor(images.bgr(shown[1]), cv2.COLOR_BGR2RGB), width)


def _timed(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[tuple[float, av.VideoFrame]]:
    for frame in container.decode(stream):
        if frame.time is not None:
            yield frame.time, frame


def _small(image: np.ndarray, width: int) -> np.ndarray:
    shrink = max(1.0, image.shape[1] / width)
    spec = InputSpec(max(1, round(image.shape[1] / shrink)), max(1, round(image.shape[0] / shrink)))
    return prepare(image, spec)

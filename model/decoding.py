"""What has to be decoded for an answer, as tasks that can be done here or in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.errors import Sentence
from model.preprocessing import InputSpec, prepare, read_picture
from model.video_reader import Frame, read_frames_bgr


def prepared_picture(source: Path | bytes, spec: InputSpec) -> np.ndarray:
    """Return a picture as the network takes it; see `read_picture` and `prepare`."""
    return prepare(read_picture(source, spec.ample_side), spec)


def prepared_and_shown(source: Path | bytes, spec: InputSpec, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture as the network takes it, and for people to look at, decoded once where that is large enough."""
    picture = read_picture(source, spec.ample_side)
    shown = _shrunk(picture, side) if max(picture.shape[:2]) >= side else shown_picture(source, side)
    return prepare(picture, spec), shown


def shown_picture(source: Path | bytes, side: int) -> np.ndarray:
    """Return a picture for people to look at.

    Args:
        source: As in `read_picture`.
        side: The longer side at most, in pixels; smaller pictures stay as they are.

    Returns:
        (height, width, 3), uint8 RGB.
    """
    return _shrunk(read_picture(source, side), side)


def _shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    shrink = max(1.0, max(width, height) / side)
    if shrink == 1:
        return picture
    return prepare(picture, InputSpec(max(1, round(width / shrink)), max(1, round(height / shrink))))


def prepared_frames(
    path: Path, spec: InputSpec, frames_per_second: float | None = None, start: float = 0.0, end: float | None = None
) -> Iterator[Frame | Sentence]:
    """Yield the frames of a clip as the network takes them, and sentences about what is wrong with the clip.

    Args:
        path: The clip.
        spec: What the network takes.
        frames_per_second: As in `read_frames`.
        start: As in `read_frames`.
        end: As in `read_frames`.

    Raises:
        VideoError: As in `read_frames`.
    """
    warnings: list[str] = []
    for frame in read_frames_bgr(path, frames_per_second, start=start, end=end, on_warning=warnings.append):
        yield Frame(frame.index, frame.time, prepare(frame.picture, spec, "bgr"))
    for warning in warnings:
        yield warning if isinstance(warning, Sentence) else Sentence(warning)

"""Decode a clip into frames with their times: videos by PyAV, animated images by Pillow."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from model.errors import Sentence, VideoError, took_too_much_memory
from model.preprocessing import InputSpec, prepare, to_rgb
from model.video.frame_conversion import FrameImages
from model.video.probe import (
    ANIMATION_FORMATS,
    Header,
    open_container,
    read_header,
    refuse_huge_frames,
)
from model.video.truncation import is_cut_short

# Two ticks of the usual clock of 90 kHz. The times of frames that are closer differ by rounding only.
_MIN_GAP = 2 / 90_000
# As in browsers, a frame of an animation that should last ten milliseconds or less lasts a tenth of a second.
_MIN_ANIMATION_GAP, _DEFAULT_ANIMATION_GAP = 0.0105, 0.1
_MIN_MISSING_SECONDS = 0.1


@dataclass(frozen=True)
class Frame:
    """One decoded frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        image: (height, width, 3), uint8 RGB; from `read_frames_bgr` BGR.
        duration: How long it is shown in seconds if it is the last one; None where the clip does not say.
    """

    index: int
    time: float
    image: np.ndarray
    duration: float | None = None


@dataclass(frozen=True)
class FrameRange:
    """Which frames of a clip are read; without arguments, every frame.

    Attributes:
        frames_per_second: At most this many frames of each second, evenly spread; every frame when None.
        start: Frames shown before this time are left out, in seconds from the first frame.
        end: Frames shown at this time or later are left out, in seconds; None: up to the last frame.
    """

    frames_per_second: float | None = None
    start: float = 0.0
    end: float | None = None


EVERY_FRAME = FrameRange()

# A frame that is not yet converted: its time in the stream and its duration, in seconds, if it has them, and a function
# that returns its image, uint8 BGR, or None if that fails.
_Grabbed = tuple[float | None, float | None, Callable[[], np.ndarray | None]]


def read_frames(
    path: Path, frame_range: FrameRange = EVERY_FRAME, on_warning: Callable[[str], None] | None = None
) -> Iterator[Frame]:
    """Decode a clip.

    Args:
        path: The clip.
        frame_range: Which of its frames.
        on_warning: Receives a sentence when the clip breaks off; the frames up to there are kept.

    Yields:
        The frames in order, with phone rotation applied and transparent areas on white.

    Raises:
        VideoError: The file is not a video, has no frames, or its frames are too large.
    """
    for frame in read_frames_bgr(path, frame_range, on_warning):
        yield Frame(frame.index, frame.time, cv2.cvtColor(frame.image, cv2.COLOR_BGR2RGB), frame.duration)


def read_frames_bgr(
    path: Path, frame_range: FrameRange = EVERY_FRAME, on_warning: Callable[[str], None] | None = None
) -> Generator[Frame, None, None]:
    """Decode a clip as `read_frames` does, with the channels in the order BGR (see `prepare`)."""
    header = read_header(path)
    rate = frame_range.frames_per_second
    declared_rate = header.info.frame_rate or 0
    usual_gap = 1 / declared_rate if 1 <= declared_rate <= 240 else 1 / 25
    grabbed = _grab(path, header)
    try:
        index, last_slot = -1, -1
        shown_before: float | None = None  # when the frame before was shown
        broken = False
        first_time = time = 0.0
        for index, (stream_time, stated, image_of) in enumerate(grabbed):
            # The time in the stream; with a variable frame rate, index / rate would be wrong.
            if index == 0:
                first_time = stream_time or 0.0
            elif stream_time is not None and stream_time - first_time > time + _MIN_GAP:
                time = stream_time - first_time
            else:  # some containers, such as MPEG program streams, have no usable times
                time += usual_gap
            if frame_range.end is not None and time >= frame_range.end:
                return
            # One frame for each slot; 0.05 allows for containers that round times to milliseconds.
            slot = index if rate is None else int(time * rate + 0.05)
            chosen, last_slot = slot != last_slot, slot
            if not chosen or time < frame_range.start:
                continue
            image = image_of()
            if image is None:
                broken = shown_before is None
                break
            refuse_huge_frames(path, image.shape[1], image.shape[0])
            gap = time - shown_before if shown_before is not None else None
            shown_before = time
            yield Frame(index, time, image, _duration(stated, gap, time, header, frame_range))
        if index < 0 or broken:
            raise VideoError(
                Sentence(
                    "“{name}” opens but no frame of it can be decoded. Convert it to H.264 (MP4) and try again.",
                    name=path.name,
                )
            )
        if on_warning is not None and index > 0 and _breaks_off(path, header, time, usual_gap):
            on_warning(
                Sentence(
                    "“{name}” is damaged: it breaks off at {time:.1f} s. The frames up to there are kept; "
                    "for the rest, save or upload the clip again.",
                    name=path.name,
                    time=time,
                )
            )
    finally:
        grabbed.close()


def _duration(
    stated: float | None, gap: float | None, time: float, header: Header, frame_range: FrameRange
) -> float | None:
    """Return how long a frame is shown if it is the last one; None where that is not known.

    Args:
        stated: What its packet says, in seconds.
        gap: Seconds since the frame before.
        time: When it is shown.
        header: Says how long the clip lasts.
        frame_range: Which frames are read.
    """
    duration = stated or gap
    if duration is None:
        return None
    if frame_range.frames_per_second:  # it stands for those after it, which are left out
        duration = max(duration, min(gap or 0.0, 1 / frame_range.frames_per_second))
    for end in (header.info.duration, frame_range.end):
        if end is not None and end > time:
            duration = min(duration, end - time)
    return duration


def _grab(path: Path, header: Header) -> Generator[_Grabbed, None, None]:
    yield from _grab_with_pillow(path) if header.animation else _grab_with_pyav(path, header)


def _grab_with_pyav(path: Path, header: Header) -> Iterator[_Grabbed]:
    with open_container(path) as container:
        stream = next(stream for stream in container.streams.video if stream.index == header.stream)
        stream.thread_type = "AUTO"
        images = FrameImages(stream)
        try:
            for frame in container.decode(stream):
                stated = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else None
                yield frame.time, stated, partial(_bgr_of_frame, images, frame)
        except av.FFmpegError:  # the frames up to here are kept
            return


def _bgr_of_frame(images: FrameImages, frame: av.VideoFrame) -> np.ndarray | None:
    try:
        return images.bgr(frame)
    except av.FFmpegError:  # of the filters that convert it
        return None


def _grab_with_pillow(path: Path) -> Iterator[_Grabbed]:
    with Image.open(path, formats=ANIMATION_FORMATS) as animation:
        time = 0.0
        # The default image for programs without animations is not a frame (PNG, 11.3.6.2: no fcTL before IDAT).
        for number in itertools.count(int(bool(getattr(animation, "default_image", False)))):
            try:
                animation.seek(number)
                refuse_huge_frames(path, animation.width, animation.height)
                animation.load()
            except VideoError:
                raise
            except MemoryError as error:
                raise took_too_much_memory(f"“{path.name}”") from error
            except Exception:  # EOFError at the end; for damaged data, exceptions of many types
                return
            seconds = float(animation.info.get("duration") or 0) / 1000
            seconds = seconds if seconds >= _MIN_ANIMATION_GAP else _DEFAULT_ANIMATION_GAP
            yield time, seconds, partial(_bgr_of_image, animation)
            time += seconds


def _bgr_of_image(animation: Image.Image) -> np.ndarray | None:
    try:
        return cv2.cvtColor(to_rgb(animation), cv2.COLOR_RGB2BGR)
    except (AssertionError, OSError, ValueError):  # a missing palette, for example
        return None


def _breaks_off(path: Path, header: Header, last_time: float, usual_gap: float) -> bool:
    """Return whether frames are missing after the last one that was read, by the header or by the packets."""
    cut_short = is_cut_short(path, header.info.codec if header.animation else header.container)
    if cut_short or header.animation:
        return bool(cut_short)
    declared = header.info.duration
    tolerance = max(_MIN_MISSING_SECONDS, 3 * usual_gap)
    if declared is None or declared - last_time - usual_gap < tolerance:
        return False
    # The last frame may be shown for long, and sound may last longer: the packets decide.
    with open_container(path) as container:
        stream = container.streams[header.stream]
        first = float((stream.start_time or 0) * (stream.time_base or 0))
        last_packet = last_end = 0.0
        try:
            container.seek(max(0, int((first + last_time) * av.time_base)))
            for packet in container.demux():
                if packet.pts is None or packet.time_base is None:
                    continue
                shown = float(packet.pts * packet.time_base) - first
                if packet.stream.index == stream.index:
                    last_packet = max(last_packet, shown)
                elif header.stream_duration is not None:
                    continue
                last_end = max(last_end, shown + float((packet.duration or 0) * packet.time_base))
        except av.FFmpegError:
            pass
    # The header of an AVI file is filled in last, so that its duration says nothing.
    too_short = header.container != "avi" and declared - last_end >= tolerance
    return too_short or last_packet - last_time >= tolerance


def prepared_frames(path: Path, spec: InputSpec, frame_range: FrameRange = EVERY_FRAME) -> Iterator[Frame | Sentence]:
    """Decode a clip into frames at the network's input size.

    Args:
        path: The clip.
        spec: What the network takes.
        frame_range: Which of the clip's frames.

    Yields:
        The frames, their images (spec.height, spec.width, 3), uint8 RGB; at the end, a sentence for each
        thing that is wrong with the clip.

    Raises:
        VideoError: As in `read_frames`.
    """
    warnings: list[str] = []
    for frame in read_frames_bgr(path, frame_range, warnings.append):
        yield Frame(frame.index, frame.time, prepare(frame.image, spec, "bgr"), frame.duration)
    for warning in warnings:
        yield warning if isinstance(warning, Sentence) else Sentence(warning)

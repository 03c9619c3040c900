"""The one place that decodes clips: frames with true times, upright, from whatever opens the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.stream import Disposition
from PIL import Image, ImageSequence

from model.errors import VideoError

VIDEO_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".flv",
        ".ogv",
        ".3gp",
    ]
)
MAX_FRAME_PIXELS = 40_000_000

# Playlists and picture sequences make FFmpeg open other files than the one it was given; only real
# containers are allowed.
CONTAINER_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,ogg,flv,asf,gif,ivf,h264,hevc",
}
_ANIMATIONS = ("GIF", "WEBP", "PNG")

# A clip is said to break off when its header promises this many seconds more, and this share more:
# headers round, and the last frame's duration is anybody's guess.
_MISSING_SECONDS, _MISSING_SHARE = 0.5, 0.02

# When a frame is shown, in seconds of the stream (None where it does not say), and how to get the picture.
_Grabbed = tuple[float | None, Callable[[], np.ndarray | None]]


@dataclass(frozen=True)
class Frame:
    """One decoded frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        picture: (height, width, 3), uint8 RGB.
    """

    index: int
    time: float
    picture: np.ndarray


@dataclass(frozen=True)
class ClipInfo:
    """What a clip's header says; for progress and players only, since headers may be wrong.

    Attributes:
        duration: Seconds, an estimate; None when the header does not say.
        frame_rate: Frames a second on average, an estimate; None when the header does not say.
        width: Width of a frame in pixels, before phone rotation.
        height: Height of a frame in pixels, before phone rotation.
        codec: FFmpeg's name of the codec, "h264" for example.
    """

    duration: float | None
    frame_rate: float | None
    width: int
    height: int
    codec: str


def probe(path: Path) -> ClipInfo:
    """Read a clip's header.

    Args:
        path: The clip.

    Returns:
        What the header says.

    Raises:
        VideoError: It is not a video, or its frames are too large.
    """
    _refuse_missing(path)
    animation = _animation(path)
    if animation:
        with animation:
            _refuse_huge_frames(path, *animation.size)
            return ClipInfo(None, None, *animation.size, (animation.format or "").lower())
    try:
        with av.open(f"file:{path.resolve()}", options=CONTAINER_OPTIONS) as container:
            stream = _pictures(container, path)
            _refuse_huge_frames(path, stream.width, stream.height)
            rate = float(stream.average_rate) if stream.average_rate else None
            return ClipInfo(_duration(container, stream), rate, stream.width, stream.height, stream.codec_context.name)
    except (av.FFmpegError, IndexError, OSError, ValueError) as error:
        raise _not_a_video(path) from error


def read_frames(
    path: Path,
    frames_per_second: float | None = None,
    *,
    start: float = 0.0,
    end: float | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> Iterator[Frame]:
    """Decode a clip.

    Args:
        path: The clip.
        frames_per_second: At most this many frames of each second, evenly spread; every frame when
            not given.
        start: Leave out what is shown before, in seconds.
        end: Leave out what is shown from then on, in seconds; to the last frame when not given.
        on_warning: Receives a sentence when the clip breaks off; what was read of it is kept.

    Yields:
        The frames in order, with phone rotation applied.

    Raises:
        VideoError: It is not a video, has no frames, or its frames are too large.
    """
    info = probe(path)
    usual_gap = 1 / info.frame_rate if info.frame_rate and 1 <= info.frame_rate <= 240 else 1 / 25
    index, last_slot, time, first_time = 0, -1, 0.0, 0.0
    with closing(_grabbed(path)) as grabbed:
        for stream_time, retrieve in grabbed:
            # The stream's own time: right for variable frame rates, where index / rate is not.
            if index == 0:
                first_time = stream_time or 0.0
            elif stream_time is not None and stream_time - first_time > time:
                time = stream_time - first_time
            else:  # some containers (MPEG program streams) carry no usable time
                time += usual_gap
            if end is not None and time >= end:
                return
            # One frame a slot; the twentieth forgives containers that round times to milliseconds.
            slot = index if frames_per_second is None else int(time * frames_per_second + 0.05)
            if slot > last_slot:
                last_slot = slot
                if time >= start:
                    picture = retrieve()
                    if picture is None:
                        break
                    _refuse_huge_frames(path, picture.shape[1], picture.shape[0])
                    yield Frame(index, time, picture)
            index += 1
    if index == 0:
        raise VideoError(
            f"“{path.name}” opens but no frame of it can be decoded. Convert it to H.264 (MP4) and try again."
        )
    missing = (info.duration or 0.0) - (time + usual_gap)
    if on_warning and missing > max(_MISSING_SECONDS, _MISSING_SHARE * (info.duration or 0.0)):
        on_warning(
            f"“{path.name}” breaks off after {time:.1f} of {info.duration:.1f} seconds; the answer is about these."
        )


def _grabbed(path: Path) -> Generator[_Grabbed, None, None]:
    """Yield the frames through the first library that gets any out of the file."""
    animation = _animation(path)
    if animation:
        yield from _with_pillow(animation)
        return
    any_frame = False
    with closing(_with_opencv(path)) as frames:
        for frame in frames:
            any_frame = True
            yield frame
    if not any_frame:  # OpenCV opens AV1 and then reads nothing
        yield from _with_av(path)


def _with_opencv(path: Path) -> Generator[_Grabbed, None, None]:
    # OpenCV takes the limits from the environment.
    options = "|".join(f"{name};{value}" for name, value in CONTAINER_OPTIONS.items())
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
    # Both libraries print their own lines about a clip that they cannot read; ours says it already.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)

    def retrieve() -> np.ndarray | None:
        decoded, picture = capture.retrieve()
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if decoded else None

    try:
        while capture.grab():
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, retrieve
    finally:
        capture.release()


def _with_av(path: Path) -> Generator[_Grabbed, None, None]:
    with av.open(f"file:{path.resolve()}", options=CONTAINER_OPTIONS) as container:
        stream = _pictures(container, path)
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                yield frame.time, partial(upright, frame, "rgb24")
        except (av.FFmpegError, OSError):
            return  # it breaks off here


def upright(frame: av.VideoFrame, pixels: str, **size: int) -> np.ndarray:
    """Return a frame as an array, turned as the phone that took it says; see `av.VideoFrame.reformat`."""
    picture = frame.reformat(format=pixels, **size).to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, frame.rotation // 90))


def _animation(path: Path) -> Image.Image | None:
    """Return a moving GIF, WebP or PNG as Pillow opens it; FFmpeg knows only the first."""
    try:
        image = Image.open(path, formats=_ANIMATIONS)
    except Exception:  # Pillow's readers raise whatever they stumble over; then it is no animation
        return None
    if getattr(image, "n_frames", 1) > 1:
        return image
    image.close()
    return None


def _with_pillow(animation: Image.Image) -> Generator[_Grabbed, None, None]:
    time = 0.0
    with animation:
        try:
            for frame in ImageSequence.Iterator(animation):
                white = Image.new("RGBA", frame.size, "white")
                white.alpha_composite(frame.convert("RGBA"))
                picture = np.asarray(white.convert("RGB"))
                yield time, partial(np.copy, picture)
                time += max(float(frame.info.get("duration", 0)), 10.0) / 1000
        except (OSError, ValueError, SyntaxError):
            return  # it breaks off here


def _pictures(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    """Return the stream of moving pictures; a sound file's cover is none."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        sound = "It holds sound only. " if container.streams.audio else ""
        raise VideoError(f"“{path.name}” is not a video that can be read. {sound}Use MP4, MOV, WebM, MKV or AVI.")
    return streams[0]


def _duration(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _refuse_missing(path: Path) -> None:
    if not os.path.isfile(path):  # noqa: PTH113  (Path.is_file raises for names that are too long)
        raise VideoError(f"“{path.name}” cannot be opened: there is no such file. Check the path.")
    if path.stat().st_size == 0:
        raise VideoError(f"“{path.name}” is an empty file. Choose a clip with content.")


def _refuse_huge_frames(path: Path, width: int, height: int) -> None:
    if width <= 0 or height <= 0:
        raise _not_a_video(path)
    if width * height > MAX_FRAME_PIXELS:
        raise VideoError(
            f"The frames of “{path.name}” have {width} x {height} pixels; the limit is "
            f"{MAX_FRAME_PIXELS // 1_000_000} megapixels. Make the clip smaller first."
        )


def _not_a_video(path: Path) -> VideoError:
    return VideoError(f"“{path.name}” is not a video that can be read. Use MP4, MOV, WebM, MKV or AVI.")

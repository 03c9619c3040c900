"""Read a clip frame by frame and predict each: one row a frame, and an aggregate over all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from model.classifier import Classifier
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
# containers are allowed. OpenCV takes the limits from the environment.
_CAPTURE_OPTIONS = (
    "protocol_whitelist;file|"
    "format_whitelist;mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,ogg,flv,asf,gif,ivf,h264,hevc"
)


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


@dataclass(frozen=True)
class FramePrediction:
    """One row of the answer: what the network says about one frame.

    Attributes:
        index: Number of the frame in the clip, from 0.
        time: When it is shown, in seconds from the first frame.
        probabilities: (classes,), float32, 0 to 1.
    """

    index: int
    time: float
    probabilities: np.ndarray


@dataclass(frozen=True)
class Aggregate:
    """What a whole clip shows.

    Attributes:
        mean_probabilities: (classes,), float64: the mean over the frames.
        majority: The label that leads in most frames.
        seconds: Seconds on screen of each label that leads anywhere, the longest first.
        frames: Number of frames that were predicted.
        duration: Seconds that those frames cover.
    """

    mean_probabilities: np.ndarray
    majority: str
    seconds: dict[str, float]
    frames: int
    duration: float


def probe(path: Path) -> ClipInfo:
    """Read a clip's header.

    Args:
        path: The clip.

    Returns:
        What the header says.

    Raises:
        VideoError: It is not a video, or its frames are too large.
    """
    _open(path).release()
    try:
        with av.open(f"file:{path.resolve()}") as container:
            stream = container.streams.video[0]
            duration = container.duration / av.time_base if container.duration else None
            rate = float(stream.average_rate) if stream.average_rate else None
            return ClipInfo(duration, rate, stream.width, stream.height, stream.codec_context.name)
    except (av.FFmpegError, IndexError) as error:
        raise VideoError(f"“{path.name}” is not a video that can be read. Use MP4, MOV, WebM, MKV or AVI.") from error


def read_frames(path: Path, frames_per_second: float | None = None) -> Iterator[Frame]:
    """Decode a clip.

    Args:
        path: The clip.
        frames_per_second: At most this many frames of each second, evenly spread; every frame when
            not given.

    Yields:
        The frames in order, with phone rotation applied.

    Raises:
        VideoError: It is not a video, has no frames, or its frames are too large.
    """
    capture = _open(path)
    try:
        usual_gap = _usual_gap(capture)
        first_time = time = 0.0
        index, last_slot = 0, -1
        while capture.grab():
            # The stream's own time: right for variable frame rates, where index / rate is not.
            stream_time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if index == 0:
                first_time = stream_time
            elif stream_time - first_time > time:
                time = stream_time - first_time
            else:  # some containers (MPEG program streams) carry no usable time
                time += usual_gap
            # One frame a slot; the twentieth forgives containers that round times to milliseconds.
            slot = index if frames_per_second is None else int(time * frames_per_second + 0.05)
            if slot > last_slot:
                last_slot = slot
                decoded, picture = capture.retrieve()
                if not decoded:
                    break
                _refuse_huge_frames(path, picture.shape[1], picture.shape[0])
                yield Frame(index, time, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
            index += 1
        if index == 0:
            raise VideoError(
                f"“{path.name}” opens but no frame of it can be decoded. Convert it to H.264 (MP4) and try again."
            )
    finally:
        capture.release()


def predict_video(
    classifier: Classifier,
    path: Path,
    frames_per_second: float | None = None,
    *,
    start: float = 0.0,
    end: float | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> Iterator[FramePrediction]:
    """Predict the frames of a clip as they are decoded.

    Args:
        classifier: The model.
        path: The clip.
        frames_per_second: As in `read_frames`.
        start: Leave out what is shown before, in seconds.
        end: Leave out what is shown from then on, in seconds; to the last frame when not given.
        on_warning: Receives a sentence when the clip turns out damaged; what was read is kept.

    Yields:
        One row a frame.

    Raises:
        VideoError: As in `read_frames`.
    """
    for frame in read_frames(path, frames_per_second):
        if frame.time < start:
            continue
        if end is not None and frame.time >= end:
            return
        yield FramePrediction(frame.index, frame.time, classifier.classify(frame.picture))


def aggregate(frames: Sequence[FramePrediction], labels: Sequence[str]) -> Aggregate:
    """Sum up a clip's rows.

    Args:
        frames: At least one row, in order of time.
        labels: The labels in class order.

    Returns:
        Mean probabilities, majority label and seconds per label.
    """
    if not frames:
        raise ValueError("aggregate needs at least one frame, received none.")
    leading = np.array([row.probabilities.argmax() for row in frames])
    shown = _seconds_shown([row.time for row in frames])
    seconds = {labels[index]: float(shown[leading == index].sum()) for index in np.unique(leading)}
    return Aggregate(
        mean_probabilities=np.stack([row.probabilities for row in frames]).mean(axis=0, dtype=np.float64),
        majority=labels[int(np.bincount(leading).argmax())],
        seconds=dict(sorted(seconds.items(), key=lambda item: -item[1])),
        frames=len(frames),
        duration=float(shown.sum()),
    )


def _seconds_shown(times: Sequence[float]) -> np.ndarray:
    """Return how long each frame stays on screen: until the next one; for the last, as long as usual."""
    gaps = np.diff(np.asarray(times, np.float64))
    last = float(np.median(gaps)) if gaps.size else 0.0
    return np.append(np.maximum(gaps, 0), last)


def _open(path: Path) -> cv2.VideoCapture:
    if not os.path.isfile(path):  # noqa: PTH113  (Path.is_file raises for names that are too long)
        raise VideoError(f"“{path.name}” cannot be opened: there is no such file. Check the path.")
    if path.stat().st_size == 0:
        raise VideoError(f"“{path.name}” is an empty file. Choose a clip with content.")
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _CAPTURE_OPTIONS
    # Both libraries print their own lines about a clip that they cannot read; ours says it already.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if not capture.isOpened() or width <= 0 or height <= 0:
        capture.release()
        raise VideoError(f"“{path.name}” is not a video that can be read. Use MP4, MOV, WebM, MKV or AVI.")
    try:
        _refuse_huge_frames(path, width, height)
    except VideoError:
        capture.release()
        raise
    return capture


def _usual_gap(capture: cv2.VideoCapture) -> float:
    """Return the seconds between two frames by the declared frame rate, which may be nonsense."""
    frame_rate = capture.get(cv2.CAP_PROP_FPS)
    return 1 / frame_rate if 1 <= frame_rate <= 240 else 1 / 25


def _refuse_huge_frames(path: Path, width: int, height: int) -> None:
    if width * height > MAX_FRAME_PIXELS:
        raise VideoError(
            f"The frames of “{path.name}” have {width} x {height} pixels; the limit is "
            f"{MAX_FRAME_PIXELS // 1_000_000} megapixels. Make the clip smaller first."
        )

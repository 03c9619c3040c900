"""Look at a clip before any frame of it is decoded: what it claims to be, and whether it may be read at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.stream import Disposition
from PIL import Image

from model.errors import Sentence, VideoError
from model.limits import limits
from model.preprocessing import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from av.container import InputContainer

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
        ".dv",
    ]
)
# An image or a clip: that depends on how many frames there are.
ANIMATION_SUFFIXES = frozenset([".gif", ".webp", ".png", ".apng"])
ANIMATION_FORMATS = ("GIF", "WEBP", "PNG")

# Playlists and image sequences make FFmpeg open other files than the one it was given; only real
# containers are allowed. GIF is here for the rare one that Pillow refuses.
PROTOCOLS = "file"
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,ogg,flv,asf,gif,ivf,h264,hevc,dv"

# HEIC and AVIF are the same container as MP4; these brands (ISO/IEC 23008-12) say that it holds an image.
_IMAGE_BRANDS = frozenset(["avif", "heic", "heix", "heim", "heis", "mif1"])
_NOT_A_VIDEO = "“{name}” is not a video that can be read. Use MP4, MOV, WebM, MKV or AVI."
_ONE_IMAGE = "“{name}” is an image, not a clip. Predict it as an image."


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
class Header:
    """What decoding has to know about a clip.

    Attributes:
        info: What is of interest to people.
        container: FFmpeg's name of the container.
        animation: Whether it is an image file with several frames, which Pillow reads.
        stream: Which of the container's streams is the video.
        stream_duration: Seconds that the video stream alone claims to last; None when it does not say.
    """

    info: ClipInfo
    container: str = ""
    animation: bool = False
    stream: int = 0
    stream_duration: float | None = None


def probe(path: Path) -> ClipInfo:
    """Read a clip's header.

    Args:
        path: The clip.

    Returns:
        What the header says.

    Raises:
        VideoError: It is not a video, or its frames are too large.
    """
    return read_header(path).info


def read_header(path: Path) -> Header:
    """Read a clip's header, and refuse what must not be decoded.

    Args:
        path: The clip.

    Returns:
        What decoding has to know.

    Raises:
        VideoError: It is not a video, or its frames are too large.
    """
    if not os.path.isfile(path):  # noqa: PTH113  (Path.is_file raises for names that are too long)
        raise VideoError(Sentence("“{name}” cannot be opened: there is no such file. Check the path.", name=path.name))
    if path.stat().st_size == 0:
        raise VideoError(Sentence("“{name}” is an empty file. Choose a clip with content.", name=path.name))
    return _animation_header(path) or _container_header(path)


def is_clip(path: Path) -> bool:
    """Say whether a file is a clip: by its name, or, where that says too little, by its header."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    if suffix in IMAGE_SUFFIXES - ANIMATION_SUFFIXES:
        return False
    try:
        read_header(path)
    except VideoError:  # whatever is wrong with it is told when it is read as an image
        return False
    return True


def open_container(path: Path) -> InputContainer:
    """Open a clip with FFmpeg, which then reads no other file and decodes no huge frame.

    Raises:
        VideoError: It is not a video.
    """
    av.logging.set_level(None)  # FFmpeg prints lines of its own about a clip that it cannot read
    # The header of some codecs is found by decoding a frame: the limit has to be known before that.
    size = {"max_pixels": str(_most_pixels())}
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": CONTAINERS, **size}
    try:
        container = av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
        for stream in container.streams.video:
            if stream.codec_context is not None:
                stream.codec_context.options = size  # those above hold for the header only, and frames may grow
        return container
    except (av.FFmpegError, ValueError) as error:  # ValueError: a name that is not UTF-8
        raise VideoError(Sentence(_NOT_A_VIDEO, name=path.name)) from error


def refuse_huge_frames(path: Path, width: int, height: int) -> None:
    """Raise a VideoError if a frame of that size would take too much memory."""
    if width * height > _most_pixels():
        raise VideoError(
            Sentence(
                "The frames of “{name}” have {width} x {height} pixels; the limit is {limit} megapixels. "
                "Make the clip smaller first.",
                name=path.name,
                width=width,
                height=height,
                limit=limits().frame_megapixels,
            )
        )


def _most_pixels() -> int:
    return limits().frame_megapixels * 1_000_000


def _animation_header(path: Path) -> Header | None:
    try:
        with Image.open(path, formats=ANIMATION_FORMATS) as image:
            refuse_huge_frames(path, image.width, image.height)
            animated = bool(getattr(image, "is_animated", False))
            info = ClipInfo(None, None, image.width, image.height, (image.format or "").lower())
    except VideoError:
        raise
    except Exception:  # not such a file, or one that Pillow stumbles over
        return None
    if not animated:
        raise VideoError(Sentence(_ONE_IMAGE, name=path.name))
    return Header(info, animation=True)


def _container_header(path: Path) -> Header:
    with open_container(path) as container:
        moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if container.streams.video and not moving:
            raise VideoError(
                Sentence("“{name}” is a sound file with a cover image, not a video. Choose a clip.", name=path.name)
            )
        videos = [stream for stream in moving if stream.codec_context is not None]  # None: nobody knows the codec
        if container.streams.audio and not moving:
            raise VideoError(Sentence("“{name}” holds sound but no image. Choose a clip.", name=path.name))
        if not videos:
            raise VideoError(Sentence(_NOT_A_VIDEO, name=path.name))
        if container.metadata.get("major_brand", "").strip() in _IMAGE_BRANDS:
            raise VideoError(Sentence(_ONE_IMAGE, name=path.name))
        # Players take the stream that the file declares to be the usual one.
        stream = next((s for s in videos if s.disposition & Disposition.default), videos[0])
        width, height = stream.width, stream.height
        refuse_huge_frames(path, width, height)
        if width <= 0 or height <= 0:
            raise VideoError(
                Sentence(
                    "“{name}” does not say how large its frames are, or they exceed {limit} megapixels. "
                    "Make the clip smaller first, or convert it to H.264 (MP4).",
                    name=path.name,
                    limit=limits().frame_megapixels,
                )
            )
        own = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        whole = container.duration / av.time_base if container.duration else None
        if whole and "matroska" in container.format.name:  # there it counts from nought, not from the first frame
            whole -= max(0.0, float((stream.start_time or 0) * (stream.time_base or 0)))
        duration = own or whole
        return Header(
            info=ClipInfo(
                duration=duration if duration and duration > 0 else None,
                frame_rate=float(stream.average_rate) if stream.average_rate else None,
                width=width,
                height=height,
                codec=stream.codec_context.name,
            ),
            container=container.format.name,
            stream=stream.index,
            stream_duration=own,
        )

"""Read the header of a clip before any frame is decoded, and refuse what must not be decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.stream import Disposition
from PIL import Image

from model.errors import Sentence, VideoError
from model.image_file import IMAGE_SUFFIXES
from model.limits import limits
from model.video.truncation import lacks_index

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
# An image or a clip, depending on the number of frames.
ANIMATION_SUFFIXES = frozenset([".gif", ".webp", ".png", ".apng"])
ANIMATION_FORMATS = ("GIF", "WEBP", "PNG")

# With playlists and image sequences, FFmpeg would open other files as well: only containers are allowed. GIF is among
# them for the rare ones that Pillow cannot read.
PROTOCOLS = "file"
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,ogg,flv,asf,gif,ivf,h264,hevc,dv"

# HEIC and AVIF have the same container format as MP4; these brands (ISO/IEC 23008-12) mark an image.
_IMAGE_BRANDS = frozenset(["avif", "heic", "heix", "heim", "heis", "mif1"])
_NOT_A_VIDEO = "“{name}” is not a video that can be read. Use MP4, MOV, WebM, MKV or AVI."
_ONE_IMAGE = "“{name}” is an image, not a clip. Predict it as an image."


@dataclass(frozen=True)
class ClipInfo:
    """What a clip's header says. It may be wrong, and is good for progress bars and players only.

    Attributes:
        duration: Seconds; None where the header does not say.
        frame_rate: Average number of frames per second; None where the header does not say.
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
    """What decoding needs to know about a clip.

    Attributes:
        info: What may be shown to the user.
        container: FFmpeg's name of the container format.
        animation: Whether it is an image file with several frames, which Pillow decodes.
        stream: Index of the video stream in the container.
        stream_duration: Duration of the video stream alone, in seconds; None where the header does not say.
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
        The content of the header.

    Raises:
        VideoError: The file is not a video, or its frames are too large.
    """
    return read_header(path).info


def read_header(path: Path) -> Header:
    """Read a clip's header, and refuse what must not be decoded.

    Args:
        path: The clip.

    Returns:
        What decoding needs to know.

    Raises:
        VideoError: The file is not a video, or its frames are too large.
    """
    if not os.path.isfile(path):  # noqa: PTH113  (Path.is_file raises for names that are too long)
        raise VideoError(Sentence("“{name}” cannot be opened: there is no such file. Check the path.", name=path.name))
    if path.stat().st_size == 0:
        raise VideoError(Sentence("“{name}” is an empty file. Choose a clip with content.", name=path.name))
    return _animation_header(path) or _container_header(path)


def is_clip(path: Path) -> bool:
    """Return whether a file is a clip: by its suffix, or by its header where the suffix does not decide."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    if suffix in IMAGE_SUFFIXES - ANIMATION_SUFFIXES:
        return False
    try:
        read_header(path)
    except VideoError:  # reading it as an image will report what is wrong
        return False
    return True


def open_container(path: Path) -> InputContainer:
    """Open a clip with FFmpeg, limited to this one file and to frames of a limited size.

    Raises:
        VideoError: The file is not a video.
    """
    av.logging.set_level(None)  # FFmpeg would print messages about damaged clips
    # For some codecs FFmpeg decodes a frame to read the header, which the limit must cover as well.
    size = {"max_pixels": str(_max_pixels())}
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": CONTAINERS, **size}
    try:
        container = av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
        for stream in container.streams.video:
            if stream.codec_context is not None:
                stream.codec_context.options = (
                    size  # the options above cover the header only, and frames may change in size
                )
        return container
    except (av.FFmpegError, ValueError) as error:  # ValueError: a name that is not UTF-8
        if lacks_index(path):
            raise VideoError(
                Sentence(
                    "“{name}” is incomplete: its index, which MP4 and MOV keep at the end, is missing. "
                    "Copy, download or record it again.",
                    name=path.name,
                )
            ) from error
        raise VideoError(Sentence(_NOT_A_VIDEO, name=path.name)) from error


def refuse_huge_frames(path: Path, width: int, height: int) -> None:
    """Raise `VideoError` if frames of this size would take too much memory."""
    if width * height > _max_pixels():
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


def _max_pixels() -> int:
    return limits().frame_megapixels * 1_000_000


def _animation_header(path: Path) -> Header | None:
    try:
        with Image.open(path, formats=ANIMATION_FORMATS) as image:
            refuse_huge_frames(path, image.width, image.height)
            animated = bool(getattr(image, "is_animated", False))
            info = ClipInfo(None, None, image.width, image.height, (image.format or "").lower())
    except VideoError:
        raise
    except Exception:  # another format, or a damaged file
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
        videos = [stream for stream in moving if stream.codec_context is not None]  # None: an unknown codec
        if container.streams.audio and not moving:
            raise VideoError(Sentence("“{name}” holds sound but no image. Choose a clip.", name=path.name))
        if not videos:
            raise VideoError(Sentence(_NOT_A_VIDEO, name=path.name))
        if container.metadata.get("major_brand", "").strip() in _IMAGE_BRANDS:
            raise VideoError(Sentence(_ONE_IMAGE, name=path.name))
        # Players show the stream that the file marks as the default.
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
        if whole and "matroska" in container.format.name:  # there it counts from time 0, not from the first frame
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

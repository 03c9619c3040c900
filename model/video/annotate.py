"""Write a copy of a clip with its labels drawn on it, in a format that every browser plays."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from model.errors import Sentence, VideoError
from model.labels import percent_text
from model.video.export import label_text
from model.video.probe import open_container, read_header
from model.video.reader import FrameRange, read_frames
from model.video.record import NONE_OF_THESE, ClipRecord, FrameRow

_LONGEST_SIDE = 1920  # phones decode no more in hardware
_TIME_BASE = Fraction(1, 90_000)
_QUALITY = {"crf": "23", "preset": "veryfast"}
_SOUND_RATE = 128_000
_BACKGROUND_BRIGHTNESS = 0.35  # the factor for the image behind the text


def write_annotated_clip(source: Path, record: ClipRecord, target: Path) -> Generator[float, None, None]:
    """Write the part of a clip that was predicted, with label and confidence on every frame, and its sound.

    The video is H.264 in yuv420p with AAC sound and the index first (“faststart”), as web pages need. The image is
    upright, whatever the rotation in the source, and the frames keep their times.

    Args:
        source: The clip.
        record: The predictions for it.
        target: Where to write; the suffix is “.mp4”.

    Yields:
        The share that is done, 0 to 1. The file is complete when the generator ends.

    Raises:
        VideoError: The clip cannot be read, or `record` is empty.
    """
    rows = record.rows()
    row = next(rows, None)
    if row is None:
        raise VideoError(Sentence("Nothing was read of “{name}”. Read the clip first.", name=source.name))
    begin = row.time
    end = max(record.segments()[-1].end, math.nextafter(begin, math.inf))  # a single frame has no duration
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        video: av.video.stream.VideoStream | None = None
        sound = _Sound(source, begin, end)
        try:
            upcoming = next(rows, None)
            for frame in read_frames(source, FrameRange(start=begin, end=end)):
                while upcoming is not None and upcoming.index <= frame.index:
                    row, upcoming = upcoming, next(rows, None)
                if video is None:
                    video = _add_video(output, frame.image)
                    sound.add_to(output)
                size = (video.width, video.height)
                image = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
                annotate(image, row, record.none_of_these)
                encoded = av.VideoFrame.from_ndarray(image, format="rgb24")
                encoded.pts, encoded.time_base = round((frame.time - begin) / _TIME_BASE), _TIME_BASE
                output.mux(video.encode(encoded))
                for packet in sound.until(frame.time - begin):
                    output.mux(packet)
                yield min(1.0, (frame.time - begin) / max(end - begin, 1e-3))
            if video is not None:
                output.mux(video.encode(None))
                for packet in sound.until(None):
                    output.mux(packet)
        finally:
            sound.close()


def annotate(image: np.ndarray, row: FrameRow, none: str = NONE_OF_THESE) -> None:
    """Draw a frame's label and confidence at the lower left.

    Args:
        image: (height, width, 3), uint8 RGB; changed in place.
        row: The prediction for the frame.
        none: The text where no label applies.
    """
    height, width = image.shape[:2]
    mask = _text(_words(row, none), max(12, round(min(height, width) / 14)), width)
    rows, columns = min(mask.shape[0], height), min(mask.shape[1], width)
    area = image[height - rows :, :columns]
    lettering = mask[:rows, :columns, np.newaxis].astype(np.float32) / 255
    area[:] = area * _BACKGROUND_BRIGHTNESS * (1 - lettering) + 255 * lettering


def _words(row: FrameRow, none: str) -> str:
    """Return the segment's label and its probability in this frame."""
    confidence = dict(row.ranking).get(row.segment or "")
    return label_text(row.segment, none) if confidence is None else f"{row.segment} {percent_text(confidence)}"


@lru_cache(maxsize=256)
def _text(words: str, size: int, width: int) -> np.ndarray:
    """Return a line of text as a mask, (height, width), uint8; in a smaller font where it would not fit."""
    # OpenCV has built-in fonts, with accented Latin, Greek, Cyrillic, Chinese and Arabic letters.
    font = cv2.FontFace("sans")
    margin = size // 2
    while True:
        _, _, wide, _ = cv2.getTextSize((0, 0), words, (0, 0), font, size, 600)
        if wide + 2 * margin <= width or size <= 8:
            break
        size = min(size - 1, int(size * (width - 2 * margin) / wide))
    size = max(size, 8)
    mask = np.zeros((size + 2 * margin, min(width, wide + 2 * margin)), np.uint8)
    cv2.putText(mask, words, (margin, margin + round(size * 0.85)), (255,), font, size, 600)
    return mask


def _add_video(output: av.container.OutputContainer, image: np.ndarray) -> av.video.stream.VideoStream:
    height, width = image.shape[:2]
    shrink = max(1.0, max(height, width) / _LONGEST_SIDE)
    video = output.add_stream("libx264", rate=30, options=_QUALITY)
    # yuv420p halves the resolution of colours: both sides must be even.
    video.width, video.height = (max(2, round(side / shrink / 2) * 2) for side in (width, height))
    video.pix_fmt = "yuv420p"
    video.time_base = video.codec_context.time_base = _TIME_BASE
    return video


class _Sound:
    """The sound of the same part of the clip, as AAC; none where there is no sound or it cannot be decoded."""

    def __init__(self, source: Path, begin: float, end: float) -> None:
        self._begin, self._end = begin, end
        # FFmpeg reads animations as images, or not at all.
        header = read_header(source)
        self._video = header.stream
        self._input = None if header.animation else open_container(source)
        self._output: av.audio.stream.AudioStream | None = None
        self._packets: Iterator[tuple[float, list[av.Packet]]] | None = None
        self._held: tuple[float, list[av.Packet]] | None = None

    def add_to(self, output: av.container.OutputContainer) -> None:
        if self._input is None or not self._input.streams.audio:
            return
        rate = self._input.streams.audio[0].rate or 44_100
        self._output = output.add_stream("aac", rate=rate if rate in (32_000, 44_100, 48_000) else 44_100)
        self._output.bit_rate = _SOUND_RATE
        self._output.layout = "stereo"
        self._packets = self._encoded(self._input, self._output)

    def until(self, time: float | None) -> Iterator[av.Packet]:
        """Yield the packets up to a time in the new clip; for None, all that are left."""
        while self._packets is not None:
            if self._held is None:
                self._held = next(self._packets, None)
            if self._held is None or (time is not None and self._held[0] > time):
                return
            packets, self._held = self._held[1], None
            yield from packets

    def close(self) -> None:
        if self._input is not None:
            self._input.close()

    def _encoded(
        self, source: av.container.InputContainer, output: av.audio.stream.AudioStream
    ) -> Iterator[tuple[float, list[av.Packet]]]:
        """Yield times in the new clip, and the packets that are encoded there."""
        video = source.streams[self._video]
        # Times count from the first frame, as everywhere.
        offset = float((video.start_time or 0) * (video.time_base or 0)) + self._begin
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=output.rate)
        written = 0
        now = 0.0
        try:
            for frame in source.decode(source.streams.audio[0]):
                now = (frame.time or 0.0) - offset
                if now < 0:
                    continue
                if now >= self._end - self._begin:
                    break
                for piece in resampler.resample(frame):
                    if round(now * output.rate) - written > output.rate // 10:  # a gap in the source stays a gap
                        written = round(now * output.rate)
                    piece.pts, piece.time_base = written, Fraction(1, output.rate)
                    written += piece.samples
                    yield now, output.encode(piece)
        except (av.FFmpegError, OSError):
            pass  # the sound ends early; the video goes on
        yield now, output.encode(None)

"""Clips that OpenCV alone would read wrongly or not at all; where they end, and what is no clip."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from model.clip_reader import probe, read_frames
from model.errors import VideoError
from tests.pictures import scene, write_clip

H264 = {"codec": "libx264", "pixels": "yuv420p"}


def scenes(count: int) -> list[np.ndarray]:
    return [scene(64, 48, seed) for seed in range(count)]


def test_av1_is_read_where_opencv_gets_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(6), rate=10, codec="libsvtav1", pixels="yuv420p")

    frames = list(read_frames(clip))

    assert [frame.time for frame in frames] == pytest.approx([i / 10 for i in range(6)], abs=2e-3)
    assert all(abs(f.picture.astype(int) - s).mean() < 30 for f, s in zip(frames, scenes(6), strict=True))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_keep_the_duration_of_each_frame(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"moving.{kind.lower()}"
    first, *rest = [Image.fromarray(picture) for picture in scenes(4)]
    first.save(path, kind, save_all=True, append_images=rest, duration=[100, 300, 50, 50], loop=0)

    frames = list(read_frames(path))

    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.4, 0.45])
    assert all(frame.picture.shape == (48, 64, 3) for frame in frames)
    assert probe(path).codec == kind.lower()


def test_transparent_parts_of_an_animation_lie_on_white(tmp_path: Path) -> None:
    pictures = [Image.new("RGBA", (16, 16), colour) for colour in ((255, 0, 0, 0), (0, 0, 255, 255))]
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True)

    first, second = (frame.picture[8, 8] for frame in read_frames(tmp_path / "a.webp"))

    np.testing.assert_array_equal([first, second], [[255, 255, 255], [0, 0, 255]])


def test_only_the_stretch_asked_for_is_read(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(20), rate=10, **H264)

    frames = list(read_frames(clip, start=0.5, end=0.9))

    assert [frame.index for frame in frames] == [5, 6, 7, 8]
    assert [frame.index for frame in read_frames(clip, 5, start=1.0)] == [10, 12, 14, 16, 18]
    assert list(read_frames(clip, start=30)) == []


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_a_clip_that_breaks_off_says_where(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(8) * 5, rate=10, **H264, options={"movflags": "faststart"})
    warnings: list[str] = []

    frames = list(read_frames(cut(clip, 0.6), on_warning=warnings.append))

    assert 4 < len(frames) < 36
    (warning,) = warnings
    assert f"after {frames[-1].time:.1f} of 4.0 seconds" in warning


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.mp4", H264), ("a.mkv", {}), ("a.avi", {}), ("a.webm", {"codec": "libvpx", "pixels": "yuv420p"})],
)
def test_whole_clips_get_no_warning(name: str, options: dict, tmp_path: Path) -> None:
    warnings: list[str] = []

    list(read_frames(write_clip(tmp_path / name, scenes(12), rate=10, **options), on_warning=warnings.append))

    assert warnings == []


def test_a_stretch_that_ends_before_the_break_gets_no_warning(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(8) * 5, rate=10, **H264, options={"movflags": "faststart"})
    warnings: list[str] = []

    list(read_frames(cut(clip, 0.6), end=0.3, on_warning=warnings.append))

    assert warnings == []


def test_a_song_with_a_cover_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=44_100)
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        output.mux(cover.encode(av.VideoFrame.from_ndarray(scene(64, 48), format="rgb24")))
        output.mux(cover.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.rate = 44_100
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))

    with pytest.raises(VideoError, match="sound only"):
        list(read_frames(path))


def test_the_header_says_how_long_a_clip_is(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", scenes(20), rate=10, **H264))

    assert info.duration == pytest.approx(2, abs=0.11)
    assert info.frame_rate == pytest.approx(10)
    assert (info.width, info.height, info.codec) == (64, 48, "h264")

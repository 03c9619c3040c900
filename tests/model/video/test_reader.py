"""A clip becomes frames with true times, up to where it breaks off."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from model.errors import Sentence, VideoError
from model.preprocessing import InputSpec, prepare, read_image
from model.video.probe import is_clip
from model.video.reader import Frame, FrameRange, prepared_frames, read_frames
from tests.support.images import H264, scene, scenes, write_clip

VARIABLE = [0, 0.1, 0.15, 0.5, 2.0, 2.04, 3.5]


def times(path: Path, frames_per_second: float | None = None) -> list[float]:
    return [frame.time for frame in read_frames(path, FrameRange(frames_per_second))]


@pytest.mark.parametrize(("name", "options"), [("clip.mkv", {}), ("clip.mp4", H264)])
def test_times_of_a_variable_frame_rate_are_the_stream_s_own(name: str, options: dict, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / name, scenes(len(VARIABLE)), times=VARIABLE, **options)

    assert times(clip) == pytest.approx(VARIABLE, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip.mkv", {}),
        ("clip.avi", {}),
        ("clip.mp4", H264),
        ("clip.mov", H264),
        ("clip.ts", {"codec": "mpeg2video", "pixels": "yuv420p"}),
        ("clip.mpg", {"codec": "mpeg2video", "pixels": "yuv420p"}),
        ("clip.webm", {"codec": "libvpx", "pixels": "yuv420p"}),
    ],
)
def test_times_of_a_constant_frame_rate_start_at_nought_in_every_container(
    name: str, options: dict, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / name, scenes(8), rate=25, **options)
    frames = list(read_frames(clip))

    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(8)], abs=2e-3)


def test_times_count_from_the_first_frame_of_a_clip_that_starts_late(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(3), times=[5, 5.5, 7])

    assert times(clip) == pytest.approx([0, 0.5, 2], abs=2e-3)


def test_of_several_streams_the_usual_one_is_read(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        streams = [container.add_stream("ffv1", rate=10, width=w, height=48, pix_fmt="bgr0") for w in (32, 64)]
        streams[0].disposition = Disposition(0)
        streams[1].disposition = Disposition.default
        for stream in streams:
            image = av.VideoFrame.from_ndarray(scene(stream.width, 48), format="rgb24")
            container.mux(stream.encode(image.reformat(format="bgr0")))
            container.mux(stream.encode())

    (frame,) = read_frames(tmp_path / "clip.mkv")

    assert frame.image.shape == (48, 64, 3)


@pytest.mark.parametrize("rate", [10, 24, 25, 30, 60])
@pytest.mark.parametrize("wanted", [0.5, 1, 2, 5, 10, 30])
def test_at_most_so_many_frames_of_each_second_are_read(rate: int, wanted: float, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(3) * 25, rate=rate)
    everything, chosen = times(clip), times(clip, wanted)

    assert set(chosen) <= set(everything)
    assert len(chosen) == pytest.approx(min(len(everything), len(everything) * wanted / rate), abs=1)
    assert np.diff(chosen).max(initial=0) <= max(1 / wanted, 1 / rate) + 1 / rate + 2e-3


def test_after_a_pause_in_the_clip_the_frame_limit_still_holds(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(7), times=[0, 0.04, 5.0, 5.04, 5.08, 5.5, 6.0])

    assert times(clip, 1) == pytest.approx([0, 5, 6], abs=2e-3)


def test_chosen_frames_keep_their_number_in_the_clip(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(9), rate=10)

    assert [frame.index for frame in read_frames(clip, FrameRange(5))] == [0, 2, 4, 6, 8]


def test_frames_of_a_clip_that_breaks_off_are_kept(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "whole.mkv", scenes(10)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) * 2 // 3])

    frames = list(read_frames(tmp_path / "cut.mkv"))

    assert 3 <= len(frames) < 10
    np.testing.assert_array_equal(frames[0].image, scene(64, 48, 0))


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi"])
def test_where_a_clip_breaks_off_is_said(suffix: str, tmp_path: Path) -> None:
    options = H264 if suffix == ".mp4" else {}
    content = write_clip(tmp_path / f"whole{suffix}", scenes(60), **options, index_first=True).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(content[: len(content) * 2 // 3])
    warnings: list[str] = []

    frames = list(read_frames(cut, on_warning=warnings.append))

    assert 20 <= len(frames) < 60
    (warning,) = warnings
    assert cut.name in warning
    assert f"{frames[-1].time:.1f} s" in warning


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sound_seconds": 4.0},
        {"times": [*np.arange(20) / 10, 9.5]},
        {"times": 100 + np.arange(21) / 10},
        {"times": 1.5 + np.arange(21) / 10, "sound_seconds": 4.0},
    ],
)
def test_whole_clips_give_no_warning_though_sound_or_a_frame_last_long(options: dict, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(21), **options)
    warnings: list[str] = []

    assert len(list(read_frames(clip, on_warning=warnings.append))) == 21

    assert warnings == []


def test_a_clip_in_av1_is_read(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(5), codec="libsvtav1", pixels="yuv420p")

    frames = list(read_frames(clip))

    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=2e-3)
    for frame, expected in zip(frames, scenes(5), strict=True):
        assert np.abs(frame.image.astype(int) - expected).mean() < 12


def test_very_short_delays_of_an_animation_last_as_long_as_in_browsers(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(image) for image in scenes(5)]
    first.save(tmp_path / "a.webp", save_all=True, append_images=others, duration=[0, 10, 11, 20, 50], lossless=True)

    assert times(tmp_path / "a.webp") == pytest.approx([0, 0.1, 0.2, 0.211, 0.231])


def test_the_image_for_programs_without_animations_is_no_part_of_one(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(image) for image in scenes(4)]
    first.save(tmp_path / "a.png", save_all=True, append_images=others, duration=100, default_image=True)

    frames = list(read_frames(tmp_path / "a.png"))

    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2])
    np.testing.assert_array_equal(frames[0].image, scene(64, 48, 1))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_is_a_clip(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"animation{suffix}"
    first, *others = [Image.fromarray(image) for image in scenes(4)]
    options: dict = {"lossless": True} if suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=others, duration=[100, 250, 40, 100], **options)

    frames = list(read_frames(path))

    assert is_clip(path)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.35, 0.39])
    np.testing.assert_array_equal(frames[0].image, read_image(path))
    for frame, expected in zip(frames, scenes(4), strict=True):
        assert np.abs(frame.image.astype(int) - expected).mean() < 12


def test_only_a_stretch_of_time_is_read_if_asked_and_keeps_its_numbers(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(10), rate=10)

    frames = list(read_frames(clip, FrameRange(start=0.25, end=0.7)))

    assert [frame.index for frame in frames] == [3, 4, 5, 6]
    assert [frame.time for frame in frames] == pytest.approx([0.3, 0.4, 0.5, 0.6], abs=2e-3)
    assert list(read_frames(clip, FrameRange(start=5))) == []


def test_a_clip_can_be_left_after_its_first_frame(tmp_path: Path) -> None:
    frames = read_frames(write_clip(tmp_path / "clip.mkv", scenes(5)))
    assert isinstance(frames, Generator)

    assert next(frames).index == 0
    frames.close()


@pytest.mark.parametrize(("broken", "kept"), [(0, 0), (2, 2)])
def test_a_frame_of_an_animation_that_cannot_be_converted_ends_it(
    broken: int, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = [Image.fromarray(image) for image in scenes(4)]
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=100)
    count = iter(range(4))

    def convert(pil_image: Image.Image) -> np.ndarray:
        assert next(count) != broken
        return np.asarray(pil_image.convert("RGB"))

    monkeypatch.setattr("model.video.reader.to_rgb", convert)

    if kept:
        assert len(list(read_frames(tmp_path / "clip.gif"))) == kept
    else:
        with pytest.raises(VideoError, match="no frame of it can be decoded"):
            list(read_frames(tmp_path / "clip.gif"))


def test_prepared_frames_have_the_network_s_size_and_warnings_come_last(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.mkv", scenes(40)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    spec = InputSpec(32, 24)

    *frames, last = prepared_frames(tmp_path / "cut.mkv", spec)

    assert isinstance(last, Sentence) and "breaks off" in last
    for frame, whole in zip(frames, read_frames(tmp_path / "cut.mkv"), strict=True):
        assert isinstance(frame, Frame)
        np.testing.assert_array_equal(frame.image, prepare(whole.image, spec))


@pytest.mark.parametrize(("name", "options"), [("a.mp4", H264), ("a.webm", {"codec": "libvpx", "pixels": "yuv420p"})])
def test_the_last_frame_lasts_as_the_clip_says(name: str, options: dict, tmp_path: Path) -> None:
    path = write_clip(tmp_path / name, scenes(3), times=[0, 8, 9], rate=10, **options)
    last = list(read_frames(path))[-1]
    assert (last.time, last.duration) == (pytest.approx(9, abs=2e-3), pytest.approx(0.1, abs=2e-3))


def test_a_chosen_frame_stands_for_those_after_it_up_to_the_end(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", scenes(25), rate=10, **H264)
    *_, last = read_frames(path, FrameRange(2))
    assert (last.time, last.duration) == (pytest.approx(2.0), pytest.approx(0.5))
    *_, last = read_frames(path, FrameRange(2, end=1.2))
    assert (last.time, last.duration) == (pytest.approx(1.0), pytest.approx(0.2))

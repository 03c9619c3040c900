"""A frame becomes the image that players show: upright, mirrored as marked, on white, in usual light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import VideoError
from model.video.probe import probe
from model.video.reader import read_frames
from tests.support.images import H264, scene, scenes, write_clip


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_clip_that_a_phone_marked_as_turned_is_turned_upright(degrees: int, tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **H264)
    turned = write_clip(tmp_path / "turned.mp4", scenes(2), **H264, rotation=degrees)

    expected = [np.rot90(frame.image, -degrees // 90) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.image for frame in read_frames(turned)], expected)


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda image: image[::-1, ::-1].transpose(1, 0, 2)),
    ],
)
def test_a_clip_that_a_phone_marked_as_mirrored_is_mirrored(
    matrix: tuple[int, int, int, int], shown: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **H264)
    marked = write_clip(tmp_path / "marked.mp4", scenes(2), **H264, matrix=matrix)

    expected = [shown(frame.image) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.image for frame in read_frames(marked)], expected)


def write_hdr_clip(path: Path, transfer: int, values: Sequence[int]) -> Path:
    """Write one grey frame for each value, marked as HDR with transfer characteristics of ISO/IEC 23091-2."""
    encoder = {"color_trc": str(transfer), "color_primaries": "9", "colorspace": "9"}
    images = [np.full((48, 64, 3), value, np.uint8) for value in values]
    return write_clip(path, images, codec="libx264", pixels="yuv420p10le", encoder=encoder)


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_shown_neither_pale_nor_dark(
    transfer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """White paper is 58% of the signal in PQ and 75% in HLG (ITU-R BT.2408, table 1)."""
    folder = tmp_path / "a:b,c=d;e'f [g]"  # which mean something to FFmpeg's filters
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    white = round(255 * (0.58 if transfer == 16 else 0.75))
    clip = write_hdr_clip(tmp_path / "clip.mp4", transfer, (white, 0, 255))

    paper, black, brightest = (frame.image.mean() for frame in read_frames(clip))

    assert 210 < paper < 240
    assert black < 5
    assert brightest > 250
    assert not list(folder.iterdir())


def test_a_clip_whose_frames_cannot_be_converted_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.video.hdr._as_cube", lambda _: "no table")
    with pytest.raises(VideoError, match="no frame of it can be decoded"):
        list(read_frames(write_hdr_clip(tmp_path / "clip.mp4", 16, (0, 255))))


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_clip_in_av1_is_turned_upright_too(degrees: int, tmp_path: Path) -> None:
    options: dict[str, Any] = {"codec": "libsvtav1", "pixels": "yuv420p"}
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **options)
    turned = write_clip(tmp_path / "turned.mp4", scenes(2), **options, rotation=degrees)

    expected = [np.rot90(frame.image, -degrees // 90) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.image for frame in read_frames(turned)], expected)


def test_transparent_parts_of_a_clip_lie_on_white(tmp_path: Path) -> None:
    images = [np.dstack([scene(64, 48, seed), np.full((48, 64), 255, np.uint8)]) for seed in range(2)]
    for image in images:
        image[:24, :, 3] = 0
    clip = write_clip(tmp_path / "clip.mov", images, codec="qtrle", pixels="argb")

    for frame, image in zip(read_frames(clip), images, strict=True):
        assert (frame.image[:24] == 255).all()
        np.testing.assert_array_equal(frame.image[24:], image[24:, :, :3])


@pytest.mark.parametrize(("width", "height"), [(63, 47), (64, 47), (63, 48), (2, 200)])
@pytest.mark.parametrize("codec", ["libx264", "libsvtav1"])
def test_odd_sizes_are_kept(width: int, height: int, codec: str, tmp_path: Path) -> None:
    if codec == "libsvtav1":
        width, height = max(width, 64) + width % 2, max(height, 64) + height % 2  # its encoder takes no smaller ones
    pixels = "yuv444p" if codec == "libx264" else "yuv420p"
    clip = write_clip(tmp_path / "clip.mp4", [scene(width, height)] * 2, codec=codec, pixels=pixels)

    assert [frame.image.shape for frame in read_frames(clip)] == [(height, width, 3)] * 2
    assert (probe(clip).width, probe(clip).height) == (width, height)


@pytest.mark.parametrize(
    "options",
    [
        {"codec": "mpeg2video", "encoder": {"flags": "+ilme+ildct"}},
        {"codec": "libx264", "encoder": {"x264-params": "tff=1"}},
    ],
)
def test_an_interlaced_clip_has_a_frame_where_it_has_two_fields(options: dict, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", scenes(10), rate=25, pixels="yuv420p", **options)

    frames = list(read_frames(clip))

    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(10)], abs=2e-3)
    for frame, expected in zip(frames, scenes(10), strict=True):  # OpenCV 5.0 shows them black
        assert np.abs(frame.image.astype(int) - expected).mean() < 20

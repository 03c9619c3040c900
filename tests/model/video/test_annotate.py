"""The clip with labels on it plays everywhere, stands upright, keeps its times and its sound."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from model.errors import VideoError
from model.video.annotate import annotate, write_annotated_clip
from model.video.keyframes import key_frames
from model.video.prediction import FramePrediction
from model.video.reader import read_frames
from model.video.record import ClipRecord, FrameRow
from tests.support.images import scene, write_clip

TIMES = [0, 0.1, 0.15, 0.5, 1.0, 1.04, 1.5]


def recorded(path: Path) -> ClipRecord:
    record = ClipRecord(("Café", "dog"))
    for frame in read_frames(path):
        record.add(FramePrediction(frame.index, frame.time, np.array([0.8, 0.2], np.float32)))
    return record


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    images = [np.full((90, 121, 3), 40 + 20 * place, np.uint8) for place in range(len(TIMES))]
    return write_clip(tmp_path / "clip.mkv", images, times=TIMES)


def test_it_is_h264_that_browsers_play_with_the_times_of_the_clip(clip: Path, tmp_path: Path) -> None:
    shares = list(write_annotated_clip(clip, recorded(clip), tmp_path / "out.mp4"))

    assert shares == sorted(shares) and shares[-1] <= 1
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert [frame.time for frame in container.decode(stream)] == pytest.approx(TIMES, abs=2e-3)
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # plays before all of it has arrived


def test_frames_that_claim_one_time_follow_each_other(tmp_path: Path) -> None:
    """As in a damaged clip; 0.7 + 0.1 is a little less than 0.8."""
    times = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9]
    clip = write_clip(tmp_path / "clip.mkv", [scene(64, 48, place) for place in range(len(times))], times=times)
    assert np.diff([frame.time for frame in read_frames(clip)]).min() > 0.05

    list(write_annotated_clip(clip, recorded(clip), tmp_path / "out.mp4"))

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert len(list(container.decode(video=0))) == len(times)


def test_a_clip_of_one_frame_is_written_too(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene(64, 48)])

    list(write_annotated_clip(clip, recorded(clip), tmp_path / "out.mp4"))

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert len(list(container.decode(video=0))) == 1


def test_sound_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        video, sound = output.add_stream("libx264", rate=10), output.add_stream("aac", rate=44_100)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for seed in range(10):
            output.mux(video.encode(av.VideoFrame.from_ndarray(scene(64, 48, seed), format="rgb24")))
        for block in range(44):
            tone = np.sin(np.arange(block * 1024, (block + 1) * 1024) * 0.06).astype(np.float32) * 0.5
            frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
            frame.rate, frame.pts = 44_100, block * 1024
            output.mux(sound.encode(frame))
        output.mux(video.encode(None))
        output.mux(sound.encode(None))

    list(write_annotated_clip(path, recorded(path), tmp_path / "out.mp4"))

    with av.open(str(tmp_path / "out.mp4")) as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    heard = np.concatenate(blocks, axis=1)
    assert heard.shape[1] / 44_100 == pytest.approx(1.0, abs=0.1)
    assert 0.2 < np.abs(heard).max() < 0.8


def test_nothing_read_cannot_be_drawn(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="Read the clip first"):
        list(write_annotated_clip(clip, ClipRecord(("a", "b")), tmp_path / "out.mp4"))


@pytest.mark.parametrize("label", ["España", "Åland", "日本", None])
def test_letters_with_accents_are_drawn(label: str | None) -> None:
    drawn = []
    for text in (label, "x"):
        image = np.full((120, 200, 3), 90, np.uint8)
        annotate(image, FrameRow(0, 0.0, [(text or "y", 0.9)], text))
        drawn.append(image)

    assert drawn[0].max() > 200
    assert (drawn[0][:40] == 90).all()  # the upper part stays free
    assert (drawn[0] != drawn[1]).any()


def test_labels_longer_than_the_image_are_made_smaller() -> None:
    image = np.full((60, 80, 3), 90, np.uint8)

    annotate(image, FrameRow(0, 0.0, [("w" * 60, 0.9)], "w" * 60))

    assert image.max() > 120


def test_key_frames_are_the_frames_shown_at_their_times(clip: Path) -> None:
    found = list(key_frames(clip, [0, 0.5, 1.2]))

    assert [time for time, _ in found] == [0, 0.5, 1.2]
    assert [int(image.mean()) for _, image in found] == pytest.approx([40, 100, 140], abs=3)
    assert list(key_frames(clip.with_name("missing.mp4"), [0])) == []


@pytest.fixture
def animation(tmp_path: Path) -> Path:
    first, *others = (Image.fromarray(np.full((40, 60, 3), level, np.uint8)) for level in (20, 120, 220))
    first.save(tmp_path / "clip.webp", save_all=True, append_images=others, duration=200, lossless=True)
    return tmp_path / "clip.webp"


def test_animations_have_key_frames_too(animation: Path) -> None:
    found = list(key_frames(animation, [0.0, 0.4], width=30))
    assert [time for time, _ in found] == [0.0, 0.4]
    assert [image.shape for _, image in found] == [(20, 30, 3)] * 2
    assert [int(image.mean()) for _, image in found] == pytest.approx([20, 220], abs=2)


def test_animations_are_written_with_labels_too(animation: Path, tmp_path: Path) -> None:
    list(write_annotated_clip(animation, recorded(animation), tmp_path / "out.mp4"))
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([0, 0.2, 0.4], abs=2e-3)
        assert not container.streams.audio

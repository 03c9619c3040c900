"""A clip becomes rows with true times; what is no clip is refused and opens no other file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.classifier import Classifier
from model.clip_reader import read_frames
from model.errors import VideoError
from model.preprocessing import read_picture
from model.video import Aggregate, FramePrediction, aggregate, predict_video
from tests.pictures import PICTURE_KINDS, scene, write_clip, write_sound

H264 = {"codec": "libx264", "pixels": "yuv420p"}
VARIABLE = [0, 0.1, 0.15, 0.5, 2.0, 2.04, 3.5]


def scenes(count: int) -> list[np.ndarray]:
    return [scene(64, 48, seed) for seed in range(count)]


def times(path: Path, frames_per_second: float | None = None) -> list[float]:
    return [frame.time for frame in read_frames(path, frames_per_second)]


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


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_clip_that_a_phone_marked_as_turned_is_turned_upright(degrees: int, tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **H264)
    turned = write_clip(tmp_path / "turned.mp4", scenes(2), **H264, rotation=degrees)

    expected = [np.rot90(frame.picture, -degrees // 90) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.picture for frame in read_frames(turned)], expected)


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

    assert [frame.index for frame in read_frames(clip, 5)] == [0, 2, 4, 6, 8]


def picture_named_clip(folder: Path) -> Path:
    return PICTURE_KINDS["jpeg"](folder).rename(folder / "clip.mp4")


def empty(folder: Path) -> Path:
    (folder / "clip.mp4").touch()
    return folder / "clip.mp4"


def text(folder: Path) -> Path:
    (folder / "clip.mp4").write_text("no clip " * 100, encoding="utf-8")
    return folder / "clip.mp4"


def cut_short(folder: Path) -> Path:
    content = write_clip(folder / "whole.mkv", scenes(2)).read_bytes()
    (folder / "clip.mkv").write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])  # before the first cluster
    return folder / "clip.mkv"


def sound_only(folder: Path) -> Path:
    return write_sound(folder / "clip.mp4")


def missing(folder: Path) -> Path:
    return folder / "clip.mp4"


def directory(folder: Path) -> Path:
    (folder / "clip.mp4").mkdir()
    return folder / "clip.mp4"


def playlist(folder: Path) -> Path:
    write_clip(folder / "secret.ts", scenes(2), **H264)
    (folder / "clip.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n", encoding="utf-8"
    )
    return folder / "clip.m3u8"


def renamed_playlist(folder: Path) -> Path:
    return playlist(folder).rename(folder / "clip.mp4")


def concatenation(folder: Path) -> Path:
    write_clip(folder / "secret.mkv", scenes(2))
    (folder / "clip.mp4").write_text("ffconcat version 1.0\nfile secret.mkv\n", encoding="utf-8")
    return folder / "clip.mp4"


def picture_sequence(folder: Path) -> Path:
    for number in range(3):
        PICTURE_KINDS["jpeg"](folder).rename(folder / f"picture{number}.jpg")
    PICTURE_KINDS["jpeg"](folder).rename(folder / "picture%d.jpg")
    return folder / "picture%d.jpg"


@pytest.mark.parametrize(
    "make",
    [
        picture_named_clip,
        empty,
        text,
        cut_short,
        sound_only,
        missing,
        directory,
        playlist,
        renamed_playlist,
        concatenation,
        picture_sequence,
    ],
)
def test_what_is_no_clip_is_refused_in_one_sentence_and_nothing_else_is_printed(
    make: Callable[[Path], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = make(tmp_path)
    capfd.readouterr()

    with pytest.raises(VideoError, match=clip.name.replace(".", r"\.")) as caught:
        list(read_frames(clip))

    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_the_playlist_s_segment_alone_is_a_clip(tmp_path: Path) -> None:
    """So the playlist above was refused for what it is, not for what it names."""
    playlist(tmp_path)

    assert len(list(read_frames(tmp_path / "secret.ts"))) == 2


def test_frames_of_a_clip_that_breaks_off_are_kept(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "whole.mkv", scenes(10)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) * 2 // 3])

    frames = list(read_frames(tmp_path / "cut.mkv"))

    assert 3 <= len(frames) < 10
    np.testing.assert_array_equal(frames[0].picture, scene(64, 48, 0))


def test_a_clip_can_be_left_after_its_first_frame(tmp_path: Path) -> None:
    frames = read_frames(write_clip(tmp_path / "clip.mkv", scenes(5)))

    assert next(frames).index == 0
    frames.close()


def test_a_frame_is_predicted_as_the_same_picture_is(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    path = PICTURE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [read_picture(path), scene(52, 40, 9)])

    rows = list(predict_video(classifier, clip))

    assert [(row.index, row.time) for row in rows] == [(0, 0), (1, pytest.approx(0.1))]
    np.testing.assert_allclose(rows[0].probabilities, classifier.classify(read_picture(path)), atol=1e-6)


def rows_of(*rows: tuple[float, list[float]]) -> list[FramePrediction]:
    return [FramePrediction(i, time, np.array(p, np.float32)) for i, (time, p) in enumerate(rows)]


def test_a_clip_is_summed_up_by_mean_majority_and_seconds() -> None:
    rows = rows_of((0, [0.9, 0.1]), (1, [0.2, 0.8]), (1.5, [0.4, 0.6]), (2, [0.3, 0.7]))

    total = aggregate(rows, ["cat", "dog"])

    assert total.majority == "dog"
    assert total.seconds == {"dog": pytest.approx(1.5), "cat": pytest.approx(1.0)}
    assert list(total.seconds) == ["dog", "cat"]
    assert (total.frames, total.duration) == (4, pytest.approx(2.5))
    np.testing.assert_allclose(total.mean_probabilities, [0.45, 0.55], atol=1e-6)


def test_a_single_frame_is_summed_up_too() -> None:
    assert aggregate(rows_of((0, [0.9, 0.1])), ["cat", "dog"]).seconds == {"cat": 0}


def test_nothing_cannot_be_summed_up() -> None:
    with pytest.raises(ValueError, match="at least one"):
        aggregate([], ["cat", "dog"])


@given(
    probabilities=arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0, 1, width=32)),
    gaps=st.lists(st.floats(0.001, 5), min_size=30, max_size=30),
)
def test_the_seconds_of_all_labels_add_up_to_the_duration(probabilities: np.ndarray, gaps: list[float]) -> None:
    shown = np.concatenate([[0], np.cumsum(gaps)])
    rows = [FramePrediction(i, float(shown[i]), row) for i, row in enumerate(probabilities)]

    total: Aggregate = aggregate(rows, ["a", "b", "c"])

    assert sum(total.seconds.values()) == pytest.approx(total.duration)
    assert total.duration >= rows[-1].time
    assert total.majority in total.seconds
    assert list(total.seconds.values()) == sorted(total.seconds.values(), reverse=True)
    assert ((total.mean_probabilities >= 0) & (total.mean_probabilities <= 1)).all()

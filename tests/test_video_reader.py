"""A clip becomes frames with true times; what is no clip is refused and opens no other file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from model.clip_header import is_clip, open_container, probe
from model.errors import VideoError
from model.preprocessing import read_picture
from model.video_reader import read_frames
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


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((-1, 0, 0, 1), lambda picture: picture[:, ::-1]),
        ((1, 0, 0, -1), lambda picture: picture[::-1]),
        ((0, 1, 1, 0), lambda picture: picture.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda picture: picture[::-1, ::-1].transpose(1, 0, 2)),
    ],
)
def test_a_clip_that_a_phone_marked_as_mirrored_is_mirrored(
    matrix: tuple[int, int, int, int], shown: Callable[[np.ndarray], np.ndarray], tmp_path: Path
) -> None:
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **H264)
    marked = write_clip(tmp_path / "marked.mp4", scenes(2), **H264, matrix=matrix)

    expected = [shown(frame.picture) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.picture for frame in read_frames(marked)], expected)


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_shown_neither_pale_nor_dark(transfer: int, tmp_path: Path) -> None:
    """White paper is 58 % of the signal in PQ and 75 % in HLG (ITU-R BT.2408, table 1)."""
    white = round(255 * (0.58 if transfer == 16 else 0.75))
    encoder = {"color_trc": str(transfer), "color_primaries": "9", "colorspace": "9"}
    pictures = [np.full((48, 64, 3), value, np.uint8) for value in (white, 0, 255)]
    clip = write_clip(tmp_path / "clip.mp4", pictures, codec="libx264", pixels="yuv420p10le", encoder=encoder)

    paper, black, brightest = (frame.picture.mean() for frame in read_frames(clip))

    assert 210 < paper < 240
    assert black < 5
    assert brightest > 250


def test_of_several_streams_the_usual_one_is_read(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        streams = [container.add_stream("ffv1", rate=10, width=w, height=48, pix_fmt="bgr0") for w in (32, 64)]
        streams[0].disposition = Disposition(0)
        streams[1].disposition = Disposition.default
        for stream in streams:
            picture = av.VideoFrame.from_ndarray(scene(stream.width, 48), format="rgb24")
            container.mux(stream.encode(picture.reformat(format="bgr0")))
            container.mux(stream.encode())

    (frame,) = read_frames(tmp_path / "clip.mkv")

    assert frame.picture.shape == (48, 64, 3)


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


def picture_in_a_clip_s_container(folder: Path) -> Path:
    Image.fromarray(scene(64, 48)).save(folder / "picture.avif")
    return (folder / "picture.avif").rename(folder / "clip.mp4")


def animation_of_one_frame(folder: Path) -> Path:
    Image.fromarray(scene(64, 48)).save(folder / "clip.gif")
    return folder / "clip.gif"


def sound_with_a_cover(folder: Path) -> Path:
    return write_sound(folder / "clip.mp4", cover=scene(64, 48))


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
        picture_in_a_clip_s_container,
        animation_of_one_frame,
        sound_with_a_cover,
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
        assert np.abs(frame.picture.astype(int) - expected).mean() < 12


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_it_is_turned_upright_too(degrees: int, tmp_path: Path) -> None:
    options = {"codec": "libsvtav1", "pixels": "yuv420p"}
    plain = write_clip(tmp_path / "plain.mp4", scenes(2), **options)
    turned = write_clip(tmp_path / "turned.mp4", scenes(2), **options, rotation=degrees)

    expected = [np.rot90(frame.picture, -degrees // 90) for frame in read_frames(plain)]

    np.testing.assert_array_equal([frame.picture for frame in read_frames(turned)], expected)


def test_transparent_parts_of_a_clip_lie_on_white(tmp_path: Path) -> None:
    pictures = [np.dstack([scene(64, 48, seed), np.full((48, 64), 255, np.uint8)]) for seed in range(2)]
    for picture in pictures:
        picture[:24, :, 3] = 0
    clip = write_clip(tmp_path / "clip.mov", pictures, codec="qtrle", pixels="argb")

    for frame, picture in zip(read_frames(clip), pictures, strict=True):
        assert (frame.picture[:24] == 255).all()
        np.testing.assert_array_equal(frame.picture[24:], picture[24:, :, :3])


def test_very_short_delays_of_an_animation_last_as_long_as_in_browsers(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(picture) for picture in scenes(5)]
    first.save(tmp_path / "a.webp", save_all=True, append_images=others, duration=[0, 10, 11, 20, 50], lossless=True)

    assert times(tmp_path / "a.webp") == pytest.approx([0, 0.1, 0.2, 0.211, 0.231])


def test_the_picture_for_programs_without_animations_is_no_part_of_one(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(picture) for picture in scenes(4)]
    first.save(tmp_path / "a.png", save_all=True, append_images=others, duration=100, default_image=True)

    frames = list(read_frames(tmp_path / "a.png"))

    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2])
    np.testing.assert_array_equal(frames[0].picture, scene(64, 48, 1))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_an_animation_is_a_clip(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"animation{suffix}"
    first, *others = [Image.fromarray(picture) for picture in scenes(4)]
    options: dict = {"lossless": True} if suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=others, duration=[100, 250, 40, 100], **options)

    frames = list(read_frames(path))

    assert is_clip(path)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.35, 0.39])
    np.testing.assert_array_equal(frames[0].picture, read_picture(path))
    for frame, expected in zip(frames, scenes(4), strict=True):
        assert np.abs(frame.picture.astype(int) - expected).mean() < 12


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".jpg"])
def test_a_single_picture_is_no_clip(suffix: str, tmp_path: Path) -> None:
    Image.fromarray(scene()).save(tmp_path / f"picture{suffix}")

    assert not is_clip(tmp_path / f"picture{suffix}")


@pytest.mark.parametrize(("width", "height"), [(63, 47), (64, 47), (63, 48), (2, 200)])
@pytest.mark.parametrize("codec", ["libx264", "libsvtav1"])
def test_odd_sizes_are_kept(width: int, height: int, codec: str, tmp_path: Path) -> None:
    if codec == "libsvtav1":
        width, height = max(width, 64) + width % 2, max(height, 64) + height % 2  # its encoder takes no smaller ones
    pixels = "yuv444p" if codec == "libx264" else "yuv420p"
    clip = write_clip(tmp_path / "clip.mp4", [scene(width, height)] * 2, codec=codec, pixels=pixels)

    assert [frame.picture.shape for frame in read_frames(clip)] == [(height, width, 3)] * 2
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
        assert np.abs(frame.picture.astype(int) - expected).mean() < 20


def test_only_a_stretch_of_time_is_read_if_asked_and_keeps_its_numbers(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", scenes(10), rate=10)

    frames = list(read_frames(clip, start=0.25, end=0.7))

    assert [frame.index for frame in frames] == [3, 4, 5, 6]
    assert [frame.time for frame in frames] == pytest.approx([0.3, 0.4, 0.5, 0.6], abs=2e-3)
    assert list(read_frames(clip, start=5)) == []


def test_a_header_is_read(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", scenes(20), rate=20, **H264))

    assert (info.width, info.height, info.codec) == (64, 48, "h264")
    assert info.duration == pytest.approx(1)
    assert info.frame_rate == pytest.approx(20)


def test_huge_frames_are_refused_before_one_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.clip_header._most_pixels", lambda: 1000)
    for name, options in (("a.mp4", H264), ("b.mov", {"codec": "png", "pixels": "rgb24"}), ("c.mkv", {})):
        clip = write_clip(tmp_path / name, scenes(2), **options)

        with pytest.raises(VideoError, match="megapixels"):
            next(read_frames(clip))


def test_texts_in_a_header_need_not_be_utf_8(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", scenes(2), title="a title of a clip")
    clip.write_bytes(clip.read_bytes().replace(b"a title of", b"caf\xe9 \xff of"))

    assert len(list(read_frames(clip))) == 2


def test_a_clip_opens_no_other_file(tmp_path: Path) -> None:
    for make in (playlist, concatenation):
        folder = tmp_path / make.__name__
        folder.mkdir()
        with pytest.raises(VideoError):
            open_container(make(folder))


def test_a_clip_can_be_left_after_its_first_frame(tmp_path: Path) -> None:
    frames = read_frames(write_clip(tmp_path / "clip.mkv", scenes(5)))

    assert next(frames).index == 0
    frames.close()


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.webm", scenes(2), codec="libvpx", pixels="yuv420p")
    clip.write_bytes(clip.read_bytes().replace(b"V_VP8", b"V_XYZ"))

    with pytest.raises(VideoError, match="is not a video that can be read"):
        probe(clip)


@pytest.mark.parametrize(("broken", "kept"), [(0, 0), (2, 2)])
def test_a_frame_of_an_animation_that_cannot_be_converted_ends_it(
    broken: int, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = [Image.fromarray(picture) for picture in scenes(4)]
    first.save(tmp_path / "clip.gif", save_all=True, append_images=others, duration=100)
    count = iter(range(4))

    def convert(image: Image.Image) -> np.ndarray:
        assert next(count) != broken
        return np.asarray(image.convert("RGB"))

    monkeypatch.setattr("model.video_reader.to_rgb", convert)

    if kept:
        assert len(list(read_frames(tmp_path / "clip.gif"))) == kept
    else:
        with pytest.raises(VideoError, match="no frame of it can be decoded"):
            list(read_frames(tmp_path / "clip.gif"))

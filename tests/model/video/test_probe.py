"""A clip's header decides which files are clips; no other file is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from model.errors import VideoError
from model.video.probe import is_clip, open_container, probe
from model.video.reader import read_frames
from tests.support.images import H264, IMAGE_KINDS, scene, scenes, write_clip, write_sound


def image_named_clip(folder: Path) -> Path:
    return IMAGE_KINDS["jpeg"](folder).rename(folder / "clip.mp4")


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


def image_in_a_clip_s_container(folder: Path) -> Path:
    Image.fromarray(scene(64, 48)).save(folder / "image.avif")
    return (folder / "image.avif").rename(folder / "clip.mp4")


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


def image_sequence(folder: Path) -> Path:
    for number in range(3):
        IMAGE_KINDS["jpeg"](folder).rename(folder / f"image{number}.jpg")
    IMAGE_KINDS["jpeg"](folder).rename(folder / "image%d.jpg")
    return folder / "image%d.jpg"


@pytest.mark.parametrize(
    "make",
    [
        image_named_clip,
        empty,
        text,
        cut_short,
        image_in_a_clip_s_container,
        animation_of_one_frame,
        sound_with_a_cover,
        sound_only,
        missing,
        directory,
        playlist,
        renamed_playlist,
        concatenation,
        image_sequence,
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


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".jpg"])
def test_a_single_image_is_no_clip(suffix: str, tmp_path: Path) -> None:
    Image.fromarray(scene()).save(tmp_path / f"image{suffix}")

    assert not is_clip(tmp_path / f"image{suffix}")


def test_a_header_is_read(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", scenes(20), rate=20, **H264))

    assert (info.width, info.height, info.codec) == (64, 48, "h264")
    assert info.duration == pytest.approx(1)
    assert info.frame_rate == pytest.approx(20)


def test_huge_frames_are_refused_before_one_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.video.probe._max_pixels", lambda: 1000)
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


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.webm", scenes(2), codec="libvpx", pixels="yuv420p")
    clip.write_bytes(clip.read_bytes().replace(b"V_VP8", b"V_XYZ"))

    with pytest.raises(VideoError, match="is not a video that can be read"):
        probe(clip)


def test_an_mp4_without_its_index_is_said_to_be_incomplete(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "whole.mp4", scenes(9), **H264).read_bytes()
    for name, length in (("stopped.mp4", content.index(b"moov") - 4), ("fetched.mp4", content.index(b"mdat") + 50)):
        (tmp_path / name).write_bytes(content[:length])
        with pytest.raises(VideoError, match="is incomplete: its index"):
            probe(tmp_path / name)

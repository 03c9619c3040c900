"""A file that ends before its container does is recognised, wherever it was cut; a whole one is not suspected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from model.video.truncation import is_cut_short
from tests.support.images import scene, write_clip

CLIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "mov,mp4,m4a,3gp,3g2,mj2": ("clip.mp4", {"codec": "libx264", "pixels": "yuv420p"}),
    "matroska,webm": ("clip.mkv", {}),
    "avi": ("clip.avi", {}),
    "asf": ("clip.wmv", {"codec": "wmv2", "pixels": "yuv420p"}),
}


@pytest.mark.parametrize("container", CLIPS)
def test_a_clip_cut_anywhere_is_recognised_and_a_whole_one_is_not_suspected(container: str, tmp_path: Path) -> None:
    name, options = CLIPS[container]
    clip = write_clip(tmp_path / name, [scene(64, 48, seed) for seed in range(10)], index_first=True, **options)
    content = clip.read_bytes()

    assert is_cut_short(clip, container) is False
    for share in (0.5, 0.9, 0.99):
        clip.write_bytes(content[: int(len(content) * share)])
        assert is_cut_short(clip, container), share


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_so_is_an_animation(kind: str, tmp_path: Path) -> None:
    first, *others = [Image.fromarray(scene(64, 48, seed)) for seed in range(4)]
    first.save(tmp_path / f"clip.{kind}", save_all=True, append_images=others, duration=100)
    content = (tmp_path / f"clip.{kind}").read_bytes()

    assert is_cut_short(tmp_path / f"clip.{kind}", kind) is False
    (tmp_path / f"clip.{kind}").write_bytes(content[: len(content) * 2 // 3])
    assert is_cut_short(tmp_path / f"clip.{kind}", kind)


def ogg_page(flags: int) -> bytes:
    return b"OggS\0" + bytes([flags]) + bytes(20) + b"\1\5" + b"12345"


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (ogg_page(2) + ogg_page(4), False),
        (ogg_page(2) + ogg_page(0), True),
        (ogg_page(2) + ogg_page(4)[:-1], True),
        (ogg_page(2) + ogg_page(4)[:12], True),
        (b"", False),
    ],
)
def test_the_last_page_of_ogg_says_that_it_is_the_last(content: bytes, cut: bool, tmp_path: Path) -> None:
    (tmp_path / "clip.ogv").write_bytes(content)

    assert is_cut_short(tmp_path / "clip.ogv", "ogg") is cut


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("mp4", b""),
        ("mp4", b"\0\0\0\1ftyp" + b"\0" * 8),  # a box smaller than its own heading
        ("avi", b"RIFF\xff\xff\xff\xffAVI "),  # a recording that was never closed
        ("matroska", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7),  # live
        ("matroska", b"\x1a\x45\xdf\xa3\0"),
        ("asf", bytes(40)),
        ("mpegts", b"G" * 188),
    ],
)
def test_what_does_not_tell_is_not_suspected(container: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(content)

    assert is_cut_short(tmp_path / "clip", container) is None

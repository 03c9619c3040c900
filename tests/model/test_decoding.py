"""What is decoded for an answer is what training saw, and what people look at is not larger than needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.errors import Sentence
from model.preprocessing import InputSpec, prepare, prepared_and_shown, prepared_image, read_image, shown_image
from model.video.reader import Frame, prepared_frames
from tests.support.images import IMAGE_KINDS, scene, write_clip

SPEC = InputSpec(32, 24)


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_a_prepared_image_is_what_training_saw(tmp_path: Path, kind: str) -> None:
    path = IMAGE_KINDS[kind](tmp_path)
    assert np.array_equal(prepared_image(path, SPEC), prepare(read_image(path, SPEC.ample_side), SPEC))


@pytest.mark.parametrize(("width", "height"), [(900, 300), (300, 900), (40, 30)])
def test_a_shown_image_keeps_its_shape_and_is_small(tmp_path: Path, width: int, height: int) -> None:
    from PIL import Image

    path = tmp_path / "image.png"
    Image.fromarray(scene(width, height)).save(path)
    shown = shown_image(path, 300)
    assert max(shown.shape[:2]) == min(300, max(width, height))
    assert shown.shape[1] / shown.shape[0] == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize("side", [20, 300])
def test_one_decoding_serves_network_and_people(tmp_path: Path, side: int) -> None:
    path = IMAGE_KINDS[next(iter(IMAGE_KINDS))](tmp_path)
    prepared, shown = prepared_and_shown(path, SPEC, side)
    assert np.array_equal(prepared, prepared_image(path, SPEC))
    assert shown.shape == shown_image(path, side).shape


def test_frames_come_prepared_and_what_is_wrong_with_the_clip_comes_after(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [scene(seed=seed) for seed in range(40)], rate=10)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    *frames, last = prepared_frames(cut, SPEC)
    assert frames and all(isinstance(frame, Frame) and frame.image.shape == (24, 32, 3) for frame in frames)
    assert isinstance(last, Sentence) and "breaks off" in last

"""What is said of a clip while it is read, and at its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from interface.tabs.video_stream import ClipRequest, ClipUpdate, read_clip
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.video.reader import FrameRange
from tests.support.images import scene, write_clip


def test_a_clip_that_is_stopped_before_its_first_frame_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", [scene()] * 3)
    decoders: Any = SimpleNamespace(call=lambda task, *values: task(*values), stream=lambda *_, **__: iter(()))

    updates = read_clip(Classifier.load(EMBEDDED), decoders, ClipRequest(path, FrameRange()), lambda: True)

    assert list(updates) == [ClipUpdate("Stopped before the first frame.")]

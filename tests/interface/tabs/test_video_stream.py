"""What is said of a clip while it is read, and at its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from interface.tabs import video_stream
from interface.tabs.timeline import seconds_text
from interface.tabs.video_stream import ClipRequest, ClipUpdate, read_clip
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.limits import Limits
from model.video.reader import FrameRange
from tests.support.images import scene, write_clip


def test_a_clip_that_is_stopped_before_its_first_frame_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", [scene()] * 3)
    decoders: Any = SimpleNamespace(call=lambda task, *values: task(*values), stream=lambda *_, **__: iter(()))

    updates = read_clip(Classifier.load(EMBEDDED), decoders, ClipRequest(path, FrameRange()), lambda: True)

    assert list(updates) == [ClipUpdate("Stopped before the first frame.")]


def test_the_first_frame_gives_no_estimate_of_the_time_that_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("_SECONDS_BEFORE_THE_FIRST", "_SECONDS_BETWEEN", "_SECONDS_BEFORE_AN_ESTIMATE"):
        monkeypatch.setattr(video_stream, pause, 0)
    path = write_clip(tmp_path / "clip.mkv", [scene()] * 60)
    decoders: Any = SimpleNamespace(
        call=lambda task, *values: task(*values), stream=lambda task, *values, stopped: task(*values)
    )

    updates = list(read_clip(Classifier.load(EMBEDDED), decoders, ClipRequest(path, FrameRange()), lambda: False))

    with_results = [update.status for update in updates if update.results]
    assert with_results[0].startswith("Reading … 0:00 so far,")
    assert with_results[1].endswith("left.")
    assert with_results[-1].startswith("60 frames read,")


def test_a_clip_beyond_the_limit_says_so_however_far_apart_its_frames_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_stream, "limits", lambda: Limits(clip_minutes=1))
    path = write_clip(tmp_path / "clip.mkv", [scene()] * 51, times=[1.5 * index for index in range(51)])
    decoders: Any = SimpleNamespace(
        call=lambda task, *values: task(*values), stream=lambda task, *values, stopped: task(*values)
    )

    *_, last = read_clip(Classifier.load(EMBEDDED), decoders, ClipRequest(path, FrameRange()), lambda: False)

    assert last.status.startswith("The request reached its time limit: classified up to 0:58.")


def test_the_seconds_and_the_sentence_above_the_timeline_agree(tmp_path: Path) -> None:
    rows = np.random.default_rng(1)
    noise = [
        rows.integers(0, 255, (90, 120, 3), np.uint8) for _ in range(20)
    ]  # frames that are taken for several labels
    path = write_clip(tmp_path / "clip.mkv", noise, rate=10)
    decoders: Any = SimpleNamespace(
        call=lambda task, *values: task(*values), stream=lambda task, *values, stopped: task(*values)
    )

    *_, last = read_clip(Classifier.load(EMBEDDED), decoders, ClipRequest(path, FrameRange(), "es"), lambda: False)

    assert last.results
    for label, seconds in last.results.seconds:
        assert f"</i>{label} {seconds_text(float(seconds), 'es')}</span>" in last.results.timeline
    assert last.results.timeline.count("</i>") == len(last.results.seconds)

"""The clip with labels: written step by step, within the limits of a request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from interface.server.storage import UploadStorage
from interface.tabs import video
from interface.tabs.video import drawn
from interface.tabs.video_layout import ReadClip
from model.limits import Limits
from model.video.record import ClipRecord

CLIP = ReadClip(Path("clip.mp4"), ClipRecord(("cat", "dog")), (), "")


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(video, "limits", lambda: Limits(request_minutes=1))
    return tmp_path / "annotated.mp4"


@pytest.fixture
def ended() -> list[Path]:
    """The files whose drawing has ended."""
    return []


@pytest.fixture
def decoders(ended: list[Path]) -> Any:
    """Draws four frames, and says so a few times a second like the real ones."""

    def stream(task: object, path: Path, record: ClipRecord, target: Path, **_: object) -> Iterator[float]:
        target.write_bytes(b"clip")
        try:
            yield from (0.0, 0.3, 0.6, 1.0)
        finally:
            ended.append(target)

    return SimpleNamespace(stream=stream)


def test_the_page_hears_about_once_a_second_how_far_the_drawing_is(
    target: Path, decoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(100))
    monkeypatch.setattr(video, "time", SimpleNamespace(monotonic=lambda: next(seconds) / 4))
    assert list(drawn(CLIP, target, decoders, UploadStorage(1), "en")) == [0.0, 0.6]
    assert target.exists()


def test_the_drawing_ends_when_the_visitor_leaves(target: Path, decoders: Any, ended: list[Path]) -> None:
    shares = drawn(CLIP, target, decoders, UploadStorage(1), "en")
    next(shares)
    shares.close()  # type: ignore[attr-defined]
    assert ended == [target] and not target.exists()


def test_the_drawing_takes_no_longer_than_a_request_may(
    target: Path, decoders: Any, ended: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 25))
    monkeypatch.setattr(video, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with pytest.raises(gr.Error, match="longer than the 1 minutes"):
        list(drawn(CLIP, target, decoders, UploadStorage(1), "en"))
    assert ended == [target] and not target.exists()


def test_the_drawing_ends_when_the_disk_is_full(
    target: Path, decoders: Any, ended: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: False)
    with pytest.raises(gr.Error, match="no room for files"):
        list(drawn(CLIP, target, decoders, UploadStorage(1), "en"))
    assert ended == [target] and not target.exists()

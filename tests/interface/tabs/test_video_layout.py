"""What the video tab shows for an update, by component."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from interface.i18n.language import LANGUAGES
from interface.tabs.video_layout import ClipOutputs, ReadClip, add_components, frame_headings
from interface.tabs.video_stream import ClipResults, ClipUpdate
from model.video.export import frame_columns
from model.video.record import TOP, ClipRecord

CLIP = Path("clip.mp4")


@pytest.fixture
def outputs() -> Iterator[ClipOutputs]:
    with gr.Blocks():
        yield add_components([])[1]


def results(files: tuple[str, ...] = ()) -> ClipResults:
    record = ClipRecord(("cat", "dog"), None, 2)
    return ClipResults({"cat": 0.9}, [["cat", 1.0]], [], [], "<p>timeline</p>", record, files)


def test_before_the_first_frame_only_the_status_changes(outputs: ClipOutputs) -> None:
    assert outputs.updates(ClipUpdate("Reading"), CLIP, "en") == {outputs.status: "Reading"}


def test_partial_results_change_everything_but_offer_no_files(outputs: ClipOutputs) -> None:
    values = outputs.updates(ClipUpdate("Reading", results()), CLIP, "en")
    assert set(values) == set(outputs.while_reading())
    assert values[outputs.total] == {"cat": 0.9}
    assert values[outputs.seconds] == {"headers": ["label", "seconds"], "data": [["cat", 1.0]]}
    assert values[outputs.files] is None and values[outputs.read_clip] is None


def test_the_last_results_offer_files_and_keep_the_clip(outputs: ClipOutputs) -> None:
    last = results(("frames.csv",))
    values = outputs.updates(ClipUpdate("Read", last), CLIP, "en")
    assert values[outputs.files] == ["frames.csv"]
    assert values[outputs.read_clip] == ReadClip(CLIP, last.record, last.files, "Read")


def test_another_clip_clears_every_result(outputs: ClipOutputs) -> None:
    results_shown = set(outputs.while_reading()) | set(outputs.after_reading())
    assert set(outputs.cleared()) == set(outputs.started("en")) == results_shown | {outputs.stop}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_table_of_frames_has_a_heading_in_every_language(language: str) -> None:
    headings = frame_headings(language)
    assert len(set(headings)) == len(headings) == len(frame_columns(TOP))

"""Clips in the browser: every frame with its time, the segments of Python's algorithm, and the same files."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from model.bundle import load_bundle
from model.classifier import Classifier
from model.hub.resolve import EMBEDDED
from model.video.export import frame_columns
from model.video.prediction import FramePrediction
from model.video.record import ClipRecord
from model.video.segments import SegmentFinder
from tests.support.browser import TIMEOUT, open_tab
from tests.support.clips import predict_video
from tests.support.serving import EXAMPLES, write_long_clip
from tests.support.site import served_site, written_site

CLIP = EXAMPLES / "clips" / "three-flags.mp4"
READ = """async (content) => {
    const { run } = await import("./page/engine.js");
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    return run("clip", { file: new File([bytes], "clip.mp4"), range: { rate: 0, start: 0, end: 0 } });
}"""
SEGMENTS = """async ([labels, threshold, hasStatistics, frames]) => {
    const { SegmentFinder } = await import("./engine/segments.js");
    const finder = new SegmentFinder(labels, threshold, hasStatistics);
    for (const [index, time, probabilities, isUnknown] of frames) {
        finder.add({ index, time, probabilities: Float32Array.from(probabilities), isUnknown });
    }
    return finder.segments();
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with served_site(written_site(EMBEDDED, tmp_path_factory.mktemp("site") / "out")) as address:
        context = browser.new_context(accept_downloads=True, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(address)
        page.get_by_role("tab").first.wait_for()
        yield page
        context.close()


@pytest.fixture(scope="module")
def record() -> ClipRecord:
    """What Python finds in the clip."""
    classifier = Classifier.load(EMBEDDED)
    bundle = classifier.bundle
    record = ClipRecord(bundle.labels, bundle.unknown_threshold, has_statistics=bundle.statistics is not None)
    for frame in predict_video(classifier, CLIP):
        record.add(frame)
    return record


@pytest.mark.nightly  # the same clip is read and compared below, as a visitor reads it
def test_a_clip_has_the_frames_times_and_segments_of_python(page: Page, record: ClipRecord) -> None:
    found: dict[str, Any] = page.evaluate(READ, base64.b64encode(CLIP.read_bytes()).decode())

    labels = load_bundle(EMBEDDED).labels
    rows = list(record.rows())
    assert found["numbers"] == [row.index for row in rows]
    np.testing.assert_allclose(found["times"], [row.time for row in rows], atol=1e-3)
    same = [labels[found["best"][5 * place]] == row.ranking[0][0] for place, row in enumerate(rows)]
    assert np.mean(same) >= 0.98
    segments = [(None if s["label"] is None else labels[s["label"]], s["start"]) for s in found["segments"]]
    expected = [(segment.label, segment.start) for segment in record.segments()]
    assert [label for label, _ in segments] == [label for label, _ in expected]
    np.testing.assert_allclose([at for _, at in segments], [at for _, at in expected], atol=0.13)
    majority = record.aggregate().majority
    assert found["aggregate"]["majority"] == (None if majority is None else labels.index(majority))


CASES = [
    (0.5, True),
    *(pytest.param(*case, marks=pytest.mark.nightly) for case in ((None, False), (0.4, False), (None, True))),
]


@pytest.mark.parametrize(("threshold", "has_statistics"), CASES)
def test_the_same_probabilities_give_the_same_segments(
    page: Page, threshold: float | None, has_statistics: bool
) -> None:
    random = np.random.default_rng(3)
    finder = SegmentFinder(["a", "b", "c"], threshold, has_statistics=has_statistics)
    frames, time = [], 0.0
    for index in range(400):
        logits = random.normal(0, 1, 3)
        logits[index // 70 % 3] += 1.5
        probabilities = (np.exp(logits) / np.exp(logits).sum()).astype(np.float32)
        unknown = has_statistics and bool(random.random() < (0.9 if 150 < index < 220 else 0.05))
        frames.append([index, time, probabilities.tolist(), unknown])
        finder.add(FramePrediction(index, time, probabilities, "sure", unknown))
        time += random.choice([0.02, 0.04, 0.3])

    found = page.evaluate(SEGMENTS, [3, threshold, has_statistics, frames])

    expected = finder.segments()
    assert len(expected) > 3
    names = ["a", "b", "c"]
    for one, other in zip(found, expected, strict=True):
        assert (None if one["label"] is None else names[one["label"]]) == other.label
        for name in ("start", "end", "confidence", "first_frame", "last_frame", "key_frame", "key_time"):
            assert one[name] == pytest.approx(getattr(other, name), abs=1e-6), name


def download(page: Page, name: str, folder: Path) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    waiting.value.save_as(folder / name)
    return (folder / name).read_bytes().decode()


def test_a_clip_is_read_at_once_and_its_numbers_can_be_downloaded(
    page: Page, record: ClipRecord, tmp_path: Path
) -> None:
    open_tab(page, "Video")
    page.set_input_files("#clip input", CLIP)

    expect(page.locator("#status")).to_contain_text("250 frames read")
    expect(page.locator(".vz-summary")).to_contain_text("Brazil")
    segments = record.segments()
    expect(page.locator(".vz-strip button")).to_have_count(len(segments))
    expect(page.locator("#key-frames li")).to_have_count(len(segments))
    rows = list(csv.reader(io.StringIO(download(page, "frames.csv", tmp_path))))
    assert rows[0] == frame_columns(5)
    assert len(rows) == 251 and {len(row) for row in rows} == {len(rows[0])}
    written = list(csv.DictReader(io.StringIO(download(page, "segments.csv", tmp_path))))
    assert [row["label"] for row in written] == [segment.label or "none of these" for segment in segments]
    assert float(written[-1]["end"]) == pytest.approx(segments[-1].end, abs=1e-3)
    clip = json.loads(download(page, "clip.json", tmp_path))
    assert clip["aggregate"]["frames"] == len(clip["frames"]) == 250
    assert clip["path"] == CLIP.name
    subtitles = download(page, "subtitles.vtt", tmp_path)
    assert subtitles.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert subtitles.count(" --> ") == len(segments)
    page.locator(".vz-strip button").last.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('#clip video').currentTime") == pytest.approx(
        segments[-1].start, abs=0.2
    )


def test_a_long_clip_can_be_stopped_and_keeps_what_was_read(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Video")
    page.set_input_files("#clip input", write_long_clip(tmp_path / "long.mp4"))

    expect(page.locator("#status")).to_contain_text("frames per second")
    page.get_by_role("button", name="Stop", exact=True).click()

    expect(page.locator("#status")).to_contain_text("Stopped at")
    expect(page.get_by_role("button", name="frames.csv")).to_be_visible()


def test_a_clip_that_is_stopped_before_its_first_frame_says_so(page: Page, tmp_path: Path) -> None:
    open_tab(page, "Video")
    page.locator("details", has_text="Only some of the frames").locator("summary").click()
    page.get_by_label("From").fill("1000000")
    page.set_input_files("#clip input", write_long_clip(tmp_path / "long.mp4"))

    page.get_by_role("button", name="Stop", exact=True).click()

    expect(page.locator("#status")).to_have_text("Stopped before the first frame.")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    page.get_by_label("From").fill("0")


def test_a_file_that_is_no_clip_is_answered_by_a_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_bytes(b"no clip at all" * 100)
    open_tab(page, "Video")

    page.set_input_files("#clip input", tmp_path / "notes.mp4")

    expect(page.locator("#status")).to_have_text(
        "“notes.mp4” is not a video that can be read. Use MP4, MOV, WebM or MKV."
    )

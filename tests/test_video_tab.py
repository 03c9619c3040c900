"""The video tab's functions: what the page gets while a clip is read, what is written, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from interface import annotation, clip_reading
from interface.clip_endpoint import answers
from interface.clip_reading import FILE_NAMES, PageAnswer, Reading, Stretch, read_clip
from interface.timeline import COLOURS, Palette, clock, timeline_value
from interface.video_tab import checked_stretch
from model.classifier import Classifier
from model.clip_files import frame_columns
from model.clip_record import ClipRecord
from model.curve import ProbabilityCurve
from model.errors import SettingsError, VideoError
from model.video import FramePrediction
from tests.pictures import COLOURS as CLASSES
from tests.pictures import write_clip


@pytest.fixture
def classifier(colour_bundle: Path) -> Classifier:
    return Classifier.load(colour_bundle)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    for module in (clip_reading, annotation):
        monkeypatch.setattr(module, "get_upload_folder", lambda: str(folder))
    return folder


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Two seconds of each class's colour, ten frames a second, in two parts."""
    first, second = (np.full((48, 64, 3), colour, np.uint8) for colour in list(CLASSES.values())[:2])
    return write_clip(tmp_path / "colours.mp4", [first] * 20 + [second] * 20, codec="libx264", pixels="yuv420p")


def read(classifier: Classifier, path: Path, stretch: Stretch | None = None) -> tuple[PageAnswer, Reading]:
    reading = Reading()
    *_, last = read_clip(classifier, path, "my clip.mp4", stretch or Stretch(), reading)
    return last, reading


def test_a_clip_gives_timeline_segments_key_frames_and_files(
    classifier: Classifier, uploads: Path, colours: Path
) -> None:
    answer, _ = read(classifier, colours)
    assert answer.timeline["done"] is None and answer.timeline["status"].startswith("Read 40 frames, 0:04")
    assert answer.segments is not None and [row[1:3] for row in answer.segments] == [[0.0, 2.0], [2.0, 4.0]]
    assert answer.timeline["segments"][1].startswith("2000 ")
    assert answer.frames is not None and [row[0] for row in answer.frames] == list(range(39, -1, -1))
    assert answer.tiles is not None and len(answer.tiles) == len(answer.timeline["key_times"]) == 2
    for (picture, caption), row in zip(answer.tiles, answer.segments, strict=True):
        assert picture.shape == (48, 64, 3)
        assert str(row[0]) in caption
    assert np.abs(answer.tiles[1][0].mean((0, 1)) - list(CLASSES.values())[1]).max() < 12
    assert answer.files is not None and [Path(path).name for path in answer.files] == list(FILE_NAMES)
    frames, segments, everything, subtitles = (Path(path).read_text(encoding="utf-8") for path in answer.files)
    header, *rows = csv.reader(frames.splitlines())
    assert header == frame_columns(5) and len(rows) == 40
    assert len(list(csv.reader(segments.splitlines()))) == 3
    assert json.loads(everything)["path"] == "my clip.mp4" and len(json.loads(everything)["frames"]) == 40
    assert "00:00:02.000 --> 00:00:04.000" in subtitles


def test_only_the_stretch_that_was_asked_for(classifier: Classifier, uploads: Path, colours: Path) -> None:
    answer, _ = read(classifier, colours, Stretch(5, 1, 3))
    assert answer.frames is not None
    assert [row[1] for row in answer.frames][::-1] == pytest.approx([1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8])
    assert answer.timeline["begin"] == 1
    assert float(answer.timeline["curve_times"].split()[0]) >= 1


def test_stop_ends_the_reading_with_everything_so_far(
    classifier: Classifier, uploads: Path, colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_reading, "_SECONDS_TO_FIRST", 0.0)
    reading = Reading()
    running = read_clip(classifier, colours, "clip.mp4", Stretch(), reading)
    next(running)
    next(running)  # the first frame has been read
    reading.stopped = True
    *_, last = running
    assert last.timeline["status"].startswith("Stopped at 0:00")
    assert last.files and last.tiles
    assert reading.record is not None and 0 < len(reading.record) < 40


def test_a_clip_that_breaks_off_says_so(classifier: Classifier, uploads: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    noise = [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(30)]
    path = write_clip(tmp_path / "cut.mp4", noise, codec="libx264", pixels="yuv420p", index_first=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    answer, _ = read(classifier, path)
    assert answer.frames and len(answer.frames) < 30
    (sentence,) = answer.timeline["warnings"]
    assert "cut.mp4" in sentence


def test_a_visitor_who_leaves_leaves_no_files(classifier: Classifier, uploads: Path, colours: Path) -> None:
    running = read_clip(classifier, colours, "clip.mp4", Stretch(), Reading())
    next(running)
    assert isinstance(running, Iterator)
    running.close()  # type: ignore[attr-defined]
    assert not list(uploads.iterdir())


def test_the_annotated_clip_plays_everywhere(classifier: Classifier, uploads: Path, tmp_path: Path) -> None:
    grey = [np.full((51, 65, 3), 60, np.uint8)] * 20
    path = write_clip(tmp_path / "odd.mkv", grey, sound_seconds=2)
    _, reading = read(classifier, path)
    *_, (_, player) = annotation.annotate_clip(reading)
    with av.open(player["value"]) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sound.codec_context.name == "aac"
        assert float(sound.duration * sound.time_base) == pytest.approx(2, abs=0.1)
        frames = list(container.decode(video))
    assert len(frames) == 20
    assert [frame.time for frame in frames] == pytest.approx([i / 10 for i in range(20)], abs=2e-3)
    picture = frames[0].to_ndarray(format="rgb24")
    assert picture[-20:].max() > 200 and picture[:20].max() < 90  # words at the bottom, none at the top
    content = Path(player["value"]).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_an_annotated_clip_given_up_leaves_no_files(classifier: Classifier, uploads: Path, colours: Path) -> None:
    _, reading = read(classifier, colours)
    before = set(uploads.iterdir())
    running = annotation.annotate_clip(reading)
    next(running)
    assert set(uploads.iterdir()) > before
    running.close()  # type: ignore[attr-defined]
    assert set(uploads.iterdir()) == before


def test_nothing_to_annotate_is_told() -> None:
    with pytest.raises(VideoError, match="Read a clip first"):
        next(annotation.annotate_clip(Reading()))


def test_unsure_stretches_are_none_of_these_in_words() -> None:
    record = ClipRecord(["a", "b"], unknown_threshold=0.9)
    curve = ProbabilityCurve(2)
    for index in range(20):
        probabilities = np.array([0.5, 0.5], np.float32)
        record.add(FramePrediction(index, index / 10, probabilities))
        curve.add(index / 10, probabilities)
    value = timeline_value("…", record, curve, Palette(), ["a", "b"])
    assert value["names"] == ["none of these"]
    assert [entry["label"] for entry in value["legend"]] == ["none of these"]
    assert clip_reading.segment_rows(record)[0][0] == "none of these"
    assert clip_reading.frame_rows(record)[0][-1] == "none of these"


def test_programs_get_all_rows(classifier: Classifier, colours: Path) -> None:
    *_, (total, seconds, rows) = answers(classifier, colours, Stretch())
    assert len(total) == min(5, len(classifier.bundle.labels))
    assert sum(float(value) for _, value in seconds) == pytest.approx(4)
    assert [row[0] for row in rows] == list(range(40))
    assert {len(row) for row in rows} == {len(frame_columns(5))}


def test_a_label_keeps_its_colour_while_it_leads() -> None:
    palette = Palette()
    first = dict(palette.places([*"abcdef", "g"]))
    assert sorted(first.values()) == list(range(COLOURS)) and "g" not in first
    later = palette.places([*"gfedcb"])
    assert {label: later[label] for label in "bcdef"} == {label: first[label] for label in "bcdef"}
    assert later["g"] == first["a"]


def test_only_what_is_new_is_sent_again() -> None:
    from gradio.utils import diff

    rng = np.random.default_rng(0)
    labels = [f"label {number}" for number in range(100)]
    record, curve, palette = ClipRecord(labels, 0.5), ProbabilityCurve(100), Palette()
    before: dict = {}
    sizes = []
    for index in range(7500):  # five minutes
        probabilities = rng.dirichlet(np.full(100, 0.01)).astype(np.float32) * 0.1
        probabilities[index // 75 % 100] += 0.9
        record.add(FramePrediction(index, index / 25, probabilities))
        curve.add(index / 25, probabilities)
        if index % 500 == 0:
            after = json.loads(json.dumps(timeline_value("…", record, curve, palette, labels)))
            sizes.append(len(json.dumps(diff(before, after))))
            before = after
    assert max(sizes) < 12_000


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((-1, 0, 0), "Frames per second should be"),
        ((True, 0, 0), "Frames per second should be"),
        ((0, "soon", 0), "The start should be"),
        ((0, float("nan"), 0), "The start should be"),
        ((0, 0, [3]), "The end should be"),
        ((0, 5, 5), "later than the start"),
    ],
)
def test_stretches_that_are_none(given: tuple[object, object, object], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        checked_stretch(*given)


def test_nothing_given_is_the_whole_clip() -> None:
    assert checked_stretch(None, None, None) == checked_stretch(0, 0, 0) == Stretch()


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (65.9, "1:05"), (3725, "1:02:05")])
def test_times_as_people_write_them(seconds: float, words: str) -> None:
    assert clock(seconds) == words

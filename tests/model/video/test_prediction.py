"""A clip's frames are predicted in order, with the probabilities that images get; no thread is left running."""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.classifier import Classifier
from model.errors import BundleError, VideoError
from model.preprocessing import read_image
from model.verdict import Classification
from model.video.prediction import FramePredictor
from model.video.reader import Frame, FrameRange, read_frames, read_frames_bgr
from tests.support.clips import predict_video
from tests.support.images import IMAGE_KINDS, scene, write_clip


def test_a_frame_is_predicted_as_the_same_image_is(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    path = IMAGE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [read_image(path), scene(52, 40, 9)])

    rows = list(predict_video(classifier, clip))

    assert [(row.index, row.time) for row in rows] == [(0, 0), (1, pytest.approx(0.1))]
    np.testing.assert_allclose(rows[0].probabilities, classifier.classify(read_image(path)), atol=1e-6)


def long_clip(folder: Path, frames: int = 60) -> Path:
    return write_clip(folder / "long.mkv", [scene(64, 48, seed % 7) for seed in range(frames)], rate=25)


def clip_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("decoder", "network"))]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_rows_come_in_order_however_many_threads_predict(workers: int, colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    clip = long_clip(tmp_path)

    rows = list(predict_video(classifier, clip, workers=workers))

    expected = [(frame.index, frame.time, classifier.classify(frame.image)) for frame in read_frames(clip)]
    assert [(row.index, row.time) for row in rows] == [(index, time) for index, time, _ in expected]
    np.testing.assert_allclose([row.probabilities for row in rows], [p for *_, p in expected], atol=1e-6)
    assert clip_threads() == []


@pytest.mark.parametrize(("cores", "workers"), [(2, 2), (64, 8)])
def test_many_cores_do_not_make_many_interpreters(
    cores: int, workers: int, colour_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.video.prediction.cores", lambda: cores)
    assert FramePredictor(Classifier.load(colour_bundle), iter(()))._workers == workers


def test_rows_and_times_of_a_stretch_are_those_of_the_whole_clip(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    clip = long_clip(tmp_path)

    stretch = list(predict_video(classifier, clip, FrameRange(5, start=0.5, end=1.5)))

    whole = {row.index: row.time for row in predict_video(classifier, clip)}
    assert {row.index: row.time for row in stretch}.items() <= whole.items()
    assert len(stretch) == 5
    assert all(0.5 <= row.time < 1.5 for row in stretch)


def test_first_rows_come_while_the_rest_is_not_yet_decoded(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []

    def counted(*arguments: Any) -> Iterator[Frame]:
        for frame in read_frames_bgr(*arguments):
            decoded.append(frame.index)
            yield frame

    monkeypatch.setattr("model.video.reader.read_frames_bgr", counted)
    rows = predict_video(Classifier.load(colour_bundle), long_clip(tmp_path), workers=1)

    taken = list(itertools.islice(rows, 3))
    rows.close()  # whoever takes no rows holds up the decoder: it has not decoded the rest meanwhile

    assert [row.index for row in taken] == [0, 1, 2]
    assert len(decoded) < 60


def test_without_a_frame_for_a_while_there_is_a_heartbeat(colour_bundle: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    spec = classifier.bundle.input
    seen = threading.Event()

    def frames() -> Iterator[Frame]:
        seen.wait()
        yield Frame(0, 0.0, np.zeros((spec.height, spec.width, 3), np.uint8))

    rows = FramePredictor(classifier, frames()).predictions(heartbeat_seconds=0.01)

    assert next(rows) is None
    seen.set()
    assert [row.index for row in rows if row is not None] == [0]


def test_a_clip_that_is_left_leaves_nothing_running(colour_bundle: Path, tmp_path: Path) -> None:
    rows = predict_video(Classifier.load(colour_bundle), long_clip(tmp_path, 200))
    next(rows)
    assert clip_threads() != []

    rows.close()

    assert clip_threads() == []


def test_what_is_no_clip_is_refused_where_the_rows_are_taken(colour_bundle: Path, tmp_path: Path) -> None:
    rows = predict_video(Classifier.load(colour_bundle), tmp_path / "missing.mp4")

    with pytest.raises(VideoError, match=r"missing\.mp4"):
        next(rows)

    assert clip_threads() == []


def test_an_error_of_the_network_is_raised_where_the_rows_are_taken(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier.load(colour_bundle)

    def fail(prepared: np.ndarray) -> Classification:
        raise BundleError("The network is broken.")

    monkeypatch.setattr(classifier, "predict_frame", fail)

    with pytest.raises(BundleError, match="broken"):
        list(predict_video(classifier, long_clip(tmp_path)))

    assert clip_threads() == []


def test_rows_of_a_clip_that_breaks_off_come_first_and_then_the_warning(colour_bundle: Path, tmp_path: Path) -> None:
    content = long_clip(tmp_path).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    events: list[str] = []

    for _ in predict_video(Classifier.load(colour_bundle), tmp_path / "cut.mkv", on_warning=events.append):
        events.append("row")

    assert "breaks off" in events[-1]
    assert events[:-1] == ["row"] * (len(events) - 1)
    assert len(events) > 10


def test_several_clips_and_images_are_predicted_at_once(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    clip = long_clip(tmp_path)
    expected = [row.probabilities for row in predict_video(classifier, clip)]
    answers: dict[int, list[np.ndarray]] = {}

    def run(number: int) -> None:
        answers[number] = [row.probabilities for row in predict_video(classifier, clip)]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    images = [classifier.classify(scene(seed=3)) for _ in range(20)]
    for thread in threads:
        thread.join()

    for number in range(3):
        np.testing.assert_allclose(answers[number], expected, atol=1e-6)
    np.testing.assert_array_equal(images, [images[0]] * 20)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere priorities belong to the process")
@pytest.mark.parametrize("low_priority", [True, False])
def test_a_clip_of_low_priority_is_predicted_behind_images(
    low_priority: bool, colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier.load(colour_bundle)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    seen: set[int] = set()

    def look(prepared: np.ndarray) -> Classification:
        seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return Classification(np.zeros(len(classifier.bundle.labels), np.float32), "sure", is_unknown=False)

    monkeypatch.setattr(classifier, "predict_frame", look)
    list(predict_video(classifier, long_clip(tmp_path), low_priority=low_priority))

    lower = min(own + 1, 19)  # 19 is the lowest; the tests may run at it themselves
    assert min(seen) >= lower if low_priority else seen == {own}
    assert os.getpriority(os.PRIO_PROCESS, 0) == own

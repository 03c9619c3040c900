"""A clip's frames are predicted in order, as images are, and summed up; nothing is left running."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.classifier import Classifier
from model.errors import BundleError, VideoError
from model.preprocessing import read_image
from model.video.prediction import Aggregate, FramePrediction, aggregate, predict_video
from model.video.reader import read_frames, read_frames_bgr
from tests.support.images import IMAGE_KINDS, scene, write_clip


def test_a_frame_is_predicted_as_the_same_image_is(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    path = IMAGE_KINDS["rgb"](tmp_path)
    clip = write_clip(tmp_path / "clip.mkv", [read_image(path), scene(52, 40, 9)])

    rows = list(predict_video(classifier, clip))

    assert [(row.index, row.time) for row in rows] == [(0, 0), (1, pytest.approx(0.1))]
    np.testing.assert_allclose(rows[0].probabilities, classifier.classify(read_image(path)), atol=1e-6)


def rows_of(*rows: tuple[float, list[float]]) -> list[FramePrediction]:
    return [FramePrediction(i, time, np.array(p, np.float32)) for i, (time, p) in enumerate(rows)]


def test_a_clip_is_summed_up_by_mean_majority_and_seconds() -> None:
    rows = rows_of((0, [0.9, 0.1]), (1, [0.2, 0.8]), (1.5, [0.4, 0.6]), (2, [0.3, 0.7]))

    total = aggregate(rows, ["cat", "dog"])

    assert total.majority == "dog"
    assert total.seconds == {"dog": pytest.approx(1.5), "cat": pytest.approx(1.0)}
    assert list(total.seconds) == ["dog", "cat"]
    assert (total.frames, total.duration) == (4, pytest.approx(2.5))
    np.testing.assert_allclose(total.mean_probabilities, [0.45, 0.55], atol=1e-6)


def test_a_single_frame_is_summed_up_too() -> None:
    assert aggregate(rows_of((0, [0.9, 0.1])), ["cat", "dog"]).seconds == {"cat": 0}


def test_nothing_cannot_be_summed_up() -> None:
    with pytest.raises(ValueError, match="at least one"):
        aggregate([], ["cat", "dog"])


@given(
    probabilities=arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0, 1, width=32)),
    gaps=st.lists(st.floats(0.001, 5), min_size=30, max_size=30),
)
def test_the_seconds_of_all_labels_add_up_to_the_duration(probabilities: np.ndarray, gaps: list[float]) -> None:
    shown = np.concatenate([[0], np.cumsum(gaps)])
    rows = [FramePrediction(i, float(shown[i]), row) for i, row in enumerate(probabilities)]

    total: Aggregate = aggregate(rows, ["a", "b", "c"])

    assert sum(total.seconds.values()) == pytest.approx(total.duration)
    assert total.duration >= rows[-1].time
    assert total.majority in total.seconds
    assert list(total.seconds.values()) == sorted(total.seconds.values(), reverse=True)
    assert ((total.mean_probabilities >= 0) & (total.mean_probabilities <= 1)).all()


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


def test_rows_and_times_of_a_stretch_are_those_of_the_whole_clip(colour_bundle: Path, tmp_path: Path) -> None:
    classifier = Classifier.load(colour_bundle)
    clip = long_clip(tmp_path)

    stretch = list(predict_video(classifier, clip, 5, start=0.5, end=1.5))

    whole = {row.index: row.time for row in predict_video(classifier, clip)}
    assert {row.index: row.time for row in stretch}.items() <= whole.items()
    assert len(stretch) == 5
    assert all(0.5 <= row.time < 1.5 for row in stretch)


def test_first_rows_come_while_the_rest_is_not_yet_decoded(
    colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    def counted(*arguments: object, **options: object):
        for frame in read_frames_bgr(*arguments, **options):  # type: ignore[arg-type]
            decoded.append(frame.index)
            yield frame

    monkeypatch.setattr("model.video.reader.read_frames_bgr", counted)
    rows = predict_video(Classifier.load(colour_bundle), long_clip(tmp_path, 200))

    taken = list(itertools.islice(rows, 3))
    time.sleep(0.3)  # whoever takes no rows holds up the decoder

    assert [row.index for row in taken] == [0, 1, 2]
    assert len(decoded) < 100
    rows.close()


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

    def fail(prepared: np.ndarray) -> np.ndarray:
        raise BundleError("The network is broken.")

    monkeypatch.setattr(classifier, "classify_beside", fail)

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
@pytest.mark.parametrize("alone", [False, True])
def test_a_clip_steps_back_behind_images_unless_it_is_alone(
    alone: bool, colour_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier.load(colour_bundle)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    seen = set()

    def look(prepared: np.ndarray) -> np.ndarray:
        seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return np.zeros(len(classifier.bundle.labels), np.float32)

    monkeypatch.setattr(classifier, "classify_beside", look)
    list(predict_video(classifier, long_clip(tmp_path), alone=alone))

    assert seen == {own} if alone else min(seen) > own
    assert os.getpriority(os.PRIO_PROCESS, 0) == own

"""The frames of a clip are summed up by mean, and its segments by majority and seconds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.video.prediction import FramePrediction
from model.video.record import Aggregate, ClipRecord


def aggregate_of(rows: list[tuple[float, list[float]]], labels: list[str]) -> Aggregate:
    """Sum up frames that are given by their times and probabilities."""
    record = ClipRecord(labels)
    for index, (time, probabilities) in enumerate(rows):
        record.add(FramePrediction(index, time, np.array(probabilities, np.float32)))
    return record.aggregate()


def test_a_clip_is_summed_up_by_mean_majority_and_seconds() -> None:
    rows = [(time / 10, [0.95, 0.05] if time < 20 else [0.1, 0.9]) for time in range(50)]
    total = aggregate_of(rows, ["cat", "dog"])

    assert total.majority == "dog"
    assert total.seconds == {"dog": pytest.approx(3), "cat": pytest.approx(2)}
    assert list(total.seconds) == ["dog", "cat"]
    assert (total.frames, total.duration) == (50, pytest.approx(5))
    np.testing.assert_allclose(total.mean_probabilities, [0.44, 0.56], atol=1e-6)


def test_frames_unlike_the_training_images_are_seconds_of_no_label() -> None:
    record = ClipRecord(["cat", "dog"], has_statistics=True)
    for index in range(100):
        unlike = index >= 20
        shown = np.array([0.9, 0.1], np.float32)
        record.add(FramePrediction(index, index / 10, shown, "none" if unlike else "sure", is_unknown=unlike))
    total = record.aggregate()
    assert [(segment.label, round(segment.end)) for segment in record.segments()] == [("cat", 2), (None, 10)]
    assert total.seconds == {"cat": pytest.approx(2)} and total.majority is None
    assert total.duration == pytest.approx(10)


def test_the_last_frame_lasts_as_the_clip_says_in_the_sum_and_in_the_segments() -> None:
    record = ClipRecord(["cat", "dog"])
    for index, time in enumerate((0.0, 8.0, 9.0)):
        shown = np.array([0.95, 0.05] if index == 0 else [0.05, 0.95], np.float32)
        record.add(FramePrediction(index, time, shown, duration=0.03))
    assert record.aggregate().seconds == {"cat": pytest.approx(8), "dog": pytest.approx(1.03)}
    assert record.segments()[-1].end == pytest.approx(9.03)


def test_a_single_frame_is_summed_up_too() -> None:
    assert aggregate_of([(0, [0.9, 0.1])], ["cat", "dog"]).seconds == {"cat": 0}


def test_nothing_cannot_be_summed_up() -> None:
    with pytest.raises(ValueError, match="at least one"):
        aggregate_of([], ["cat", "dog"])


@given(
    probabilities=arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0, 1, width=32)),
    gaps=st.lists(st.floats(0.001, 5), min_size=30, max_size=30),
)
def test_a_sum_agrees_with_the_segments_and_frames_it_was_made_of(probabilities: np.ndarray, gaps: list[float]) -> None:
    record = ClipRecord(["a", "b", "c"])
    times = [0.0, *np.cumsum(gaps)[: len(probabilities) - 1]]
    for index, (time, row) in enumerate(zip(times, probabilities, strict=True)):
        record.add(FramePrediction(index, time, row))
    total = record.aggregate()

    segments = record.segments()
    for label, seconds in total.seconds.items():
        assert seconds == pytest.approx(sum(s.end - s.start for s in segments if s.label == label))
    assert set(total.seconds) == {s.label for s in segments}
    assert list(total.seconds.values()) == sorted(total.seconds.values(), reverse=True)
    # Each frame is on screen until the next one, the last one for as long as is usual.
    assert total.duration == pytest.approx(times[-1] + (np.median(np.diff(times)) if len(times) > 1 else 0))
    assert total.majority == next(iter(total.seconds))
    np.testing.assert_allclose(total.mean_probabilities, probabilities.mean(axis=0, dtype=np.float64), atol=1e-6)

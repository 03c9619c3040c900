"""Segments: one label for as long as it is shown, “none of these” where the model is unsure."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.video.prediction import FramePrediction
from model.video.segments import SegmentFinder
from tests.support.clips import find_segments

LABELS = ("cat", "dog", "fox")


def frame(index: int, label: int | None, sure: float = 0.9, rate: float = 25.0, count: int = 3) -> FramePrediction:
    """A frame whose probability is `sure` for one label, or spread evenly for None."""
    probabilities = np.full(count, 1 / count if label is None else (1 - sure) / (count - 1), np.float32)
    if label is not None:
        probabilities[label] = sure
    return FramePrediction(index, index / rate, probabilities)


def clip(shown: Sequence[int | None], **options: Any) -> list[FramePrediction]:
    return [frame(index, label, **options) for index, label in enumerate(shown)]


def spans(frames: Sequence[FramePrediction], threshold: float | None = 0.5, **options: float) -> list[tuple]:
    return [(s.label, s.first_frame, s.last_frame) for s in find_segments(frames, LABELS, threshold, **options)]


def test_a_cut_is_found_at_its_frame() -> None:
    assert spans(clip([0] * 30 + [1] * 40)) == [("cat", 0, 29), ("dog", 30, 69)]


def test_a_flicker_is_smoothed_away_and_a_second_is_not() -> None:
    assert spans(clip([0] * 30 + [1] * 2 + [0] * 30)) == [("cat", 0, 61)]
    assert spans(clip([0] * 30 + [1] * 25 + [0] * 30)) == [("cat", 0, 29), ("dog", 30, 54), ("cat", 55, 84)]


def test_without_smoothing_every_frame_stands_for_itself() -> None:
    shown = [0, 0, 1, 0, None, 2]
    assert spans(clip(shown), expected_seconds=0) == [
        ("cat", 0, 1),
        ("dog", 2, 2),
        ("cat", 3, 3),
        (None, 4, 4),
        ("fox", 5, 5),
    ]


def test_none_of_these_where_no_label_exceeds_the_threshold() -> None:
    unsure = clip([0] * 25 + [None] * 50 + [1] * 25)
    assert spans(unsure) == [("cat", 0, 24), (None, 25, 74), ("dog", 75, 99)]
    assert None not in [label for label, *_ in spans(unsure, threshold=None)]


def test_the_price_of_a_change_is_one_of_time_not_of_frames() -> None:
    """Half a second of doubt reads the same at any frame rate."""
    for rate in (25, 50, 240):
        shown = [0] * rate + [1] * round(0.08 * rate) + [0] * rate
        assert len(spans(clip(shown, rate=rate))) == 1
        shown = [0] * rate + [1] * rate + [0] * rate
        assert len(spans(clip(shown, rate=rate))) == 3


def test_variable_frame_rate_keeps_the_streams_times() -> None:
    times = [0.0, 0.1, 0.2, 2.0, 2.05, 2.5]
    frames = [FramePrediction(i, t, frame(0, int(t >= 2), 0.99).probabilities) for i, t in enumerate(times)]
    first, second = find_segments(frames, LABELS, 0.5)
    assert (first.start, first.end, second.start) == (0.0, 2.0, 2.0)
    assert second.end == pytest.approx(2.5 + 0.1)  # the last frame is shown as long as frames usually are


def test_confidence_is_the_labels_mean_and_the_key_frame_its_highest() -> None:
    sure = [0.7, 0.8, 0.95, 0.75]
    (only,) = find_segments([frame(i, 0, p) for i, p in enumerate(sure)], LABELS, 0.5)
    assert only.confidence == pytest.approx(np.mean(sure), abs=1e-6)
    assert (only.key_frame, only.key_time) == (2, 2 / 25)


def test_frames_that_were_skipped_keep_their_numbers() -> None:
    frames = [FramePrediction(i * 5, i / 5, frame(0, int(i >= 10), 0.99).probabilities) for i in range(20)]
    assert spans(frames) == [("cat", 0, 45), ("dog", 50, 95)]


def test_nothing_gives_nothing_and_one_frame_one_segment() -> None:
    assert find_segments([], LABELS, 0.5) == []
    (only,) = find_segments([frame(7, 2)], LABELS, 0.5)
    assert (only.label, only.first_frame, only.last_frame, only.start, only.end) == ("fox", 7, 7, 0.28, 0.28)


def test_short_sure_segments_are_not_swallowed_by_doubt() -> None:
    """Read at one or two frames a second, a label that is sure for a second stays."""
    for rate in (1, 2):
        shown = [None] * 4 * rate + [0] * 2 * rate + [1] * 2 * rate + [None] * 4 * rate
        assert [label for label, *_ in spans(clip(shown, rate=rate, sure=0.98))] == [None, "cat", "dog", None]


def test_answers_on_the_way_do_not_change_the_last_one() -> None:
    frames = clip(np.random.default_rng(3).integers(0, 3, 200).tolist(), sure=0.6)
    finder = SegmentFinder(LABELS, 0.5)
    for row in frames:
        finder.add(row)
        assert finder.segments()[-1].last_frame == row.index
    assert finder.segments() == find_segments(frames, LABELS, 0.5)


def evidence_of(row: FramePrediction) -> np.ndarray:
    """The log-likelihood of the three labels and of “none of these” at the threshold 0.5."""
    likelihood = np.append(row.probabilities.astype(float), 1 - row.probabilities.max())
    return np.log(likelihood + 1e-3 / 4)


def exhaustive(frames: Sequence[FramePrediction], finder: SegmentFinder) -> float:
    """The likelihood of the best path, by the textbook's recursion over all pairs of states."""
    score: np.ndarray | None = None
    for i, row in enumerate(frames):
        evidence = evidence_of(row)
        if score is None:
            score = evidence
            continue
        gap = row.time - frames[i - 1].time
        kept, entered = finder._log_probabilities(gap)
        prices = np.where(np.eye(len(evidence), dtype=bool), kept, entered)
        score = (score[:, None] + prices).max(axis=0) + min(1, gap / 0.1) * evidence
    assert score is not None
    return float(score.max())


def likelihood(frames: Sequence[FramePrediction], finder: SegmentFinder) -> float:
    states = {}
    for segment in finder.segments():
        for index in range(segment.first_frame, segment.last_frame + 1):
            states[index] = len(LABELS) if segment.label is None else LABELS.index(segment.label)
    total = 0.0
    for i, row in enumerate(frames):
        evidence = float(evidence_of(row)[states[i]])
        if i:
            gap = row.time - frames[i - 1].time
            kept, entered = finder._log_probabilities(gap)
            total += kept if states[i] == states[i - 1] else entered
            evidence *= min(1, gap / 0.1)
        total += evidence
    return total


rows = st.lists(st.tuples(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.floats(0.005, 1.5)), min_size=1)


@given(rows)
def test_the_path_is_the_likeliest_of_all(drawn: list[tuple[list[float], float]]) -> None:
    frames, now = [], 0.0
    for index, (weights, gap) in enumerate(drawn):
        frames.append(FramePrediction(index, now, np.array(weights, np.float32) / np.float32(sum(weights))))
        now += gap
    finder = SegmentFinder(LABELS, 0.5)
    for row in frames:
        finder.add(row)
    found = finder.segments()

    assert likelihood(frames, finder) == pytest.approx(exhaustive(frames, finder), abs=1e-6)
    assert [s.first_frame for s in found] == [0, *(s.last_frame + 1 for s in found[:-1])]
    assert found[-1].last_frame == len(frames) - 1
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
    assert all(a.label != b.label for a, b in itertools.pairwise(found))


def test_many_labels_and_many_frames_take_seconds() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.full(100, 0.1), 500).astype(np.float32)
    finder = SegmentFinder([str(label) for label in range(100)], 0.5)
    started = time.process_time()
    for index in range(10_000):
        finder.add(FramePrediction(index, index / 25, probabilities[index // 20 % 500]))
    finder.segments()
    assert time.process_time() - started < 4

"""The timeline shows every segment in its place, and a label in it is only ever text."""

from __future__ import annotations

import re

import numpy as np
import pytest

from interface.tabs.timeline import clock, label_seconds, seconds_text, timeline
from model.video.probability_curve import ProbabilityCurve
from model.video.segments import Segment


def segment(label: str | None, start: float, end: float) -> Segment:
    return Segment(label, start, end, 0.8, int(start * 10), int(end * 10) - 1, int(start * 10), start)


LABELS = ("cat", "<img src=x onerror=alert(1)>", "fox")
SEGMENTS = [segment("cat", 0, 1), segment(None, 1, 2), segment(LABELS[1], 2, 8)]


def curve() -> ProbabilityCurve:
    curve = ProbabilityCurve(3)
    for index in range(80):
        curve.add(index / 10, np.array([0.2, 0.7, 0.1]))
    return curve


def test_segments_lie_where_they_are_in_time() -> None:
    drawn = timeline(SEGMENTS, curve(), LABELS, 10)

    places = re.findall(r"data-start=\"([\d.]+)\".*?left:([\d.]+)%;width:([\d.]+)%", drawn)
    assert [tuple(map(float, place)) for place in places] == [(0, 0, 10), (1, 10, 10), (2, 20, 60)]
    assert "none of these, 0:01 to 0:02" in drawn


@pytest.mark.parametrize(
    ("duration", "marks"), [(1.5, ["0.0\u00a0s", "0.8\u00a0s", "1.5\u00a0s"]), (10, ["0:00", "0:05", "0:10"])]
)
def test_the_times_below_differ_however_short_the_clip_is(duration: float, marks: list[str]) -> None:
    drawn = timeline([segment("cat", 0, duration)], curve(), LABELS, duration)

    _, below = drawn.split("vz-times")
    assert re.findall(r"<span>([\d.:]+(?:\u00a0s)?)</span>", below) == marks


def test_labels_are_text() -> None:
    drawn = timeline(SEGMENTS, curve(), LABELS, 10)

    assert "<img" not in drawn
    assert "&lt;img src=x" in drawn


def test_the_longest_on_screen_comes_first_and_nothing_last() -> None:
    assert label_seconds(SEGMENTS) == [(LABELS[1], 6), ("cat", 1), (None, 1)]
    assert label_seconds(SEGMENTS, background={LABELS[1]}) == [("cat", 1), (LABELS[1], 7)]  # both mean: nothing there


def test_a_sentence_says_what_is_on_screen_for_how_long() -> None:
    segments = [segment("cat", 0, 1), segment("fox", 1, 3.5), segment("cat", 3.5, 4)]
    drawn = timeline(segments, curve(), LABELS, 10, "es")
    words = re.sub(r"<[^>]*>", "", drawn[: drawn.index("</p>")]).strip()
    assert words == "fox 2,5\u00a0s, cat 1,5\u00a0s"


def test_durations_are_written_as_people_do() -> None:
    said = [seconds_text(s).replace("\u00a0", " ") for s in (0.04, 2.44, 59.94, 59.96, 65.4, 3720)]
    assert said == ["0.0 s", "2.4 s", "59.9 s", "1 min 0 s", "1 min 5 s", "1 h 2 min"]


def test_a_segment_without_a_label_is_called_as_the_label_that_means_nothing() -> None:
    drawn = timeline(SEGMENTS, curve(), LABELS, 10, background={"cat"})

    assert "none of these" not in drawn
    assert "cat, 0:01 to 0:02" in drawn


def test_what_means_nothing_is_grey() -> None:
    drawn = timeline(SEGMENTS, curve(), LABELS, 10, background={"cat"})
    assert len(set(re.findall(r"width:[\d.]+%;background:(#\w+)", drawn))) == 2


def test_thousands_of_segments_stay_drawable() -> None:
    many = [segment(LABELS[place % 3], place, place + 1) for place in range(3000)]

    assert timeline(many, curve(), LABELS, 3000).count("data-start") == 400


def test_times_are_written_as_people_do() -> None:
    assert [clock(s) for s in (0, 9.6, 61, 3599, 3600, 3723)] == ["0:00", "0:10", "1:01", "59:59", "1:00:00", "1:02:03"]


def test_a_curve_of_any_length_has_a_bounded_number_of_points() -> None:
    long = ProbabilityCurve(2, points=100)
    for index in range(20_000):
        long.add(index / 25, np.array([index / 20_000, 1 - index / 20_000]))

    times, means = long.points([0])

    assert 50 <= len(times) <= 100
    np.testing.assert_allclose(means[:, 0], times / 800, atol=0.02)

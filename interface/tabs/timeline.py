"""Draw what a clip shows over time, as HTML; a click on a segment moves the player (`assets/timeline.js`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from interface.i18n.language import ENGLISH, say
from interface.label_colours import label_colours
from interface.rendering import render
from model.video.export import label_text
from model.video.probability_curve import ProbabilityCurve
from model.video.segments import Segment

CURVES = 5
_MOST_SEGMENTS = 400  # more could not be told apart on a screen
_LABELS_IN_LEGEND = 8


def timeline(
    segments: Sequence[Segment],
    curve: ProbabilityCurve,
    labels: Sequence[str],
    duration: float,
    language: str = ENGLISH,
) -> str:
    """Return the timeline as HTML; every label in it is escaped.

    Args:
        segments: The segments so far, in order of time.
        curve: The probabilities over time.
        labels: The labels in class order.
        duration: What the whole width stands for, in seconds.
        language: The visitor's language.
    """
    duration = max(duration, segments[-1].end if segments else 0.0, 1e-3)
    leading = leading_labels(segments)
    colours = label_colours(leading)
    legend = [(colours[label], label) for label in leading[:_LABELS_IN_LEGEND]]
    if any(segment.label is None for segment in segments):
        legend.append((colours[None], say(language, "none_of_these")))
    drawn = leading[:CURVES]
    points = _curves(curve, [labels.index(label) for label in drawn], duration)
    longest = sorted(segments, key=lambda segment: segment.start - segment.end)[:_MOST_SEGMENTS]
    shown = sorted(longest, key=lambda segment: segment.start)
    return render(
        "timeline.html",
        say=partial(say, language),
        duration=duration,
        segments=[_bar(segment, duration, colours[segment.label], language) for segment in shown],
        curves=list(zip([colours[label] for label in drawn], points, strict=True)),
        times=[clock(0), clock(duration / 2), clock(duration)],
        legend=legend,
    )


def leading_labels(segments: Sequence[Segment]) -> list[str]:
    """Return the labels that have segments, the longest on screen first."""
    seconds: dict[str, float] = {}
    for segment in segments:
        if segment.label is not None:
            seconds[segment.label] = seconds.get(segment.label, 0.0) + segment.end - segment.start
    return sorted(seconds, key=lambda label: -seconds[label])


def clock(seconds: float) -> str:
    """Return a time as people write it: minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    minutes = f"{whole // 60 % 60}:{whole % 60:02}"
    return minutes if whole < 3600 else f"{whole // 3600}:{minutes:0>5}"


def _bar(segment: Segment, duration: float, colour: str, language: str) -> Mapping[str, str | float]:
    """Return what the template draws for a segment: times in seconds, place and width in percent."""
    name = label_text(segment.label, say(language, "none_of_these"))
    times = say(language, "timeline_segment", label=name, start=clock(segment.start), end=clock(segment.end))
    confidence = "" if segment.label is None else f", {segment.confidence:.0%}"
    return {
        "name": name,
        "title": times + confidence,
        "start": segment.start,
        "left": 100 * segment.start / duration,
        "width": 100 * (segment.end - segment.start) / duration,
        "colour": colour,
    }


def _curves(curve: ProbabilityCurve, labels: list[int], duration: float) -> Iterator[str]:
    """Yield the points of each label's curve, in a box of 1000 x 100."""
    times, means = curve.points(labels)
    for place in range(len(labels)):
        points = (
            f"{1000 * time / duration:.1f},{100 - 98 * mean:.1f}"
            for time, mean in zip(times, means[:, place], strict=True)
        )
        yield " ".join(points)

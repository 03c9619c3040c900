"""Say and draw what a clip shows over time, as HTML; a click on a segment moves the player (`assets/timeline.js`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from interface.i18n.language import ENGLISH, decimal, probability_text, say
from interface.label_colours import label_colours
from interface.rendering import render
from model.video.export import label_text
from model.video.probability_curve import ProbabilityCurve
from model.video.segments import Segment

CURVES = 5
_MOST_SEGMENTS = 400  # more could not be told apart on a screen
_LABELS_IN_SUMMARY = 8
_SHORT = 4  # seconds
_NO_BREAK = "\u00a0"


def timeline(
    segments: Sequence[Segment],
    curve: ProbabilityCurve,
    labels: Sequence[str],
    duration: float,
    language: str = ENGLISH,
    background: Collection[str] = (),
) -> str:
    """Return a sentence of what the clip shows, and its timeline, as HTML; every label in it is escaped.

    Args:
        segments: The segments so far, in order of time.
        curve: The probabilities over time.
        labels: The labels in class order.
        duration: What the whole width stands for, in seconds.
        language: The visitor's language.
        background: The labels that mean that nothing is there.
    """
    duration = max(duration, segments[-1].end if segments else 0.0, 1e-3)
    seconds = label_seconds(segments, background)
    # In the order in which they appear, so that a label keeps its colour while the clip is read.
    colours = label_colours(list(dict.fromkeys(s.label for s in segments if s.label is not None)), background)
    nothing = name_of_nothing(labels, background, language)
    summary = [
        (colours[label], f"{label_text(label, nothing)} {seconds_text(spent, language)}")
        for label, spent in seconds[:_LABELS_IN_SUMMARY]
    ]
    more = len(seconds) - len(summary)
    drawn = [label for label, _ in seconds if label is not None][:CURVES]
    points = _curves(curve, [labels.index(label) for label in drawn], duration)
    longest = sorted(segments, key=lambda segment: segment.start - segment.end)[:_MOST_SEGMENTS]
    shown = sorted(longest, key=lambda segment: segment.start)
    return render(
        "timeline.html",
        say=partial(say, language),
        duration=duration,
        segments=[_bar(segment, duration, colours[segment.label], nothing, language) for segment in shown],
        curves=list(zip([colours[label] for label in drawn], points, strict=True)),
        times=[_mark(time, duration, language) for time in (0, duration / 2, duration)],
        summary=summary,
        more=say(language, "and_more", count=decimal(language, more)) if more else "",
    )


def name_of_nothing(labels: Sequence[str], background: Collection[str], language: str = ENGLISH) -> str:
    """Return what a segment without a label is called: as a label that means that nothing is there, if there is one."""
    return next((label for label in labels if label in background), say(language, "none_of_these"))


def label_seconds(segments: Sequence[Segment], background: Collection[str] = ()) -> list[tuple[str | None, float]]:
    """Return each label that has segments with its seconds: the longest first, what means nothing at the end.

    Beside a label that means that nothing is there, “none of these” has no seconds of its own.
    """
    seconds: dict[str | None, float] = {}
    for segment in segments:
        seconds[segment.label] = seconds.get(segment.label, 0.0) + segment.end - segment.start
    nothing = next((label for label in seconds if label in background), None)
    if nothing is not None:
        seconds[nothing] += seconds.pop(None, 0.0)
    return sorted(seconds.items(), key=lambda pair: (pair[0] is None, pair[0] in background, -round(pair[1], 1)))


def seconds_text(seconds: float, language: str = ENGLISH) -> str:
    """Return a duration as people write it: “2.4 s”, “1 min 5 s”, “1 h 2 min”."""
    if seconds < 59.95:
        return f"{decimal(language, seconds, 1)}{_NO_BREAK}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{_NO_BREAK}min {rest}{_NO_BREAK}s"
    return f"{minutes // 60}{_NO_BREAK}h {minutes % 60}{_NO_BREAK}min"


def _mark(seconds: float, duration: float, language: str) -> str:
    """Return a time below the timeline; of a clip so short that whole seconds would be equal, with tenths."""
    return seconds_text(seconds, language) if duration < _SHORT else clock(seconds)


def clock(seconds: float) -> str:
    """Return a time as people write it: minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    minutes = f"{whole // 60 % 60}:{whole % 60:02}"
    return minutes if whole < 3600 else f"{whole // 3600}:{minutes:0>5}"


def _bar(segment: Segment, duration: float, colour: str, nothing: str, language: str) -> Mapping[str, str | float]:
    """Return what the template draws for a segment: times in seconds, place and width in percent."""
    name = label_text(segment.label, nothing)
    times = say(language, "timeline_segment", label=name, start=clock(segment.start), end=clock(segment.end))
    confidence = "" if segment.label is None else f", {probability_text(language, segment.confidence)}"
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

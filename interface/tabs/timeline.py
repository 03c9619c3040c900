"""Draw what a clip shows over time, as HTML whose parts move the player when they are clicked."""

from __future__ import annotations

import html
from collections.abc import Sequence

from interface.i18n.language import ENGLISH, say
from model.video.export import label_text
from model.video.probability_curve import ProbabilityCurve
from model.video.segments import Segment

CURVES = 5
_MOST_SEGMENTS = 400  # more could not be told apart on a screen
# Told apart also by people who see few colours (after Okabe & Ito 2008), dark enough for white letters (WCAG AA).
_COLOURS = ("#0072b2", "#b34d00", "#007a59", "#a64d79", "#806000", "#2a7f9e", "#6a4fb3", "#5f6b00")
_NONE_COLOUR = "#6b7280"


# Runs once in the page. The player is the clip's own: no trip to the server is needed to move it.
SEEK = """
const seek = (event) => {
  const part = event.target.closest('[data-start]');
  const lane = event.target.closest('[data-duration]');
  const player = document.querySelector('#clip video');
  if (!player || (!part && !lane)) return;
  let time = part ? parseFloat(part.dataset.start) : 0;
  if (lane && event.type === 'click' && event.detail > 0) {
    const box = lane.getBoundingClientRect();
    time = (event.clientX - box.left) / box.width * parseFloat(lane.dataset.duration);
  }
  player.currentTime = Math.max(0, time);
};
element.addEventListener('click', seek);
element.addEventListener('keydown', (event) => { if (event.key === 'Enter') seek(event); });
// Events of a player do not rise, but they can be caught on their way down.
const tell = (playable) => (event) => {
  const note = document.querySelector('#not-playable');
  if (event.target.matches?.('#clip video')) note?.toggleAttribute('data-shown', !playable);
};
document.addEventListener('error', tell(false), true);
document.addEventListener('loadedmetadata', tell(true), true);
"""

STYLE = """
#not-playable:not([data-shown]) { display: none; }
/* That the browser cannot play a clip is no error: the note says what to do. */
#clip > [data-testid="status-tracker"] { display: none !important; }
.vz-timeline { font-size: 14px; }
.vz-timeline p { margin: 0 0 6px; }
.vz-lane { position: relative; cursor: pointer; }
.vz-strip { height: 34px; border-radius: 6px; overflow: hidden; background: var(--background-fill-secondary); }
.vz-strip button { position: absolute; top: 0; bottom: 0; border: 0; margin: 0 !important;
  border-radius: 0 !important; padding: 0 4px; overflow: hidden;
  white-space: nowrap; color: #fff; font-size: 12px; text-align: left; text-overflow: ellipsis; cursor: pointer; }
.vz-strip button:focus-visible { outline: 3px solid var(--body-text-color); outline-offset: -3px; }
.vz-curves { height: 110px; margin-top: 6px; border-bottom: 1px solid var(--border-color-primary); }
.vz-curves svg { width: 100%; height: 100%; display: block; }
.vz-times { display: flex; justify-content: space-between; opacity: 0.75; font-variant-numeric: tabular-nums; }
.vz-legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 6px; }
.vz-legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 5px; }
"""


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
        duration: Seconds that the whole width stands for.
        language: The visitor's language.
    """
    duration = max(duration, segments[-1].end if segments else 0.0, 1e-3)
    leading = leading_labels(segments)
    colours = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(leading)}
    shown = (
        segments
        if len(segments) <= _MOST_SEGMENTS
        else sorted(sorted(segments, key=lambda s: s.start - s.end)[:_MOST_SEGMENTS], key=lambda s: s.start)
    )
    strip = "".join(_part(segment, duration, colours, language) for segment in shown)
    lines = _curves(curve, [labels.index(label) for label in leading[:CURVES]], duration)
    legend = "".join(
        f'<span><i style="background:{colours[label]}"></i>{html.escape(label)}</span>' for label in leading[:8]
    )
    if any(segment.label is None for segment in segments):
        legend += f'<span><i style="background:{_NONE_COLOUR}"></i>{html.escape(say(language, "none_of_these"))}</span>'
    return (
        f'<div class="vz-timeline"><p>{html.escape(say(language, "timeline"))}</p>'
        f'<div class="vz-lane vz-strip" data-duration="{duration:.3f}">{strip}</div>'
        f'<div class="vz-lane vz-curves" data-duration="{duration:.3f}">{lines}</div>'
        f'<div class="vz-times"><span>0:00</span><span>{clock(duration / 2)}</span><span>{clock(duration)}</span></div>'
        f'<div class="vz-legend">{legend}</div></div>'
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


def _part(segment: Segment, duration: float, colours: dict[str, str], language: str) -> str:
    name = label_text(segment.label, say(language, "none_of_these"))
    colour = _NONE_COLOUR if segment.label is None else colours[segment.label]
    sure = "" if segment.label is None else f", {segment.confidence:.0%}"
    times = say(language, "timeline_part", label=name, start=clock(segment.start), end=clock(segment.end))
    words = html.escape(times + sure)
    left, width = 100 * segment.start / duration, 100 * (segment.end - segment.start) / duration
    return (
        f'<button type="button" data-start="{segment.start:.3f}" title="{words}" aria-label="{words}" '
        f'style="left:{left:.3f}%;width:{width:.3f}%;background:{colour}">{html.escape(name)}</button>'
    )


def _curves(curve: ProbabilityCurve, labels: list[int], duration: float) -> str:
    if not labels:
        return ""
    times, means = curve.points(labels)
    lines = []
    for place in range(len(labels)):
        points = " ".join(
            f"{1000 * time / duration:.1f},{100 - 98 * mean:.1f}"
            for time, mean in zip(times, means[:, place], strict=True)
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{_COLOURS[place]}" stroke-width="2" '
            'vector-effect="non-scaling-stroke"/>'
        )
    return f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">{"".join(lines)}</svg>'

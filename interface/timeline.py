"""The timeline of a clip: what is shown when, in colours; a click moves the players there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from model.clip_files import seconds_on_screen, spoken
from model.clip_record import ClipRecord
from model.curve import ProbabilityCurve

# As many labels as people tell apart by colour get one; the others share grey.
COLOURS = 6

_EMPTY = "Choose a clip and read it: what it shows, and when, appears here."
_NOTHING_ELSE = "other labels"
_SCRIPT = Path(__file__).with_name("timeline.js")

Value = dict[str, Any]


@dataclass
class Palette:
    """Which leading label has which colour; a label keeps its own as long as it leads."""

    _places: dict[str, int] = field(default_factory=dict)

    def places(self, leading: Sequence[str]) -> dict[str, int]:
        """Return the number of the colour of each leading label, the most important label first."""
        leading = leading[:COLOURS]
        kept = {label: place for label, place in self._places.items() if label in leading}
        free = iter(sorted(set(range(COLOURS)) - set(kept.values())))
        self._places = {label: kept[label] if label in kept else next(free) for label in leading}
        return self._places


def add_timeline() -> gr.HTML:
    """Add the timeline to the page that is being built.

    The component's value is data only. The script draws it on a canvas and writes labels as text, so that
    nothing in them is taken for HTML.
    """
    return gr.HTML(
        value={"status": _EMPTY},
        html_template="<div class='drawn'></div>",
        js_on_load=_SCRIPT.read_text(encoding="utf-8"),
        elem_id="timeline",
        container=True,
        padding=True,
        label="Timeline",
        show_label=False,
        apply_default_css=False,
    )


def timeline_value(
    status: str,
    record: ClipRecord | None = None,
    curve: ProbabilityCurve | None = None,
    palette: Palette | None = None,
    labels: Sequence[str] = (),
    *,
    done: float | None = None,
    end: float | None = None,
    warnings: Sequence[str] = (),
    key_times: Sequence[float] = (),
) -> Value:
    """Return what the timeline draws.

    Args:
        status: A sentence that says how far reading has come.
        record: What is known about the clip.
        curve: The probabilities over time.
        palette: The colours so far.
        labels: The labels in class order.
        done: The share that was read, 0 to 1; None when it is not known, or when nothing is being read.
        end: The end of the time axis, in seconds, while the clip is being read.
        warnings: Sentences about what is wrong with the clip.
        key_times: The times of the key frames in the gallery, in its order.

    Returns:
        Plain data. Gradio sends what differs from the answer before, item by item: a text for each segment and
        each curve costs less than a number for each point.
    """
    value: Value = {"status": status, "done": done, "warnings": list(warnings), "key_times": list(key_times)}
    if record is None or curve is None or palette is None or not len(record):
        return value
    segments = record.segments()
    seconds = seconds_on_screen(segments)
    places = palette.places([label for label in seconds if label is not None])
    times, means = curve.points([labels.index(label) for label in places])
    legend: list[Value] = [
        {"label": label, "colour": places[label], "seconds": round(seconds[label], 1)} for label in places
    ]
    rest = sum(value for label, value in seconds.items() if label is not None and label not in places)
    if rest:
        legend.append({"label": _NOTHING_ELSE, "colour": None, "seconds": round(rest, 1)})
    if None in seconds:
        legend.append({"label": spoken(None), "colour": -1, "seconds": round(seconds[None], 1)})
    names = list(dict.fromkeys(segment.label for segment in segments))
    numbers = {name: number for number, name in enumerate(names)}
    return value | {
        "begin": round(segments[0].start, 3),
        "end": round(max(end or 0.0, segments[-1].end), 3),
        "names": [spoken(name) for name in names],
        "colours": [-1 if name is None else places.get(name) for name in names],
        # Start in thousandths of a second, name, confidence in hundredths; each ends where the next one starts.
        "segments": [
            f"{segment.start * 1000:.0f} {numbers[segment.label]} {segment.confidence * 100:.0f}"
            for segment in segments
        ],
        "read": round(segments[-1].end, 3),
        "legend": legend,
        "curve_times": " ".join(f"{time:.2f}" for time in times.tolist()),
        "curves": {
            str(place): " ".join(f"{100 * mean:.0f}" for mean in means[:, column].tolist())
            for column, place in enumerate(places.values())
        },
    }


def clock(seconds: float) -> str:
    """Return a time in words for people: 1:05 or 1:02:05."""
    minutes, whole = divmod(math.floor(max(0.0, seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{whole:02}" if minutes >= 60 else f"{minutes}:{whole:02}"

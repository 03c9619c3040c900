"""What the site's programs say of a prediction: the same as the app, whose twins they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interface.tabs import batch
from interface.tabs.batch import Entry
from model.bundle import Bundle
from model.preprocessing import InputSpec
from model.video.prediction import FramePrediction
from model.video.record import ClipRecord
from tests.support.programs import run_program
from tests.support.serving import ROOT
from train.site.texts import page_texts

TILE = Path("tile.jpg")
# What the programs expect of a browser when a page begins.
_BEGINNING = """
const files = {"site.json": %s, "texts/en.json": %s};
globalThis.fetch = async (name) => ({ json: async () => files[name] });
globalThis.location = { search: "" };
globalThis.document = { documentElement: {} };
globalThis.Worker = class {};
await (await import("%s/page/texts.js")).loadTexts();
await (await import("%s/page/site.js")).loadSite();
const { %s } = await import("%s");
console.log(JSON.stringify(%s));
"""


def said(program: str, names: str, expression: str, model: dict[str, Any] | None = None) -> Any:
    """Return what an expression gives.

    Args:
        program: The file in `static/` that has the functions.
        names: The functions.
        expression: What to evaluate.
        model: The “model” of site.json, whose labels are the letters from a to h.
    """
    static = ROOT / "static"
    site = {"labels": {"": list("abcdefgh")}, "model": {"thresholds": None, **(model or {})}}
    texts = json.dumps(page_texts("en"))
    script = _BEGINNING % (json.dumps(site), texts, static, static, names, static / program, expression)
    return run_program(script)


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "labels"),
    [
        ([0.7] * 5 + [0.2, 0.1, 0.1], [0.8] * 5 + [0.1, 0.5, 0.5], "f"),
        ([0.9] * 6 + [0.1, 0.1], [0.5] * 8, "abcdef"),
        ([0.4] * 8, [0.5] * 8, ""),
    ],
)
def test_of_several_labels_all_above_their_thresholds_count_however_many_others_are_more_probable(
    probabilities: list[float], thresholds: list[float], labels: str
) -> None:
    shown = said(
        "page/card.js",
        "predictedLabels",
        f"predictedLabels(Float32Array.from({probabilities})).map(({{ label }}) => label).join('')",
        {"thresholds": thresholds},
    )
    assert shown == labels


def test_a_table_of_images_has_the_columns_and_the_rounding_of_the_app() -> None:
    likely = (("a", 0.99999), ("b", 0.00001))
    nearly = Entry("a.jpg", TILE, likely, likely[:1], level="very", verdict="sure")
    none = Entry("b.jpg", TILE, ranking=(("a", 0.4), ("b", 0.123456), ("c", 0.1)), level="none", verdict="none")
    unread = Entry("c.txt", TILE, reason="Not an image.")
    bundle = Bundle(Path("b"), tuple("abcdefgh"), InputSpec(32, 32), False, 1.0, None)

    found = [
        {
            "name": entry.name,
            "ranked": [{"label": label, "probability": share} for label, share in entry.ranking] or None,
            "shown": [{"label": label, "probability": share} for label, share in entry.shown],
            "level": entry.level,
            "verdict": entry.verdict,
            "reason": entry.reason,
        }
        for entry in (nearly, none, unread)
    ]

    rows = said("page/batch_tab.js", "csvRows", f"csvRows({json.dumps(found)})")
    assert rows == [batch.columns(), *batch._rows([nearly, none, unread], bundle, "en")]


def test_what_is_nearly_certain_is_not_said_to_be_in_subtitles() -> None:
    clip = {"segments": [{"label": 0, "start": 0, "end": 1, "confidence": 0.996}]}
    assert "\na 99%\n" in said("page/exports.js", "subtitles", f"subtitles({json.dumps(clip)})")


@pytest.mark.parametrize(("times", "duration"), [([0.0], 0.5), ([0.0, 0.1, 0.2], 0.5), ([0.0, 0.1, 0.2], None)])
def test_the_last_frame_of_a_clip_lasts_as_long_as_in_the_app(times: list[float], duration: float | None) -> None:
    record = ClipRecord(["a", "b"])
    for index, time in enumerate(times):
        record.add(FramePrediction(index, time, np.array([0.9, 0.1], np.float32), duration=duration))
    frames = [
        {"index": index, "time": time, "duration": duration, "probabilities": [0.9, 0.1], "verdict": "sure"}
        for index, time in enumerate(times)
    ]
    model = {"unknown_threshold": None, "statistics": None}

    end, seconds = said(
        "engine/record.js",
        "ClipRecord",
        f"""(() => {{
            const record = new ClipRecord(2, {json.dumps(model)});
            for (const frame of {json.dumps(frames)}) record.add(frame);
            const {{ segments, aggregate }} = record.whole();
            return [segments.at(-1).end, aggregate.duration];
        }})()""",
    )

    assert end == pytest.approx(record.segments()[-1].end)
    assert seconds == pytest.approx(record.aggregate().duration)


def test_seconds_and_majority_of_a_clip_are_those_of_its_segments_as_in_the_app() -> None:
    record = ClipRecord(["a", "b"], has_statistics=True)
    frames = []
    for index in range(100):
        unlike = index >= 20
        shown = np.array([0.1, 0.9] if index < 5 else [0.9, 0.1], np.float32)
        record.add(FramePrediction(index, index / 10, shown, "none" if unlike else "sure", is_unknown=unlike))
        frames.append({"index": index, "time": index / 10, "probabilities": shown.tolist(), "isUnknown": unlike})
    total = record.aggregate()

    found = said(
        "engine/record.js",
        "ClipRecord",
        f"""(() => {{
            const record = new ClipRecord(2, {{ unknown_threshold: null, statistics: {{}} }});
            for (const frame of {json.dumps(frames)}) record.add(frame);
            return record.whole().aggregate;
        }})()""",
    )

    assert found["majority"] is total.majority is None
    assert {"ab"[label]: pytest.approx(seconds) for label, seconds in found["seconds"]} == total.seconds
    assert found["duration"] == pytest.approx(total.duration) == 10


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        ("0.04, null, 0, null, { rate: 0, end: 0 }", 0.04),
        ("null, 0.1, 3, null, { rate: 0, end: 0 }", 0.1),
        ("null, null, 0, 9, { rate: 0, end: 0 }", None),
        ("0.04, 0.5, 3, null, { rate: 2, end: 0 }", 0.5),
        ("0.5, 0.1, 3, 3.2, { rate: 0, end: 0 }", 0.2),
        ("0.5, 0.1, 3, 9, { rate: 0, end: 3.25 }", 0.25),
    ],
)
def test_a_frame_that_is_the_last_one_lasts_as_its_packet_or_the_clip_says(
    arguments: str, seconds: float | None
) -> None:
    found = said("engine/segments.js", "durationOf", f"durationOf({arguments})")
    assert found == (seconds if seconds is None else pytest.approx(seconds))

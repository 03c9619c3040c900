"""The video tab: a clip in; one row a frame and the sum over the clip out, while it is being read."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.uploads import errors_shown, uploaded_file
from model.classifier import Classifier, top_labels
from model.errors import SettingsError
from model.video import FramePrediction, aggregate, predict_video

TOP = 5
COLUMNS = ["index", "time", "label", "probability", "label_2", "probability_2", "label_3", "probability_3"]
_TYPES = ["number", "number", "str", "number", "str", "number", "str", "number"]

# Partial answers come about this often, and never take more than a fifth of the time: sending the
# table of a long clip costs more than reading a frame.
_SECONDS_BETWEEN = 1.0
_SHARE_FOR_SENDING = 0.2

Row = list[int | float | str]
VideoAnswer = tuple[dict[str, float], list[Row], list[Row]]


def add_video_tab(classifier: Classifier, examples: Sequence[Path]) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Clips to offer, may be empty.
    """

    def predict_clip(clip: Mapping[str, Any] | None, frames_per_second: float | None = 0) -> Iterator[VideoAnswer]:
        """Read a clip; answers with the sum over the clip, the seconds of each label, and one row a frame."""
        with errors_shown():
            path = uploaded_file(clip, "There is no clip yet. Choose one first.")
            yield from _answers(classifier, path, _checked_rate(frames_per_second))

    with gr.Row():
        with gr.Column(scale=1):
            clip = gr.Video(
                label="Clip",
                height=320,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="clip",
            )
            rate = gr.Number(
                label="Frames per second",
                info="How many frames of each second to read; 0 for every frame.",
                value=0,
                minimum=0,
                elem_id="rate",
            )
            with gr.Row():
                button = gr.Button("Read the clip", variant="primary", elem_id="read-clip")
                stop = gr.Button("Stop", elem_id="stop")
            if examples:
                gr.Examples(
                    [[str(path)] for path in examples], inputs=[clip], label="Examples", api_visibility="private"
                )
        with gr.Column(scale=1):
            total = gr.Label(label="Whole clip", num_top_classes=TOP, elem_id="total")
            seconds = gr.Dataframe(
                label="Seconds on screen",
                headers=["label", "seconds"],
                datatype=["str", "number"],
                interactive=False,
                buttons=["copy"],
                max_height=220,
                elem_id="seconds",
            )
    frames = gr.Dataframe(
        label="Frames",
        headers=COLUMNS,
        datatype=_TYPES,  # type: ignore[arg-type]
        interactive=False,
        buttons=["copy", "fullscreen"],
        max_height=420,
        elem_id="frames",
    )

    reading = button.click(
        predict_clip,
        [clip, rate],
        [total, seconds, frames],
        api_name="predict_video",
        preprocess=False,
        concurrency_id="clips",
        show_progress="minimal",
        show_progress_on=total,
    )
    stop.click(None, cancels=[reading], api_visibility="private")  # what has arrived stays on the page


def _checked_rate(rate: object) -> float | None:
    """Return the rate, or None for every frame; callers of the API may send anything."""
    if rate is None or rate == 0:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or rate < 0:
        raise SettingsError(
            f"Frames per second should be a number above 0, or 0 for every frame. Received: {str(rate)[:40]}."
        )
    return float(rate)


def _answers(classifier: Classifier, path: Path, rate: float | None) -> Iterator[VideoAnswer]:
    """Yield what is known so far about once a second, and at the end everything."""
    labels = classifier.bundle.labels
    predictions: list[FramePrediction] = []
    rows: list[Row] = []
    next_answer = time.monotonic() + _SECONDS_BETWEEN
    # When the visitor leaves or stops, this generator is closed, and the reader in it with it.
    for prediction in predict_video(classifier, path, rate):
        predictions.append(prediction)
        rows.append(_row(prediction, labels))
        if time.monotonic() >= next_answer:
            started = time.monotonic()
            yield _answer(predictions, rows, labels)
            sending = time.monotonic() - started
            next_answer = time.monotonic() + max(_SECONDS_BETWEEN, sending / _SHARE_FOR_SENDING)
    yield _answer(predictions, rows, labels)


def _answer(predictions: Sequence[FramePrediction], rows: list[Row], labels: Sequence[str]) -> VideoAnswer:
    total = aggregate(predictions, labels)
    seconds: list[Row] = [[label, round(value, 2)] for label, value in total.seconds.items()]
    return dict(top_labels(total.mean_probabilities, labels, TOP)), seconds, list(rows)


def _row(prediction: FramePrediction, labels: Sequence[str]) -> Row:
    row: Row = [prediction.index, round(prediction.time, 3)]
    for label, probability in top_labels(prediction.probabilities, labels, 3):
        row += [label, round(probability, 4)]
    return row + [""] * (len(COLUMNS) - len(row))  # a model may have two labels only

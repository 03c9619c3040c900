"""The image tab: one picture in, the five likeliest labels out, and for each of them why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.helpers import Examples

from interface.uploads import errors_shown, uploaded_file
from model.bundle import Bundle
from model.classifier import Classifier, top_labels
from model.errors import SettingsError
from model.explanation import explain, overlay
from model.preprocessing import read_picture

TOP = 5
# A phone and a projector show no more than this of a picture with heat on it.
_SHOWN_SIDE = 768

_NO_PICTURE = "There is no picture yet. Choose one first."
_WHY = "Why? Choose a label to see what speaks for it"

Answer = dict[str, float] | None


def add_image_tab(classifier: Classifier, examples: Sequence[Path]) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Pictures to offer, may be empty.
    """
    labels, spec = classifier.bundle.labels, classifier.bundle.input

    def predict_image(picture: Mapping[str, Any] | None) -> dict[str, float]:
        """Return the likeliest labels of a picture with their probabilities."""
        with errors_shown():
            path = uploaded_file(picture, _NO_PICTURE)
            return dict(top_labels(classifier.classify(read_picture(path, spec.ample_side)), labels, TOP))

    def explain_image(picture: Mapping[str, Any] | None, label: str | None = "") -> np.ndarray:
        """Return the picture with heat where it speaks for a label; for the likeliest one when none is named."""
        with errors_shown():
            path = uploaded_file(picture, _NO_PICTURE)
            explanation = explain(classifier, read_picture(path, spec.ample_side), _index_of(label, labels))
            return overlay(read_picture(path, max(_SHOWN_SIDE, spec.ample_side)), explanation.heat, spec)

    with gr.Row():
        with gr.Column(scale=1):
            picture = gr.Image(
                label="Picture",
                type="filepath",
                height=360,
                buttons=["fullscreen"],
                webcam_options=gr.WebcamOptions(mirror=False),  # mirrored text and flags mean something else
                elem_id="picture",
            )
            button = gr.Button("Read the picture", variant="primary", elem_id="read-picture")
            offered = _add_examples(picture, examples)
        with gr.Column(scale=1):
            answer = gr.Label(label="Likeliest labels", num_top_classes=TOP, elem_id="answer")
            note = gr.Textbox(visible=False, show_label=False, container=False, interactive=False, elem_id="note")
            why = gr.Radio(label=_WHY, visible=False, elem_id="why")
            heat = gr.Image(
                label="What speaks for it: the brighter, the more",
                visible=False,
                interactive=False,
                height=360,
                buttons=["download", "fullscreen"],
                elem_id="heat",
            )
    button.click(predict_image, picture, answer, api_name="predict_image", preprocess=False, concurrency_id="pictures")
    at_once: dict[str, Any] = {
        "fn": predict_image,
        "inputs": picture,
        "outputs": answer,
        "api_visibility": "private",
        "preprocess": False,
        "concurrency_id": "pictures",
        "show_progress": "minimal",
        "trigger_mode": "always_last",
    }
    # Uploading, pasting and the camera. "change" would come twice when one picture replaces
    # another, and "input" may come with the old picture when the box is emptied.
    picture.upload(**at_once)
    picture.clear(lambda: None, None, answer, api_visibility="private", queue=False, show_progress="hidden")
    if offered:
        offered.load_input_event.success(**at_once)
    answer.change(
        besides(classifier.bundle),
        answer,
        [note, why, heat],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    why.input(
        explain_image,
        [picture, why],
        heat,
        api_name="explain_image",
        preprocess=False,
        concurrency_id="pictures",
        show_progress="minimal",
        trigger_mode="always_last",
    ).success(lambda: gr.update(visible=True), None, heat, api_visibility="private", queue=False)


def _add_examples(picture: gr.Image, examples: Sequence[Path]) -> Examples | None:
    if not examples:
        return None
    return gr.Examples(
        [[str(path)] for path in examples],
        inputs=[picture],
        label="Examples",
        examples_per_page=len(examples),
        api_visibility="private",
        elem_id="picture-examples",
    )


def besides(bundle: Bundle) -> Callable[[Answer], tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Return the function that says what goes with an answer: a sentence, the labels to explain, no heat yet."""

    def beside(answer: Answer) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        known = answer if isinstance(answer, dict) else {}
        sentence = _sentence(known, bundle) if known else ""
        return (
            gr.update(visible=bool(sentence), value=sentence),
            gr.update(choices=list(known), value=None, visible=bool(known)),
            gr.update(value=None, visible=False),
        )

    return beside


def _sentence(answer: dict[str, float], bundle: Bundle) -> str:
    """Say what the numbers mean where they do not say it themselves: doubt, and several labels at once."""
    best = max(answer.values())
    if bundle.thresholds is not None:
        least = dict(zip(bundle.labels, bundle.thresholds, strict=True))
        shown = [label for label, probability in answer.items() if probability >= least[label]]
        return f"In this picture: {', '.join(shown)}." if shown else "None of these, probably."
    if bundle.unknown_threshold is None or best >= bundle.unknown_threshold:
        return ""
    return f"None of these, probably: even the likeliest label reaches only {best:.0%}."


def _index_of(label: object, labels: Sequence[str]) -> int | None:
    """Return the index of a label, or None for the likeliest one; callers of the API may send anything."""
    if label is None or label == "":
        return None
    if label not in labels:
        raise SettingsError(f"The model has no label “{str(label)[:120]}”. Name one of its labels, or none.")
    return labels.index(label)

"""The image tab: one picture in, the five likeliest labels out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from interface.uploads import errors_shown, uploaded_file
from model.classifier import Classifier, top_labels
from model.preprocessing import read_picture

TOP = 5


def add_image_tab(classifier: Classifier, examples: Sequence[Path]) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Pictures to offer, may be empty.
    """

    def predict_image(picture: Mapping[str, Any] | None) -> dict[str, float]:
        """Return the likeliest labels of a picture with their probabilities."""
        with errors_shown():
            path = uploaded_file(picture, "There is no picture yet. Choose one first.")
            return dict(top_labels(classifier.classify(read_picture(path)), classifier.bundle.labels, TOP))

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
        with gr.Column(scale=1):
            answer = gr.Label(label="Likeliest labels", num_top_classes=TOP, elem_id="answer")
            note = gr.Textbox(visible=False, show_label=False, container=False, interactive=False, elem_id="note")
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
    if examples:
        offered = gr.Examples(
            [[str(path)] for path in examples],
            inputs=[picture],
            label="Examples",
            examples_per_page=len(examples),
            api_visibility="private",
        )
        offered.load_input_event.success(**at_once)
    answer.change(
        unknown_note(classifier.bundle.unknown_threshold),
        answer,
        note,
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )


def unknown_note(threshold: float | None) -> Callable[[dict[str, float] | None], dict[str, Any]]:
    """Return the function that puts doubt into words; the answer itself stays as it is."""

    def note(answer: dict[str, float] | None) -> dict[str, Any]:
        best = max(answer.values(), default=1.0) if isinstance(answer, dict) else 1.0
        if threshold is None or best >= threshold:
            return gr.update(visible=False)
        text = f"None of these, probably: even the likeliest label reaches only {best:.0%}."
        return gr.update(visible=True, value=text)

    return note

"""The webcam tab: what the visitor's camera shows, live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from interface.uploads import errors_shown, uploaded_file
from model.classifier import Classifier, top_labels
from model.preprocessing import read_picture

TOP = 5
# How often the browser offers a picture, in seconds. While one is being read, others are dropped, not queued:
# a slow machine answers less often, not later.
_SECONDS_BETWEEN = 0.3

_HOW = "Start the camera: the labels follow what it shows. Pictures are read and forgotten."
_NO_PICTURE = "The camera sent no picture."
_UNSURE = "None of these, probably."


def add_webcam_tab(classifier: Classifier) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
    """
    spec, labels, threshold = classifier.bundle.input, classifier.bundle.labels, classifier.bundle.unknown_threshold

    def predict_camera(picture: Mapping[str, Any] | None) -> tuple[dict[str, float] | None, str]:
        if not picture:  # the camera was switched off
            return None, _HOW
        with errors_shown():
            path = uploaded_file(picture, _NO_PICTURE)
            try:
                ranking = top_labels(classifier.classify(read_picture(path, spec.ample_side)), labels, TOP)
            finally:
                path.unlink(missing_ok=True)
        unsure = threshold is not None and ranking[0][1] < threshold
        return dict(ranking), _UNSURE if unsure else ranking[0][0]

    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            camera = gr.Image(
                label="Camera",
                sources=["webcam"],
                streaming=True,
                height=360,
                buttons=[],
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="camera",
            )
        with gr.Column(scale=1, min_width=300):
            words = gr.Textbox(_HOW, show_label=False, container=False, interactive=False, elem_id="camera-words")
            answer = gr.Label(label="Likeliest labels", num_top_classes=TOP, elem_id="camera-answer")
    camera.stream(
        predict_camera,
        camera,
        [answer, words],
        api_visibility="private",
        preprocess=False,
        concurrency_id="pictures",
        trigger_mode="once",
        stream_every=_SECONDS_BETWEEN,
        show_progress="hidden",
    )

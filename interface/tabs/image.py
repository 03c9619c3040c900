"""The Image tab: the most likely labels of an image, what supports each (Grad-CAM), and where each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.i18n.language import ENGLISH, language_of, say, text
from interface.server.mcp_tools import takes_any_text
from interface.server.request_guard import RequestGuard
from interface.server.uploads import uploaded_file
from interface.tabs.image_input import add_image_box, classify_new_images
from model.bundle import Bundle
from model.classifier import Classifier, top_labels
from model.errors import SettingsError
from model.grad_cam import explain_prepared, overlay
from model.localization import locate
from model.preprocessing import prepared_and_shown, prepared_image, shown_image
from model.sandbox.pool import DecoderPool

TOP = 5
# Longest side in pixels of an image with a heat map or boxes.
_SHOWN_SIDE = 768

Prediction = dict[str, float] | None
Box = tuple[tuple[int, int, int, int], str]


def add_image_tab(classifier: Classifier, examples: Sequence[Path], decoders: DecoderPool, guard: RequestGuard) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Images to offer, may be empty.
        decoders: Decode the uploads.
        guard: Serves the requests.
    """
    bundle = classifier.bundle

    def predict_image(image: Mapping[str, Any] | None, request: gr.Request | None = None) -> dict[str, float]:
        """Return the most likely labels of an image with their probabilities."""
        with guard.handle(request, "predict_image") as language:
            path = uploaded_file(image, "no_image", language)
            probabilities = classifier.classify_prepared(decoders.call(prepared_image, path, bundle.input))
            return dict(top_labels(probabilities, bundle.labels_in(language), TOP))

    def explain_image(
        image: Mapping[str, Any] | None, label: str | None = "", request: gr.Request | None = None
    ) -> np.ndarray:
        """Return the image with a heat map of the regions that support a label; the most likely one by default."""
        with guard.handle(request, "explain_image") as language:
            path = uploaded_file(image, "no_image", language)
            index = index_of(label, bundle, language)
            prepared, shown = decoders.call(prepared_and_shown, path, bundle.input, _SHOWN_SIDE)
            return overlay(shown, explain_prepared(classifier, prepared, index).heat, bundle.input)

    def locate_image(
        image: Mapping[str, Any] | None, request: gr.Request | None = None
    ) -> tuple[np.ndarray, list[Box]]:
        """Return the image, and its detections: a box and a label each."""
        with guard.handle(request, "locate_image") as language:
            path = uploaded_file(image, "no_image", language)
            shown = decoders.call(shown_image, path, _SHOWN_SIDE)
            names = bundle.labels_in(language)
            detections = [
                (detection.box, f"{names[detection.label]} {detection.probability:.0%}")
                for detection in locate(classifier, shown)
            ]
            if not detections:
                gr.Info(say(language, "nothing_found"))
            return shown, detections

    with gr.Row():
        with gr.Column(scale=1):
            image, offered = add_image_box(examples, height=360, elem_id="image", examples_id="image-examples")
            button = gr.Button(text("read_image"), elem_id="read-image")
        with gr.Column(scale=1):
            answer = gr.Label(label=text("most_likely"), num_top_classes=TOP, elem_id="answer")
            note = gr.Textbox(
                visible=False,
                label=text("doubt"),
                show_label=False,
                container=False,
                interactive=False,
                elem_id="note",
                elem_classes=["doubt"] if bundle.thresholds is None else [],
            )
            why = takes_any_text(gr.Radio(label=text("why"), visible=False, elem_id="why"))
            heat = gr.Image(
                label=text("heat"),
                visible=False,
                interactive=False,
                height=360,
                buttons=["download", "fullscreen"],
                elem_id="heat",
            )
            find = gr.Button(text("find_several"), visible=False, elem_id="find-several")
            found = gr.AnnotatedImage(label=text("found"), visible=False, height=360, elem_id="found")
    button.click(predict_image, image, answer, api_name="predict_image", preprocess=False, concurrency_id="images")
    # It takes a second or two: the empty box with its progress is shown first.
    find.click(_shown, None, found, api_visibility="private", queue=False, show_progress="hidden").then(
        locate_image,
        image,
        found,
        api_name="locate_image",
        preprocess=False,
        concurrency_id="images",
        show_progress="minimal",
    ).then(None, None, None, js="() => vistazo.scrollTo('#found')", api_visibility="private")
    classify_new_images(image, offered, predict_image, answer, api_visibility="private")
    image.clear(lambda: None, None, answer, api_visibility="private", queue=False, show_progress="hidden")
    answer.change(
        besides(bundle),
        answer,
        [note, why, heat, find, found],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    ).then(None, None, None, js="() => vistazo.scrollTo('#answer')", api_visibility="private")
    explaining: dict[str, Any] = {
        "fn": explain_image,
        "inputs": [image, why],
        "outputs": heat,
        "preprocess": False,
        "concurrency_id": "images",
        "show_progress": "minimal",
    }
    explained = (
        why.input(**explaining, api_name="explain_image", trigger_mode="always_last"),
        # A click on a label of the prediction does the same.
        answer.select(_chosen, None, why, api_visibility="private", queue=False, show_progress="hidden").then(
            **explaining, api_visibility="private"
        ),
    )
    for event in explained:
        event.success(_shown, None, heat, api_visibility="private", queue=False, show_progress="hidden").then(
            None, None, None, js="() => vistazo.scrollTo('#heat')", api_visibility="private"
        )


def _shown() -> dict[str, Any]:
    return gr.update(visible=True)


def _chosen(event: gr.SelectData) -> str:
    return str(event.value)


def besides(bundle: Bundle) -> Callable[..., tuple[dict[str, Any], ...]]:
    """Return the function that updates what is below a prediction: the note, the labels to explain, old results."""

    def beside(answer: Prediction, request: gr.Request | None = None) -> tuple[dict[str, Any], ...]:
        known = answer if isinstance(answer, dict) else {}
        sentence = sentence_for(known, bundle, language_of(request)) if known else ""
        return (
            gr.update(visible=bool(sentence), value=sentence),
            gr.update(choices=list(known), value=None, visible=bool(known)),
            gr.update(value=None, visible=False),
            gr.update(visible=bool(known)),
            gr.update(value=None, visible=False),
        )

    return beside


def sentence_for(answer: Mapping[str, float], bundle: Bundle, language: str = ENGLISH) -> str:
    """Return the note on a prediction: low confidence, or the labels of a multi-label model; may be empty."""
    best = max(answer.values())
    if bundle.thresholds is not None:
        least = dict(zip(bundle.labels_in(language), bundle.thresholds, strict=True))
        shown = [label for label, probability in answer.items() if probability >= least.get(label, 1)]
        return say(language, "in_this_image", labels=", ".join(shown)) if shown else say(language, "none_probably")
    if bundle.unknown_threshold is None or best >= bundle.unknown_threshold:
        return ""
    return say(language, "none_sure", probability=f"{best:.0%}")


def index_of(label: object, bundle: Bundle, language: str = ENGLISH) -> int | None:
    """Return the index of a label, or None for the most likely one; callers of the API may send anything."""
    if label is None or label == "":
        return None
    for labels in (bundle.labels_in(language), bundle.labels):
        if label in labels:
            return labels.index(str(label))
    raise SettingsError(say(language, "no_such_label", label=str(label)[:120]))

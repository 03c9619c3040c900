"""The Image tab: what an image is and how sure that is, what supports each label (Grad-CAM), and where each is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from gradio.helpers import Examples

from interface.confidence import TOP, card, failed_card
from interface.i18n.language import ENGLISH, language_of, probability_text, say, text
from interface.server.mcp_tools import takes_any_text
from interface.server.request_guard import RequestGuard, reason_of
from interface.server.uploads import uploaded_file
from interface.server.url_fetch import fetched
from interface.tabs.events import IN_THE_PAGE
from interface.tabs.image_input import add_examples, add_image_box, classify_new_images
from interface.tabs.outlines import Box, Outline, outlined
from interface.tabs.prediction import add_prediction, prediction
from model.bundle import Bundle
from model.classifier import Classifier, top_labels
from model.errors import SettingsError
from model.grad_cam import explain_prepared, overlay
from model.localization import locate
from model.preprocessing import prepared_and_shown, prepared_image, shown_image
from model.presentation import readable
from model.sandbox.pool import DecoderPool
from model.verdict import Classification

_TO_THE_STAGE = "() => vistazo.scrollTo('#stage')"
_TAKE_ADDRESS = """
element.dataset.takesAddress = "";
element.addEventListener("address", ({ detail }) => {
  props.value = detail;
  trigger("submit");
});
"""
# Longest side in pixels of an image with a heat map or boxes.
_SHOWN_SIDE = 768

# A label under this share is not offered for a heat map: its bar is not shown either.
LEAST_EXPLAINED = 0.01

Updates = dict[Component, Any]


@dataclass(frozen=True)
class Stage:
    """The box for the image, and what is shown in its place: a heat map, or boxes; `shown` says which."""

    image: gr.Image
    heat: gr.Image
    found: gr.AnnotatedImage
    heat_button: gr.Button
    boxes_button: gr.Button
    why: gr.Radio
    legend: gr.Textbox
    shown: gr.State

    def photo(self, ready: bool, legend: str = "") -> Updates:
        """Return the values that show the image itself; `ready` says whether the switches do something."""
        return {
            self.image: gr.update(visible=True),
            self.heat: gr.update(visible=False),
            self.found: gr.update(visible=False),
            self.heat_button: gr.update(value=text("show_heat"), interactive=ready),
            self.boxes_button: gr.update(value=text("show_boxes"), interactive=ready),
            self.why: gr.update(visible=False),
            self.legend: gr.update(value=legend, visible=bool(legend)),
            self.shown: "",
        }

    def heat_map(self, heat: np.ndarray, legend: str) -> Updates:
        """Return the values that show a heat map."""
        return self.photo(ready=True, legend=legend) | {
            self.image: gr.update(visible="hidden"),
            self.heat: gr.update(value=heat, visible=True),
            self.heat_button: gr.update(value=text("hide_heat")),
            self.why: gr.update(visible=True),
            self.shown: "heat",
        }

    def boxes(self, found: tuple[np.ndarray, list[Outline]], legend: str) -> Updates:
        """Return the values that show boxes."""
        return self.photo(ready=True, legend=legend) | {
            self.image: gr.update(visible="hidden"),
            self.found: gr.update(value=found, visible=True),
            self.boxes_button: gr.update(value=text("hide_boxes")),
            self.shown: "boxes",
        }


@dataclass(frozen=True)
class OpenedImage:
    """What shows an image with its answer when the page is opened.

    Attributes:
        outputs: The components that show it.
        values: Takes the path of an image, which the page may show, and a language; returns the values that show it.
    """

    outputs: Sequence[Component]
    values: Callable[[Path, str], Updates]


def add_image_tab(
    classifier: Classifier, examples: Sequence[Path], decoders: DecoderPool, guard: RequestGuard
) -> OpenedImage:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        examples: Images to offer, may be empty.
        decoders: Decode the uploads.
        guard: Serves the requests.

    Returns:
        What shows an image with its answer when the page is opened.
    """
    bundle = classifier.bundle

    def classified(image: Mapping[str, Any] | None, request: gr.Request | None) -> Classification:
        with guard.handle(request, "predict_image") as language:
            path = uploaded_file(image, "no_image", language)
            return classifier.predict(decoders.call(prepared_image, path, bundle.input))

    def predict_image(image: Mapping[str, Any] | None, request: gr.Request | None = None) -> dict[str, Any]:
        """Return the most likely labels of an image with their probabilities, and the verdict: sure, unsure or none.

        With several labels an image, also `labels`: all that it is predicted to have.
        """
        return prediction(classified(image, request), bundle, language_of(request))

    def explain_image(
        image: Mapping[str, Any] | None, label: str | None = "", request: gr.Request | None = None
    ) -> np.ndarray:
        """Return the image with a heat map of the regions that support a label; the most likely one by default."""
        with guard.handle(request, "explain_image") as language:
            if not classifier.explains:
                raise SettingsError(say(language, "no_heat_map"))
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
            return shown, [
                (detection.box, f"{names[detection.label]} {probability_text(language, detection.probability)}")
                for detection in locate(classifier, shown)
            ]

    with gr.Row():
        with gr.Column(scale=1):
            box, offered = _add_stage(examples, explains=classifier.explains)
            # The address of an image, which `assets/dropping.js` hands over; it is never shown.
            address = gr.HTML("", html_template="<i></i>", visible="hidden", js_on_load=_TAKE_ADDRESS)
        with gr.Column(scale=1):
            shown_card = gr.HTML(text("image_empty"), elem_id="answer")
            answer = add_prediction()
            calls = [gr.Button(visible=False) for _ in range(3)]
    _add_endpoints(box, answer, calls, predict_image, explain_image, locate_image)

    def show_prediction(image: Mapping[str, Any] | None, request: gr.Request) -> Updates:
        """Show what an image is, or why that cannot be said."""
        language = language_of(request)
        try:
            found = classified(image, request)
        except gr.Error as error:
            return box.photo(ready=False) | {shown_card: failed_card(reason_of(error), language)}
        return answered(found, language)

    def open_address(url: str, request: gr.Request) -> Updates:
        """Fetch and show the image whose address was pasted, or why that cannot be done."""
        try:
            with guard.handle(request, "open_address"):
                path = fetched(url, guard.storage)
        except gr.Error as error:
            card_of_error = failed_card(reason_of(error), language_of(request))
            return box.photo(ready=False) | {box.image: gr.update(value=None, visible=True), shown_card: card_of_error}
        return show_prediction({"path": str(path)}, request) | {box.image: gr.update(value=str(path), visible=True)}

    def toggle_heat(shown: str, image: Mapping[str, Any], label: str | None, request: gr.Request) -> Updates:
        if shown == "heat":
            return box.photo(ready=True)
        return heat_of(image, label, request)

    def heat_of(image: Mapping[str, Any], label: str | None, request: gr.Request) -> Updates:
        try:
            heat = explain_image(image, label, request)
        except gr.Error as error:
            return box.photo(ready=True, legend=reason_of(error))
        return box.heat_map(heat, say(language_of(request), "heat_legend", label=readable(label or "")))

    def toggle_boxes(shown: str, image: Mapping[str, Any], request: gr.Request) -> Updates:
        if shown == "boxes":
            return box.photo(ready=True)
        language = language_of(request)
        try:
            drawn, detections = locate_image(image, request)
        except gr.Error as error:
            return box.photo(ready=True, legend=reason_of(error))
        if not detections:
            return box.photo(ready=True, legend=say(language, "nothing_found"))
        return box.boxes(outlined(drawn, detections), say(language, "boxes_legend"))

    def answered(found: Classification, language: str) -> Updates:
        """Return the values that show what an image is."""
        (best, _), *_ = ranking = top_labels(found.probabilities, bundle.labels_in(language), TOP)
        labels = [label for label, probability in ranking if probability >= LEAST_EXPLAINED]
        choices = {box.why: gr.update(choices=labels or [best], value=best, visible=False)}
        return box.photo(ready=True) | choices | {shown_card: card(found, bundle, language)}

    @functools.cache
    def classification(path: Path) -> Classification:
        return classifier.predict(decoders.call(prepared_image, path, bundle.input))

    def opened(path: Path, language: str) -> Updates:
        return answered(classification(path), language) | {box.image: gr.update(value=str(path), visible=True)}

    outputs = list(box.photo(ready=True))
    classify_new_images(
        box.image,
        offered,
        show_prediction,
        [*outputs, shown_card],
        api_visibility="private",
        show_progress_on=shown_card,
    )
    address.submit(
        open_address,
        address,
        [*outputs, shown_card],
        api_visibility="private",
        concurrency_id="images",
        show_progress_on=shown_card,
        trigger_mode="always_last",
    )
    if offered:  # which a phone shows below the answer
        offered.load_input_event.success(None, None, None, js=_TO_THE_STAGE, api_visibility="private")
    box.image.clear(
        lambda: box.photo(ready=False) | {shown_card: text("image_empty")}, None, [*outputs, shown_card], **IN_THE_PAGE
    )
    showing: dict[str, Any] = {
        "outputs": outputs,
        "preprocess": False,
        "api_visibility": "private",
        "concurrency_id": "images",
        "show_progress_on": box.legend,
    }
    for event in (
        box.heat_button.click(toggle_heat, [box.shown, box.image, box.why], **showing),
        box.why.input(heat_of, [box.image, box.why], trigger_mode="always_last", **showing),
        box.boxes_button.click(toggle_boxes, [box.shown, box.image], **showing),
    ):
        event.then(None, None, None, js=_TO_THE_STAGE, api_visibility="private")
    return OpenedImage([*outputs, shown_card], opened)


def _add_stage(examples: Sequence[Path], *, explains: bool) -> tuple[Stage, Examples | None]:
    """Add the box for the image, what can be shown in its place, the switches between them, and the examples."""
    with gr.Column(elem_id="stage"):
        with gr.Column(elem_id="pictures"):
            image = add_image_box(height=360, elem_id="image")
            heat = gr.Image(
                label=text("heat"),
                visible=False,
                interactive=False,
                height=360,
                buttons=["download", "fullscreen"],
                elem_id="heat",
            )
            found = gr.AnnotatedImage(label=text("found"), visible=False, height=360, elem_id="found")
        with gr.Row(elem_id="toggles"):
            heat_button = gr.Button(
                text("show_heat"),
                interactive=False,
                visible=explains,
                size="md",
                min_width=120,
                elem_id="show-heat",
            )
            boxes_button = gr.Button(
                text("show_boxes"), interactive=False, size="md", min_width=120, elem_id="show-boxes"
            )
        why = takes_any_text(gr.Radio(label=text("why"), visible=False, elem_id="why"))
        legend = gr.Textbox(
            label=text("legend"), show_label=False, container=False, interactive=False, visible=False, elem_id="legend"
        )
    offered = add_examples(image, examples, elem_id="image-examples")
    return Stage(image, heat, found, heat_button, boxes_button, why, legend, gr.State("", time_to_live=3600)), offered


def _add_endpoints(
    box: Stage,
    answer: gr.Label,
    calls: Sequence[gr.Button],
    predict_image: Callable[..., Any],
    explain_image: Callable[..., Any],
    locate_image: Callable[..., Any],
) -> None:
    """Add the endpoints for programs; the page itself shows the reason for an error beside the image."""
    common: dict[str, Any] = {"preprocess": False, "concurrency_id": "images"}
    calls[0].click(predict_image, box.image, answer, api_name="predict_image", postprocess=False, **common)
    calls[1].click(explain_image, [box.image, box.why], box.heat, api_name="explain_image", **common)
    calls[2].click(locate_image, box.image, box.found, api_name="locate_image", **common)


def index_of(label: object, bundle: Bundle, language: str = ENGLISH) -> int | None:
    """Return the index of a label, or None for the most likely one; callers of the API may send anything."""
    if label is None or label == "":
        return None
    for labels in (bundle.labels_in(language), bundle.labels):
        if label in labels:
            return labels.index(str(label))
    raise SettingsError(say(language, "no_such_label", label=str(label)[:120]))

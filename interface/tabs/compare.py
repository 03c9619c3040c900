"""The Compare tab: one image, classified by two models side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from interface.confidence import card
from interface.header import model_titles, source_titles
from interface.i18n.language import decimal, say, text
from interface.server.request_guard import RequestGuard, reason_of
from interface.server.uploads import uploaded_file
from interface.tabs.events import IN_THE_PAGE
from interface.tabs.image_input import add_examples, add_image_box, classify_new_images
from interface.tabs.prediction import add_prediction, prediction
from model.bundle import Bundle
from model.classifier import predicted_labels
from model.loading import LoadedModel
from model.preprocessing import prepared_image
from model.sandbox.pool import DecoderPool
from model.verdict import Classification


@dataclass(frozen=True)
class Opinion:
    """What one of the models says of an image.

    Attributes:
        model: The model.
        found: Its prediction.
        milliseconds: How long the network took.
    """

    model: LoadedModel
    found: Classification
    milliseconds: float

    @property
    def bundle(self) -> Bundle:
        """The model's bundle."""
        return self.model.classifier.bundle


def add_compare_tab(
    first: LoadedModel, second: LoadedModel, examples: Sequence[Path], decoders: DecoderPool, guard: RequestGuard
) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        first: The model that the other tabs use.
        second: The model to compare it with.
        examples: Images to offer, may be empty.
        decoders: Decode the uploads.
        guard: Serves the requests.
    """

    def opinions(image: Mapping[str, Any] | None, language: str) -> list[Opinion]:
        path = uploaded_file(image, "no_image", language)
        found = []
        for model in (first, second):
            prepared = decoders.call(prepared_image, path, model.classifier.bundle.input)
            began = time.perf_counter()
            prediction = model.classifier.predict(prepared)
            found.append(Opinion(model, prediction, (time.perf_counter() - began) * 1000))
        return found

    def compare_image(
        image: Mapping[str, Any] | None, request: gr.Request | None = None
    ) -> tuple[dict[str, Any], dict[str, Any], str]:
        """Return each model's most likely labels and verdict, and whether they agree and how long each took."""
        with guard.handle(request, "compare_image") as language:
            both = opinions(image, language)
            one, other = (prediction(each.found, each.bundle, language) for each in both)
            return one, other, agreement(both, language)

    def show_comparison(image: Mapping[str, Any] | None, request: gr.Request) -> list[Any]:
        """Show what both models say, or why that cannot be said."""
        try:
            with guard.handle(request, "compare_image") as language:
                both = opinions(image, language)
                titles = model_titles((first, second), language)
                cards = [
                    card(one.found, one.bundle, language, title=title) for one, title in zip(both, titles, strict=True)
                ]
                return [*cards, gr.update(value=agreement(both, language), elem_classes=[])]
        except gr.Error as error:
            return ["", "", gr.update(value=reason_of(error), elem_classes=["failed"])]

    gr.Markdown(text("compare_note"), elem_classes=["hint"])
    with gr.Row():
        with gr.Column(scale=1):
            image = add_image_box(height=300, elem_id="compare-image")
            offered = add_examples(image, examples, elem_id="compare-examples")
        with gr.Column(scale=2):
            verdict = gr.Textbox(
                label=text("agreement"),
                show_label=False,
                container=False,
                interactive=False,
                lines=3,
                elem_id="agreement",
            )
            with gr.Row():
                cards = [gr.HTML("", elem_id=f"compare-answer-{number}", min_height=1) for number in (1, 2)]
    call = gr.Button(visible=False)
    answers = [add_prediction() for _ in range(2)]
    call.click(
        compare_image,
        image,
        [*answers, verdict],
        api_name="compare_image",
        preprocess=False,
        postprocess=False,
        concurrency_id="images",
    )
    classify_new_images(image, offered, show_comparison, [*cards, verdict], api_visibility="private")
    image.clear(lambda: ("", "", gr.update(value="", elem_classes=[])), None, [*cards, verdict], **IN_THE_PAGE)


def agreement(opinions: Sequence[Opinion], language: str) -> str:
    """Return whether two models predict the same labels, and how long each took."""
    # Compared in their original language: perhaps only one model has labels in the visitor's.
    shown = [predicted_labels(one.found, one.bundle) for one in opinions]
    agreed = set(shown[0]) == set(shown[1])
    names = [_names(labels, one.bundle, language) for labels, one in zip(shown, opinions, strict=True)]
    verdict = say(language, "agree" if agreed else "disagree", label=names[0], first=names[0], second=names[1])
    taken = (
        say(language, "milliseconds", title=title, time=decimal(language, one.milliseconds, 1))
        for one, title in zip(opinions, source_titles([one.model for one in opinions], language), strict=True)
    )
    return "\n".join([verdict, *taken])


def _names(labels: Sequence[str], bundle: Bundle, language: str) -> str:
    """Return the labels in a language; “none of these” where the model is unsure."""
    return ", ".join(bundle.label_in(label, language) for label in labels) or say(language, "none_of_these")

"""The Compare tab: one image, classified by two models side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from interface.header import is_embedded
from interface.i18n.language import say, text
from interface.server.request_guard import RequestGuard
from interface.server.uploads import uploaded_file
from interface.tabs.about import source_title
from interface.tabs.image_input import add_examples, add_image_box, classify_new_images
from model.bundle import Bundle
from model.classifier import predicted_labels, top_labels
from model.loading import LoadedModel
from model.preprocessing import prepared_image
from model.sandbox.pool import DecoderPool

TOP = 5


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

    def compare_image(
        image: Mapping[str, Any] | None, request: gr.Request | None = None
    ) -> tuple[dict[str, float], dict[str, float], str]:
        """Return the most likely labels by each model, and whether they agree and how long each took."""
        with guard.handle(request, "compare_image") as language:
            path = uploaded_file(image, "no_image", language)
            outputs, times = [], []
            for model in (first, second):
                classifier = model.classifier
                prepared = decoders.call(prepared_image, path, classifier.bundle.input)
                began = time.perf_counter()
                outputs.append(classifier.classify_prepared(prepared))
                times.append((time.perf_counter() - began) * 1000)
            predictions = [
                dict(top_labels(probabilities, model.classifier.bundle.labels_in(language), TOP))
                for probabilities, model in zip(outputs, (first, second), strict=True)
            ]
            return predictions[0], predictions[1], _verdict(outputs, times, language)

    def _verdict(outputs: list[np.ndarray], times: list[float], language: str) -> str:
        bundles = [first.classifier.bundle, second.classifier.bundle]
        # Compared in their original language: perhaps only one model has labels in the visitor's.
        shown = [
            predicted_labels(probabilities, bundle) for probabilities, bundle in zip(outputs, bundles, strict=True)
        ]
        agreed = set(shown[0]) == set(shown[1])
        names = [_names(labels, bundle, language) for labels, bundle in zip(shown, bundles, strict=True)]
        verdict = say(language, "agree" if agreed else "disagree", label=names[0], first=names[0], second=names[1])
        taken = (
            say(language, "milliseconds", title=source_title(model, language), time=f"{spent:.1f}")
            for model, spent in zip((first, second), times, strict=True)
        )
        return "\n".join([verdict, *taken])

    gr.Markdown(text("compare_note"))
    with gr.Row():
        with gr.Column(scale=1):
            image = add_image_box(height=300, elem_id="compare-image")
            offered = add_examples(image, examples, elem_id="compare-examples")
        with gr.Column(scale=2):
            with gr.Row():
                results = [
                    gr.Label(
                        label=text("embedded_model") if is_embedded(model) else model.source.title,
                        num_top_classes=TOP,
                        min_width=240,
                        elem_id=f"compare-answer-{number}",
                    )
                    for number, model in enumerate((first, second), 1)
                ]
            verdict = gr.Textbox(label=text("agreement"), lines=3, interactive=False, elem_id="agreement")
    classify_new_images(image, offered, compare_image, [*results, verdict], api_name="compare_image")
    image.clear(
        lambda: (None, None, ""),
        None,
        [*results, verdict],
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )


def _names(labels: Sequence[str], bundle: Bundle, language: str) -> str:
    """Return the labels in a language; “none of these” where the model is unsure."""
    names = dict(zip(bundle.labels, bundle.labels_in(language), strict=True))
    return ", ".join(names[label] for label in labels) or say(language, "none_of_these")

"""The tab that reads one picture with two models, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gradio as gr

from interface.languages import ENGLISH, say, text
from interface.model_tab import source_title
from interface.uploads import uploaded_file
from interface.visitors import Visitors
from model.classifier import top_labels
from model.decoding import prepared_picture
from model.isolation import Decoders
from model.loading import LoadedModel

TOP = 5


def add_compare_tab(first: LoadedModel, second: LoadedModel, decoders: Decoders, visitors: Visitors) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        first: The model that the other tabs serve.
        second: The one to compare it with.
        decoders: Decode what visitors upload.
        visitors: Serves their requests.
    """

    def compare_image(
        picture: Mapping[str, Any] | None, request: gr.Request | None = None
    ) -> tuple[dict[str, float], dict[str, float], str]:
        """Return the likeliest labels of a picture by both models, and whether they agree and how long each took."""
        with visitors.serve(request, "compare_image") as language:
            path = uploaded_file(picture, "no_picture", language)
            answers, times = [], []
            for model in (first, second):
                classifier = model.classifier
                prepared = decoders.call(prepared_picture, path, classifier.bundle.input)
                began = time.perf_counter()
                probabilities = classifier.classify_prepared(prepared)
                times.append((time.perf_counter() - began) * 1000)
                answers.append(dict(top_labels(probabilities, classifier.bundle.labels_in(language), TOP)))
            return answers[0], answers[1], _verdict(answers, times, language)

    def _verdict(answers: list[dict[str, float]], times: list[float], language: str) -> str:
        best = [_best(answer, model, language) for answer, model in zip(answers, (first, second), strict=True)]
        agreed = best[0] == best[1]
        verdict = say(language, "agree" if agreed else "disagree", label=best[0], first=best[0], second=best[1])
        taken = (
            say(language, "milliseconds", title=source_title(model, language), time=f"{spent:.1f}")
            for model, spent in zip((first, second), times, strict=True)
        )
        return "\n".join([verdict, *taken])

    def _best(answer: dict[str, float], model: LoadedModel, language: str) -> str:
        label, probability = next(iter(answer.items()))
        threshold = model.classifier.bundle.unknown_threshold
        return say(language, "none_of_these") if threshold is not None and probability < threshold else label

    gr.Markdown(text("compare_note"))
    with gr.Row():
        with gr.Column(scale=1):
            picture = gr.Image(label=text("picture"), type="filepath", height=300, elem_id="compare-picture")
        answers = []
        for number, model in enumerate((first, second), 1):
            with gr.Column(scale=1):
                title = source_title(model, ENGLISH)
                answers.append(gr.Label(label=title, num_top_classes=TOP, elem_id=f"compare-answer-{number}"))
    verdict = gr.Textbox(label=text("agreement"), lines=3, interactive=False, elem_id="agreement")
    picture.upload(
        compare_image,
        picture,
        [*answers, verdict],
        api_name="compare_image",
        preprocess=False,
        concurrency_id="pictures",
        show_progress="minimal",
        trigger_mode="always_last",
    )

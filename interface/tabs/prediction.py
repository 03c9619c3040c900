"""What programs get for an image: the labels, as `gr.Label` gives them, with the verdict beside them."""

from __future__ import annotations

import copy
from typing import Any

import gradio as gr

from interface.confidence import TOP
from interface.i18n.language import text
from model.bundle import Bundle
from model.classifier import predicted_labels, top_labels
from model.verdict import VERDICTS, Classification


def add_prediction() -> gr.Label:
    """Add the output of an endpoint that returns `prediction`; nobody sees it.

    The event has to be given `postprocess=False`: `gr.Label` would leave the verdict out.
    """
    label = gr.Label(label=text("most_likely"), num_top_classes=TOP, visible=False)
    schema = copy.deepcopy(label.api_info())
    schema["properties"]["verdict"] = {"enum": list(VERDICTS), "title": "Verdict", "type": "string"}
    schema["properties"]["labels"] = {"items": {"type": "string"}, "title": "Labels", "type": "array"}
    label.api_info = lambda: schema  # type: ignore[method-assign]
    return label


def prediction(found: Classification, bundle: Bundle, language: str) -> dict[str, Any]:
    """Return the most likely labels in a language with their probabilities, and the verdict.

    With several labels an image, `labels` are those that it is predicted to have, most likely first.
    """
    ranking = top_labels(found.probabilities, bundle.labels_in(language), TOP)
    confidences = [{"label": label, "confidence": probability} for label, probability in ranking]
    answer = {"label": ranking[0][0], "confidences": confidences, "verdict": found.verdict}
    if bundle.thresholds is None:
        return answer
    return answer | {"labels": [bundle.label_in(label, language) for label in predicted_labels(found, bundle)]}

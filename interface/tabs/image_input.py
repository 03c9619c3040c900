"""The box for one image, with its examples: what is put into it is classified right away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.helpers import Examples

from interface.i18n.language import text


def add_image_box(*, height: int, elem_id: str) -> gr.Image:
    """Add the box; `height` is in pixels."""
    return gr.Image(
        label=text("image_box"),
        type="filepath",
        height=height,
        buttons=["fullscreen"],
        webcam_options=gr.WebcamOptions(mirror=False),  # mirrored text and flags mean something else
        elem_id=elem_id,
    )


def add_examples(image: gr.Image, examples: Sequence[Path], elem_id: str) -> Examples | None:
    """Add the examples that fill the box with one click; None where there are none."""
    if not examples:
        return None
    return gr.Examples(
        [[str(path)] for path in examples],
        inputs=[image],
        label=text("examples"),  # type: ignore[arg-type]
        examples_per_page=len(examples),
        api_visibility="private",
        elem_id=elem_id,
    )


def classify_new_images(
    image: gr.Image,
    offered: Examples | None,
    classify: Callable[..., Any],
    outputs: Component | Sequence[Component],
    **endpoint: Any,
) -> None:
    """Classify every image that is uploaded, pasted, taken with the camera or chosen among the examples.

    Args:
        image: The box.
        offered: Its examples.
        classify: Takes Gradio's raw payload and returns the values of the outputs.
        outputs: The components that show the prediction.
        endpoint: `api_name` or `api_visibility` of the upload event, and other options of it.
    """
    event: dict[str, Any] = {
        "fn": classify,
        "inputs": image,
        "outputs": outputs,
        "preprocess": False,
        "concurrency_id": "images",
        "show_progress": "minimal",
        "trigger_mode": "always_last",
    }
    # "change" would come twice when one image replaces another, and "input" may come with the old image when the box
    # is emptied.
    image.upload(**event, **endpoint)
    if offered:
        offered.load_input_event.success(**event, **endpoint | {"api_name": None, "api_visibility": "private"})

"""The box for one image, with its examples: what is put into it is classified at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.helpers import Examples

from interface.i18n.language import text


def add_image_box(
    examples: Sequence[Path], *, height: int, elem_id: str, examples_id: str
) -> tuple[gr.Image, Examples | None]:
    """Add the box, and below it the examples that fill it with one click.

    Args:
        examples: The images, may be empty.
        height: Height of the box in pixels.
        elem_id: Element id of the box.
        examples_id: Element id of the list of examples.

    Returns:
        The box, and the list of examples; None without examples.
    """
    image = gr.Image(
        label=text("image_box"),
        type="filepath",
        height=height,
        buttons=["fullscreen"],
        webcam_options=gr.WebcamOptions(mirror=False),  # mirrored text and flags mean something else
        elem_id=elem_id,
    )
    if not examples:
        return image, None
    return image, gr.Examples(
        [[str(path)] for path in examples],
        inputs=[image],
        label=text("examples"),  # type: ignore[arg-type]
        examples_per_page=len(examples),
        api_visibility="private",
        elem_id=examples_id,
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
        endpoint: `api_name` or `api_visibility` of the upload event.
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
        offered.load_input_event.success(**event, api_visibility="private")

"""The page that is shown until the model is there, and its replacement by the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from interface.i18n.language import ENGLISH, say, text
from interface.server.gradio_internals import replace_content
from interface.server.mcp_tools import offer_tools

_ENDPOINTS = ("predict_image", "explain_image", "locate_image", "predict_images", "predict_video")


def add_waiting(sentence: Callable[[], str]) -> None:
    """Add a heading and a text box that say what the visitor waits for; and endpoints that refuse calls with it.

    Args:
        sentence: Returns what is waited for at the moment; shown as plain text.
    """
    gr.Markdown(text("waiting_title"), elem_id="heading")
    gr.Textbox(
        sentence(),
        label=text("waiting"),
        lines=2,
        interactive=False,
        container=False,
        show_label=False,
        elem_id="waiting",
    )
    gr.on(None, None, js="() => vistazo.watchWaiting()", api_visibility="private")

    # A call gets the same sentence, instead of one that says there is no such endpoint.
    def not_yet(file: dict[str, Any] | None = None, *more: Any) -> str:
        raise gr.Error(say(ENGLISH, "not_yet", text=sentence()), print_exception=False)

    for name in _ENDPOINTS:
        gr.api(not_yet, api_name=name, queue=False)


def change_content(page: gr.Blocks, add_content: Callable[[], object]) -> None:
    """Replace the content of a page that may already be served; its address and its limits stay.

    Args:
        page: The page.
        add_content: Adds components and events to the page.
    """
    replace_content(page, add_content)
    offer_tools(page)

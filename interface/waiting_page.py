"""The page that is shown until the model is there, and its change into the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from interface.i18n.language import ENGLISH, say, text
from interface.server.mcp_tools import offer_tools

_ENDPOINTS = ("predict_image", "explain_image", "locate_image", "predict_images", "predict_video")


def add_waiting(sentence: Callable[[], str]) -> None:
    """Add the sentence that says what the visitor waits for; plain text, whatever is in it.

    Args:
        sentence: Says what is waited for at the moment.
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

    # Programs that call now are told the same, instead of that there is no such endpoint.
    def not_yet(file: dict[str, Any] | None = None, *more: Any) -> str:
        raise gr.Error(say(ENGLISH, "not_yet", text=sentence()), print_exception=False)

    for name in _ENDPOINTS:
        gr.api(not_yet, api_name=name, queue=False)


def change_content(demo: gr.Blocks, add_content: Callable[[], object]) -> None:
    """Give a page that may already be served another content; its address and its limits stay.

    Args:
        demo: The page.
        add_content: Adds components and events to the page that is being built.
    """
    served = demo.app
    demo.clear()
    with demo:
        add_content()
    # Leaving the block has made a new web application, which nobody serves. The one that is served
    # has to know the new components, and to forget what it remembers of the old ones.
    demo.app = served
    served.state_holder.set_blocks(demo)
    served.api_info = served.all_app_info = None
    served.page_api_info.clear()
    offer_tools(demo)

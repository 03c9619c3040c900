"""MCP tools (gradio[mcp]): the page's endpoints, those that an agent can call."""

from __future__ import annotations

import gradio as gr

from interface.server.gradio_internals import set_mcp_tools

# Gradio passes no lists of files (6.31): such a tool would fail whatever an agent sends.
_EXCLUDED = frozenset({"/predict_images"})


def takes_any_text(choice: gr.Radio) -> gr.Radio:
    """Accept any text from API callers, who may name a label that is not among the choices yet."""
    choice.api_info = lambda: {"type": "string"}  # type: ignore[method-assign]
    return choice


def offer_tools(page: gr.Blocks) -> None:
    """Offer the endpoints that the page has now, except those that no agent can call."""
    set_mcp_tools(page, _EXCLUDED)

"""What agents are offered over MCP (gradio[mcp]): the page's endpoints as tools, those that an agent can call."""

from __future__ import annotations

import gradio as gr

# Gradio hands over no lists of files (6.31): such a tool would fail whatever an agent sends.
_NOT_FOR_AGENTS = frozenset({"/predict_images"})


def takes_any_text(choice: gr.Radio) -> gr.Radio:
    """Let callers name what is not among the choices yet: those of the labels come with the answer."""
    choice.api_info = lambda: {"type": "string"}  # type: ignore[method-assign]
    return choice


def offer_tools(page: gr.Blocks) -> None:
    """Offer the endpoints that the page has now; Gradio would go on offering those that it was launched with."""
    server = page.mcp_server_obj
    if server is None:
        return
    server.api_info = page.get_api_info()
    tools = server.get_tool_to_endpoint()
    server.tool_to_endpoint = {name: endpoint for name, endpoint in tools.items() if endpoint not in _NOT_FOR_AGENTS}

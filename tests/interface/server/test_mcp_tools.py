"""MCP tools: those that an agent can call, of the model that is served."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.server import Hub
from tests.support.serving import EXAMPLES, ServedApp, ask, running_app, wait_until

IMAGE = "data:image/jpeg;base64," + base64.b64encode((EXAMPLES / "images" / "brazil.jpg").read_bytes()).decode()
TOOLS = {"predict_image", "explain_image", "locate_image", "predict_video"}


def asked(url: str, *calls: tuple[str, dict[str, Any]]) -> tuple[set[str], list[Any]]:
    """Return the names of the tools, and the results of calls."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def ask() -> tuple[set[str], list[Any]]:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            return tools, [await session.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(ask())


def test_an_agent_predicts_and_asks_why(served_app: ServedApp) -> None:
    tools, given = asked(
        served_app.url,
        ("predict_image", {"image": IMAGE}),
        ("explain_image", {"image": IMAGE, "label": "Canada"}),
        ("locate_image", {"image": IMAGE}),
    )
    assert tools >= TOOLS
    assert "predict_images" not in tools  # a list of files, which no agent can hand over
    assert not any(answer.isError for answer in given), given
    assert "Brazil" in str(given[0].content)
    assert re.search(r"verdict\W+sure", str(given[0].content))
    assert "image/" in str(given[1].content)


@pytest.mark.nightly  # the page waits in tests/browser/test_start.py
def test_a_model_that_comes_late_makes_the_app_ready_and_its_tools_are_offered(tmp_path: Path) -> None:
    with Hub() as hub:
        hub.commit("somebody/flags", EMBEDDED)
        hub.fail("", status=503)
        with running_app(tmp_path, ["--model", "somebody/flags"], **hub.environment(tmp_path / "hub")) as url:
            status, health = ask(url, "/healthz")
            assert status == 503 and json.loads(health)["ready"] is False
            hub.recover()
            wait_until(lambda: ask(url, "/healthz")[0] == 200)
            tools, (answer,) = asked(url, ("predict_image", {"image": IMAGE}))
    assert tools >= TOOLS
    assert "Brazil" in str(answer.content)

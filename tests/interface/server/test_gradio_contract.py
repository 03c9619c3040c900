"""What this project expects of Gradio's private parts: run this first after an upgrade of Gradio.

A failure lists what has changed. Look at each item in `interface/server/gradio_internals.py`, decide for a new route
whether it is to be open (`interface/server/request_limits.py`), then correct the lists here.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from gradio.route_utils import FileUploadProgress
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

from interface.i18n.language import TEXTS
from interface.server.gradio_internals import web_component
from interface.server.open_routes import is_open
from tests.support.serving import ROOT

# Functions that are called, replaced or overridden, with the names of their parameters.
FUNCTIONS = {
    "gradio.blocks:Blocks.clear": "self",
    "gradio.blocks:Blocks.get_api_info": "self all_endpoints page",
    "gradio.blocks:Blocks.preprocess_data": "self block_fn inputs state explicit_call",
    "gradio.blocks:Blocks.process_api": "self block_fn inputs state request iterator session_hash event_id event_data "
    "in_event_listener simple_format explicit_call root_path oauth_token",
    "gradio.mcp:GradioMCPServer.get_tool_to_endpoint": "self",
    "gradio.processing_utils:async_ssrf_protected_download": "url cache_dir",
    "gradio.queueing:Queue.__len__": "self",
    "gradio.queueing:Queue.clean_events": "self session_hash event_id",
    "gradio.route_utils:FileUploadProgress.stop_tracking": "self upload_id",
    "gradio.routes:App.get_blocks": "self",
    "gradio.state_holder:SessionState.__init__": "self blocks",
    "gradio.state_holder:SessionState.__setitem__": "self key value",
    "gradio.state_holder:SessionState._update_config": "self key",
    "gradio.state_holder:SessionState._update_value_in_config": "self key value",
    "gradio.state_holder:StateHolder.__getitem__": "self session_id",
    "gradio.state_holder:StateHolder.set_blocks": "self blocks",
    "gradio.utils:LRUCache.__init__": "self max_size",
    "gradio.utils:LRUCache.__setitem__": "self key value",
    "gradio.utils:get_upload_folder": "",
    "gradio_client.utils:strip_invalid_filename_characters": "filename max_bytes",
}
NAMES = (
    "gradio.context:LocalContext.request",
    "gradio.exceptions:InvalidPathError",
    "gradio.queueing:AsyncQueue.put_nowait",
    "gradio.queueing:EventMessage",
    "gradio.route_utils:FnIndexInferError",
    "gradio.routes:file_upload_statuses",
)
# All attributes of what is subclassed or kept small: whatever is new there may grow.
ALL_ATTRIBUTES = {
    "SessionState": "STATE_TTL_WHEN_CLOSED _state_ttl blocks_config config_values is_closed state_data",
    "StateHolder": "capacity lock session_data time_last_used",
    "FileUploadProgress": "_signals _statuses",
}
# Those that are read or set elsewhere.
USED_ATTRIBUTES = {
    "BlockFunction": "api_name",
    "App": "all_app_info api_info page_api_info state_holder",
    "Blocks": "_queue app blocks default_config fns mcp_server_obj state_session_capacity upload_file_set",
    "GradioMCPServer": "api_info tool_to_endpoint",
    "Queue": "event_ids_to_events pending_event_ids_session pending_messages_per_session",
    "Component": "keep_in_cache",
    "launch": "_frontend app_kwargs mcp_server run_history ssr_mode state_session_capacity",
    "ProcessCompletedMessage": "event_id output success",
}
OPEN = """
    GET /
    HEAD /
    GET /assets/{path:path}
    GET /config
    GET /config/
    GET /favicon.ico
    GET /gradio_api/app_id
    GET /gradio_api/app_id/
    GET /gradio_api/call/v2/{api_name}/{event_id}
    GET /gradio_api/call/{api_name}/{event_id}
    GET /gradio_api/file/{path:path}
    GET /gradio_api/file={path_or_url:path}
    HEAD /gradio_api/file={path_or_url:path}
    GET /gradio_api/heartbeat/{session_hash}
    GET /gradio_api/info
    GET /gradio_api/info/
    GET /gradio_api/mcp/schema
    GET /gradio_api/mcp/sse
    MOUNT /gradio_api/mcp
    MOUNT /gradio_api/mcp/messages
    GET /gradio_api/openapi.json
    GET /gradio_api/queue/data
    GET /gradio_api/startup-events
    GET /gradio_api/theme.css
    GET /gradio_api/upload_progress
    GET /manifest.json
    GET /pwa_icon
    GET /pwa_icon/{size}
    GET /robots.txt
    GET /static/{path:path}
    GET /theme.css
    POST /gradio_api/call/v2/{api_name}
    POST /gradio_api/call/v2/{api_name}/
    POST /gradio_api/call/{api_name}
    POST /gradio_api/call/{api_name}/
    POST /gradio_api/cancel
    POST /gradio_api/queue/join
    POST /gradio_api/reset
    POST /gradio_api/reset/
    POST /gradio_api/run/{api_name}
    POST /gradio_api/run/{api_name}/
    POST /gradio_api/stream/{event_id}
    POST /gradio_api/stream/{event_id}/close
    POST /gradio_api/upload
"""
CLOSED = """
    GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}
    GET /gradio_api/deep_link
    GET /gradio_api/dev/reload
    GET /gradio_api/login_check
    GET /gradio_api/login_check/
    GET /gradio_api/proxy={url_path:path}
    HEAD /gradio_api/proxy={url_path:path}
    GET /gradio_api/queue/status
    GET /gradio_api/run-history/buckets
    GET /gradio_api/run-history/records
    GET /gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}
    GET /gradio_api/runs
    GET /gradio_api/runs/
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8
    GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}
    GET /gradio_api/token
    GET /gradio_api/token/
    GET /gradio_api/user
    GET /gradio_api/user/
    GET /gradio_api/vibe-code
    GET /gradio_api/vibe-code/
    GET /logout
    GET /monitoring
    GET /monitoring/summary
    GET /monitoring/{key}
    GET /openapi.json
    GET /svelte/{path:path}
    POST /gradio_api/api/{api_name}
    POST /gradio_api/api/{api_name}/
    POST /gradio_api/component_server
    POST /gradio_api/component_server/
    POST /gradio_api/process_recording
    POST /gradio_api/run-history/connect
    POST /gradio_api/undo-vibe-edit
    POST /gradio_api/undo-vibe-edit/
    POST /gradio_api/vibe-code
    POST /gradio_api/vibe-code/
    POST /gradio_api/vibe-edit
    POST /gradio_api/vibe-edit/
    POST /gradio_api/vibe-starter-queries
    POST /gradio_api/vibe-starter-queries/
    POST /login
    POST /login/
"""
# Submodules of Gradio that its documentation names, or that hold nothing but types.
PUBLIC = {"gradio", "gradio.components", "gradio.helpers", "gradio.i18n", "gradio.themes", "gradio_client"}
# Private names that could be reached from the objects that Gradio hands out.
PRIVATE = re.compile(
    r"(\b_queue|\bstate_holder|\bupload_file_set|\bmcp_server_obj|\bkeep_in_cache|\bget_blocks|\b_frontend|"
    r"\b(page_api|all_app)_info|\bconfig_values|\btemp_file_sets|\bdefault_config|\bLocalContext|\bprocessing_utils)\b"
)


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.strip().splitlines()}


def route_lines(routes: Any, prefix: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield f"MOUNT {prefix}{route.path}"
            yield from route_lines(route.routes or (), prefix + route.path)
        elif included := getattr(route, "original_router", None):
            yield from route_lines(included.routes, prefix)
        else:
            for method in route.methods:
                if method != "HEAD" or route.methods == {"HEAD"}:  # Starlette adds it to GET
                    yield f"{method} {prefix}{route.path}"


def found(name: str) -> Any:
    module, _, path = name.partition(":")
    thing: Any = importlib.import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part, None) or getattr(thing, "__annotations__", {}).get(part)
    return thing


@pytest.fixture(scope="module")
def application() -> App:
    """A web application as `launch` makes it, with a page of one text box and one event; it is not started."""
    with gr.Blocks() as page:
        gr.Textbox().change(lambda: None)
    page.app = App.create_app(page, mcp_server=True)
    return page.app


def attributes(application: App) -> dict[str, set[str]]:
    page = application.get_blocks()
    server = page.mcp_server_obj  # type: ignore[attr-defined]
    message = importlib.import_module("gradio.server_messages").ProcessCompletedMessage
    objects: dict[str, Any] = {
        "SessionState": SessionState(page),
        "StateHolder": StateHolder(),
        "FileUploadProgress": FileUploadProgress(),
        "App": application,
        "Blocks": page,
        "GradioMCPServer": server,
        "BlockFunction": next(iter(page.fns.values())),
        "Queue": page._queue,
        "Component": gr.Textbox(),
    }
    return {name: set(vars(thing)) | set(dir(type(thing))) for name, thing in objects.items()} | {
        "launch": set(inspect.signature(gr.Blocks.launch).parameters),
        "ProcessCompletedMessage": set(inspect.signature(message).parameters),
    }


def changes(application: App) -> Iterator[str]:
    for name, parameters in FUNCTIONS.items():
        function = found(name)
        now = " ".join(inspect.signature(function).parameters) if function else "gone"
        if now != parameters:
            yield f"{name}({parameters}) is now: {now}"
    for name in NAMES:
        if found(name) is None:
            yield f"{name} is gone"
    there = attributes(application)
    for name, listed in USED_ATTRIBUTES.items():
        yield from (f"{name}.{attribute} is gone" for attribute in sorted(set(listed.split()) - there[name]))
    page = application.get_blocks()
    for thing in (SessionState(page), StateHolder(), FileUploadProgress()):
        name, now_there = type(thing).__name__, set(vars(thing))
        yield from (f"{name}.{x} is gone" for x in sorted(set(ALL_ATTRIBUTES[name].split()) - now_there))
        yield from (f"{name}.{x} is new" for x in sorted(now_there - set(ALL_ATTRIBUTES[name].split())))
    routes, listed_routes = set(route_lines(application.routes)), lines(OPEN) | lines(CLOSED)
    yield from (f"the route {route} is gone" for route in sorted(listed_routes - routes))
    yield from (f"the route {route} is new" for route in sorted(routes - listed_routes))
    if not web_component().is_file():
        yield f"{web_component()} is gone"


def test_gradio_s_private_parts_are_as_this_project_expects(application: App) -> None:
    changed = list(changes(application))
    assert not changed, "Gradio has changed:\n" + "\n".join(changed)


@pytest.mark.parametrize("route", sorted(lines(OPEN) | lines(CLOSED)))
def test_open_routes_are_those_that_are_listed_as_open(route: str) -> None:
    path = re.sub(r"\{[^}]*\}", "x", route.partition(" ")[2])
    assert is_open({"path": path}) == (route in lines(OPEN))


SOURCES = sorted([*(ROOT / "interface").rglob("*.py"), ROOT / "app.py"])
ELSEWHERE = [path for path in SOURCES if path.name != "gradio_internals.py"]


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_other_file_uses_gradio_s_private_parts(path: Any) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.split(".")[0] in ("gradio", "gradio_client")
    }
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert modules <= PUBLIC
    assert {name for name in named if PRIVATE.fullmatch(name)} == set()


def test_no_text_of_ours_has_the_key_of_a_group_of_gradios_own_texts() -> None:
    """The browser would show the group, “[object Object]”, instead of the text."""
    (english,) = (web_component().parent / "assets").glob("en-*.js")
    groups = set(re.findall(r" as (\w+)", english.read_text(encoding="utf-8").rpartition("export{")[2]))
    assert groups > {"image", "video", "upload_text"}
    assert groups & TEXTS["en"].keys() == set()

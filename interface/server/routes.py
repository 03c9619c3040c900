"""The web server's own routes and middleware: `/healthz`, `/waiting`, `/gradio.js`, the language, a memory warning."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.i18n.language import LANGUAGES, PARAMETER, language_of, translated
from interface.rendering import asset, render
from interface.server.gradio_internals import bounded_memory, page_of, waiting_requests, web_component
from interface.server.mcp_tools import offer_tools
from interface.server.request_limits import RequestLimits
from interface.server.storage import UploadStorage
from interface.server.url_fetch import fetch_within_limits
from model.system_memory import system_memory

_log = logging.getLogger("vistazo")

_HEAD = b"<head>"

_MIN_FREE_MEMORY = 0.1  # of the total; with less, the log warns
_SECONDS_BETWEEN_WARNINGS = 60.0


def server_options(storage: UploadStorage) -> dict[str, Any]:
    """Return the options of the web application that Gradio makes (its `app_kwargs`).

    Args:
        storage: Where uploads go.
    """
    fetch_within_limits(storage)
    return {
        "routes": [Route("/healthz", _health), Route("/waiting", _waiting), Route("/gradio.js", _web_component)],
        "middleware": [
            Middleware(_LanguageFirst),
            Middleware(RequestLimits, storage=storage),
            Middleware(_MemoryWatch),
        ],
        "lifespan": _lifespan,
    }


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    offer_tools(page_of(app))
    async with bounded_memory(app):
        yield


async def _health(request: Request) -> JSONResponse:
    """Respond with the model that is served, the requests that wait, run and have ended, and the free memory."""
    page = page_of(request.app)
    model = page.model
    memory = system_memory()
    state = {
        "ready": model is not None,
        "model": model.source.title if model else None,
        "revision": model.source.commit if model else None,
        "draining": page.drains,
        "queue": waiting_requests(page),
        "running": page.guard.running(),
        "requests": page.guard.counts(),
        "memory_free_megabytes": memory.free // 2**20 if memory else None,
    }
    # HAProxy takes 404 for “no new visitors, but those who are there”; for others it is a copy that cannot be used.
    status = 404 if page.drains else 200 if model else 503
    return JSONResponse(state, status, {"Cache-Control": "no-store"})


async def _waiting(request: Request) -> JSONResponse:
    """Respond with what the page waits for, in the visitor's language; null once the model is there."""
    sentence = page_of(request.app).waits_for
    message = None if sentence is None else translated(sentence, language_of(request))
    return JSONResponse({"text": message}, headers={"Cache-Control": "no-store"})


async def _web_component(_: Request) -> FileResponse:
    """Respond with the script of the web component, for pages that embed the app."""
    return FileResponse(web_component(), media_type="text/javascript")


class _LanguageFirst:
    """Middleware: puts the script that reads `?lang=` before everything else in the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        script = asset("language_choice.js")
        html = render("language_choice.html", script=script, parameter=PARAMETER, languages=LANGUAGES)
        self._script = html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return await self._app(scope, receive, send)
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = body.replace(_HEAD, _HEAD + self._script, 1)
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            start["headers"] = [*headers, (b"content-length", str(len(page)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)


class _MemoryWatch:
    """Middleware: warns in the log, at most once a minute, when memory is short as an upload begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._warned = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/upload"):
            self._warn()
        await self._app(scope, receive, send)

    def _warn(self) -> None:
        memory = system_memory()
        now = time.monotonic()
        if memory and memory.free < _MIN_FREE_MEMORY * memory.total and now > self._warned + _SECONDS_BETWEEN_WARNINGS:
            self._warned = now
            _log.warning("memory is short: %d MB of %d MB are free", memory.free // 2**20, memory.total // 2**20)

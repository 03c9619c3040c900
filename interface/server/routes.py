"""What the web server does besides Gradio: language, `/healthz`, `/waiting`, embedding, a warning of little memory."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.i18n.language import LANGUAGES, PARAMETER, language_of, translated
from interface.server.gradio_internals import remember_little
from interface.server.mcp_tools import offer_tools
from interface.server.request_limits import Doors
from interface.server.storage import UploadStorage
from interface.server.url_fetch import fetch_within_limits
from model.system_memory import system_memory

_log = logging.getLogger("vistazo")

# Gradio takes the browser's language. This stands before its program in the page, so that `?lang=es` wins.
_SCRIPT = """<script>
(() => {
  const language = new URLSearchParams(location.search).get("PARAMETER");
  if (!LANGUAGES.includes(language)) return;
  Object.defineProperty(navigator, "language", { get: () => language });
  Object.defineProperty(navigator, "languages", { get: () => [language] });
})();
</script>""".replace("PARAMETER", PARAMETER).replace("LANGUAGES", json.dumps(list(LANGUAGES)))
_HEAD = b"<head>"

_LEAST_MEMORY = 0.1  # of all; with less, the log warns
_SECONDS_BETWEEN_WARNINGS = 60.0


def server_options(files: UploadStorage) -> dict[str, Any]:
    """Return what the web application that Gradio makes gets besides (its `app_kwargs`).

    Args:
        files: Where uploads go.
    """
    fetch_within_limits()
    return {
        "routes": [Route("/healthz", _health), Route("/waiting", _waiting), Route("/gradio.js", _web_component)],
        "middleware": [
            Middleware(_LanguageFirst),
            Middleware(Doors, files=files),
            Middleware(_MemoryWatch),
        ],
        "lifespan": _lifespan,
    }


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What holds for as long as the web application runs."""
    offer_tools(app.get_blocks())  # type: ignore[attr-defined]
    async with remember_little(app):
        yield


async def _health(request: Request) -> JSONResponse:
    """Answer whether the model is there, which it is, how many requests wait, and what came of those before."""
    page = request.app.get_blocks()
    model = page.model
    memory = system_memory()
    state = {
        "ready": model is not None,
        "model": model.source.title if model else None,
        "revision": model.source.commit if model else None,
        "queue": len(page._queue),
        "requests": page.guard.counts(),
        "memory_free_megabytes": memory.free // 2**20 if memory else None,
    }
    return JSONResponse(state, 200 if model else 503, {"Cache-Control": "no-store"})


async def _waiting(request: Request) -> JSONResponse:
    """Answer what the page waits for, in the visitor's language; null once it is the real one."""
    sentence = request.app.get_blocks().waits_for
    told = None if sentence is None else translated(sentence, language_of(request))
    return JSONResponse({"text": told}, headers={"Cache-Control": "no-store"})


async def _web_component(_: Request) -> FileResponse:
    """Answer with the program of the web component, for pages that embed the app; Gradio does not serve it."""
    program = Path(gr.__file__).parent / "templates" / "frontend" / "gradio.js"
    return FileResponse(program, media_type="text/javascript")


class _LanguageFirst:
    """Puts the script that heeds `?lang=` in front of everything else in the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            page = body.replace(_HEAD, _HEAD + _SCRIPT.encode(), 1)
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            start["headers"] = [*headers, (b"content-length", str(len(page)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)


class _MemoryWatch:
    """Warns in the log, about once a minute at most, when memory is short as an upload begins."""

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
        if memory and memory.free < _LEAST_MEMORY * memory.total and now > self._warned + _SECONDS_BETWEEN_WARNINGS:
            self._warned = now
            _log.warning("memory is short: %d MB of %d MB are free", memory.free // 2**20, memory.total // 2**20)

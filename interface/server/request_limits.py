"""Request limits, applied before Gradio sees a request: only open routes, and how large and slow a body may be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Callable

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.i18n.language import language_of, say
from interface.server.gradio_internals import is_unknown_endpoint, page_of, waiting_requests
from interface.server.open_routes import is_open
from interface.server.request_guard import log_fault
from interface.server.storage import UploadStorage, is_full
from interface.server.visitor_address import address_of
from model.limits import limits

_UPLOAD = re.compile(r".*/upload/?")
_QUEUED = re.compile(r".*/(queue/join|call/.+)/?")
_CALL = re.compile(r".*/(queue/join|(call|run)/.+)/?")

_MAX_QUERY = 4096  # bytes; Gradio remembers parts of it
_MAX_JSON = 10_000_000  # bytes; the camera's images come in JSON
_MAX_FILES_OF_MAX_SIZE = 10  # in one upload
_CHECK_DISK_EVERY = 16_000_000  # bytes
# A phone with the worst reception sends more than that; a slower upload only occupies a place.
_SILENT_SECONDS = 30.0
_GRACE_SECONDS, _MIN_BYTES_PER_SECOND = 60.0, 2000
_JSON_SECONDS = 60.0
# The rest of a refused body is received for so long, and thrown away.
_LINGER_SECONDS = 5.0
# A class of fifty behind one address counts as one visitor.
_MAX_BODIES_PER_VISITOR = 100

_log = logging.getLogger("vistazo")


class RequestLimits:
    """Middleware: closes routes, and bounds the size, the slowness and the number of bodies that are being received.

    Args:
        app: The application to protect.
        storage: Where uploads go.
        queue_is_full: Says of a request's scope whether the queue is full; None asks Gradio's queue.
    """

    def __init__(
        self, app: ASGIApp, storage: UploadStorage, queue_is_full: Callable[[Scope], bool] | None = None
    ) -> None:
        self._app, self._storage = app, storage
        self._queue_is_full = queue_is_full or _queue_is_full
        self._receiving: set[tuple[str, LimitedBody]] = set()  # by visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong with it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._handle(scope, receive, sending)
        except Exception as error:
            response = self._response_to(scope, error)
            with contextlib.suppress(RuntimeError):  # less was sent than was announced
                if started:
                    await send({"type": "http.response.body", "body": b""})
                else:
                    await response(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        request = Request(scope)
        language = language_of(request)
        if len(scope.get("query_string", b"")) > _MAX_QUERY:
            return await _refusal(414, say(language, "address_too_long"))(scope, receive, send)
        if not is_open(scope):
            return await _refusal(404, say(language, "no_such_page"))(scope, receive, send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self._app(scope, receive, send)
        if _QUEUED.fullmatch(path) and self._queue_is_full(scope):
            refusal = _refusal(503, say(language, "queue_full", most=limits().waiting))
            return await _refuse_while_receiving(refusal, scope, receive, send)
        visitor = address_of(request) or ""
        if sum(other == visitor for other, _ in self._receiving) >= _MAX_BODIES_PER_VISITOR:
            refusal = _refusal(429, say(language, "bodies_at_once", most=_MAX_BODIES_PER_VISITOR))
            return await refusal(scope, receive, send)
        body = LimitedBody(receive, send, language, self._storage if _UPLOAD.fullmatch(path) else None)
        self._receiving.add((visitor, body))
        body.on_end = lambda: self._receiving.discard((visitor, body))
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refusal is None:
                raise
        finally:
            body.on_end()
        if body.refusal is not None and not body.response_started:
            await _refuse_while_receiving(body.refusal, scope, receive, send)

    def _response_to(self, scope: Scope, error: Exception) -> JSONResponse:
        """Return the response to a request that failed; log it, without the caller's words, where it is our fault."""
        language = language_of(Request(scope))
        if _CALL.fullmatch(scope["path"]) and is_unknown_endpoint(error):
            return _refusal(404, say(language, "no_such_endpoint"))
        if isinstance(error, gr.Error):
            return _refusal(422, str(error.message))
        if is_full(error):
            _log.warning("the disk is full")
            self._storage.make_room()
            return _refusal(507, say(language, "disk_full"))
        if not isinstance(error.__cause__ or error, HTTPException):  # a session that has been forgotten
            log_fault("a request failed", error)
        return _refusal(500, say(language, "unexpected"))


class LimitedBody:
    """The body of one request while it is received.

    Args:
        receive: Receives the next message.
        send: Sends a message of the response.
        language: The visitor's language.
        storage: Where the body goes when it is an upload; None for a call.

    Attributes:
        on_end: Called when the whole body has been received or the visitor has left; may be called more than once.
        response_started: Whether the application has begun to respond.
        refusal: The response to a body beyond the limits; None while it is within them.
    """

    def __init__(self, receive: Receive, send: Send, language: str, storage: UploadStorage | None) -> None:
        self._receive, self._send, self._language, self._storage = receive, send, language, storage
        self._began = time.monotonic()
        self._bytes = 0
        self._next_disk_check = 0  # bytes
        self._complete = False
        self.on_end: Callable[[], None] = lambda: None
        self.response_started = False
        self.refusal: JSONResponse | None = None
        self._max_bytes = limits().upload_megabytes * _MAX_FILES_OF_MAX_SIZE * 2**20 if storage else _MAX_JSON

    async def receive(self) -> Message:
        """Return the next piece, in time and within the limits."""
        if self._complete:  # what comes now is that the visitor leaves
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds_left())
        except TimeoutError:
            raise self._refuse(408, "body_too_slow") from None
        if message["type"] != "http.request":
            self.on_end()
            return message
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._max_bytes:
            raise self._refuse(413, "body_too_large", most=self._max_bytes // 1_000_000)
        if self._storage and self._bytes >= self._next_disk_check:
            self._next_disk_check = self._bytes + _CHECK_DISK_EVERY
            if not self._storage.has_room():
                _log.warning("no room for uploads on the disk")
                raise self._refuse(507, "disk_full")
        self._complete = not message.get("more_body", False)
        if self._complete:
            self.on_end()
        return message

    async def send(self, message: Message) -> None:
        """Pass a message of the response on, unless the body was refused: then the refusal is sent instead."""
        if self.refusal is not None and not self.response_started:
            return
        self.response_started = True
        await self._send(message)

    def _seconds_left(self) -> float:
        spent = time.monotonic() - self._began
        total = _GRACE_SECONDS + self._bytes / _MIN_BYTES_PER_SECOND if self._storage else _JSON_SECONDS
        return max(0.001, min(_SILENT_SECONDS, total - spent))

    def _refuse(self, status: int, key: str, **values: object) -> Exception:
        self.refusal = _refusal(status, say(self._language, key, **values))
        return _RefusedError()


class _RefusedError(Exception):
    """The rest of a body is not wanted."""


async def _refuse_while_receiving(refusal: JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to a request whose body is still arriving, and receive some more of it, or the response would get lost.

    A connection that is closed while something in it is unread is reset (RFC 9112, 9.6).
    """

    async def sending(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await refusal(scope, receive, sending)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while (await receive()).get("more_body", False):
                pass
    await send({"type": "http.response.body", "body": b""})


def _refusal(status: int, sentence: str) -> JSONResponse:
    # The rest of the body is not needed: the connection is of no more use.
    return JSONResponse({"detail": sentence, "error": sentence}, status, {"Connection": "close"})


def _queue_is_full(scope: Scope) -> bool:
    return waiting_requests(page_of(scope["app"])) >= limits().waiting

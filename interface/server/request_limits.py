"""What is asked of the server before Gradio sees it: ways in that this page does not need, and bodies without end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections import Counter
from collections.abc import Callable

import gradio as gr
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.i18n.language import language_of, say
from interface.server.requests import address_of, log_fault
from interface.server.storage import UploadStorage, is_full
from model.limits import limits

# Gradio's routes for other apps: they fetch what others name, run FFmpeg, write sessions to the disk, print what they
# are sent, or change the program.
_CLOSED = re.compile(
    r"/+(gradio_api/+)?(proxy=|file=/*https?:|process_recording|deep_link|component_server|custom_component|"
    r"dev/reload|run-history|runs|vibe-|undo-vibe-|monitoring|login|logout|token)",
    re.IGNORECASE,
)
_UPLOAD = re.compile(r".*/upload/?")
_QUEUED = re.compile(r".*/(queue/join|call/.+)/?")
_CALL = re.compile(r".*/(queue/join|(call|run|api)/.+)/?")

_LONGEST_QUERY = 4096  # of an address; Gradio remembers parts of it
_LARGEST_JSON = 10_000_000  # the camera's images come in JSON
_MOST_JSON = 100_000_000  # of all calls together that are being received, and again of all that wait
# A value of two characters takes fifty times that when it has been read. Two hundred images need some 4,000 values.
_MOST_VALUES, _VALUES_OF_A_IMAGE = 20_000, 100
_MOST_FILES_OF_THE_LARGEST_SIZE = 10  # in one upload
_LOOK_AT_THE_DISK_EVERY = 16_000_000  # bytes
# A phone with the worst reception sends more than that; whoever sends less keeps a place for nothing.
_SILENT_SECONDS = 30.0
_GRACE_SECONDS, _LEAST_BYTES_A_SECOND = 60.0, 2000
_JSON_SECONDS = 60.0
# So long the rest of what is refused is received, and thrown away.
_LINGER_SECONDS = 5.0
# A class of fifty behind one address is one visitor here.
_BODIES_AT_ONCE, _BODIES_OF_ONE_VISITOR = 300, 100

_log = logging.getLogger("vistazo")


class Doors:
    """Closes routes, and bounds the size, the slowness and the number of bodies that are being received.

    Args:
        app: What is asked next.
        files: Where uploads go.
        waits_full: Says whether the queue is full.
    """

    def __init__(self, app: ASGIApp, files: UploadStorage, waits_full: Callable[[Scope], bool] | None = None) -> None:
        self._app, self._files = app, files
        self._waits_full = waits_full or _queue_is_full
        self._open: Counter[str] = Counter()
        self._calls = _Calls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong with it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._pass_on(scope, receive, sending)
        except Exception as error:
            refusal = self._excuse(scope, error)
            with contextlib.suppress(RuntimeError):  # less was sent than was announced
                if begun:
                    await send({"type": "http.response.body", "body": b""})
                else:
                    await refusal(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        request = Request(scope)
        language = language_of(request)  # type: ignore[arg-type]  # has what is looked at
        if len(scope.get("query_string", b"")) > _LONGEST_QUERY:
            return await _refusal(414, say(language, "address_too_long"))(scope, receive, send)
        if _CLOSED.match(path):
            return await _refusal(404, say(language, "closed_door"))(scope, receive, send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self._app(scope, receive, send)
        if _QUEUED.fullmatch(path) and self._waits_full(scope):
            refusal = _refusal(503, say(language, "queue_full", most=limits().waiting))
            return await _tell(refusal, scope, receive, send)
        visitor = address_of(request) or ""
        if self._open.total() >= _BODIES_AT_ONCE or self._open[visitor] >= _BODIES_OF_ONE_VISITOR:
            return await _refusal(429, say(language, "bodies_at_once", most=_BODIES_OF_ONE_VISITOR))(
                scope, receive, send
            )
        body = _Body(receive, send, language, self._files if _UPLOAD.fullmatch(path) else None, self._calls)
        self._open[visitor] += 1

        def received() -> None:
            self._open[visitor] -= 1
            if self._open[visitor] <= 0:
                del self._open[visitor]

        body.on_end = received
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refused is None:
                raise
        finally:
            body.end()
            body.forget()
        if body.refused is not None and not body.answering:
            await _tell(body.refused, scope, receive, send)

    def _excuse(self, scope: Scope, error: Exception) -> JSONResponse:
        """Say what went wrong; the log hears of it where it is our fault, without what the caller wrote."""
        language = language_of(Request(scope))  # type: ignore[arg-type]
        if _CALL.fullmatch(scope["path"]) and isinstance(error, KeyError | FnIndexInferError):
            return _refusal(404, say(language, "no_such_endpoint"))
        if isinstance(error, gr.Error):
            return _refusal(422, str(error.message))
        if is_full(error):
            _log.warning("the disk is full")
            self._files.make_room()
            return _refusal(507, say(language, "disk_full"))
        if not isinstance(error.__cause__ or error, HTTPException):  # a session that nobody knows any more
            log_fault("a request failed", error)
        return _refusal(500, say(language, "unexpected"))


class _Calls:
    """How much of all calls together has been received and not been answered yet, in bytes."""

    taken = 0


class _Body:
    """One request's body while it is received.

    Args:
        receive: Brings it.
        send: Takes the answer.
        language: The visitor's.
        files: Where it goes when it is an upload.
        calls: What it is counted among when it is a call.
    """

    def __init__(self, receive: Receive, send: Send, language: str, files: UploadStorage | None, calls: _Calls) -> None:
        self._receive, self._send, self._language, self._files = receive, send, language, files
        self._calls, self._values = calls, 0
        self._began = time.monotonic()
        self._bytes, self._looked_at = 0, -_LOOK_AT_THE_DISK_EVERY  # the first look is before anything is written
        self._whole = False
        self.on_end: Callable[[], None] | None = None
        self.answering = False
        self.refused: JSONResponse | None = None
        megabytes = limits().upload_megabytes * _MOST_FILES_OF_THE_LARGEST_SIZE
        self._most = megabytes * 2**20 if files else _LARGEST_JSON

    def end(self) -> None:
        """Make room for another."""
        if self.on_end:
            self.on_end()
            self.on_end = None

    def forget(self) -> None:
        """Count it no longer among the calls that are not answered yet."""
        if not self._files:
            self._calls.taken -= self._bytes
            self._bytes = 0

    async def receive(self) -> Message:
        """Return the next piece, in time and within the limits."""
        if self._whole:  # what comes is that the visitor leaves
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds_left())
        except TimeoutError:
            raise self._refuse(408, "body_too_slow") from None
        if message["type"] != "http.request":
            self.end()
            return message
        piece = message.get("body", b"")
        self._bytes += len(piece)
        if not self._files:
            self._calls.taken += len(piece)
            self._values += sum(piece.count(mark) for mark in (b",", b"[", b"{"))
        if self._bytes > self._most:
            raise self._refuse(413, "body_too_large", most=self._most // 1_000_000)
        if self._values > _MOST_VALUES + _VALUES_OF_A_IMAGE * limits().images:
            raise self._refuse(413, "body_too_many")
        if not self._files and self._calls.taken > _MOST_JSON:
            raise self._refuse(503, "too_busy")
        if self._files and self._bytes >= self._looked_at + _LOOK_AT_THE_DISK_EVERY:
            self._looked_at = self._bytes
            if not self._files.has_room():
                _log.warning("no room for uploads on the disk")
                raise self._refuse(507, "disk_full")
        self._whole = not message.get("more_body", False)
        if self._whole:
            self.end()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, unless the body was refused: then ours is sent."""
        if self.refused is not None and not self.answering:
            return
        self.answering = True
        await self._send(message)

    def _seconds_left(self) -> float:
        spent = time.monotonic() - self._began
        whole = _GRACE_SECONDS + self._bytes / _LEAST_BYTES_A_SECOND if self._files else _JSON_SECONDS
        return max(0.001, min(_SILENT_SECONDS, whole - spent))

    def _refuse(self, status: int, key: str, **values: object) -> Exception:
        self.refused = _refusal(status, say(self._language, key, **values))
        return _RefusedError()


class _RefusedError(Exception):
    """The rest of a body is not wanted."""


async def _tell(refusal: JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request whose body is still on its way, and let some more of it come, or the answer would get lost.

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
    queue = scope["app"].get_blocks()._queue
    if len(queue) >= limits().waiting:
        return True
    waiting = (event for some in queue.event_queue_per_concurrency_id.values() for event in some.queue)
    return sum(_size(event.request) for event in waiting) > _MOST_JSON


def _size(request: Request) -> int:
    """Return how many bytes a call announced; the most there may be for one that announced nothing."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isdecimal() and len(announced) < 10 else _LARGEST_JSON

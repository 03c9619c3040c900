"""What is asked of the server before Gradio sees it: ways in that this page does not need, and bodies without end."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.disk import VisitorFiles
from interface.languages import language_of, say
from interface.visitors import address_of
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

_LARGEST_JSON = 10_000_000  # the camera's pictures come in JSON
_MOST_FILES_OF_THE_LARGEST_SIZE = 10  # in one upload
_LOOK_AT_THE_DISK_EVERY = 16_000_000  # bytes
# A phone with the worst reception sends more than that; whoever sends less keeps a place for nothing.
_SILENT_SECONDS = 30.0
_GRACE_SECONDS, _LEAST_BYTES_A_SECOND = 60.0, 2000
_JSON_SECONDS = 60.0
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

    def __init__(self, app: ASGIApp, files: VisitorFiles, waits_full: Callable[[Scope], bool] | None = None) -> None:
        self._app, self._files = app, files
        self._waits_full = waits_full or _queue_is_full
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with what is wrong with it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"]
        request = Request(scope)
        language = language_of(request)  # type: ignore[arg-type]  # has what is looked at
        if _CLOSED.match(path):
            return await _refusal(404, say(language, "closed_door"))(scope, receive, send)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self._app(scope, receive, send)
        if _QUEUED.fullmatch(path) and self._waits_full(scope):
            return await _refusal(503, say(language, "queue_full", most=limits().waiting))(scope, receive, send)
        visitor = address_of(request) or ""
        if self._open.total() >= _BODIES_AT_ONCE or self._open[visitor] >= _BODIES_OF_ONE_VISITOR:
            sentence = say(language, "bodies_at_once", most=_BODIES_OF_ONE_VISITOR)
            return await _refusal(429, sentence)(scope, receive, send)
        body = _Body(receive, send, language, self._files if _UPLOAD.fullmatch(path) else None)
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
        if body.refused is not None and not body.answering:
            await body.refused(scope, receive, send)


class _Body:
    """One request's body while it is received.

    Args:
        receive: Brings it.
        send: Takes the answer.
        language: The visitor's.
        files: Where it goes when it is an upload.
    """

    def __init__(self, receive: Receive, send: Send, language: str, files: VisitorFiles | None) -> None:
        self._receive, self._send, self._language, self._files = receive, send, language, files
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
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            raise self._refuse(413, "body_too_large", most=self._most // 1_000_000)
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


def _refusal(status: int, sentence: str) -> JSONResponse:
    # The rest of the body is not read: the connection is of no more use.
    return JSONResponse({"detail": sentence, "error": sentence}, status, {"Connection": "close"})


def _queue_is_full(scope: Scope) -> bool:
    return len(scope["app"].get_blocks()._queue) >= limits().waiting

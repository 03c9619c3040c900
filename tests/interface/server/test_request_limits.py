"""Request limits: routes that are closed, bodies that are too large, too slow or too many."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException

from interface.server import request_limits
from interface.server.open_routes import is_open
from interface.server.request_limits import RequestLimits
from interface.server.storage import UploadStorage

# What arrives; an event stands for a pause until it is set.
Pieces = Sequence[bytes | asyncio.Event]


async def _echo(scope: Any, receive: Callable, send: Callable) -> None:
    """An application that reads all of a body and responds with its size."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(size).encode()})


def asked(
    limited: RequestLimits, path: str, pieces: Pieces | None = None, language: str = "en", query: bytes = b""
) -> tuple[int, Any]:
    """Send a request whose body arrives in pieces; returns the status and the response."""
    return asyncio.run(_asked(limited, path, pieces, language, query=query))


async def _asked(
    limited: RequestLimits,
    path: str,
    pieces: Pieces | None,
    language: str = "en",
    *,
    host: str = "10.0.0.1",
    query: bytes = b"",
) -> tuple[int, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET" if pieces is None else "POST",
        "path": path,
        "query_string": b"&".join([b"lang=" + language.encode(), query]),
        "headers": [],
        "client": (host, 1),
    }
    rest = list(pieces or [b""])
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        while isinstance(piece := rest[0], asyncio.Event):
            await piece.wait()
            rest.pop(0)
        return {"type": "http.request", "body": rest.pop(0), "more_body": bool(rest)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await limited(scope, receive, send)
    assert not sent[-1].get("more_body")
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RequestLimits:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(request_limits, "_LINGER_SECONDS", 0.05)
    return RequestLimits(_echo, UploadStorage(1), lambda _: False)


def test_what_is_within_the_limits_passes(limited: RequestLimits) -> None:
    assert asked(limited, "/gradio_api/upload", [b"x" * 500, b"y" * 500]) == (200, 1000)
    assert asked(limited, "/gradio_api/call/predict_image", [b"{}"]) == (200, 2)
    assert asked(limited, "/") == (200, 0)
    assert asked(limited, "/gradio_api/file=/tmp/x/image.png") == (200, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://x/",
        "/gradio_api/file=http://x/a.png",
        "/gradio_api/file=HTTPS:/x/a.png",
        "/gradio_api/process_recording",
        "/gradio_api/deep_link",
        "/gradio_api/component_server/",
        "/gradio_api/custom_component/a/client/b/c",
        "//gradio_api//dev/reload",
        "/gradio_api/vibe-edit/",
        "/monitoring/summary",
        "/login",
        "/gradio_api/run-history/records",
        "/gradio_api/queue/status",
        "/gradio_api/stream/session/1/2/playlist.m3u8",
        "/gradio_api/something-new",
        "/something/new",
        "//healthz",
        "",
    ],
)
def test_a_route_that_is_not_listed_as_open_is_closed(limited: RequestLimits, path: str) -> None:
    for pieces in (None, [b"{}"]):
        assert asked(limited, path, pieces)[0] == 404


def test_a_path_in_front_of_the_app_changes_nothing(limited: RequestLimits) -> None:
    assert is_open({"path": "/flags/healthz", "root_path": "/flags/"})
    assert not is_open({"path": "/flags/login", "root_path": "/flags"})
    assert not is_open({"path": "/flags/healthz"})


def test_a_body_without_end_is_ended(limited: RequestLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_MAX_JSON", 1000)
    status, answer = asked(limited, "/gradio_api/queue/join", [b"x" * 600] * 1000)
    assert status == 413 and "exceeds the limit" in answer["detail"]
    status, answer = asked(limited, "/gradio_api/upload", [b"x" * 10_000_000] * 1000)
    assert status == 413
    assert asked(limited, "/gradio_api/upload", [b"x" * 10_000_000] * 10)[0] == 200


@pytest.mark.parametrize(("path", "limit"), [("queue/join", "_JSON_SECONDS"), ("upload", "_SILENT_SECONDS")])
def test_a_body_that_stands_still_is_ended(
    limited: RequestLimits, path: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, limit, 0.05)
    status, answer = asked(limited, f"/gradio_api/{path}", [b"x", asyncio.Event(), b"y"], "es")
    assert status == 408 and answer["detail"].startswith("El envío llegaba demasiado despacio")


def test_an_upload_that_trickles_is_ended(limited: RequestLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(1000))  # one for every piece
    monkeypatch.setattr(request_limits, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    trickle: Pieces = [*[b"x"] * 70, asyncio.Event(), b"x"]
    assert asked(limited, "/gradio_api/upload", trickle)[0] == 408
    assert asked(limited, "/gradio_api/upload", [b"x" * 5000] * 70) == (200, 350_000)


def test_a_disk_that_fills_up_in_the_middle_ends_the_upload(
    limited: RequestLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, "_CHECK_DISK_EVERY", 1000)
    looks = iter([True, False])
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: next(looks))
    status, answer = asked(limited, "/gradio_api/upload", [b"x" * 600] * 10, "fr")
    assert status == 507 and answer["detail"].startswith("Il n’y a plus de place")


def test_nothing_is_taken_while_the_disk_is_full(limited: RequestLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: False)
    status, answer = asked(limited, "/gradio_api/upload", [b"x"])
    assert status == 507 and answer["detail"].startswith("There is no room for files")
    assert asked(limited, "/gradio_api/call/predict_image", [b"{}"])[0] == 200


def test_one_visitor_takes_only_so_many_places(limited: RequestLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_MAX_BODIES_PER_VISITOR", 3)

    async def crowd() -> list[int]:
        everyone_came = asyncio.Event()
        hosts = ["10.0.0.1"] * 5 + ["10.0.0.2"]
        pieces: Pieces = [b"x", everyone_came, b"y"]
        uploads = [asyncio.create_task(_asked(limited, "/gradio_api/upload", pieces, host=host)) for host in hosts]
        done, _ = await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)  # those that were refused
        assert {upload.result()[0] for upload in done} == {429}
        everyone_came.set()
        return [status for status, _ in await asyncio.gather(*uploads)]

    assert sorted(asyncio.run(crowd())) == [200, 200, 200, 200, 429, 429]
    assert asked(limited, "/gradio_api/upload", [b"x"]) == (200, 1)  # whoever is done makes room


@pytest.mark.parametrize(
    ("language", "start"), [("en", "64 requests are already waiting"), ("es", "Ya hay 64 peticiones"), ("fr", "64 req")]
)
def test_a_full_queue_is_told_politely(tmp_path: Path, language: str, start: str) -> None:
    limited = RequestLimits(_echo, UploadStorage(1), lambda _: True)
    status, answer = asked(limited, "/gradio_api/call/predict_image", [b"{}"], language)
    assert status == 503 and answer["detail"].startswith(start)
    assert asked(limited, "/gradio_api/cancel", [b"{}"])[0] == 200


def test_the_queue_is_full_when_as_many_wait_as_the_limit_says() -> None:
    def waiting(count: int) -> dict[str, Any]:
        page = SimpleNamespace(_queue=[None] * count)
        return {"app": SimpleNamespace(get_blocks=lambda: page)}

    assert not request_limits._queue_is_full(waiting(63))
    assert request_limits._queue_is_full(waiting(64))


def test_a_long_address_is_refused(limited: RequestLimits) -> None:
    """Gradio remembers the name of an upload, and that of a session."""
    for pieces in (None, [b"{}"]):
        status, answer = asked(limited, "/gradio_api/upload", pieces, query=b"upload_id=" + b"x" * 5000)
        assert status == 414 and answer["detail"].startswith("The address is too long")


def test_the_rest_of_what_is_refused_is_received_so_that_the_answer_arrives(limited: RequestLimits) -> None:
    rest = [bytes(10_000_001), *[bytes(100_000)] * 9]
    events: list[str] = []

    async def receive() -> dict[str, Any]:
        events.append("received")
        return {"type": "http.request", "body": rest.pop(0), "more_body": bool(rest)}

    async def send(message: MutableMapping[str, Any]) -> None:
        events.append("sent" if message.get("more_body") else "ended" if "body" in message else "began")

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [], "client": ("x", 1)}
    asyncio.run(limited(scope | {"query_string": b""}, receive, send))
    assert events == ["received", "began", "sent", *["received"] * 9, "ended"]


def failing(error: Exception, *, late: bool = False) -> Callable[..., Any]:
    async def fail(scope: Any, receive: Callable, send: Callable) -> None:
        if late:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b'"one"', "more_body": True})
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "start", "logged"),
    [
        (KeyError("holiday.jpg"), 404, "This app has no such endpoint", ""),
        (FnIndexInferError("holiday.jpg"), 404, "This app has no such endpoint", ""),
        (OSError(errno.ENOSPC, "No space", "holiday.jpg"), 507, "There is no room for files", "the disk is full"),
        (ValueError("holiday.jpg"), 500, "Something went wrong on our side", "a request failed: ValueError"),
    ],
)
def test_what_fails_in_the_application_becomes_a_sentence(
    error: Exception, status: int, start: str, logged: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limited = RequestLimits(failing(error), UploadStorage(1), lambda _: False)
    told, answer = asked(limited, "/gradio_api/call/x", [b"{}"])
    assert told == status and answer["detail"].startswith(start)
    assert logged in caplog.text and "holiday" not in caplog.text.replace('KeyError("holiday.jpg")', "")


def test_an_answer_that_breaks_off_is_ended_and_a_session_that_is_gone_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = RuntimeError("response already started")
    gone.__cause__ = HTTPException(404)
    for error in (gone, HTTPException(404)):
        assert asked(RequestLimits(failing(error, late=True), UploadStorage(1)), "/gradio_api/queue/data") == (
            200,
            "one",
        )
    assert caplog.text == ""

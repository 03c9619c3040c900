"""What is asked of the server is looked at first: closed routes, bodies too large, too slow, too many."""

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
from interface.server.request_limits import Doors
from interface.server.storage import UploadStorage

Pieces = Sequence[bytes | float]  # what arrives, and seconds between


async def _echo(scope: Any, receive: Callable, send: Callable) -> None:
    """An application that reads all of a body and answers with its size."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(size).encode()})


def asked(
    door: Doors,
    path: str,
    pieces: Pieces | None = None,
    language: str = "en",
    host: str = "10.0.0.1",
    query: bytes = b"",
) -> tuple[int, Any]:
    """Ask with a body that arrives in pieces; returns the status and the answer."""
    return asyncio.run(_asked(door, path, pieces, language, host, query))


async def _asked(
    door: Doors, path: str, pieces: Pieces | None, language: str, host: str, query: bytes = b""
) -> tuple[int, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET" if pieces is None else "POST",
        "path": path,
        "query_string": b"&".join([b"lang=" + language.encode(), query]),
        "headers": [],
        "client": (host, 1),
    }
    rest: list[bytes | float] = list(pieces or [b""])
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        while isinstance(rest[0], float):
            await asyncio.sleep(rest.pop(0))  # type: ignore[arg-type]
        return {"type": "http.request", "body": rest.pop(0), "more_body": bool(rest)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await door(scope, receive, send)
    assert not sent[-1].get("more_body")
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doors:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return Doors(_echo, UploadStorage(1), lambda _: False)


def test_what_is_within_the_limits_passes(door: Doors) -> None:
    assert asked(door, "/gradio_api/upload", [b"x" * 500, 0.01, b"y" * 500]) == (200, 1000)
    assert asked(door, "/gradio_api/call/predict_image", [b"{}"]) == (200, 2)
    assert asked(door, "/") == (200, 0)
    assert asked(door, "/gradio_api/file=/tmp/x/image.png") == (200, 0)


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
    ],
)
def test_what_the_page_does_not_need_is_not_there(door: Doors, path: str) -> None:
    for pieces in (None, [b"{}"]):
        assert asked(door, path, pieces)[0] == 404


def test_a_body_without_end_is_ended(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_LARGEST_JSON", 1000)
    status, answer = asked(door, "/gradio_api/queue/join", [b"x" * 600] * 1000)
    assert status == 413 and "which is the limit" in answer["detail"]
    status, answer = asked(door, "/gradio_api/upload", [b"x" * 10_000_000] * 1000)
    assert status == 413
    assert asked(door, "/gradio_api/upload", [b"x" * 10_000_000] * 10)[0] == 200


@pytest.mark.parametrize(("path", "limit"), [("queue/join", "_JSON_SECONDS"), ("upload", "_SILENT_SECONDS")])
def test_a_body_that_stands_still_is_ended(door: Doors, path: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, limit, 0.05)
    status, answer = asked(door, f"/gradio_api/{path}", [b"x", 5.0, b"y"], "es")
    assert status == 408 and answer["detail"].startswith("El envío llegaba demasiado despacio")


def test_an_upload_that_trickles_is_ended(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_GRACE_SECONDS", 0.1)
    pieces: list[bytes | float] = [b"x", 0.02]
    assert asked(door, "/gradio_api/upload", [*pieces * 100, b"x"])[0] == 408


def test_a_disk_that_fills_up_in_the_middle_ends_the_upload(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_LOOK_AT_THE_DISK_EVERY", 1000)
    looks = iter([True, False])
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: next(looks))
    status, answer = asked(door, "/gradio_api/upload", [b"x" * 600] * 10, "fr")
    assert status == 507 and answer["detail"].startswith("Il n’y a pas de place")


def test_nothing_is_taken_while_the_disk_is_full(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadStorage, "has_room", lambda _: False)
    status, answer = asked(door, "/gradio_api/upload", [b"x"])
    assert status == 507 and answer["detail"].startswith("There is no room for files")
    assert asked(door, "/gradio_api/call/predict_image", [b"{}"])[0] == 200


def test_one_visitor_takes_only_so_many_places(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_BODIES_OF_ONE_VISITOR", 3)

    async def crowd() -> list[int]:
        slow: Pieces = [b"x", 0.2, b"y"]
        hosts = ["10.0.0.1"] * 5 + ["10.0.0.2"]
        answers = await asyncio.gather(*[_asked(door, "/gradio_api/upload", list(slow), "en", host) for host in hosts])
        return [status for status, _ in answers]

    assert sorted(asyncio.run(crowd())) == [200, 200, 200, 200, 429, 429]
    assert asked(door, "/gradio_api/upload", [b"x"]) == (200, 1)  # whoever is done makes room


@pytest.mark.parametrize(("language", "start"), [("en", "64 requests wait"), ("es", "Ya esperan 64"), ("fr", "64 req")])
def test_a_full_queue_is_told_politely(tmp_path: Path, language: str, start: str) -> None:
    door = Doors(_echo, UploadStorage(1), lambda _: True)
    status, answer = asked(door, "/gradio_api/call/predict_image", [b"{}"], language)
    assert status == 503 and answer["detail"].startswith(start)
    assert asked(door, "/gradio_api/cancel", [b"{}"])[0] == 200


def test_many_small_values_are_refused_before_they_are_read(door: Doors) -> None:
    """Nine megabytes of empty objects take four hundred in memory, and eight seconds."""
    for value in (b"{},", b"[],", b'{"a":', b"["):
        status, answer = asked(door, "/gradio_api/call/predict_image", [b'{"data":[', *[value * 20_000] * 5])
        assert status == 413 and "more values" in answer["detail"]
    images = b'{"path": "/tmp/a,b.jpg", "orig_name": "a", "meta": {"_type": "gradio.FileData"}},' * 200
    assert asked(door, "/gradio_api/call/predict_images", [b'{"data":[[', images, b"]]}"])[0] == 200
    assert asked(door, "/gradio_api/queue/join", [b'{"data":["data:image/jpeg;base64,' + b"/9j+" * 500_000])[0] == 200


def test_all_calls_together_have_a_limit_while_they_arrive(door: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_limits, "_MOST_JSON", 1000)
    slow: Pieces = [b"x" * 400, 0.2, b"y"]

    async def crowd() -> list[int]:
        answers = [_asked(door, "/gradio_api/queue/join", list(slow), "en", f"10.0.0.{number}") for number in range(5)]
        return [status for status, _ in await asyncio.gather(*answers)]

    assert sorted(asyncio.run(crowd())) == [200, 200, 503, 503, 503]
    assert asked(door, "/gradio_api/queue/join", [b"x" * 1000]) == (200, 1000)  # whoever is answered makes room


def test_all_calls_together_have_a_limit_while_they_wait(tmp_path: Path) -> None:
    def waiting(*sizes: str) -> dict[str, Any]:
        events = [SimpleNamespace(request=SimpleNamespace(headers={"content-length": size})) for size in sizes]

        class Queue(list[Any]):
            def __init__(self) -> None:
                super().__init__(events)
                self.event_queue_per_concurrency_id = {"clips": SimpleNamespace(queue=events)}

        page = SimpleNamespace(_queue=Queue())
        return {"app": SimpleNamespace(get_blocks=lambda: page)}

    assert not request_limits._queue_is_full(waiting(*["9000000"] * 11))
    assert request_limits._queue_is_full(waiting(*["9000000"] * 12))
    assert request_limits._queue_is_full(waiting(*[""] * 11))  # whoever does not say is taken for the largest
    assert request_limits._queue_is_full(waiting(*["100"] * 64))


def test_a_long_address_is_refused(door: Doors) -> None:
    """Gradio remembers the name of an upload, and that of a session."""
    for pieces in (None, [b"{}"]):
        status, answer = asked(door, "/gradio_api/upload", pieces, query=b"upload_id=" + b"x" * 5000)
        assert status == 414 and answer["detail"].startswith("The address is too long")


def test_the_rest_of_what_is_refused_is_received_so_that_the_answer_arrives(door: Doors) -> None:
    rest = [b'{"data":[' + b"{}," * 1_000_000, *[b"{}," * 100_000] * 9]
    events: list[str] = []

    async def receive() -> dict[str, Any]:
        events.append("received")
        return {"type": "http.request", "body": rest.pop(0), "more_body": bool(rest)}

    async def send(message: MutableMapping[str, Any]) -> None:
        events.append("sent" if message.get("more_body") else "ended" if "body" in message else "began")

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [], "client": ("x", 1)}
    asyncio.run(door(scope | {"query_string": b""}, receive, send))
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
def test_what_fails_behind_the_door_is_told_in_a_sentence(
    error: Exception, status: int, start: str, logged: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    door = Doors(failing(error), UploadStorage(1), lambda _: False)
    told, answer = asked(door, "/gradio_api/call/x", [b"{}"])
    assert told == status and answer["detail"].startswith(start)
    assert logged in caplog.text and "holiday" not in caplog.text.replace('KeyError("holiday.jpg")', "")


def test_an_answer_that_breaks_off_is_ended_and_a_session_that_is_gone_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = RuntimeError("response already started")
    gone.__cause__ = HTTPException(404)
    for error in (gone, HTTPException(404)):
        assert asked(Doors(failing(error, late=True), UploadStorage(1)), "/gradio_api/queue/data") == (200, "one")
    assert caplog.text == ""

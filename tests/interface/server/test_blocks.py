"""Whatever is called with whatever: a sentence, and nothing of it in the log."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from interface.server.blocks import SafeBlocks
from interface.server.requests import RequestGuard
from interface.server.storage import UploadStorage
from tests.interface.server.test_closed_routes import ask, called, upload
from tests.support.serving import running_app

FILE = {"path": "holiday.jpg", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("calls")
    with running_app(folder) as address:
        yield address, folder / "app.log"


def said_about(served: tuple[str, Path], endpoint: str, *data: Any) -> str:
    """Call an endpoint with arguments that cannot be right; returns what it says."""
    address, log = served
    event, _, answer = called(address, endpoint, *data).partition("\n")
    assert event == "event: error"
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said and "holiday" not in said
    return json.loads(answer.removeprefix("data: "))["error"]


@pytest.mark.parametrize(
    ("endpoint", "data"),
    [
        ("predict_image", []),
        ("predict_image", [FILE] * 7),
        ("predict_image", [7]),
        ("predict_image", ["holiday.jpg"]),
        ("predict_image", [{"path": [["holiday.jpg"]]}]),
        ("predict_image", [FILE | {"path": "holiday" * 1000}]),
        ("predict_image", [FILE | {"path": "holiday\0.jpg"}]),
        ("predict_image", [FILE | {"path": "http://holiday" + "a" * 5000}]),
        ("predict_image", [FILE | {"path": "data:image/png;base64,AAAA"}]),
        ("predict_image", [json.loads("[" * 500 + "]" * 500)]),
        ("predict_images", ["holiday.jpg"]),
        ("predict_images", [{"holiday": FILE}]),
        ("predict_images", [[[FILE]]]),
        ("predict_images", [[None, 7, "holiday.jpg"]]),
        ("predict_video", [{"video": FILE}]),
    ],
)
def test_arguments_that_no_handler_takes_are_refused(served: tuple[str, Path], endpoint: str, data: list[Any]) -> None:
    assert said_about(served, endpoint, *data).startswith("This call has not the arguments")


@pytest.mark.parametrize("path", ["call/holiday", "call/v2/holiday", "run/holiday"])
def test_an_endpoint_that_there_is_not(served: tuple[str, Path], path: str) -> None:
    address, log = served
    status, answer = ask(address, f"/gradio_api/{path}", "POST", b'{"data":[]}', Content_Type="application/json")
    assert status == 404 and json.loads(answer)["detail"].startswith("This app has no such endpoint")
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said and "holiday" not in said


@pytest.mark.parametrize("route", ["run", "api"])
@pytest.mark.parametrize("endpoint", ["predict_image", "predict_video"])
def test_nobody_goes_past_the_queue(served: tuple[str, Path], route: str, endpoint: str) -> None:
    address, _ = served
    (path,) = json.loads(upload(address, "a.jpg", b"any")[1])
    body = json.dumps({"data": [FILE | {"path": path}, *[0, 0, 0][: 3 * (endpoint == "predict_video")]]}).encode()
    status, answer = ask(address, f"/gradio_api/{route}/{endpoint}", "POST", body, Content_Type="application/json")
    assert status == 404 and b"queue" in answer


def test_a_session_with_a_long_name_is_not_remembered(served: tuple[str, Path]) -> None:
    address, _ = served
    body = json.dumps({"data": [FILE], "fn_index": 1, "session_hash": "s" * 5_000_000}).encode()
    status, answer = ask(address, "/gradio_api/queue/join", "POST", body, Content_Type="application/json")
    assert status == 422 and b"at most 100 characters" in answer


def test_a_session_that_nobody_knows_fills_no_log(served: tuple[str, Path]) -> None:
    address, log = served
    before = log.read_text(encoding="utf-8")
    for path in ("queue/data?session_hash=unknown", "call/predict_image/unknown"):
        status, answer = ask(address, f"/gradio_api/{path}")
        assert status == 200 and b"404" in answer
    assert log.read_text(encoding="utf-8") == before


def test_a_body_that_is_refused_in_the_middle_gets_its_sentence(served: tuple[str, Path]) -> None:
    body = b'{"data":[' + b"{}," * 3_000_000 + b"{}]}"
    status, answer = ask(served[0], "/gradio_api/call/predict_image", "POST", body, Content_Type="application/json")
    assert status == 413 and b"more values" in answer


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("holiday.jpg"), "Something went wrong on our side"),
        (OSError(errno.ENOSPC, "No space", "holiday.jpg"), "There is no room for files"),
    ],
)
def test_what_fails_after_the_handler_is_told_and_counted(
    error: Exception, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Gradio writes answers to the disk then."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with SafeBlocks() as page:
        box = gr.Textbox()
        gr.Button().click(lambda value: value, box, box, api_name="echo")
    page.guard = RequestGuard(10, UploadStorage(1))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(box, "postprocess", fail)
    (function,) = page.fns.values()
    with caplog.at_level(logging.INFO), pytest.raises(gr.Error, match=sentence):
        asyncio.run(page.process_api(function, ["holiday.jpg"]))
    assert page.guard.counts() == {"failed": 1}
    assert '"endpoint": "echo", "outcome": "failed"' in caplog.text and "holiday.jpg" not in caplog.text

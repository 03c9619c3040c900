"""Whatever a call holds, the response is a sentence, and nothing of the call is logged."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from interface.i18n.language import text
from interface.server.blocks import SafeBlocks
from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from tests.support.serving import ServedApp, ask, call, post_json, upload

FILE = {"path": "holiday.jpg", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def new_log(served_app: ServedApp) -> Callable[[], str]:
    """Returns what the app has logged since the test began."""
    length = len(served_app.log)
    return lambda: served_app.log[length:]


@pytest.mark.parametrize(
    ("endpoint", "data", "sentence"),
    [
        ("predict_image", [], "takes other arguments"),
        ("predict_image", [FILE] * 7, "/gradio_api/upload"),
        ("predict_image", [7], "takes other arguments"),
        ("predict_image", ["holiday.jpg"], "/gradio_api/upload"),
        ("predict_image", [{"path": [["holiday.jpg"]]}], "takes other arguments"),
        ("predict_image", [FILE | {"path": "holiday" * 1000}], "takes other arguments"),
        ("predict_image", [FILE | {"path": "holiday.jpg"}], "/gradio_api/upload"),
        ("predict_image", [FILE | {"path": "holiday\0.jpg"}], "takes other arguments"),
        ("predict_image", [FILE | {"path": "http://holiday" + "a" * 5000}], "takes other arguments"),
        ("predict_image", [FILE | {"path": "data:image/png;base64,AAAA"}], "“file.png” is not an image"),
        ("predict_image", [json.loads("[" * 500 + "]" * 500)], "takes other arguments"),
        ("predict_images", ["holiday.jpg"], "/gradio_api/upload"),
        ("predict_images", [{"holiday": FILE}], "/gradio_api/upload"),
        ("predict_images", [[[FILE]]], "/gradio_api/upload"),
        ("predict_images", [[None, 7, "holiday.jpg"]], "/gradio_api/upload"),
        ("predict_video", [{"video": FILE}], "takes other arguments"),
    ],
)
def test_arguments_that_no_handler_takes_are_refused(
    served_app: ServedApp, new_log: Callable[[], str], endpoint: str, data: list[Any], sentence: str
) -> None:
    event, _, answer = call(served_app.url, endpoint, *data).partition("\n")
    assert event == "event: error"
    assert sentence in json.loads(answer.removeprefix("data: "))["error"]
    assert "Traceback" not in new_log() and "holiday" not in new_log()


@pytest.mark.parametrize("path", ["call/holiday", "call/v2/holiday", "run/holiday"])
def test_an_endpoint_that_does_not_exist_gives_404(
    served_app: ServedApp, new_log: Callable[[], str], path: str
) -> None:
    status, answer = post_json(served_app.url, f"/gradio_api/{path}", b'{"data":[]}')
    assert status == 404 and json.loads(answer)["detail"].startswith("This app has no such endpoint")
    assert "Traceback" not in new_log() and "holiday" not in new_log()


@pytest.mark.parametrize(("route", "sentence"), [("run", b"queue"), ("api", b"no such page")])
@pytest.mark.parametrize("endpoint", ["predict_image", "predict_video"])
def test_nobody_goes_past_the_queue(served_app: ServedApp, route: str, sentence: bytes, endpoint: str) -> None:
    (path,) = json.loads(upload(served_app.url, "a.jpg", b"any")[1])
    body = json.dumps({"data": [FILE | {"path": path}, *[0, 0, 0][: 3 * (endpoint == "predict_video")]]}).encode()
    status, answer = post_json(served_app.url, f"/gradio_api/{route}/{endpoint}", body)
    assert status == 404 and sentence in answer


def test_a_session_with_a_long_name_is_not_remembered(served_app: ServedApp) -> None:
    body = json.dumps({"data": [FILE], "fn_index": 1, "session_hash": "s" * 5_000_000}).encode()
    status, answer = post_json(served_app.url, "/gradio_api/queue/join", body)
    assert status == 422 and b"at most 100 characters" in answer


def test_an_unknown_session_is_not_logged(served_app: ServedApp, new_log: Callable[[], str]) -> None:
    for path in ("queue/data?session_hash=unknown", "call/predict_image/unknown"):
        status, answer = ask(served_app.url, f"/gradio_api/{path}")
        assert status == 200 and b"404" in answer
    assert "Traceback" not in new_log() and "unknown" not in new_log()


def test_a_body_that_is_refused_in_the_middle_gets_its_sentence(served_app: ServedApp) -> None:
    body = b'{"data":["' + b"x" * 12_000_000 + b'"]}'
    status, answer = post_json(served_app.url, "/gradio_api/call/predict_image", body)
    assert status == 413 and b"limit of 10 MB" in answer


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


def test_programs_read_english_labels_and_not_placeholders() -> None:
    with SafeBlocks() as page:
        box = gr.Textbox(label=text("model"))  # type: ignore[arg-type]
        gr.Button().click(lambda value: value, box, box, api_name="repeat")
    endpoint = page.get_api_info()["named_endpoints"]["/repeat"]
    assert [endpoint[part][0]["label"] for part in ("parameters", "returns")] == ["Model", "Model"]

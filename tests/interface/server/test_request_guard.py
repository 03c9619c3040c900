"""The border between visitors and the program: errors as sentences, limits, counts."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from interface.server.request_guard import RequestGuard
from interface.server.storage import UploadStorage
from model.errors import BundleError, ImageError, Sentence

UNEXPECTED = "Something went wrong on our side. Try again, or try another file."


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RequestGuard:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return RequestGuard(3, UploadStorage(1))


def request(host: str = "10.0.0.1", **more: object) -> gr.Request:
    request = gr.Request()
    parts = {"client": SimpleNamespace(host=host), "headers": {}, "query_params": {}, **more}
    vars(request)["request"] = SimpleNamespace(**parts)
    return request


def asked_by(guard: RequestGuard, host: str, times: int) -> None:
    for _ in range(times):
        with guard.handle(request(host), "predict_image"):
            pass


def test_a_users_mistake_is_told_in_its_own_words(guard: RequestGuard) -> None:
    with pytest.raises(gr.Error) as caught, guard.handle(None, "predict_image"):
        raise ImageError("“<img src=x>” is not an image.")
    assert caught.value.message == "“&lt;img src=x&gt;” is not an image."
    assert guard.counts() == {"refused": 1}


def test_a_users_mistake_is_told_in_their_language(guard: RequestGuard) -> None:
    spanish = request(query_params={"lang": "es"})
    template = "{name} is an empty file. Choose an image file with content."
    with pytest.raises(gr.Error) as caught, guard.handle(spanish, "predict_image"):
        raise ImageError(Sentence(template, name="“<i>.png”"))
    assert caught.value.message == "“&lt;i&gt;.png” es un archivo vacío. Elige una imagen con contenido."


@pytest.mark.parametrize("error", [BundleError("“/home/me” is broken"), OSError("/home/me"), KeyError("/home/me")])
def test_what_a_visitor_cannot_mend_is_logged(
    guard: RequestGuard, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(gr.Error) as caught, guard.handle(None, "predict_image"):
        raise error
    assert caught.value.message == UNEXPECTED
    assert "test_what_a_visitor_cannot_mend_is_logged" in caplog.text and type(error).__name__ in caplog.text
    assert ("is broken" in caplog.text) == isinstance(error, BundleError)  # which is about no visitor
    assert guard.counts() == {"failed": 1}


def test_an_unforeseen_error_is_logged_with_its_causes_and_without_its_words(
    guard: RequestGuard, caplog: pytest.LogCaptureFixture
) -> None:
    """The words may hold the name of a visitor's file."""

    def deep_within() -> None:
        raise FileNotFoundError(2, "No such file", "holiday.jpg")

    with pytest.raises(gr.Error), guard.handle(None, "predict_image"):
        try:
            deep_within()
        except OSError as error:
            raise ValueError("holiday.jpg") from error
    assert "FileNotFoundError" in caplog.text and "deep_within" in caplog.text and "ValueError" in caplog.text
    assert "No such file: 'holiday.jpg'" not in caplog.text and "ValueError: holiday" not in caplog.text


def test_a_full_disk_is_told_and_old_files_go(guard: RequestGuard, tmp_path: Path) -> None:
    old, new = tmp_path / "old.png", tmp_path / "new.png"
    for path in (old, new):
        path.write_bytes(b"x")
    with pytest.MonkeyPatch.context() as patch:
        later = new.stat().st_ctime + 61
        patch.setattr("interface.server.storage.time.time", lambda: later)
        os.utime(new, (later, later))
        with pytest.raises(gr.Error, match="no room for files"), guard.handle(None, "predict_video"):
            raise OSError(errno.ENOSPC, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["new.png"]


def test_leaving_is_not_an_error(guard: RequestGuard, caplog: pytest.LogCaptureFixture) -> None:
    def stream() -> Generator[int]:
        with guard.handle(None, "predict_video"):
            yield 1
            yield 2

    answers = stream()
    next(answers)
    answers.close()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert guard.counts() == {"left": 1}


def test_a_visitor_who_asks_too_often_is_told(guard: RequestGuard) -> None:
    asked_by(guard, "10.0.0.1", 3)
    with pytest.raises(gr.Error, match="At most 3 requests a minute"):
        asked_by(guard, "10.0.0.1", 1)
    asked_by(guard, "10.0.0.2", 3)


def test_a_minute_later_a_visitor_is_served_again(guard: RequestGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_by(guard, "10.0.0.1", 3)
    now = __import__("time").monotonic()
    monkeypatch.setattr("interface.server.rate_limit.time.monotonic", lambda: now + 61)
    asked_by(guard, "10.0.0.2", 1)
    assert list(guard._rate_limit._recent) == ["10.0.0.2"]  # nobody is remembered for longer
    asked_by(guard, "10.0.0.1", 3)


def test_behind_a_spaces_proxy_the_visitor_is_who_it_forwards_for(
    guard: RequestGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/flags")
    for number in range(5):
        forwarded = request("10.0.0.9", headers={"x-forwarded-for": f"198.51.100.{number}, 10.0.0.9"})
        with guard.handle(forwarded, "predict_image"):
            pass
    assert guard.counts() == {"answered": 5}


def test_the_log_has_a_line_a_request_and_nothing_of_the_visitor(
    guard: RequestGuard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "vistazo.requests"):
        asked_by(guard, "10.0.0.1", 1)
    line = json.loads(caplog.records[-1].message)
    assert line.pop("milliseconds") >= 0
    assert line == {"event": "request", "endpoint": "predict_image", "outcome": "answered"}

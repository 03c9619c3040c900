"""After SIGTERM visitors may finish: `VISTAZO_DRAIN_SECONDS`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from itertools import chain, repeat
from pathlib import Path

import pytest

from interface.server import draining
from interface.server.draining import drain_seconds, wait_for_visitors
from model.errors import SettingsError
from tests.support.serving import ROOT, answers, ask, asked_as_a_browser, environment, free_port, wait_until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only waiting moves."""
    now = [0.0]
    monkeypatch.setattr(draining.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(draining.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_the_app_ends_ten_seconds_after_the_last_request(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISTAZO_DRAIN_SECONDS", "100")
    busy = chain(repeat(False, 20), repeat(True, 100), repeat(False))

    wait_for_visitors(lambda: next(busy))

    assert clock[0] == pytest.approx(24 + 10, abs=0.5)


def test_a_request_that_does_not_end_is_waited_for_as_long_as_was_said(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISTAZO_DRAIN_SECONDS", "30")

    wait_for_visitors(lambda: True)

    assert clock[0] == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "٣"])
def test_a_time_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISTAZO_DRAIN_SECONDS", text)

    with pytest.raises(SettingsError, match="VISTAZO_DRAIN_SECONDS should be a whole number of seconds"):
        drain_seconds()


@pytest.mark.nightly
def test_a_terminated_app_says_so_and_finishes_the_clip_that_it_reads(long_clip: Path, tmp_path: Path) -> None:
    port, found = free_port(), []
    url = f"http://127.0.0.1:{port}/"
    variables = environment(tmp_path) | {"VISTAZO_DRAIN_SECONDS": "300"}
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=variables)
    try:
        wait_until(lambda: answers(f"{url}healthz") or process.poll() is not None)
        content = long_clip.read_bytes()
        visitor = threading.Thread(
            target=lambda: found.append(asked_as_a_browser(url, "predict_video", "clip.mp4", content, 300))
        )
        visitor.start()
        wait_until(lambda: json.loads(ask(url, "/healthz")[1])["running"] == 1)

        process.terminate()
        wait_until(lambda: ask(url, "/healthz")[0] == 404)
        visitor.join()

        assert "event: complete" in found[0]
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()

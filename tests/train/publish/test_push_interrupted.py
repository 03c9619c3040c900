"""Publishing that is killed or stopped: one commit or none, and the next push goes on where it ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.fake_hub.pushing import (
    COMMIT,
    CREATE,
    LOOK,
    OPTIONS,
    REPOSITORY,
    SPACE,
    SPACE_COMMIT,
    TAG,
    UPLOAD,
    VARIABLE,
    Push,
    StartPush,
    published,
    result,
    titles,
)
from tests.fake_hub.server import Hub

pytestmark = pytest.mark.usefixtures("bare_hub")


def test_a_push_that_is_killed_at_one_request_after_the_other_goes_on_each_time(
    hub: Hub, push: Push, start_push: StartPush
) -> None:
    def kill(match: str, once: Callable[[], bool] = lambda: True, **fault: Any) -> None:
        """Start a push, kill it while a request that matches is under way, and see that it sent no file again."""
        whole, met, ended = set(hub.uploads), threading.Event(), threading.Event()
        hub.fail(match, then=lambda: _hold_if(once(), met, ended), **fault)
        running = start_push(*OPTIONS)
        try:
            assert met.wait(60), match
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait()
            ended.set()
        assert not [r for r in hub.requests(UPLOAD) if r.split("/")[2] in whole], "what was uploaded is not sent again"
        hub.recover()

    reset: dict[str, Any] = {"times": 1, "reset": True}
    kill(r"POST /api/models/.*/preupload/", **reset)
    kill(r"PUT /part/.*/1$", **reset)
    kill(r"PUT /part/.*/2$", **reset)
    kill(COMMIT, **reset)
    assert not titles(hub)
    hub.fail(COMMIT, times=1, lose=True)
    kill(LOOK, once=lambda: bool(titles(hub)))  # the commit is made, and nobody is left to hear of it
    assert len(titles(hub)) == 1
    for match in (TAG, CREATE, SPACE_COMMIT, VARIABLE):
        kill(match, **reset)
    shown = result(push(*OPTIONS))

    assert titles(hub) == [f"Publish {shown['version']}"]
    assert hub.repositories[REPOSITORY].references[shown["version"]] == shown["commit"]
    space = hub.repositories[f"spaces/{SPACE}"]
    assert len(space.titles) == 1 and space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}


@pytest.mark.parametrize("match", [COMMIT, *(pytest.param(m, marks=pytest.mark.nightly) for m in (UPLOAD, TAG))])
def test_ctrl_c_leaves_nothing_half_and_says_so(hub: Hub, push: Push, start_push: StartPush, match: str) -> None:
    met, ended = threading.Event(), threading.Event()
    hub.fail(match, times=1, reset=True, then=lambda: _hold_if(True, met, ended))
    running = start_push()
    try:
        assert met.wait(60)
        running.send_signal(signal.SIGINT)
        done = running.wait()
    finally:
        ended.set()

    assert done.returncode == 130
    assert "Interrupted; readers see the old commit or the new one. The same command goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert bool(titles(hub)) == (match == TAG)
    assert set(published(hub)) == {".gitattributes"} or set(published(hub)) > {"model.tflite", "manifest.json"}
    shown = result(push())
    assert titles(hub) == [f"Publish {shown['version']}"]


def _hold_if(wanted: bool, met: threading.Event, ended: threading.Event) -> None:
    if wanted:
        met.set()
        ended.wait(60)

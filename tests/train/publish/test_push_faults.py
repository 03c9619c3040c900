"""Publishing on a Hub that fails: one commit or none, one sentence about it, and the next push goes on."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.pulling import DOWN
from tests.fake_hub.pushing import (
    COMMIT,
    CREATE,
    LOOK,
    MOMENTS,
    REPOSITORY,
    SHORT,
    SPACE,
    TAG,
    UPLOAD,
    VARIABLE,
    Push,
    StartPush,
    other_version,
    published,
    result,
    titles,
)
from tests.fake_hub.server import Hub, corrupted, dripping
from tests.fake_hub.writing import READ_TOKEN
from tests.support.cases import rotating

OPTIONS = ("--space", SPACE)


@pytest.fixture(autouse=True)
def _bare(hub: Hub) -> None:
    hub.dialect.add("bare")


@pytest.mark.parametrize(
    ("match", "status", "sentence"),
    [
        (LOOK, 401, "does not accept the token (401)"),
        (LOOK, 403, "The token may not write to “somebody/flags” (403)"),
        (CREATE, 401, "does not accept the token (401)"),
        (CREATE, 402, "asks for a paid plan"),
        (CREATE, 403, "needs the right to write to those of “somebody”"),
        (r"POST /api/models/.*/preupload/", 403, "needs the right to write"),
        (COMMIT, 403, "needs the right to write"),
        (COMMIT, 404, "no “somebody/flags” that the token may write to"),
        (COMMIT, 409, "Another change of “somebody/flags” is under way"),
        (COMMIT, 412, "Somebody else has changed “somebody/flags”"),
        (UPLOAD, 422, "did not arrive whole (status 422)"),
        (UPLOAD, 403, "storage did not take a file for “somebody/flags” (status 403)"),
    ],
)
def test_a_refusal_is_one_sentence_and_nothing_is_written(
    hub: Hub, push: Push, match: str, status: int, sentence: str
) -> None:
    hub.fail(match, status=status)
    done = push()

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ") and sentence in done.stderr
    assert REPOSITORY not in hub.repositories or not titles(hub)


def test_without_a_token_it_says_that_one_is_needed(push: Push) -> None:
    done = push(token="")
    assert done.returncode == 2
    assert "Publishing needs a token with the right to write" in done.stderr


def test_a_token_that_may_only_read_gets_the_missing_right_named(push: Push) -> None:
    done = push(token=READ_TOKEN)
    assert done.returncode == 2
    assert "needs the right to write" in done.stderr


PASSING_FAULTS: list[dict[str, Any]] = [
    {"status": 500, "times": 3},
    {"status": 429, "times": 1, "headers": {"Retry-After": "86400"}},
    {"reset": True, "times": 1},
    {"lose": True, "times": 1},
]
FAULT_NAMES = ["500", "429", "reset", "lost"]


@pytest.mark.parametrize(("match", "fault"), rotating(list(MOMENTS), PASSING_FAULTS, FAULT_NAMES))
def test_a_fault_that_passes_is_outlasted_with_one_commit(hub: Hub, push: Push, match: str, fault: Any) -> None:
    hub.fail(match, **fault)
    shown = result(push(*MOMENTS[match]))

    assert hub.requests(match)
    assert len(titles(hub)) == 1
    assert shown["version"] in hub.repositories[REPOSITORY].references or shown["pull_request"]
    if SPACE in MOMENTS[match]:
        assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}


@pytest.mark.parametrize("match", [COMMIT, UPLOAD])
def test_a_request_that_matters_most_survives_every_fault_at_once(hub: Hub, push: Push, match: str) -> None:
    for fault in PASSING_FAULTS[2:]:
        hub.fail(match, **fault)
    result(push())

    assert len(titles(hub)) == 1


def test_an_upload_that_arrives_damaged_is_sent_again(hub: Hub, push: Push) -> None:
    hub.fail("PUT /part/", status=400, times=1)
    hub.fail("POST /complete/", status=422, times=1)
    shown = result(push())
    assert published(hub)["model.tflite"] == (EMBEDDED / "model.tflite").read_bytes()
    assert titles(hub) == [f"Publish {shown['version']}"]


@pytest.mark.parametrize(("match", "status"), [(UPLOAD, 403), (r"POST /verify", 404), (r"POST /complete/", 409)])
def test_a_refusal_of_the_storage_is_outlasted(hub: Hub, push: Push, match: str, status: int) -> None:
    hub.fail(match, status=status, times=1)
    result(push())
    assert len(titles(hub)) == 1


@pytest.mark.parametrize("match", [CREATE, TAG])
def test_what_exists_according_to_the_hub_but_does_not_is_made(hub: Hub, push: Push, match: str) -> None:
    hub.fail(match, status=409, times=2)
    shown = result(push())
    assert len(titles(hub)) == 1
    assert hub.repositories[REPOSITORY].references[shown["version"]] == shown["commit"]


def test_a_response_that_drips_is_given_up_and_asked_for_anew(hub: Hub, push: Push) -> None:
    hub.fail(r"POST /api/models/.*/preupload/", times=1, body=dripping)
    result(push(call_seconds=3))
    assert len(titles(hub)) == 1


@pytest.mark.parametrize(
    ("match", "fault"),
    rotating(
        ["HEAD .*README", "GET .*cache.*README", "HEAD .*manifest"],
        [{"status": 500, "times": 3}, {"reset": True, "times": 1}, {"stall": 1, "times": 1}],
        ids=["500", "reset", "stall"],
    ),
)
def test_a_fault_while_the_last_push_is_looked_at_is_outlasted(
    hub: Hub, push: Push, match: str, fault: Any, tmp_path: Path
) -> None:
    result(push())
    hub.fail(match, **fault)
    shown = result(push(bundle=other_version(tmp_path), request_seconds=0.4))

    assert hub.requests(match)
    assert titles(hub)[1:] == [f"Publish {shown['version']}"]


@pytest.mark.nightly
def test_a_stall_of_every_request_is_outlasted_with_one_commit(hub: Hub, push: Push) -> None:
    for moment in MOMENTS:
        hub.fail(moment, stall=1, times=1)
    shown = result(push("--space", SPACE, request_seconds=0.4))

    assert len(titles(hub)) == 1
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}


@pytest.mark.parametrize(
    ("match", "fault"),
    rotating(
        [COMMIT, UPLOAD, CREATE, TAG, VARIABLE],
        [{"stall": 30}, {"status": 500}, {"reset": True}],
        ids=["stall", "500", "reset"],
    ),
)
def test_a_fault_without_end_ends_in_a_sentence_and_the_next_push_goes_on(
    hub: Hub, push: Push, match: str, fault: Any
) -> None:
    hub.fail(match, **fault)
    done = push(*MOMENTS[match], call_seconds=SHORT)

    assert done.returncode == 2
    assert re.search("(reports an error|did not respond in time|cannot be reached)", done.stderr.splitlines()[-1])
    if match in (TAG, VARIABLE):  # what is done already is said
        assert f"published at commit {hub.repositories[REPOSITORY].references['main']}" in done.stderr
    hub.recover()
    shown = result(push(*MOMENTS[match]))
    assert len(titles(hub)) == 1
    assert shown["version"] in hub.repositories[REPOSITORY].references


@pytest.mark.parametrize(
    ("match", "status", "sentence"),
    [
        (TAG, 403, "” yet. The token may not write to “somebody/flags” (403)"),
        (
            r"POST /api/spaces/somebody/show/commit/",
            403,
            "its Space is not. The token may not write to “somebody/show”",
        ),
        (VARIABLE, 403, "or set VISTAZO_MODEL to somebody/flags@"),
    ],
)
def test_a_refusal_after_the_commit_says_what_is_published(
    hub: Hub, push: Push, match: str, status: int, sentence: str
) -> None:
    hub.fail(match, status=status)
    done = push(*MOMENTS[match])

    assert done.returncode == 2
    assert sentence in done.stderr
    assert f"The model is published at commit {hub.repositories[REPOSITORY].references['main']}" in done.stderr


def test_offline_mode_is_one_sentence(hub: Hub, push: Push) -> None:
    done = push(prelude="import huggingface_hub; huggingface_hub.constants.HF_HUB_OFFLINE = True")
    assert done.returncode == 2
    assert done.stderr == "error: HF_HUB_OFFLINE is set: the Hub was not asked for “somebody/flags”.\n"
    assert hub.log == []


def test_a_hub_that_is_down_is_one_sentence(push: Push) -> None:
    done = push(prelude=DOWN)
    assert done.returncode == 2
    assert "error: The Hub cannot be reached for “somebody/flags”" in done.stderr


def test_a_hub_that_goes_down_in_the_middle_leaves_one_commit_or_none(hub: Hub, push: Push) -> None:
    hub.fail(COMMIT, times=1, reset=True, then=lambda: hub.fail("", reset=True))
    done = push(call_seconds=SHORT)
    assert done.returncode == 2 and "Whether the commit was made is not known" in done.stderr
    hub.recover()
    result(push())
    assert len(titles(hub)) == 1


KILLED_AT = [r"POST /api/models/.*/preupload/", r"PUT /part/.*/1$", r"PUT /part/.*/2$", COMMIT, TAG]
KILLED_AT_SPACE = [r"POST /api/repos/create", r"POST /api/spaces/somebody/show/commit/", VARIABLE]


@pytest.mark.parametrize(("match", "lose"), [*((m, False) for m in KILLED_AT + KILLED_AT_SPACE), (COMMIT, True)])
def test_a_push_that_was_killed_is_continued(
    hub: Hub, push: Push, start_push: StartPush, match: str, lose: bool
) -> None:
    if match == KILLED_AT_SPACE[0]:
        hub.commit(REPOSITORY, files={".gitattributes": b""})  # so that only the Space has to be made
    met, ended = threading.Event(), threading.Event()
    if lose:  # the commit is made, and nobody is left to hear of it
        hub.fail(COMMIT, times=1, lose=True)
        hub.fail(LOOK, then=lambda: _hold_if(bool(titles(hub)), met, ended))
    else:
        hub.fail(match, times=1, reset=True, then=lambda: _hold_if(True, met, ended))
    running = start_push(*OPTIONS)
    try:
        assert met.wait(60)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
        ended.set()
    hub.recover()
    whole = set(hub.uploads)
    shown = result(push(*OPTIONS))

    assert titles(hub) == [f"Publish {shown['version']}"]
    assert hub.repositories[REPOSITORY].references[shown["version"]] == shown["commit"]
    space = hub.repositories[f"spaces/{SPACE}"]
    assert len(space.titles) == 1 and space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}
    assert not [r for r in hub.requests(UPLOAD) if r.split("/")[2] in whole], "what was uploaded is not sent again"


@pytest.mark.parametrize("match", [UPLOAD, COMMIT, TAG])
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


def test_a_card_that_arrives_damaged_is_fetched_again(hub: Hub, push: Push) -> None:
    result(push())
    card = published(hub)["README.md"] + b"\nBy hand.\n"
    hub.commit(REPOSITORY, files={**published(hub), "README.md": card})
    hub.fail("GET .*cache.*README", times=1, body=corrupted)
    result(push("--license", "mit"))
    assert published(hub)["README.md"].endswith(b"\nBy hand.\n")

    card += b"And once more.\n"
    hub.commit(REPOSITORY, files={**published(hub), "README.md": card})
    hub.fail("GET .*cache.*README", body=corrupted)
    done = push("--license", "apache-2.0")
    assert done.returncode == 2 and "arrives damaged" in done.stderr
    assert published(hub)["README.md"] == card


def _hold_if(wanted: bool, met: threading.Event, ended: threading.Event) -> None:
    if wanted:
        met.set()
        ended.wait(60)

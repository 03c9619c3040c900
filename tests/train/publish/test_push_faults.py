"""Publishing on a Hub that fails: one commit or none, one sentence about it, and the next push goes on."""

from __future__ import annotations

import re
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
    OPTIONS,
    REPOSITORY,
    SHORT,
    SPACE,
    SPACE_COMMIT,
    TAG,
    UPLOAD,
    VARIABLE,
    Push,
    other_version,
    published,
    result,
    titles,
)
from tests.fake_hub.server import Hub, corrupted, dripping
from tests.fake_hub.writing import READ_TOKEN

pytestmark = pytest.mark.usefixtures("bare_hub")


@pytest.mark.parametrize(
    ("match", "status", "sentence"),
    [
        (LOOK, 401, "does not accept the token (401)"),
        (CREATE, 402, "asks for a paid plan"),
        (COMMIT, 403, "needs the right to write"),
        (COMMIT, 409, "Another change of “somebody/flags” is under way"),
        (UPLOAD, 422, "did not arrive whole (status 422)"),
        *(
            pytest.param(*refusal, marks=pytest.mark.nightly)
            for refusal in (
                (LOOK, 403, "The token may not write to “somebody/flags” (403)"),
                (CREATE, 401, "does not accept the token (401)"),
                (CREATE, 403, "needs the right to write to those of “somebody”"),
                (r"POST /api/models/.*/preupload/", 403, "needs the right to write"),
                (COMMIT, 404, "no “somebody/flags” that the token may write to"),
                (COMMIT, 412, "Somebody else has changed “somebody/flags”"),
                (UPLOAD, 403, "storage did not take a file for “somebody/flags” (status 403)"),
            )
        ),
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


TO_SPACE = [moment for moment, options in MOMENTS.items() if options in ((), OPTIONS)]
PASSING_FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500, "times": 3},
    "lost": {"lose": True, "times": 1},
    "reset": {"reset": True, "times": 1},
    "429": {"status": 429, "times": 1, "headers": {"Retry-After": "86400"}},
}


@pytest.mark.parametrize(
    ("fault", "moments"),
    [
        ("500", TO_SPACE),
        ("lost", TO_SPACE),
        pytest.param("reset", TO_SPACE, marks=pytest.mark.nightly),
        ("429", [UPLOAD, COMMIT, VARIABLE]),
    ],
    ids=["500", "lost", "reset", "429"],
)
def test_a_fault_of_every_request_that_passes_is_outlasted_with_one_commit(
    hub: Hub, push: Push, fault: str, moments: list[str]
) -> None:
    for moment in moments:
        hub.fail(moment, **PASSING_FAULTS[fault])
    shown = result(push(*OPTIONS))

    assert all(hub.requests(moment) for moment in moments)
    assert titles(hub) == [f"Publish {shown['version']}"]
    assert hub.repositories[REPOSITORY].references[shown["version"]] == shown["commit"]
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}


@pytest.mark.parametrize("match", [moment for moment in MOMENTS if moment not in TO_SPACE])
def test_a_fault_that_passes_at_a_branch_or_a_pull_request_is_outlasted(hub: Hub, push: Push, match: str) -> None:
    hub.fail(match, **PASSING_FAULTS["lost"])
    result(push(*MOMENTS[match]))

    assert len(hub.requests(match)) >= 2
    assert len(titles(hub)) == 1


@pytest.mark.nightly
@pytest.mark.parametrize("fault", PASSING_FAULTS)
@pytest.mark.parametrize("match", MOMENTS)
def test_a_fault_of_one_request_that_passes_is_outlasted_with_one_commit(
    hub: Hub, push: Push, match: str, fault: str
) -> None:
    hub.fail(match, **PASSING_FAULTS[fault])
    shown = result(push(*MOMENTS[match]))

    assert hub.requests(match)
    assert len(titles(hub)) == 1
    assert shown["version"] in hub.repositories[REPOSITORY].references or shown["pull_request"]


@pytest.mark.nightly
@pytest.mark.parametrize("match", [COMMIT, UPLOAD])
def test_a_request_that_matters_most_survives_a_loss_and_a_reset(hub: Hub, push: Push, match: str) -> None:
    for fault in ("reset", "lost"):
        hub.fail(match, **PASSING_FAULTS[fault])
    result(push())

    assert len(titles(hub)) == 1


def test_an_upload_that_arrives_damaged_is_sent_again(hub: Hub, push: Push) -> None:
    hub.fail("PUT /part/", status=400, times=1)
    hub.fail("POST /complete/", status=422, times=1)
    shown = result(push())
    assert published(hub)["model.tflite"] == (EMBEDDED / "model.tflite").read_bytes()
    assert titles(hub) == [f"Publish {shown['version']}"]


def test_refusals_of_the_storage_are_outlasted(hub: Hub, push: Push) -> None:
    for match, status in ((UPLOAD, 403), (r"POST /verify", 404), (r"POST /complete/", 409)):
        hub.fail(match, status=status, times=1)
    result(push())
    assert len(titles(hub)) == 1


def test_what_exists_according_to_the_hub_but_does_not_is_made(hub: Hub, push: Push) -> None:
    for match in (CREATE, TAG):
        hub.fail(match, status=409, times=2)
    shown = result(push())
    assert len(titles(hub)) == 1
    assert hub.repositories[REPOSITORY].references[shown["version"]] == shown["commit"]


@pytest.mark.nightly
def test_a_response_that_drips_is_given_up_and_asked_for_anew(hub: Hub, push: Push) -> None:
    hub.fail(r"POST /api/models/.*/preupload/", times=1, body=dripping)
    result(push(call_seconds=3))
    assert len(titles(hub)) == 1


def test_faults_while_the_last_push_is_looked_at_are_outlasted(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push())
    faults: dict[str, dict[str, Any]] = {
        "HEAD .*README": {"status": 500, "times": 3},
        "GET .*cache.*README": {"reset": True, "times": 1},
        "HEAD .*manifest": {"stall": 1, "times": 1},
    }
    for match, fault in faults.items():
        hub.fail(match, **fault)
    shown = result(push(bundle=other_version(tmp_path), request_seconds=0.4))

    assert all(len(hub.requests(match)) >= 2 for match in faults)
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
    [
        (COMMIT, {"stall": 30}),
        (VARIABLE, {"status": 500}),
        *(
            pytest.param(match, fault, marks=pytest.mark.nightly)
            for match, fault in ((UPLOAD, {"status": 500}), (CREATE, {"reset": True}), (TAG, {"stall": 30}))
        ),
    ],
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
        (VARIABLE, 403, "or set VISTAZO_MODEL to somebody/flags@"),
        *(
            pytest.param(*refusal, marks=pytest.mark.nightly)
            for refusal in (
                (TAG, 403, "” yet. The token may not write to “somebody/flags” (403)"),
                (SPACE_COMMIT, 403, "its Space is not. The token may not write to “somebody/show”"),
            )
        ),
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
    assert done.returncode == 2 and "arrived damaged" in done.stderr
    assert published(hub)["README.md"] == card

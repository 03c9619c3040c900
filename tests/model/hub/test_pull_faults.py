"""Pulling a model from a Hub that fails: nothing is lost, and one sentence says what happened."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import Client
from tests.fake_hub.pulling import (
    DOWN,
    INFO,
    NEEDED,
    NETWORK,
    NO_COPY,
    REPOSITORY,
    SHORT,
    Pull,
    StartPull,
    of_embedded,
    pull_command,
)
from tests.fake_hub.pushing import other_version
from tests.fake_hub.server import Hub, corrupted, dripping, halting, truncated

SMALL_FILE = r"GET .*cache.*config\.json"

# A Hub that fails


EVERY_REQUEST = [INFO, "HEAD .*config", r"GET .*labels\.txt", "HEAD .*tflite", NETWORK]


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}], ids=["500", "reset"])
def test_three_failures_of_every_request_are_outlasted(
    fault: dict[str, Any], hub: Hub, commit: str, pull: Pull
) -> None:
    for request in EVERY_REQUEST:
        hub.fail(request, times=3, **fault)

    assert pull().commit == commit
    assert all(len(hub.requests(request)) >= 4 for request in EVERY_REQUEST)


def test_a_hub_that_asks_for_a_long_pause_is_asked_again_soon(hub: Hub, commit: str, pull: Pull) -> None:
    for request, pause in ((INFO, "86400"), ("HEAD .*tflite", "Thu, 31 Dec 2099 23:59:59 GMT"), (NETWORK, "86400")):
        headers = {"Retry-After": pause, "RateLimit": '"api";r=0;t=86400'}
        hub.fail(request, times=1, status=429, headers=headers)

    assert pull().commit == commit


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "500": ({"status": 500}, "status 500"),
    "429": ({"status": 429, "headers": {"Retry-After": "86400"}}, "is limiting requests"),
    "stall": ({"stall": 30}, "did not respond in time"),
    "reset": ({"reset": True}, "cannot be reached|in time"),
    "truncated": ({"body": truncated}, "cannot be reached|cannot be used|in time"),
    "halting": ({"body": halting}, "did not respond in time"),
    "dripping": ({"body": dripping}, "did not respond in time"),
}


@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("429", INFO),
        ("500", NETWORK),
        ("stall", INFO),
        ("truncated", NETWORK),
        ("dripping", NETWORK),
        pytest.param("reset", INFO, marks=pytest.mark.nightly),
        pytest.param("halting", NETWORK, marks=pytest.mark.nightly),
    ],
)
def test_a_failure_without_end_ends_in_a_sentence(kind: str, moment: str, hub: Hub, commit: str, pull: Pull) -> None:
    fault, sentence = FAULTS[kind]
    hub.fail(moment, **fault)

    pulled = pull(seconds=SHORT)
    assert pulled.error and re.search(sentence, pulled.error) and f"“{REPOSITORY}”" in pulled.error
    assert pulled.temporary and pulled.error.endswith(NO_COPY)


@pytest.mark.parametrize(
    "kind", ["500", *(pytest.param(kind, marks=pytest.mark.nightly) for kind in ("stall", "reset"))]
)
def test_a_failure_with_a_copy_in_the_cache(kind: str, hub: Hub, commit: str, pull: Pull) -> None:
    pull()
    hub.commit(REPOSITORY, EMBEDDED)
    hub.fail("", **FAULTS[kind][0])

    pulled = pull(seconds=SHORT)
    assert pulled.commit == commit and pulled.note and f"Offline copy of commit {commit}" in pulled.note


def test_a_hub_that_is_down(hub: Hub, commit: str, pull: Pull) -> None:
    cold = pull(prelude=DOWN)
    assert cold.error and f"cannot be reached for “{REPOSITORY}”" in cold.error and cold.temporary
    assert len(cold.retries) == 3
    pull()
    warm = pull(prelude=DOWN)
    assert warm.commit == commit and warm.note and f"Offline copy of commit {commit}" in warm.note


def test_offline_mode(hub: Hub, commit: str, pull: Pull, client: Client, tmp_path: Path) -> None:
    offline = pull_command(REPOSITORY, client.home, hub, tmp_path, HF_HUB_OFFLINE="1")
    cold = json.loads(subprocess.run(**offline, timeout=60, check=True).stdout)
    assert "HF_HUB_OFFLINE is set" in cold["error"] and not cold["temporary"]
    pull()
    hub.recover()
    warm = pull(prelude="import huggingface_hub; huggingface_hub.constants.HF_HUB_OFFLINE = True")
    assert warm.note and f"Offline copy of commit {commit}" in warm.note
    assert hub.log == []


# Downloads that go wrong


@pytest.mark.parametrize("dialect", [set(), {"whole"}], ids=["parts", "whole"])
def test_truncated_files_are_resumed(dialect: set[str], hub: Hub, commit: str, pull: Pull) -> None:
    hub.dialect |= dialect
    for file in (SMALL_FILE, NETWORK):
        hub.fail(file, times=1, body=truncated)

    assert pull().commit == commit
    assert all(len(hub.requests(file)) >= 2 for file in (SMALL_FILE, NETWORK))


def test_corrupted_files_are_fetched_once_more(hub: Hub, commit: str, pull: Pull) -> None:
    def other_card(content: bytes) -> list[bytes]:  # a place of the manifest that no pull reads
        digest = json.loads(content)["files"]["model.weights.h5"]["sha256"].encode()
        return [content.replace(digest, digest[::-1])]

    corruptions = {SMALL_FILE: corrupted, NETWORK: corrupted, r"GET .*cache.*manifest\.json": other_card}
    for file, corruption in corruptions.items():
        hub.fail(file, times=1, body=corruption)

    directory = pull().directory
    assert directory and (directory / "manifest.json").read_bytes() == of_embedded("manifest.json")
    assert [len(hub.requests(file)) for file in corruptions] == [2, 2, 2]


def test_a_file_that_drips_is_given_up_and_fetched_anew(hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(r"GET .*cache.*labels\.txt", times=1, body=dripping)

    pulled = pull(seconds=2)
    assert pulled.commit == commit and pulled.retries


def test_a_file_that_is_corrupted_each_time_is_not_served(hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(NETWORK, body=corrupted)

    pulled = pull()
    assert (
        pulled.error and "“model.tflite” of “somebody/flags” arrived damaged" in pulled.error and commit in pulled.error
    )
    assert pulled.temporary, "the app waits and tries again"
    assert len(hub.requests(NETWORK)) == 2
    hub.recover()
    assert pull().commit == commit


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        *(
            pytest.param(damage, marks=pytest.mark.nightly)
            for damage in (lambda content: b"", lambda content: bytes([content[0] ^ 1]) + content[1:])
        ),
    ],
    ids=["half", "empty", "changed"],
)
def test_damaged_and_missing_files_of_the_cache_are_repaired(
    damage: Callable[[bytes], bytes], hub: Hub, commit: str, pull: Pull
) -> None:
    directory = pull().directory
    assert directory
    damaged = ["model.tflite", "config.json", "manifest.json", "labels.es.txt"]
    for name in damaged:
        (directory / name).resolve().write_bytes(damage(of_embedded(name)))
    (directory / "labels.fr.txt").resolve().unlink()
    hub.recover()

    assert pull().commit == commit
    assert all((directory / name).read_bytes() == of_embedded(name) for name in [*damaged, "labels.fr.txt"])


@pytest.mark.parametrize(
    "content",
    [b"../../elsewhere", *(pytest.param(c, marks=pytest.mark.nightly) for c in (b"\xff\x00\xfe", b"0" * 40))],
)
def test_a_damaged_reference_to_the_branch_is_repaired(
    content: bytes, hub: Hub, commit: str, pull: Pull, client: Client
) -> None:
    pull()
    reference = client.home / "hub" / "models--somebody--flags" / "refs" / "main"
    reference.write_bytes(content)

    assert pull().commit == commit
    assert reference.read_bytes() == commit.encode()


def test_two_programs_that_pull_at_once_both_get_it(
    hub: Hub, commit: str, pull: Pull, client: Client, tmp_path: Path
) -> None:
    both = [subprocess.Popen(**pull_command(REPOSITORY, client.home, hub, tmp_path)) for _ in range(2)]
    assert [json.loads(process.communicate(timeout=60)[0])["commit"] for process in both] == [commit, commit]
    assert len(hub.requests(NETWORK)) == 1, "one waits for the other"
    assert pull().commit == commit


def test_a_damaged_copy_is_not_served(hub: Hub, commit: str, pull: Pull) -> None:
    directory = pull().directory
    assert directory
    (directory / "model.tflite").resolve().write_bytes(b"x")
    hub.fail("", status=500)

    pulled = pull()
    assert pulled.error and pulled.error.endswith(NO_COPY)


def test_a_disk_that_fills_up_in_the_middle(hub: Hub, commit: str, pull: Pull) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))"

    pulled = pull(prelude=limit)
    assert pulled.error and "is full" in pulled.error and "HF_HOME" in pulled.error and not pulled.temporary
    assert pull().commit == commit


def test_a_disk_that_is_too_small_is_noticed_before_the_download(hub: Hub, commit: str, pull: Pull) -> None:
    full = "import shutil, types; shutil.disk_usage = lambda path: types.SimpleNamespace(free=10_000_000)"

    pulled = pull(prelude=full)
    assert pulled.error and "has 10 MB left" in pulled.error
    assert not hub.requests("/resolve/")


def test_a_cache_that_cannot_be_written(hub: Hub, commit: str, pull: Pull, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()

    pulled = pull(
        prelude=f"import huggingface_hub; huggingface_hub.constants.HF_HUB_CACHE = {str(tmp_path / 'a file' / 'hub')!r}"
    )
    assert pulled.error and "cannot be written" in pulled.error and "HF_HOME" in pulled.error


@pytest.mark.parametrize(
    "moment",
    [NETWORK, *(pytest.param(m, marks=pytest.mark.nightly) for m in (SMALL_FILE, r"GET .*cache.*labels\.es"))],
)
def test_a_killed_pull_goes_on_at_the_next_start(
    moment: str, hub: Hub, commit: str, pull: Pull, start_pull: StartPull, client: Client
) -> None:
    blobs = client.home / "hub" / "models--somebody--flags" / "blobs"
    hub.fail(moment, times=1, body=halting)
    running = start_pull(f"{REPOSITORY}@{commit}")
    _wait_for(lambda: hub.requests(moment) != [] and list(blobs.glob("*.incomplete")) != [])
    running.send_signal(signal.SIGKILL)
    running.wait()
    whole = {path.name for path in blobs.iterdir() if path.suffix != ".incomplete"}
    hub.recover()

    directory = pull(f"{REPOSITORY}@{commit}").directory
    assert directory and sorted(path.name for path in directory.iterdir()) == NEEDED
    assert not list(blobs.glob("*.incomplete"))
    fetched = {name for name in NEEDED if hub.requests(rf"GET .*(cache|/[0-9a-f]{{64}}/).*{re.escape(name)}$")}
    assert len(fetched) == len(NEEDED) - len(whole), "nothing is fetched twice"


def test_a_killed_update_leaves_the_commit_before_it_in_use(
    hub: Hub, commit: str, pull: Pull, start_pull: StartPull, tmp_path: Path
) -> None:
    pull()
    newer = hub.commit(REPOSITORY, other_version(tmp_path))
    hub.fail(r"GET .*cache.*labels\.txt|GET .*cache.*manifest", body=halting)
    running = start_pull()
    _wait_for(lambda: hub.requests(f"GET .*cache.*{newer}/(labels.txt|manifest)") != [])
    running.send_signal(signal.SIGKILL)
    running.wait()

    offline = pull(prelude="import huggingface_hub; huggingface_hub.constants.HF_HUB_OFFLINE = True")
    assert offline.commit == commit
    hub.recover()
    assert pull().commit == newer


def _wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

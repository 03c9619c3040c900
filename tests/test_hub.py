"""Pulling a model from a Hub: at one commit, only what serving needs, and whatever goes wrong, one sentence.

Each pull runs in a process of its own with the real client. Deadlines and waits are shortened there;
nothing else is.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model.bundle import load_bundle
from model.hub import EMBEDDED
from tests.hub.client import HURRY, Client
from tests.hub.pushing import other_version
from tests.hub.server import DIALECTS, TOKEN, Hub, corrupted, dripping, halting, truncated
from tests.serving import ROOT, environment
from train.bundle import write_manifest

REPOSITORY = "somebody/flags"
NEEDED = [
    "config.json",
    "labels.es.txt",
    "labels.fr.txt",
    "labels.txt",
    "manifest.json",
    "metrics.json",
    "model.tflite",
]
NETWORK = r"GET /[0-9a-f]{64}/model\.tflite"
INFO = r"GET /api/models/"
NO_COPY = "There is no usable copy on this machine."

_PULL = (
    HURRY
    + """
import json, sys, time
from model import hub_download, hub_transport
hub_download.ASK_SECONDS = hub_download.DOWNLOAD_SECONDS = {patience}
hub_transport.REQUEST_SECONDS = {patience} / 2
hub_download.SLOWEST_BYTES_PER_SECOND = 20_000_000
{prelude}
from model.errors import HubUnreachableError, VistazoError
from model.hub import find_model
trouble = []
begin = time.monotonic()
try:
    source = find_model(sys.argv[1], trouble.append)
    told = dict(directory=str(source.directory), title=source.title, commit=source.commit, note=source.note)
except VistazoError as error:
    told = dict(error=str(error), later=isinstance(error, HubUnreachableError))
print(json.dumps(told | dict(trouble=trouble, seconds=time.monotonic() - begin)))
"""
)
# Seconds for asking, and for fetching; where they have to pass, `SOON` is enough.
PATIENCE, SOON = 6.0, 1.0


@dataclass(frozen=True)
class Pulled:
    """What came of one pull."""

    directory: Path | None
    title: str | None
    commit: str | None
    note: str | None
    error: str | None
    later: bool
    trouble: list[str]
    seconds: float


@pytest.fixture
def commit(hub: Hub) -> str:
    return hub.commit(REPOSITORY, EMBEDDED)


@pytest.fixture
def start(hub: Hub, client: Client, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Begin a pull, in a process that can be killed and that reads its settings itself."""

    def start_(name: str, code: str = _PULL.format(prelude="", patience=PATIENCE), **more: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-c", code, name],
            cwd=ROOT,
            env=environment(tmp_path, **hub.environment(client.home, **more)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start_


@pytest.fixture
def pull(start: Callable[..., subprocess.Popen[str]], client: Client) -> Callable[..., Pulled]:
    """Pull, and check what holds whatever happens: it ends, quietly, and keeps the token for itself."""

    def pull_(name: str = REPOSITORY, prelude: str = "", patience: float = PATIENCE, **more: str) -> Pulled:
        code = _PULL.format(prelude=prelude, patience=patience)
        if set(more) <= {"HF_TOKEN"}:
            ended = client.run(code, [name], **more)
            status, out, err = ended.returncode, ended.stdout, ended.stderr
        else:
            process = start(name, code, **more)
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
            status = process.returncode
        assert status == 0, err
        assert "Traceback" not in err
        assert TOKEN not in out + err
        told: dict[str, Any] = json.loads(out)
        pulled = Pulled(
            Path(told["directory"]) if "directory" in told else None,
            told.get("title"),
            told.get("commit"),
            told.get("note"),
            told.get("error"),
            told.get("later", False),
            told["trouble"],
            told["seconds"],
        )
        assert pulled.error or load_bundle(pulled.directory or Path()).labels
        return pulled

    return pull_


Pull = Callable[..., Pulled]


def of_embedded(name: str) -> bytes:
    return (EMBEDDED / name).read_bytes()


# What is pulled


def test_only_the_files_that_serving_needs_are_fetched_at_the_commit(hub: Hub, commit: str, pull: Pull) -> None:
    pulled = pull()

    assert (pulled.error, pulled.note, pulled.trouble) == (None, None, [])
    assert pulled.commit == commit and pulled.title == f"{REPOSITORY}, commit {commit}"
    assert pulled.directory and sorted(path.name for path in pulled.directory.iterdir()) == NEEDED
    assert {request.split("/")[4] for request in hub.requests("/resolve/")} == {commit}
    assert not hub.requests("weights") and not hub.requests("README")


def test_a_second_start_fetches_nothing(hub: Hub, commit: str, pull: Pull) -> None:
    pull()
    hub.recover()

    assert pull().commit == commit
    assert not hub.requests(r"GET .*/resolve")


@pytest.mark.parametrize("revision", ["main", "v1", "refs/pr/3"])
def test_branches_tags_and_commits_can_be_named(revision: str, hub: Hub, commit: str, pull: Pull) -> None:
    hub.commit(REPOSITORY, EMBEDDED)  # so that main is another
    hub.repositories[REPOSITORY].references[revision] = commit

    assert pull(f"{REPOSITORY}@{revision}").title == f"{REPOSITORY} at {revision}, commit {commit}"
    hub.recover()
    assert pull(f"{REPOSITORY}@{commit}").title == f"{REPOSITORY}, commit {commit}"
    assert hub.log == []  # a commit that is in the cache never changes


def test_a_new_commit_is_served_after_the_next_start(hub: Hub, commit: str, pull: Pull, tmp_path: Path) -> None:
    pull()
    newer = hub.commit(REPOSITORY, other_version(tmp_path))

    pulled = pull()
    assert pulled.commit == newer
    assert pulled.directory and load_bundle(pulled.directory).unknown_threshold == 0.123


@pytest.mark.parametrize("moment", [INFO, r"GET .*config\.json", r"GET .*labels\.txt", r"HEAD .*manifest"])
def test_a_repository_that_changes_meanwhile_is_never_mixed(
    moment: str, hub: Hub, commit: str, pull: Pull, tmp_path: Path
) -> None:
    other, made = other_version(tmp_path), []
    hub.fail(moment, times=1, then=lambda: made.append(hub.commit(REPOSITORY, other)))

    pulled = pull()
    assert pulled.commit in (commit, *made) and made
    assert {request.split("/")[4] for request in hub.requests("/resolve/")} == {pulled.commit}


def test_a_private_repository_is_read_with_the_token_which_the_cdn_never_sees(hub: Hub, pull: Pull) -> None:
    commit = hub.commit(REPOSITORY, EMBEDDED, private=True)

    assert pull(HF_TOKEN=TOKEN).commit == commit
    assert hub.cdn_log and hub.cdn_tokens == []


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: " ".join(sorted(dialect)))
def test_another_implementation_of_the_protocol(dialect: set[str], hub: Hub, pull: Pull) -> None:
    commit = hub.commit(REPOSITORY, EMBEDDED, private=True)
    hub.dialect |= dialect

    pulled = pull(HF_TOKEN=TOKEN)
    assert pulled.commit == commit and pulled.trouble == []
    assert pulled.directory and sorted(path.name for path in pulled.directory.iterdir()) == NEEDED
    assert hub.cdn_log and hub.cdn_tokens == []


def test_a_repository_that_was_renamed_is_still_found(hub: Hub, commit: str, pull: Pull) -> None:
    hub.moved["somebody/formerly"] = REPOSITORY

    pulled = pull("somebody/formerly")
    assert pulled.commit == commit and pulled.trouble == []


def test_a_pinned_commit_whose_copy_lacks_the_other_languages_is_completed(hub: Hub, commit: str, pull: Pull) -> None:
    directory = pull().directory
    assert directory
    (directory / "labels.es.txt").unlink()  # as after a fetch that was ended, or in a Space that preloaded less

    assert pull(f"{REPOSITORY}@{commit}").directory == directory
    assert (directory / "labels.es.txt").read_bytes() == of_embedded("labels.es.txt")


# What is refused


@pytest.mark.parametrize(
    ("name", "fault", "token", "sentence"),
    [
        ("somebody/nothing", None, "", "There is no repository “somebody/nothing” on the Hub .*set HF_TOKEN"),
        ("somebody/nothing", None, TOKEN, "There is no repository “somebody/nothing” .*has no right to read it"),
        (REPOSITORY + "@v9", None, "", f"“{REPOSITORY}” has no branch, tag or commit “v9”"),
        (REPOSITORY, {"status": 401}, "", f"There is no repository “{REPOSITORY}” .*private: then set HF_TOKEN"),
        (REPOSITORY, {"status": 401}, TOKEN, "does not accept the token in HF_TOKEN"),
        (REPOSITORY, {"status": 403}, "", "forbids to read .*set HF_TOKEN"),
        (REPOSITORY, {"status": 403}, TOKEN, "the token in HF_TOKEN needs the right to read this repository"),
        (REPOSITORY, {"status": 403, "code": "GatedRepo"}, TOKEN, "is gated: accept its conditions"),
        (REPOSITORY, {"status": 404}, "", f"knows no “{REPOSITORY}”"),
    ],
)
def test_what_may_not_be_read_or_does_not_exist(
    name: str, fault: dict[str, Any] | None, token: str, sentence: str, hub: Hub, commit: str, pull: Pull
) -> None:
    if fault:
        hub.fail(INFO, **fault)

    pulled = pull(name, HF_TOKEN=token)
    assert pulled.error and re.search(sentence, pulled.error) and pulled.error.endswith(NO_COPY)
    assert not pulled.later and pulled.trouble == []  # no further try would help
    assert len(hub.requests(INFO)) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_files_that_may_not_be_read(status: int, hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(r"/resolve/", status=status)

    pulled = pull(HF_TOKEN=TOKEN)
    assert pulled.error and "HF_TOKEN" in pulled.error and REPOSITORY in pulled.error and not pulled.later


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_copy_is_still_served_and_said_to_be_one(status: int, hub: Hub, commit: str, pull: Pull) -> None:
    pull()
    hub.fail("", status=status)

    pulled = pull()
    assert pulled.commit == commit
    assert pulled.note and pulled.note.startswith(f"Offline copy of commit {commit}. ") and REPOSITORY in pulled.note


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (["config.json", "metadata.json", "model.weights.h5"], "train convert flags --out my_bundle"),
        (["flags.keras"], "train convert flags/flags.keras --out my_bundle"),
    ],
)
def test_a_keras_model_is_refused_with_the_command_that_makes_a_bundle_of_it(
    files: list[str], command: str, hub: Hub, pull: Pull
) -> None:
    hub.commit(REPOSITORY, files=dict.fromkeys(files, b"{}"))

    pulled = pull()
    assert pulled.error and "never opened" in pulled.error and command in pulled.error
    assert f"hf download {REPOSITORY}" in pulled.error
    assert not hub.requests("/resolve/")


def test_a_repository_of_something_else(hub: Hub, pull: Pull) -> None:
    hub.commit(REPOSITORY, files={"README.md": b"hello"})

    pulled = pull()
    assert pulled.error and "holds no bundle: config.json is missing" in pulled.error


@pytest.mark.parametrize(
    ("name", "size"), [("config.json", 16 * 2**20 + 1), ("labels.txt", 2**25), ("labels.es.txt", 2**25)]
)
def test_files_too_large_for_what_they_are_are_not_fetched(name: str, size: int, hub: Hub, pull: Pull) -> None:
    hub.commit(REPOSITORY, EMBEDDED, {name: bytes(size)})

    pulled = pull()
    assert pulled.error and f"{name} has {size:,} bytes" in pulled.error and "not fetched" in pulled.error
    assert not hub.requests("/resolve/")


def test_more_bytes_than_were_announced_are_not_taken(hub: Hub, commit: str, pull: Pull) -> None:
    listed = hub.repositories[REPOSITORY].commits[commit]
    hub.fail(
        "HEAD .*config", times=1, then=lambda: listed.update({"config.json": of_embedded("config.json") + b" " * 9999})
    )

    pulled = pull()
    assert pulled.error and "more of “somebody/flags” than it announced" in pulled.error


def test_a_bundle_that_contradicts_itself(hub: Hub, pull: Pull, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    (bundle / "labels.txt").write_text("one\ntwo\n", encoding="utf-8")
    write_manifest(bundle)
    commit = hub.commit(REPOSITORY, bundle)

    pulled = pull()
    assert pulled.error and f"“{REPOSITORY}” at commit {commit} holds no usable bundle" in pulled.error
    assert "labels.txt" in pulled.error and str(tmp_path) not in pulled.error


# The Hub in trouble


@pytest.mark.parametrize("moment", [INFO, "HEAD .*config", r"GET .*labels\.txt", "HEAD .*tflite", NETWORK])
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"reset": True}], ids=["500", "503", "reset"])
def test_three_failures_are_outlasted(moment: str, fault: dict[str, Any], hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(moment, times=3, **fault)

    assert pull().commit == commit


@pytest.mark.parametrize("moment", [INFO, "HEAD .*tflite", NETWORK])
@pytest.mark.parametrize("wait", ["86400", "Thu, 31 Dec 2099 23:59:59 GMT"])
def test_a_hub_that_asks_to_wait_for_long_is_asked_again_soon(
    wait: str, moment: str, hub: Hub, commit: str, pull: Pull
) -> None:
    hub.fail(moment, times=1, status=429, headers={"Retry-After": wait, "RateLimit": '"api";r=0;t=86400'})

    pulled = pull()
    assert pulled.commit == commit and pulled.seconds < 10


@pytest.mark.parametrize("moment", [INFO, NETWORK])
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 500}, "status 500"),
        ({"status": 429, "headers": {"Retry-After": "86400"}}, "asks to be left alone for a while"),
        ({"stall": 30}, "did not answer in time"),
        ({"reset": True}, "cannot be reached|in time"),
        ({"body": truncated}, "cannot be reached|cannot be used|in time"),
        ({"body": halting}, "did not answer in time"),
        ({"body": dripping}, "did not answer in time"),
    ],
    ids=["500", "429", "stall", "reset", "truncated", "halting", "dripping"],
)
def test_trouble_without_end_ends_in_a_sentence(
    moment: str, fault: dict[str, Any], sentence: str, hub: Hub, commit: str, pull: Pull
) -> None:
    hub.fail(moment, **fault)

    pulled = pull(patience=SOON)
    assert pulled.error and re.search(sentence, pulled.error) and f"“{REPOSITORY}”" in pulled.error
    assert pulled.later and pulled.error.endswith(NO_COPY)
    assert pulled.seconds < 12


@pytest.mark.parametrize("fault", [{"status": 500}, {"stall": 30}, {"reset": True}], ids=["500", "stall", "reset"])
def test_trouble_with_a_copy_at_hand(fault: dict[str, Any], hub: Hub, commit: str, pull: Pull) -> None:
    pull()
    hub.commit(REPOSITORY, EMBEDDED)
    hub.fail("", **fault)

    pulled = pull(patience=SOON)
    assert pulled.commit == commit and pulled.note and f"Offline copy of commit {commit}" in pulled.note
    assert pulled.seconds < 12


def test_a_hub_that_is_down(hub: Hub, commit: str, pull: Pull) -> None:
    nobody = {"HF_ENDPOINT": "http://127.0.0.1:9"}

    cold = pull(**nobody)
    assert cold.error and f"cannot be reached for “{REPOSITORY}”" in cold.error and cold.later
    assert len(cold.trouble) == 3
    pull()
    warm = pull(**nobody)
    assert warm.commit == commit and warm.note and f"Offline copy of commit {commit}" in warm.note


def test_offline_mode(hub: Hub, commit: str, pull: Pull) -> None:
    cold = pull(HF_HUB_OFFLINE="1")
    assert cold.error and "HF_HUB_OFFLINE is set" in cold.error
    pull()
    hub.recover()
    warm = pull(HF_HUB_OFFLINE="1")
    assert warm.note and f"Offline copy of commit {commit}" in warm.note
    assert hub.log == []


# Downloads that go wrong


@pytest.mark.parametrize("moment", [r"GET .*cache.*config\.json", NETWORK])
@pytest.mark.parametrize("dialect", [set(), {"whole"}], ids=["parts", "whole"])
def test_a_truncated_file_is_resumed(moment: str, dialect: set[str], hub: Hub, commit: str, pull: Pull) -> None:
    hub.dialect |= dialect
    hub.fail(moment, times=1, body=truncated)

    assert pull().commit == commit


@pytest.mark.parametrize("moment", [r"GET .*cache.*config\.json", NETWORK])
def test_a_corrupted_file_is_fetched_once_more(moment: str, hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(moment, times=1, body=corrupted)

    assert pull().commit == commit
    assert len(hub.requests(moment)) == 2


def test_a_file_that_is_corrupted_each_time_is_not_served(hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(NETWORK, body=corrupted)

    pulled = pull()
    assert pulled.error and "model.tflite” is damaged" in pulled.error and commit in pulled.error
    assert len(hub.requests(NETWORK)) == 2
    hub.recover()
    assert pull().commit == commit


@pytest.mark.parametrize("name", ["model.tflite", "config.json", "manifest.json", "labels.es.txt"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: bytes([b[0] ^ 1]) + b[1:]])
def test_a_damaged_cache_is_repaired(
    name: str, damage: Callable[[bytes], bytes], hub: Hub, commit: str, pull: Pull
) -> None:
    directory = pull().directory
    assert directory
    (directory / name).resolve().write_bytes(damage(of_embedded(name)))
    hub.recover()

    assert pull().commit == commit
    assert (directory / name).read_bytes() == of_embedded(name)


def test_a_damaged_cache_is_no_copy_to_fall_back_on(hub: Hub, commit: str, pull: Pull) -> None:
    directory = pull().directory
    assert directory
    (directory / "model.tflite").resolve().write_bytes(b"x")
    hub.fail("", status=500)

    pulled = pull()
    assert pulled.error and pulled.error.endswith(NO_COPY)


def test_a_disk_that_fills_up_in_the_middle(hub: Hub, commit: str, pull: Pull) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))"

    pulled = pull(prelude=limit)
    assert pulled.error and "is full" in pulled.error and "HF_HOME" in pulled.error and not pulled.later
    assert pull().commit == commit


def test_a_disk_without_room_is_noticed_before_the_download(hub: Hub, commit: str, pull: Pull) -> None:
    full = "import shutil, types; shutil.disk_usage = lambda path: types.SimpleNamespace(free=10_000_000)"

    pulled = pull(prelude=full)
    assert pulled.error and "has 10 MB left" in pulled.error
    assert not hub.requests("/resolve/")


def test_a_cache_that_cannot_be_written(hub: Hub, commit: str, pull: Pull, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()

    pulled = pull(HF_HOME=str(tmp_path / "a file" / "hub"))
    assert pulled.error and "cannot be written" in pulled.error and "HF_HOME" in pulled.error


@pytest.mark.parametrize("moment", [r"GET .*cache.*config\.json", NETWORK, r"GET .*cache.*labels\.es"])
def test_a_killed_pull_goes_on_at_the_next_start(
    moment: str, hub: Hub, commit: str, pull: Pull, start: Callable[..., subprocess.Popen[str]], client: Client
) -> None:
    blobs = client.home / "hub" / "models--somebody--flags" / "blobs"
    hub.fail(moment, times=1, body=halting)
    process = start(f"{REPOSITORY}@{commit}")
    _wait_for(lambda: hub.requests(moment) != [] and list(blobs.glob("*.incomplete")) != [])
    process.kill()
    process.communicate()
    whole = {path.name for path in blobs.iterdir() if path.suffix != ".incomplete"}
    hub.recover()

    directory = pull(f"{REPOSITORY}@{commit}").directory
    assert directory and sorted(path.name for path in directory.iterdir()) == NEEDED
    assert not list(blobs.glob("*.incomplete"))
    fetched = {name for name in NEEDED if hub.requests(rf"GET .*(cache|/[0-9a-f]{{64}}/).*{re.escape(name)}$")}
    assert len(fetched) == len(NEEDED) - len(whole), "nothing is fetched twice"


def test_a_killed_update_leaves_the_commit_before_it_in_use(
    hub: Hub, commit: str, pull: Pull, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    pull()
    newer = hub.commit(REPOSITORY, other_version(tmp_path))
    hub.fail(r"GET .*cache.*labels\.txt|GET .*cache.*manifest", body=halting)
    process = start(REPOSITORY)
    _wait_for(lambda: hub.requests(f"GET .*cache.*{newer}/(labels.txt|manifest)") != [])
    process.kill()
    process.communicate()

    assert pull(HF_HUB_OFFLINE="1").commit == commit
    hub.recover()
    assert pull().commit == newer


def _wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)

"""Publishing on a Hub: one commit or none, whatever goes wrong, and one sentence about it.

Each push runs in a process of its own with the real client, which reads its settings when it is
imported. Waits and deadlines are shortened there; nothing else is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.hub import EMBEDDED
from tests.hub.server import Hub
from tests.hub.writing import READ_TOKEN, TOKEN
from tests.serving import ROOT, environment
from train.bundle import write_manifest
from train.gallery import Evidence, pictures_block
from train.push import bundle_files

REPOSITORY, SPACE = "somebody/flags", "somebody/show"
COMMIT = r"POST /api/models/somebody/flags/commit/"
LOOK = r"GET /api/models/somebody/flags\?"
UPLOAD = r"PUT /(upload|part)/"
_PUSH = """
import sys
from model import hub_transport
from train import push
push.WAITS = (0.05, 0.05, 0.05)
push.CALL_SECONDS, push.LONGEST_WAIT, push.SLOWEST_BYTES_PER_SECOND = 15.0, 1, 2_000_000
hub_transport.REQUEST_SECONDS = 2.0
hub_transport.LONGEST_WAIT = 1
from train.__main__ import main
sys.exit(main(["push", *sys.argv[1:]]))
"""
Push = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture
def command(hub: Hub, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def command_(*options: str, bundle: Path = EMBEDDED, token: str | None = TOKEN) -> dict[str, Any]:
        more = {"HF_TOKEN": token} if token else {}
        return {
            "args": [sys.executable, "-c", _PUSH, str(bundle), REPOSITORY, *options],
            "cwd": ROOT,
            "env": environment(tmp_path, **hub.environment(tmp_path / "hub", **more)),
            "text": True,
        }

    return command_


@pytest.fixture
def push(command: Callable[..., dict[str, Any]], hub: Hub) -> Push:
    """Push, and check what holds whatever happens: it ends, without a traceback, and keeps the token for itself."""

    def push_(*options: str, **more: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(**command(*options, **more), capture_output=True, timeout=90, check=False)
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert not hub.cdn_tokens
        return done

    return push_


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def titles(hub: Hub) -> list[str]:
    """What `train push` committed, oldest first."""
    return [title for title in hub.repositories[REPOSITORY].titles.values() if title.startswith("Publish")]


def published(hub: Hub, branch: str = "main") -> dict[str, bytes]:
    repository = hub.repositories[REPOSITORY]
    return repository.commits[repository.references[branch]]


def test_the_report_is_published_without_the_pictures_in_it(tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    picture = np.zeros((1, 8, 8, 3), np.uint8)
    block = pictures_block(Evidence(picture, ["Jane Doe.png"], np.eye(2)[:1], np.array([[0.9, 0.1]])))
    page = bundle / "report" / "index.html"
    page.write_text(f"<p>before</p>{block}<p>after</p>", encoding="utf-8")
    write_manifest(bundle)

    files, version = bundle_files(bundle)

    public = files["report/index.html"]
    assert isinstance(public, bytes)
    assert b"<p>after</p>" in public
    assert b"Jane Doe" not in public and b"image/jpeg" not in public
    assert isinstance(files["manifest.json"], bytes)
    told = json.loads(files["manifest.json"])["files"]["report/index.html"]
    assert told == {"sha256": hashlib.sha256(public).hexdigest(), "size": len(public)}
    assert "Jane Doe" in page.read_text(encoding="utf-8")  # the report on this machine stays as it is
    assert bundle_files(bundle)[1] == version


def test_a_push_is_one_commit_with_every_file_and_a_tag(hub: Hub, push: Push) -> None:
    told = result(push("--license", "apache-2.0", "--dataset-name", "national flags"))

    repository = hub.repositories[REPOSITORY]
    assert len(titles(hub)) == 1
    assert repository.references[told["version"]] == repository.references["main"] == told["commit"]
    for path in ("model.tflite", "model.weights.h5", "labels.txt", "report/confusion_matrix.png"):
        assert published(hub)[path] == (EMBEDDED / path).read_bytes()
    assert "README.md" not in json.loads(published(hub)["manifest.json"])["files"]


def test_the_published_card_states_the_figures(hub: Hub, push: Push) -> None:
    from huggingface_hub import ModelCard

    result(push("--license", "apache-2.0", "--dataset-name", "national flags"))

    data = ModelCard(published(hub)["README.md"].decode()).data
    metrics = json.loads((EMBEDDED / "metrics.json").read_text(encoding="utf-8"))
    assert (data.library_name, data.pipeline_tag, data.license) == ("keras", "image-classification", "apache-2.0")
    assert {r.metric_name: r.metric_value for r in data.eval_results or []}["Accuracy"] == metrics["accuracy"]
    assert {r.dataset_name for r in data.eval_results or []} == {"national flags"}


def test_a_second_push_finds_nothing_to_do(hub: Hub, push: Push) -> None:
    first = result(push("--license", "apache-2.0", "--dataset-name", "national flags"))
    hub.repositories[REPOSITORY].references.pop(first["version"])
    again = push()

    assert "is up to date" in again.stdout
    assert result(again)["commit"] == first["commit"]
    assert len(titles(hub)) == 1
    assert first["version"] in hub.repositories[REPOSITORY].references, "a missing tag is still made"


def test_a_dry_run_lists_the_files_and_writes_nothing(hub: Hub, push: Push) -> None:
    assert "model.tflite" in result(push("--dry-run"))["changed"]
    assert not hub.repositories
    assert not hub.requests("POST|PUT")


def test_what_people_wrote_around_the_card_stays(hub: Hub, push: Push) -> None:
    result(push())
    edited = published(hub)["README.md"].replace(b"# flags", b"# Our flags\n\nBy hand.") + b"\nThanks to all.\n"
    edited = edited.replace(b"tags:\n", b"license: mit\ntags:\n- ours\n").replace(b"Albania |", b"Atlantis |")
    hub.commit(REPOSITORY, files={**published(hub), "README.md": edited, "notes.txt": b"mine"})
    result(push())

    card = published(hub)["README.md"].decode()
    assert "# Our flags\n\nBy hand." in card and card.endswith("\nThanks to all.\n")
    assert "license: mit" in card and "- ours" in card and "Licence: mit." in card
    assert "Atlantis" not in card, "the generated block is written again"
    assert published(hub)["notes.txt"] == b"mine"


def test_a_file_that_the_bundle_no_longer_has_is_deleted(hub: Hub, push: Push, tmp_path: Path) -> None:
    from train.bundle import write_manifest

    result(push())
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    (bundle / "labels.fr.txt").unlink()
    write_manifest(bundle)

    assert "labels.fr.txt" in result(push(bundle=bundle))["changed"]
    assert "labels.fr.txt" not in published(hub)


def test_a_pull_request_leaves_the_branch_alone_and_is_made_once(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={"README.md": b"hello"})
    told = result(push("--create-pr"))
    again = result(push("--create-pr"))

    assert told["pull_request"].endswith("/discussions/1")
    assert again["commit"] == told["commit"]
    assert set(published(hub)) == {"README.md"}
    assert [r for r in hub.repositories[REPOSITORY].references if r.startswith("refs/pr/")] == ["refs/pr/1"]


def test_a_model_that_no_push_wrote_is_not_overwritten(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={"config.json": b"{}"})
    done = push()

    assert done.returncode == 2
    assert "did not write" in done.stderr
    assert published(hub) == {"config.json": b"{}"}


@pytest.mark.parametrize(
    ("match", "status", "sentence"),
    [
        (LOOK, 401, "does not accept the token (401)"),
        (COMMIT, 403, "needs the right to write"),
        (COMMIT, 404, "no “somebody/flags” that the token may write to"),
        (COMMIT, 409, "Another change of “somebody/flags” is under way"),
        (COMMIT, 412, "Somebody else has changed “somebody/flags”"),
        (UPLOAD, 422, "does not accept what was sent"),
    ],
)
def test_a_refusal_is_one_sentence_and_nothing_is_written(
    hub: Hub, push: Push, match: str, status: int, sentence: str
) -> None:
    hub.fail(match, status=status)
    done = push()

    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and sentence in done.stderr
    assert REPOSITORY not in hub.repositories or not titles(hub)


def test_without_a_token_it_says_that_one_is_needed(push: Push) -> None:
    done = push(token=None)
    assert done.returncode == 2
    assert "Publishing needs a token with the right to write" in done.stderr


def test_a_token_that_may_only_read_is_told_which_right_is_missing(push: Push) -> None:
    done = push(token=READ_TOKEN)
    assert done.returncode == 2
    assert "needs the right to write" in done.stderr


@pytest.mark.parametrize("match", [LOOK, UPLOAD, COMMIT])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 3},
        {"status": 429, "times": 1, "headers": {"Retry-After": "86400"}},
        {"reset": True, "times": 1},
        {"lose": True, "times": 1},
        {"stall": 4, "times": 1},
    ],
    ids=["500", "429", "reset", "lost", "stall"],
)
def test_trouble_that_passes_is_outlasted_with_one_commit(hub: Hub, push: Push, match: str, fault: Any) -> None:
    hub.fail(match, **fault)
    result(push())
    assert len(titles(hub)) == 1


def test_a_hub_that_is_down_is_one_sentence(hub: Hub, command: Callable[..., dict[str, Any]]) -> None:
    hub.__exit__()
    done = subprocess.run(**command(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "error: The Hub cannot be reached for “somebody/flags”" in done.stderr


def test_a_push_that_was_killed_is_continued(hub: Hub, push: Push, command: Callable[..., dict[str, Any]]) -> None:
    met = threading.Event()
    hub.fail(COMMIT, stall=1, times=1, reset=True, then=met.set)
    process = subprocess.Popen(**command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert met.wait(60)
    process.kill()
    process.wait()
    uploads = len(hub.requests(UPLOAD))
    assert not titles(hub)
    result(push())

    assert len(titles(hub)) == 1
    assert len(hub.requests(UPLOAD)) == uploads, "what was uploaded is not sent again"


def test_of_two_pushes_at_once_one_wins_whole_and_the_other_is_told(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b""})
    hub.fail(COMMIT, times=1, then=lambda: hub.commit(REPOSITORY, files={"theirs.txt": b"first"}))
    done = push()

    assert done.returncode == 2
    assert "Somebody else has changed “somebody/flags”" in done.stderr
    assert published(hub) == {"theirs.txt": b"first"}


def test_a_space_serves_the_pushed_commit(hub: Hub, push: Push) -> None:
    told = result(push("--space", SPACE))
    space = hub.repositories[f"spaces/{SPACE}"]
    files = space.commits[space.references["main"]]

    assert space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}
    assert {"app.py", "requirements.txt", "model/hub.py", "interface/demo.py"} <= set(files)
    assert not [path for path in files if path.startswith(("train/", "tests/", "examples/", "model/default/"))]
    card = files["README.md"].decode()
    assert f"models:\n- {REPOSITORY}\n" in card and told["commit"] in card.partition("preload_from_hub")[2]
    space.variables["VISTAZO_MODEL"] = "something else"
    again = result(push("--space", SPACE))
    assert again["space_changed"] == []
    assert space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}


def test_plain_keras_loads_what_was_pushed(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push())
    code = (
        "import keras, numpy; model = keras.saving.load_model('hf://somebody/flags');"
        "print(model.predict(numpy.zeros((1, 144, 144, 3), 'uint8'), verbose=0).shape)"
    )
    env = environment(tmp_path, **hub.environment(tmp_path / "other"), TF_CPP_MIN_LOG_LEVEL="3")
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "(1, 98)", done.stderr

"""Publishing on a Hub: one commit or none, whatever goes wrong, and one sentence about it.

Each push runs in a process of its own with the real client. Waits and deadlines are shortened there;
nothing else is.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.hub import EMBEDDED
from tests.hub.client import HURRY, Client, Ended
from tests.hub.server import DIALECTS, Hub
from tests.hub.writing import READ_TOKEN, TOKEN
from tests.serving import ROOT, environment

REPOSITORY, SPACE = "somebody/flags", "somebody/show"
COMMIT = r"POST /api/models/somebody/flags/commit/"
LOOK = r"GET /api/models/somebody/flags\?"
UPLOAD = r"PUT /(upload|part)/"
CREATE = r"POST /api/repos/create"
TAG = r"POST /api/models/somebody/flags/tag/"
VARIABLE = r"POST /api/spaces/somebody/show/variables"
# Every request of a push, and the options that make it; a new Space has no variables here before the last one.
MOMENTS: dict[str, tuple[str, ...]] = {
    LOOK: (),
    CREATE: (),
    r"POST /api/validate-yaml": (),
    r"POST /api/models/.*/preupload/": (),
    r"POST /.*\.git/info/lfs/objects/batch": (),
    UPLOAD: (),
    r"POST /complete/": (),
    r"POST /verify": (),
    COMMIT: (),
    TAG: (),
    r"POST /api/models/.*/branch/": ("--revision", "dev"),
    r"GET /api/models/.*/refs": ("--create-pr",),
    r"GET /api/spaces/somebody/show\?": ("--space", SPACE),
    r"POST /api/spaces/somebody/show/commit/": ("--space", SPACE),
    r"GET /api/spaces/somebody/show/variables": ("--space", SPACE),
    VARIABLE: ("--space", SPACE),
}
_PUSH = (
    HURRY
    + """
import sys
from model import hub_transport
from train import hub_calls
hub_calls.CALL_SECONDS, hub_calls.SLOWEST_BYTES_PER_SECOND = {patience}, 20_000_000
hub_transport.REQUEST_SECONDS = hub_calls.STORING_SECONDS = {answer}
from train.__main__ import main
sys.exit(main(["push", *sys.argv[1:]]))
"""
)
# Seconds for one call with all its tries, and for one answer; where they have to pass, `SOON` is enough.
PATIENCE, ANSWER, SOON = 15.0, 2.0, 1.0
Push = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _bare(hub: Hub) -> None:
    hub.dialect.add("bare")


@pytest.fixture
def command(hub: Hub, client: Client, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What `Popen` takes for a push in a process that can be killed."""

    def command_(*options: str, bundle: Path = EMBEDDED, **more: str) -> dict[str, Any]:
        return {
            "args": [
                sys.executable,
                "-c",
                _PUSH.format(patience=PATIENCE, answer=ANSWER),
                str(bundle),
                REPOSITORY,
                *options,
            ],
            "cwd": ROOT,
            "env": environment(tmp_path, **hub.environment(client.home, HF_TOKEN=TOKEN, **more)),
            "text": True,
        }

    return command_


@pytest.fixture
def push(client: Client, hub: Hub) -> Push:
    """Push, and check what holds whatever happens: it ends, without a traceback, and keeps the token for itself."""

    def push_(
        *options: str,
        bundle: Path = EMBEDDED,
        token: str = TOKEN,
        patience: float = PATIENCE,
        answer: float = ANSWER,
    ) -> Ended:
        code = _PUSH.format(patience=patience, answer=answer)
        done = client.run(code, [str(bundle), REPOSITORY, *options], HF_TOKEN=token)
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert not hub.cdn_tokens
        return done

    return push_


def result(done: Ended) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def titles(hub: Hub) -> list[str]:
    """What `train push` committed, oldest first."""
    return [title for title in hub.repositories[REPOSITORY].titles.values() if title.startswith("Publish")]


def published(hub: Hub, branch: str = "main") -> dict[str, bytes]:
    repository = hub.repositories[REPOSITORY]
    return repository.commits[repository.references[branch]]


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
        (LOOK, 403, "The token may not write to “somebody/flags” (403)"),
        (CREATE, 401, "does not accept the token (401)"),
        (CREATE, 402, "asks for a paid plan"),
        (CREATE, 403, "needs the right to write to those of “somebody”"),
        (r"POST /api/models/.*/preupload/", 403, "needs the right to write"),
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
    assert done.stderr.splitlines()[-1].startswith("error: ") and sentence in done.stderr
    assert REPOSITORY not in hub.repositories or not titles(hub)


def test_without_a_token_it_says_that_one_is_needed(push: Push) -> None:
    done = push(token="")
    assert done.returncode == 2
    assert "Publishing needs a token with the right to write" in done.stderr


def test_a_token_that_may_only_read_is_told_which_right_is_missing(push: Push) -> None:
    done = push(token=READ_TOKEN)
    assert done.returncode == 2
    assert "needs the right to write" in done.stderr


@pytest.mark.parametrize("match", MOMENTS)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 3},
        {"status": 429, "times": 1, "headers": {"Retry-After": "86400"}},
        {"reset": True, "times": 1},
        {"lose": True, "times": 1},
    ],
    ids=["500", "429", "reset", "lost"],
)
def test_trouble_that_passes_is_outlasted_with_one_commit(hub: Hub, push: Push, match: str, fault: Any) -> None:
    hub.fail(match, **fault)
    told = result(push(*MOMENTS[match]))

    assert hub.requests(match)
    assert len(titles(hub)) == 1
    assert told["version"] in hub.repositories[REPOSITORY].references or told["pull_request"]
    if SPACE in MOMENTS[match]:
        assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}


def test_a_stall_of_every_request_is_outlasted_with_one_commit(hub: Hub, push: Push) -> None:
    for moment in MOMENTS:
        hub.fail(moment, stall=1, times=1)
    told = result(push("--space", SPACE, answer=0.4))

    assert len(titles(hub)) == 1
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}


@pytest.mark.parametrize("match", [CREATE, UPLOAD, COMMIT, TAG, VARIABLE])
@pytest.mark.parametrize("fault", [{"status": 500}, {"stall": 30}, {"reset": True}], ids=["500", "stall", "reset"])
def test_trouble_without_end_ends_in_a_sentence_and_the_next_push_goes_on(
    hub: Hub, push: Push, match: str, fault: Any
) -> None:
    hub.fail(match, **fault)
    done = push(*MOMENTS[match], patience=SOON)

    assert done.returncode == 2
    assert re.search("(has trouble|did not answer in time|cannot be reached)", done.stderr.splitlines()[-1])
    if match in (TAG, VARIABLE):  # what is done already is told
        assert f"published at commit {hub.repositories[REPOSITORY].references['main']}" in done.stderr
    hub.recover()
    told = result(push(*MOMENTS[match]))
    assert len(titles(hub)) == 1
    assert told["version"] in hub.repositories[REPOSITORY].references


@pytest.mark.parametrize(
    ("match", "status", "sentence"),
    [
        (TAG, 403, "has no tag yet. The token may not write to “somebody/flags” (403)"),
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


def test_a_new_space_has_its_variable_from_the_start(hub: Hub, push: Push) -> None:
    hub.dialect.clear()
    told = result(push("--space", SPACE))
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}
    assert not hub.requests(VARIABLE)


def test_variables_that_may_not_be_read_are_set_all_the_same(hub: Hub, push: Push) -> None:
    hub.fail("GET /api/spaces/somebody/show/variables", status=403)
    told = result(push("--space", SPACE))
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{told['commit']}"}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: " ".join(sorted(dialect)))
def test_another_implementation_of_the_protocol(dialect: set[str], hub: Hub, push: Push) -> None:
    hub.dialect |= dialect
    first = result(push("--space", SPACE))

    assert result(push("--space", SPACE)) | {"changed": [], "space_changed": []} == result(push("--space", SPACE))
    assert first["commit"] == hub.repositories[REPOSITORY].references["main"]
    assert len(titles(hub)) == 1 and len(hub.repositories[f"spaces/{SPACE}"].titles) == 1


def test_a_hub_that_is_down_is_one_sentence(command: Callable[..., dict[str, Any]]) -> None:
    nobody = command()
    nobody["env"]["HF_ENDPOINT"] = "http://127.0.0.1:9"
    done = subprocess.run(**nobody, capture_output=True, timeout=60, check=False)
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

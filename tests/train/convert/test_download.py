"""An older Keras model on the Hub: `vistazo convert` downloads only the files it reads, whole, at one commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_hub.client import HURRY, Client
from tests.fake_hub.pulling import REPOSITORY
from tests.fake_hub.server import Hub, corrupted, truncated
from tests.fake_hub.writing import TOKEN

_FETCH = (
    HURRY
    + """
import json, sys
from model.errors import VistazoError
from train.convert.download import local_model
try:
    with local_model(sys.argv[1]) as path:
        files = {p.name: p.read_text() for p in path.iterdir() if p.is_file()} if path.is_dir() else {}
        result = dict(path=str(path), files=files)
    result["gone"] = not path.exists()
except VistazoError as error:
    result = dict(error=str(error))
print(json.dumps(result))
"""
)
MODEL = {"labels.txt": b"a\nb\n", "model.h5": b"weights", "README.md": b"hello", "deep/other.h5": b"x", "run.py": b"x"}
Fetch = Callable[..., dict]


@pytest.fixture
def fetch(client: Client) -> Fetch:
    def fetch_(name: str = REPOSITORY) -> dict:
        done = client.run(_FETCH, [name], HF_TOKEN=TOKEN)
        assert done.returncode == 0 and TOKEN not in done.stdout + done.stderr, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return fetch_


@pytest.mark.parametrize("dialect", [set(), {"no list", "pages"}, {"no ids", "direct"}])
def test_only_what_is_looked_at_is_fetched_and_removed_at_the_end(hub: Hub, fetch: Fetch, dialect: set[str]) -> None:
    hub.dialect |= dialect
    hub.commit(REPOSITORY, files=MODEL)
    result = fetch()
    assert result["files"] == {"labels.txt": "a\nb\n", "model.h5": "weights"} and result["gone"]
    assert Path(result["path"]).name == "flags"


def test_a_revision_can_be_named(hub: Hub, fetch: Fetch) -> None:
    first = hub.commit(REPOSITORY, files=MODEL)
    hub.commit(REPOSITORY, files={**MODEL, "model.h5": b"newer"})
    assert fetch(f"{REPOSITORY}@{first}")["files"]["model.h5"] == "weights"
    assert fetch(f"{REPOSITORY}@main")["files"]["model.h5"] == "newer"


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"body": truncated}, {"body": corrupted}])
def test_trouble_that_passes_is_outlasted(hub: Hub, fetch: Fetch, fault: dict) -> None:
    hub.commit(REPOSITORY, files=MODEL)
    hub.fail(r"GET .*model\.h5", times=1, **fault)
    assert fetch()["files"]["model.h5"] == "weights"


def test_a_model_that_arrives_damaged_each_time_is_not_opened(hub: Hub, fetch: Fetch) -> None:
    hub.commit(REPOSITORY, files=MODEL)
    hub.fail(r"GET .*model\.h5", body=corrupted)
    assert "“model.h5” of “somebody/flags” arrived damaged" in fetch()["error"]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"saved_model.pb": b""}, "a SavedModel, which may contain code and is never opened here: save it"),
        ({"config.json": b'{"model_type": "vit"}', "tf_model.h5": b""}, "a transformers model (vit)"),
        ({"models/a.h5": b""}, "its model in a folder"),
        ({"README.md": b""}, "contains no .keras, .h5 or .tflite file"),
        ({"a.keras": b"", "b.keras": b""}, "several models (a.keras, b.keras)"),
        ({"a.h5": b"", "labels.json": bytes(16 * 2**20 + 1)}, "labels.json has 16,777,217 bytes"),
    ],
)
def test_what_could_not_be_converted_is_refused_unfetched(
    hub: Hub, fetch: Fetch, files: dict[str, bytes], sentence: str
) -> None:
    hub.commit(REPOSITORY, files=files)
    assert sentence in fetch()["error"]
    assert not hub.requests(r"resolve/.*(h5|keras|pb|labels\.json)")


def test_a_mistyped_directory_is_named_in_the_message(hub: Hub, fetch: Fetch) -> None:
    assert fetch("old/model")["error"].startswith("There is no file or directory “old/model”. There is no repository")


@pytest.mark.parametrize("name", ["old/model.h5", "old/MODEL.KERAS", "a/b/c", "../x"])
def test_what_can_only_be_a_file_is_not_asked_for(hub: Hub, fetch: Fetch, name: str) -> None:
    assert fetch(name)["path"] == name
    assert not hub.log

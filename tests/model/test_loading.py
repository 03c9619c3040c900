"""Loading the model that the app serves, however long the Hub takes, and finding out about a newer one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import HURRY, Client
from tests.fake_hub.pulling import REPOSITORY
from tests.fake_hub.server import Hub, corrupted

_LOAD = (
    HURRY
    + """
import json, sys
from model import loading
from model.hub import contents, download, http
contents.CONTENTS_SECONDS = download.DOWNLOAD_SECONDS = 3.0
http.REQUEST_SECONDS = 1.0
{prelude}
name, fall_back = json.loads(sys.argv[1])
loader = loading.ModelLoader(name, fall_back=fall_back)
texts = [loader.text]
loader.start()
while not loader.model:
    loader.wait_for_other_text(texts[-1])
    texts.append(loader.text)
source = loader.model.source
result = dict(texts=texts, title=source.title, note=source.note)
{then}
print(json.dumps(result))
"""
)
Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(client: Client) -> Load:
    def load_(fall_back: bool = False, then: str = "", prelude: str = "") -> dict[str, Any]:
        ended = client.run(_LOAD.format(then=then, prelude=prelude), [json.dumps([REPOSITORY, fall_back])])
        assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    return load_


def test_it_says_what_it_waits_for_and_loads_when_the_hub_is_back(hub: Hub, commit: str, load: Load) -> None:
    hub.fail("GET /api/models", status=503, times=9)  # more than one round of tries
    result = load()

    assert result["texts"][0] == f"Waiting for the model “{REPOSITORY}” from the Hub."
    assert any("status 503" in text and "Trying again in 2 seconds." in text for text in result["texts"])
    assert result["title"] == f"{REPOSITORY}, commit {commit}" and result["note"] is None


def test_a_file_that_arrives_damaged_again_and_again_is_waited_for(hub: Hub, commit: str, load: Load) -> None:
    hub.fail(r"GET /[0-9a-f]{64}/model\.tflite", times=3, body=corrupted)
    result = load()

    damaged = f"“model.tflite” of “{REPOSITORY}” arrived damaged (commit {commit})."
    assert any(damaged in text and "Trying again in 2 seconds." in text for text in result["texts"])
    assert result["title"] == f"{REPOSITORY}, commit {commit}" and result["note"] is None


def test_it_starts_from_the_cache_without_the_hub_and_says_so(hub: Hub, commit: str, load: Load) -> None:
    load()
    hub.fail("", status=500)
    result = load()
    assert result["note"].startswith(f"Offline copy of commit {commit}. ")
    assert result["texts"][-1].startswith(f"Serving {REPOSITORY}, commit {commit}. Offline copy of commit")


def test_with_fall_back_the_embedded_model_is_served(hub: Hub, load: Load) -> None:
    hub.fail("", status=500)
    result = load(fall_back=True)
    assert result["title"] == "the embedded model"
    assert f"in place of “{REPOSITORY}”" in result["note"] and "status 500" in result["note"]


def test_without_an_embedded_model_it_goes_on_waiting(hub: Hub, commit: str, load: Load) -> None:
    hub.fail("GET /api/models", status=500, times=9)
    result = load(
        fall_back=True,
        prelude="import model.hub.resolve, pathlib; model.hub.resolve.EMBEDDED = pathlib.Path('/nothing')",
    )
    assert result["title"] == f"{REPOSITORY}, commit {commit}"


NEWS = """
check = loading.UpdateCheck(loader.model)
result["news"] = []
for request in ("look", "again"):
    check._next = 0.0
    result["news"].append(check.text(20))
"""


def test_a_new_commit_is_offered_and_not_taken(hub: Hub, commit: str, load: Load) -> None:
    newer: list[str] = []
    hub.fail("GET .*manifest", times=1, then=lambda: newer.append(hub.commit(REPOSITORY, EMBEDDED)))
    result = load(then=NEWS)

    assert result["title"] == f"{REPOSITORY}, commit {commit}"
    assert (
        result["news"] == [f"There is a newer version of this model: commit {newer[0]}. Restart the app to use it."] * 2
    )


def test_there_is_no_news_while_the_hub_is_down(hub: Hub, commit: str, load: Load) -> None:
    def down() -> None:
        hub.fail("", status=500)

    hub.fail(r"GET .*labels\.fr", times=1, then=down)
    result = load(then=NEWS)
    assert result["title"] == f"{REPOSITORY}, commit {commit}" and result["news"] == ["", ""]
    assert len(hub.requests("GET /api/models")) == 3

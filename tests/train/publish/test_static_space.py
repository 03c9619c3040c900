"""`push --space --sdk static`: a Space that holds the page and one commit of the model, updated as the others are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fake_hub.pushing import REPOSITORY, SPACE, Push, result
from tests.fake_hub.server import Hub
from tests.support.site import fake_runtime

STATIC = ("--space", SPACE, "--sdk", "static")


@pytest.fixture
def prelude(tmp_path: Path) -> str:
    """Runs before the push: libraries that need not be fetched."""
    folder = tmp_path / "runtime"
    fake_runtime(folder)
    return (
        "from pathlib import Path\n"
        "from train.site import build\n"
        f"build.runtime_files = lambda: dict((path.name, path) for path in Path({str(folder)!r}).iterdir())"
    )


def space_files(hub: Hub) -> dict[str, bytes]:
    space = hub.repositories[f"spaces/{SPACE}"]
    return space.commits[space.references["main"]]


def test_the_space_is_the_site_of_the_pushed_commit(hub: Hub, push: Push, prelude: str) -> None:
    done = result(push(*STATIC, prelude=prelude))

    files = space_files(hub)
    settings: dict[str, Any] = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert settings["sdk"] == "static" and settings["app_file"] == "index.html" in files
    assert settings["models"] == [REPOSITORY]
    assert settings["custom_headers"]["cross-origin-opener-policy"] == "same-origin"
    site = json.loads(files["site.json"])
    assert (site["repository"], site["commit"]) == (REPOSITORY, done["commit"])
    assert {"model/model.bin", "service-worker.js", "engine/worker.js", "runtime/litert.js"} <= files.keys()
    assert not any(name.endswith(".py") for name in files)
    assert hub.repositories[f"spaces/{SPACE}"].variables == {}
    again = result(push(*STATIC, prelude=prelude))
    assert again["space_changed"] == []


def test_a_gradio_space_is_not_overwritten_by_a_static_one(hub: Hub, push: Push, prelude: str) -> None:
    result(push("--space", SPACE))
    before = space_files(hub)

    refused = push(*STATIC, prelude=prelude)

    assert refused.returncode == 2 and "holds another app (its sdk is gradio)" in refused.stderr
    assert space_files(hub) == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--sdk", "static"), "name it with --space"),
        ((*STATIC, "--hardware", "cpu-upgrade"), "are for Gradio Spaces"),
    ],
)
def test_what_a_static_space_does_not_have_is_refused_before_anything_is_written(
    hub: Hub, push: Push, options: tuple[str, ...], reason: str
) -> None:
    refused = push(*options)

    assert refused.returncode == 2 and reason in refused.stderr and not hub.log

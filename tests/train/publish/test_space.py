"""The Space that `vistazo push --space` makes: what is in it, what stays, and that it really serves."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client as AppClient
from gradio_client import handle_file

from model.presentation import Presentation
from tests.fake_hub.client import Client
from tests.fake_hub.pushing import REPOSITORY, SPACE, VARIABLE, Push, other_version, result
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN
from tests.support.serving import EXAMPLES, ROOT, environment, running_app
from train.publish.space import space_files

_FETCH = """
import subprocess
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type="space", local_dir=sys.argv[2])
"""
# What a Space's build does with an entry of preload_from_hub.
_PRELOAD = """
import subprocess
import sys
from huggingface_hub import hf_hub_download
repository, files, commit = sys.argv[1].split()
for name in files.split(","):
    hf_hub_download(repository, name, revision=commit)
"""


def pushed_files(hub: Hub) -> dict[str, bytes]:
    space = hub.repositories[f"spaces/{SPACE}"]
    return space.commits[space.references["main"]]


def front_matter(hub: Hub) -> dict[str, Any]:
    return settings_of(pushed_files(hub)["README.md"])


def settings_of(card: bytes) -> dict[str, Any]:
    import yaml

    settings: dict[str, Any] = yaml.safe_load(card.decode().split("---\n")[1])
    return settings


def environment_of_space(hub: Hub) -> dict[str, str]:
    """What a Space sets, but for the address, and SYSTEM: Gradio then wants a package that only Spaces have."""
    variables = hub.repositories[f"spaces/{SPACE}"].variables
    return {
        "SPACE_ID": SPACE,
        "SPACE_AUTHOR_NAME": SPACE.partition("/")[0],
        "GRADIO_SERVER_NAME": "127.0.0.1",
        **variables,
    }


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())


def recognised(url: str) -> str:
    client = AppClient(url, verbose=False)
    image = handle_file(str(EXAMPLES / "images" / "brazil.jpg"))
    return client.predict(image, api_name="/predict_image")["label"]


_FIND = """
import os
from model.bundle import load_bundle
from model.hub.resolve import find_model
source = find_model(os.environ["VISTAZO_MODEL"])
print(sorted(load_bundle(source.directory).translations), source.note)
"""
_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@pytest.fixture
def folder(hub: Hub, push: Push, client: Client, tmp_path: Path) -> Path:
    """The files of a pushed Space, after the model has got another version."""
    result(push("--space", SPACE))
    fetched = client.run(_FETCH, [SPACE, str(tmp_path / "space")], HF_TOKEN=TOKEN)
    assert fetched.returncode == 0, fetched.stderr
    result(push(bundle=other_version(tmp_path)))
    return tmp_path / "space"


def test_the_pushed_space_starts_and_serves_the_pinned_commit(hub: Hub, folder: Path, tmp_path: Path) -> None:
    pinned = hub.repositories[f"spaces/{SPACE}"].variables["VISTAZO_MODEL"].partition("@")[2]
    assert pinned != hub.repositories[REPOSITORY].references["main"]
    variables: dict[str, Any] = {**environment_of_space(hub), **hub.environment(tmp_path / "cache")}
    with running_app(tmp_path, folder=folder, **variables) as url:
        assert recognised(url) == "Brazil"
        assert f"Model: {REPOSITORY}, commit {pinned}" in json.dumps(json.loads(fetched(f"{url}config")))
        assert "<html" in fetched(url) and "import(" in fetched(f"{url}gradio.js")
        hub.fail("", status=500)  # down while running
        assert recognised(url) == "Brazil"
    assert "Traceback" not in (tmp_path / "app.log").read_text(encoding="utf-8")


def test_every_kind_of_file_of_the_app_is_pushed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "interface", "model"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("not a git repository")
    names = {name for name in tracked.stdout.split("\0") if name and not name.startswith("model/default/")}

    files = space_files(SPACE, f"{REPOSITORY}@None", [])
    assert {name for name in names if (ROOT / name).is_file()} <= set(files)
    assert not [name for name in files if name.startswith("model/default/")]


def test_what_the_hub_takes_only_as_large_files_is_marked_as_such_in_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("not a git repository")
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    marked = {line.split()[0].removeprefix("*") for line in lines if "filter=lfs" in line}
    names = [ROOT / name for name in tracked.stdout.split("\0") if name]
    large = {path for path in names if path.is_file() and path.stat().st_size > 1_000_000}
    assert large and {path.suffix for path in large} <= marked


def test_what_is_preloaded_is_all_that_serving_asks_for(hub: Hub, folder: Path, client: Client, tmp_path: Path) -> None:
    (preloaded,) = front_matter(hub)["preload_from_hub"]
    client.forget()
    assert client.run(_PRELOAD, [preloaded]).returncode == 0
    hub.recover()
    found = subprocess.run(
        [sys.executable, "-c", _FIND],
        cwd=folder,
        env=environment(tmp_path, **environment_of_space(hub), **hub.environment(client.home)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.stdout == "['es', 'fr'] None\n", found.stderr
    assert hub.log == []


def test_the_front_matter_is_what_a_gradio_space_needs(hub: Hub, push: Push) -> None:
    shown = result(push("--space", SPACE))
    settings = front_matter(hub)

    assert settings["sdk"] == "gradio" and settings["app_file"] in pushed_files(hub)
    assert settings["sdk_version"] == importlib.metadata.version("gradio")
    assert settings["models"] == [REPOSITORY] and settings["suggested_hardware"] == "cpu-basic"
    assert len(str(settings["short_description"])) <= 60
    assert settings["colorFrom"] in _COLOURS and settings["colorTo"] in _COLOURS
    assert f"- {settings['preload_from_hub'][0]}\n" in pushed_files(hub)["README.md"].decode()
    repository, files, commit = settings["preload_from_hub"][0].split()
    assert (repository, commit) == (REPOSITORY, shown["commit"])
    assert set(files.split(",")) == {
        *("config.json", "labels.txt", "manifest.json", "model.tflite", "metrics.json", "statistics.npz"),
        *("labels.es.txt", "labels.fr.txt"),
    }


def test_the_version_of_gradio_is_one_that_the_requirements_allow() -> None:
    from packaging.requirements import Requirement

    files = space_files(SPACE, f"{REPOSITORY}@None", [])
    card, requirements = files["README.md"], files["requirements.txt"]
    assert isinstance(card, bytes) and isinstance(requirements, Path)
    lines = [line for line in requirements.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    (gradio,) = [wanted for wanted in map(Requirement, lines) if wanted.name == "gradio"]
    settings = settings_of(card)
    assert gradio.specifier.contains(str(settings["sdk_version"]))
    assert tuple(map(int, str(settings["python_version"]).split("."))) >= (3, 11)  # as pyproject.toml says


def test_a_new_space_has_the_models_title_and_description() -> None:
    long = "Tells " + "many " * 20 + "cats apart"
    cards = [
        space_files(SPACE, f"{REPOSITORY}@None", [], Presentation("My *cats*", text))["README.md"]
        for text in ("Tells cats apart", long)
    ]
    assert all(isinstance(card, bytes) and b"# My \\*cats\\*\n" in card for card in cards)
    settings = [settings_of(card) for card in cards if isinstance(card, bytes)]
    assert [one["title"] for one in settings] == ["My *cats*"] * 2
    assert [one["short_description"] for one in settings] == ["Tells cats apart", "Classifies photos and videos"]


def test_a_private_model_is_not_preloaded(hub: Hub, push: Push) -> None:
    result(push("--private", "--space", SPACE))
    assert "preload_from_hub" not in front_matter(hub)
    assert hub.repositories[f"spaces/{SPACE}"].private


def test_what_people_wrote_into_the_spaces_readme_stays(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push("--space", SPACE))
    key = f"spaces/{SPACE}"
    edited = pushed_files(hub)["README.md"].decode().replace("# show\n", "# Flags\n\nBy hand.\n") + "\nThanks to all.\n"
    edited = edited.replace("title: show", "title: Flags of the world").replace("emoji: 👀", "emoji: 🌍")
    edited = edited.replace("tags:\n", "pinned: true\ntags:\n- ours\n").replace("sdk_version: ", "sdk_version: 1.")
    hub.commit(key, files={**pushed_files(hub), "README.md": edited.encode(), "notes.txt": b"mine"})
    shown = result(push("--space", SPACE, bundle=other_version(tmp_path)))

    card, settings = pushed_files(hub)["README.md"].decode(), front_matter(hub)
    assert "# Flags\n\nBy hand.\n" in card and card.endswith("\nThanks to all.\n")
    assert (settings["title"], settings["emoji"], settings["pinned"]) == ("Flags of the world", "🌍", True)
    assert "ours" in settings["tags"]
    assert settings["sdk_version"] == importlib.metadata.version("gradio")
    assert card.count(shown["commit"]) == 2, "in the metadata and in the generated block"
    assert pushed_files(hub)["notes.txt"] == b"mine"


def test_a_new_space_has_its_variable_from_the_start(hub: Hub, push: Push) -> None:
    hub.dialect.clear()
    shown = result(push("--space", SPACE))
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}
    assert not hub.requests(VARIABLE)


def test_variables_that_may_not_be_read_are_set_all_the_same(hub: Hub, push: Push) -> None:
    hub.fail("GET /api/spaces/somebody/show/variables", status=403)
    shown = result(push("--space", SPACE))
    assert hub.repositories[f"spaces/{SPACE}"].variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}


def test_a_space_serves_the_pushed_commit(hub: Hub, push: Push) -> None:
    shown = result(push("--space", SPACE))
    space = hub.repositories[f"spaces/{SPACE}"]
    files = space.commits[space.references["main"]]

    assert space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}
    assert {"app.py", "requirements.txt", "model/hub/resolve.py", "interface/page.py"} <= set(files)
    assert not [path for path in files if path.startswith(("train/", "tests/", "examples/", "model/default/"))]
    card = files["README.md"].decode()
    assert f"models:\n- {REPOSITORY}\n" in card and shown["commit"] in card.partition("preload_from_hub")[2]
    space.variables["VISTAZO_MODEL"] = "something else"
    again = result(push("--space", SPACE))
    assert again["space_changed"] == []
    assert space.variables == {"VISTAZO_MODEL": f"{REPOSITORY}@{shown['commit']}"}

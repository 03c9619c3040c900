"""Pulling a model from a Hub: at one commit, only what serving needs; and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from model.bundle import load_bundle
from model.errors import ModelNotFoundError
from model.hub import resolve
from model.hub.resolve import EMBEDDED
from tests.fake_hub.pulling import INFO, NEEDED, NO_COPY, REPOSITORY, Pull, of_embedded
from tests.fake_hub.pushing import other_version
from tests.fake_hub.server import DIALECTS, Hub
from tests.fake_hub.writing import TOKEN
from train.export.bundle import write_manifest

# What is pulled


def test_only_the_files_that_serving_needs_are_fetched_at_the_commit(hub: Hub, commit: str, pull: Pull) -> None:
    pulled = pull()

    assert (pulled.error, pulled.note, pulled.retries) == (None, None, [])
    assert pulled.commit == commit and pulled.title == f"{REPOSITORY}, commit {commit}"
    assert pulled.directory and sorted(path.name for path in pulled.directory.iterdir()) == NEEDED
    assert {request.split("/")[4] for request in hub.requests("/resolve/")} == {commit}
    assert not hub.requests("weights") and not hub.requests("README")


def test_examples_and_what_recognises_other_images_are_fetched_too(hub: Hub, pull: Pull, colour_bundle: Path) -> None:
    hub.commit(REPOSITORY, colour_bundle)

    pulled = pull()
    assert pulled.directory and load_bundle(pulled.directory).statistics is not None
    assert load_bundle(pulled.directory).presentation.examples


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


@pytest.mark.parametrize("moment", [INFO, r"GET .*labels\.txt"])
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
    assert pulled.commit == commit and pulled.retries == []
    assert pulled.directory and sorted(path.name for path in pulled.directory.iterdir()) == NEEDED
    assert hub.cdn_log and hub.cdn_tokens == []


def test_a_repository_that_was_renamed_is_still_found(hub: Hub, commit: str, pull: Pull) -> None:
    hub.moved["somebody/formerly"] = REPOSITORY

    pulled = pull("somebody/formerly")
    assert pulled.commit == commit and pulled.retries == []


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
        (REPOSITORY, {"status": 403}, "", "forbids reading .*set HF_TOKEN"),
        (REPOSITORY, {"status": 403}, TOKEN, "the token in HF_TOKEN needs the right to read this repository"),
        (REPOSITORY, {"status": 403, "code": "GatedRepo"}, TOKEN, "is gated: accept its conditions"),
        (REPOSITORY, {"status": 404}, "", f"has no “{REPOSITORY}”"),
    ],
)
def test_what_may_not_be_read_or_does_not_exist(
    name: str, fault: dict[str, Any] | None, token: str, sentence: str, hub: Hub, commit: str, pull: Pull
) -> None:
    if fault:
        hub.fail(INFO, **fault)

    pulled = pull(name, HF_TOKEN=token)
    assert pulled.error and re.search(sentence, pulled.error) and pulled.error.endswith(NO_COPY)
    assert not pulled.temporary and pulled.retries == []  # no further try would help
    assert len(hub.requests(INFO)) == 1


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        (
            "somebody/show",
            "VISTAZO_MODEL at https://huggingface.co/spaces/somebody/show/settings to a model's repository",
        ),
        ("", "give --model, or set VISTAZO_MODEL"),
    ],
)
def test_where_no_model_is_named_or_embedded_it_says_what_to_set(
    space: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "EMBEDDED", tmp_path / "default")
    monkeypatch.setenv("SPACE_ID", space)
    with pytest.raises(ModelNotFoundError) as raised:
        resolve.find_model(None)
    assert sentence in str(raised.value) and str(tmp_path) not in str(raised.value)


def test_default_names_the_embedded_model_unless_there_is_a_directory_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve.repository_of("default") is None
    assert resolve.find_model("default") == resolve.find_model(None) == resolve.ModelSource(EMBEDDED)

    (tmp_path / "default").mkdir()
    assert resolve.find_model("default").directory == Path("default")


@pytest.mark.parametrize("status", [401, 403])
def test_files_that_may_not_be_read(status: int, hub: Hub, commit: str, pull: Pull) -> None:
    hub.fail(r"/resolve/", status=status)

    pulled = pull(HF_TOKEN=TOKEN)
    assert pulled.error and "HF_TOKEN" in pulled.error and REPOSITORY in pulled.error and not pulled.temporary


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
        (
            ["config.json", "metadata.json", "model.weights.h5", "labels.txt"],
            "`python -m train convert {pinned} --scale 0..1 --out my_bundle`",
        ),
        (
            ["a.keras", "b.keras", "labels.txt"],
            "`hf download {name} a.keras labels.txt --revision {commit} --local-dir flags && python -m train convert "
            "flags/a.keras --scale 0..1 --out my_bundle`",
        ),
    ],
)
def test_a_keras_model_is_refused_with_the_command_that_makes_a_bundle_of_it(
    files: list[str], command: str, hub: Hub, pull: Pull
) -> None:
    commit = hub.commit(REPOSITORY, files=dict.fromkeys(files, b"{}"))

    pulled = pull()
    assert pulled.error and "never opened" in pulled.error
    assert command.format(name=REPOSITORY, commit=commit, pinned=f"{REPOSITORY}@{commit}") in pulled.error
    assert pulled.error.endswith("torch).") and not hub.requests("/resolve/.*(keras|h5)")


def test_another_librarys_model_is_named_from_its_config_alone(hub: Hub, pull: Pull) -> None:
    config = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {"0": "a", "1": "b"}}
    commit = hub.commit(REPOSITORY, files={"config.json": json.dumps(config).encode(), "model.safetensors": b"weights"})

    pulled = pull()
    assert pulled.error and pulled.error.startswith(
        f"“{REPOSITORY}” at commit {commit} holds a transformers image classifier (ViTForImageClassification, 2 labels)"
    )
    assert not hub.requests("safetensors") and not pulled.temporary


def test_a_repository_of_something_else(hub: Hub, pull: Pull) -> None:
    hub.commit(REPOSITORY, files={"README.md": b"hello"})

    pulled = pull()
    assert pulled.error and "holds no bundle: config.json is missing" in pulled.error
    assert pulled.error.endswith(f"`python -m train push my_bundle {REPOSITORY}`.")


@pytest.mark.parametrize(("name", "size"), [("config.json", 16 * 2**20 + 1), ("labels.es.txt", 2**25)])
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

"""Publishing on a Hub: what is written, what stays, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import Client
from tests.fake_hub.pushing import (
    REPOSITORY,
    SPACE,
    Push,
    published,
    result,
    titles,
)
from tests.fake_hub.server import DIALECTS, Hub
from tests.fake_hub.writing import TOKEN
from train.export.bundle import write_manifest
from train.publish.push import bundle_files
from train.report.gallery import Evidence, images_block


def test_the_report_is_published_without_the_images_in_it_and_their_names(tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    image = np.zeros((1, 8, 8, 3), np.uint8)
    block = images_block(Evidence(image, ["Jane Doe.png"], np.eye(2)[:1], np.array([[0.9, 0.1]])))
    page = bundle / "report" / "index.html"
    page.write_text(f"<p>before</p>{block}<p>after</p>", encoding="utf-8")
    (bundle / "report" / "predictions.csv").write_text("path\nJane Doe.png\n", encoding="utf-8")
    write_manifest(bundle)

    files, version = bundle_files(bundle)

    public = files["report/index.html"]
    assert isinstance(public, bytes)
    assert b"<p>after</p>" in public
    assert b"Jane Doe" not in public and b"image/jpeg" not in public
    assert isinstance(files["manifest.json"], bytes)
    listed = json.loads(files["manifest.json"])["files"]
    assert "report/predictions.csv" not in files | listed
    shown = listed["report/index.html"]
    assert (shown["sha256"], shown["size"]) == (hashlib.sha256(public).hexdigest(), len(public))
    assert "Jane Doe" in page.read_text(encoding="utf-8")  # the report on this machine stays as it is
    assert bundle_files(bundle)[1] == version


def test_a_push_is_one_commit_with_every_file_and_a_tag(hub: Hub, push: Push) -> None:
    done = push("--license", "apache-2.0", "--dataset-name", "national flags")
    shown = result(done)

    repository = hub.repositories[REPOSITORY]
    assert len(titles(hub)) == 1
    assert f"See {hub.url}/{REPOSITORY}\n" in done.stderr
    assert repository.references[shown["version"]] == repository.references["main"] == shown["commit"]
    for path in ("model.tflite", "model.weights.h5", "labels.txt", "report/confusion_matrix.png"):
        assert published(hub)[path] == (EMBEDDED / path).read_bytes()
    assert "README.md" not in json.loads(published(hub)["manifest.json"])["files"]


def test_a_push_names_a_few_files_and_counts_the_others(hub: Hub, push: Push) -> None:
    pushed = push()
    *_, first, second = result(pushed)["changed"][:9]
    assert f", {first} and {len(result(pushed)['changed']) - 8} more files.\n" in pushed.stderr
    assert second not in pushed.stderr


def test_a_second_push_finds_nothing_to_do(hub: Hub, push: Push) -> None:
    first = result(push("--license", "apache-2.0", "--dataset-name", "national flags"))
    hub.repositories[REPOSITORY].references.pop(first["version"])
    again = push()

    assert "is up to date" in again.stderr
    assert result(again)["commit"] == first["commit"]
    assert len(titles(hub)) == 1
    assert first["version"] in hub.repositories[REPOSITORY].references, "a missing tag is still made"


def test_a_dry_run_lists_the_files_and_writes_nothing(hub: Hub, push: Push) -> None:
    dry = push("--dry-run")
    changed = result(dry)["changed"]
    assert "model.tflite" in changed
    assert f"Would write to “{REPOSITORY}”: " + "".join(f"\n  {path}" for path in changed) in dry.stderr
    assert not hub.repositories
    assert not hub.requests("POST|PUT")


def test_the_hubs_own_words_about_a_card_are_not_printed(hub: Hub, push: Push) -> None:
    hub.dialect.add("remarks")
    done = push()
    assert len(result(done)["changed"]) > 5
    assert "Warning" not in done.stderr and "<b>" not in done.stderr


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


@pytest.mark.parametrize("metadata", [b"license: [mit", b"- license: mit", b"1: mit"])
def test_a_card_whose_metadata_are_damaged_keeps_its_text(hub: Hub, push: Push, metadata: bytes) -> None:
    result(push("--space", SPACE))
    for key in (REPOSITORY, f"spaces/{SPACE}"):
        repository = hub.repositories[key]
        files = repository.commits[repository.references["main"]]
        text = files["README.md"].partition(b"\n---\n")[2]
        hub.commit(key, files={**files, "README.md": b"---\n" + metadata + b"\n---\n" + text + b"Thanks to all.\n"})
    done = push("--space", SPACE)

    assert f"The metadata of README.md in “{REPOSITORY}” cannot be read" in done.stderr
    assert f"The metadata of README.md in “{SPACE}” cannot be read" in done.stderr
    assert (result(done)["changed"], result(done)["space_changed"]) == (["README.md"], ["README.md"])
    card = published(hub)["README.md"].decode()
    assert "\nlibrary_name: keras\n" in card and card.endswith("Thanks to all.\n")
    again = push("--space", SPACE)
    assert (result(again)["changed"], result(again)["space_changed"]) == ([], [])
    assert "cannot be read" not in again.stderr


def test_a_file_that_the_bundle_no_longer_has_is_deleted(hub: Hub, push: Push, tmp_path: Path) -> None:
    from train.export.bundle import write_manifest

    result(push())
    bundle = Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))
    (bundle / "labels.fr.txt").unlink()
    write_manifest(bundle)

    pushed = push(bundle=bundle)
    assert "labels.fr.txt" in result(pushed)["changed"]
    assert "labels.fr.txt" not in published(hub)
    assert f"Deleted from “{REPOSITORY}”: labels.fr.txt.\n" in pushed.stderr


def test_a_pull_request_leaves_the_branch_alone_and_is_made_once(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={"README.md": b"hello"})
    shown = result(push("--create-pr"))
    again = result(push("--create-pr"))

    assert shown["pull_request"].endswith("/discussions/1")
    assert again["commit"] == shown["commit"]
    assert set(published(hub)) == {"README.md"}
    assert [r for r in hub.repositories[REPOSITORY].references if r.startswith("refs/pr/")] == ["refs/pr/1"]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: " ".join(sorted(dialect)))
def test_another_implementation_of_the_protocol(dialect: set[str], hub: Hub, push: Push) -> None:
    hub.dialect |= dialect
    first = result(push("--space", SPACE))

    assert result(push("--space", SPACE)) | {"changed": [], "space_changed": []} == result(push("--space", SPACE))
    assert first["commit"] == hub.repositories[REPOSITORY].references["main"]
    assert len(titles(hub)) == 1 and len(hub.repositories[f"spaces/{SPACE}"].titles) == 1


def test_a_licence_is_asked_for_and_then_kept(hub: Hub, push: Push) -> None:
    assert "Name one with --license" in push().stderr
    assert "Name one with --license" not in push("--license", "mit").stderr
    assert "Name one with --license" not in push().stderr
    assert b"license: mit" in published(hub)["README.md"]


def test_somebody_at_a_terminal_can_answer_with_a_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    from train.commands.push import ask_licence

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    for typed, licence in (("mit\n", "mit"), ("\n", None)):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert ask_licence() == licence


def test_a_repository_that_was_renamed_gets_the_commit(hub: Hub, push: Push) -> None:
    hub.commit("somebody/banners", files={".gitattributes": b""})
    hub.moved[REPOSITORY] = "somebody/banners"
    shown = result(push())
    repository = hub.repositories["somebody/banners"]
    assert repository.references["main"] == shown["commit"] == repository.references[shown["version"]]


def test_a_branch_is_made_and_the_default_branch_left_alone(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={"README.md": b"hello"})
    done = push("--revision", "dev")
    shown = result(done)

    assert f"--model {REPOSITORY}@dev" in done.stderr
    assert published(hub, "dev").keys() > {"model.tflite"} and set(published(hub)) == {"README.md"}
    assert hub.repositories[REPOSITORY].references["dev"] == shown["commit"]


def test_a_new_branch_of_a_pushed_model_keeps_the_text_and_licence_of_its_card(hub: Hub, push: Push) -> None:
    result(push("--license", "mit"))
    hub.commit(REPOSITORY, files={**published(hub), "README.md": published(hub)["README.md"] + b"\nWritten by hand.\n"})
    result(push("--revision", "dev"))

    card = published(hub, "dev")["README.md"]
    assert b"license: mit" in card and b"Written by hand." in card


@pytest.mark.parametrize(("option", "private"), [((), False), (("--private",), True)])
def test_a_new_repository_is_public_or_private(option: tuple[str, ...], private: bool, hub: Hub, push: Push) -> None:
    result(push(*option))
    assert hub.repositories[REPOSITORY].private is private


def test_the_token_of_hf_auth_login_will_do(hub: Hub, push: Push, client: Client) -> None:
    client.home.mkdir()
    (client.home / "token").write_text(TOKEN)
    assert result(push(token=""))["commit"] == hub.repositories[REPOSITORY].references["main"]


def test_the_token_is_in_no_file_that_a_push_leaves(hub: Hub, push: Push, client: Client) -> None:
    result(push("--space", SPACE))
    kept = [path for path in client.home.rglob("*") if path.is_file()]
    sent = [c for r in hub.repositories.values() for files in r.commits.values() for c in files.values()]
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
    assert sent and not [content for content in sent if TOKEN.encode() in content]

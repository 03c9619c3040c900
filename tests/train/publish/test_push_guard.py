"""Files that the last push did not write: they are named, and refused or kept; another kind is never taken over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.pushing import REPOSITORY, SPACE, Push, other_version, published, result, titles
from tests.fake_hub.server import Hub

pytestmark = pytest.mark.usefixtures("bare_hub")

KEY = f"spaces/{SPACE}"
HUBS_OWN = b"---\ntitle: Show\nsdk: gradio\n---\n\nCheck out the configuration reference at \
https://huggingface.co/docs/hub/spaces-config-reference\n"


def space_files(hub: Hub) -> dict[str, bytes]:
    return hub.repositories[KEY].commits[hub.repositories[KEY].references["main"]]


def test_what_somebody_has_changed_since_the_last_push_is_not_overwritten(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push())
    hub.repositories[REPOSITORY].references = {"main": hub.repositories[REPOSITORY].references["main"]}  # no tags
    theirs = hub.commit(REPOSITORY, files={**published(hub), "labels.es.txt": b"theirs", "notes.txt": b"mine"})
    for options in ((), ("--dry-run",)):
        done = push(*options, bundle=other_version(tmp_path / str(len(options))))
        assert done.returncode == 2
        assert "Somebody has changed labels.es.txt in “somebody/flags”" in done.stderr and theirs in done.stderr
        assert hub.repositories[REPOSITORY].references["main"] == theirs

    result(push("--replace"))
    assert published(hub)["labels.es.txt"] == (EMBEDDED / "labels.es.txt").read_bytes()
    assert published(hub)["notes.txt"] == b"mine"
    result(push(bundle=other_version(tmp_path / "after")))
    assert len(titles(hub)) == 3


def test_a_push_after_a_merged_pull_request_keeps_what_was_changed_then(hub: Hub, push: Push, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b""})
    request = result(push("--create-pr"))["commit"]
    merged = hub.repositories[REPOSITORY].commits[request]
    hub.commit(REPOSITORY, files={**merged, "config.json": merged["config.json"] + b"\n"})
    done = push(bundle=other_version(tmp_path))

    assert done.returncode == 2
    assert "Somebody has changed config.json in “somebody/flags”" in done.stderr
    hub.commit(REPOSITORY, files=merged)
    result(push(bundle=other_version(tmp_path / "after")))


def test_an_uploaded_bundle_counts_as_a_push(hub: Hub, push: Push, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, EMBEDDED)  # its manifest has SHA-256 only
    result(push(bundle=other_version(tmp_path)))


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"model.tflite": b"theirs", "labels.txt": b"theirs"}, "labels.txt, model.tflite"),
        ({"README.md": b"---\nlicense: mit\n---\n\n# By hand\n", "notes.txt": b"mine"}, "README.md, notes.txt"),
        ({"manifest.json": b'{"files": {"main.css": "/main.css"}}'}, "manifest.json"),
    ],
)
def test_files_that_no_push_wrote_are_named_and_replaced_only_on_request(
    hub: Hub, push: Push, files: dict[str, bytes], named: str
) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b"", **files})
    done = push()

    assert done.returncode == 2
    assert f"“somebody/flags” holds files that no push wrote: {named}." in done.stderr
    assert published(hub) == {".gitattributes": b"", **files}
    result(push("--replace"))
    assert published(hub)["labels.txt"] == (EMBEDDED / "labels.txt").read_bytes()


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (
            {"config.json": b'{"model_type": "vit"}', "manifest.json": b'{"files": {}}'},
            "a model, a transformers model (vit), that `push` did not write (config.json)",
        ),
        (
            {
                "config.json": b'{"architectures": ["ViTForImageClassification"], "id2label": {"0": "a"}}',
                "manifest.json": b'{"files": {"main.css": {"sha256": "a"}}}',
            },
            "a model, a transformers image classifier (ViTForImageClassification, 1 labels), that `push` did not write",
        ),
        (
            {"README.md": b"---\nlibrary_name: timm\n---\n"},
            "a model that `push` did not write (README.md: library_name timm)",
        ),
        ({"model.onnx": b"theirs"}, "a model, an ONNX model (model.onnx), that `push` did not write (model.onnx)"),
    ],
)
def test_a_model_of_another_library_is_never_taken_over(
    hub: Hub, push: Push, files: dict[str, bytes], named: str
) -> None:
    hub.commit(REPOSITORY, files=files)
    done = push("--replace")

    assert done.returncode == 2
    assert f"holds {named}" in done.stderr
    assert "Give another repository" in done.stderr
    assert published(hub) == files


def test_a_repository_that_was_made_on_the_hubs_pages_is_empty(hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b"", "README.md": b"---\nlicense: mit\n---\n"})
    hub.commit(KEY, files={".gitattributes": b"", "README.md": HUBS_OWN})
    result(push("--space", SPACE))
    assert b"license: mit" in published(hub)["README.md"] and b"Check out" not in space_files(hub)["README.md"]


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"main.py": b"theirs"}, "main.py"),
        ({"app.py": b"theirs", "manifest.json": b'{"files": {"a.css": {"sha256": "a"}}}'}, "app.py"),
        ({"README.md": b"---\nsdk: streamlit\napp_file: app.py\n---\n", "app.py": b"theirs"}, "its sdk is streamlit"),
        ({"README.md": b"---\nsdk: gradio\n---\n\n# Mine\n", "app.py": b"theirs"}, "app.py"),
        ({"README.md": b"---\nsdk: gradio\napp_file: run.py\n---\n", "run.py": b"theirs"}, "run.py"),
        ({"README.md": b"---\nsdk: docker\n---\n"}, "its sdk is docker"),
    ],
)
def test_a_space_with_another_app_is_never_taken_over(
    hub: Hub, push: Push, files: dict[str, bytes], named: str
) -> None:
    hub.commit(KEY, files=files)
    done = push("--space", SPACE, "--replace")

    assert done.returncode == 2
    assert f"holds another app ({named})" in done.stderr
    assert REPOSITORY not in hub.repositories  # or its card would lead to somebody else's app
    assert space_files(hub) == files
    assert not hub.repositories[KEY].variables


def test_hand_edits_in_ones_own_space_are_named_and_kept(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push("--space", SPACE))
    mine = {"app.py": b"mine", "requirements.txt": b"mine", "interface/mine.py": b"mine"}
    hub.commit(KEY, files={**space_files(hub), **mine})
    before = space_files(hub)
    done = push("--space", SPACE, bundle=other_version(tmp_path))

    assert done.returncode == 2
    assert "Somebody has changed app.py, requirements.txt in “somebody/show”" in done.stderr
    assert space_files(hub) == before
    result(push("--space", SPACE, "--replace"))
    assert space_files(hub)["app.py"] != b"mine" and space_files(hub)["interface/mine.py"] == b"mine"


def test_a_file_of_the_space_that_the_app_no_longer_has_is_deleted(hub: Hub, push: Push, tmp_path: Path) -> None:
    result(push("--space", SPACE))
    manifest = json.loads(space_files(hub)["manifest.json"])
    manifest["files"]["interface/old.py"] = {"ids": ["a" * 40]}
    files = {**space_files(hub), "manifest.json": json.dumps(manifest).encode()}
    hub.commit(KEY, files={**files, "interface/old.py": b"changed by hand"})
    done = push("--space", SPACE)
    assert done.returncode == 2 and "Somebody has changed interface/old.py" in done.stderr

    result(push("--space", SPACE, "--replace"))
    assert "interface/old.py" not in space_files(hub)


def test_a_space_of_a_push_that_left_no_manifest_is_ours_but_not_overwritten_unasked(hub: Hub, push: Push) -> None:
    result(push("--space", SPACE))
    files = {path: content for path, content in space_files(hub).items() if path != "manifest.json"}
    hub.commit(KEY, files={**files, "app.py": b"older or mine"})
    done = push("--space", SPACE)

    assert done.returncode == 2
    assert "holds files that no push wrote: app.py." in done.stderr
    result(push("--space", SPACE, "--replace"))
    assert "manifest.json" in space_files(hub)


@pytest.mark.parametrize(("key", "options"), [(REPOSITORY, ()), (REPOSITORY, ("--revision", "dev")), (KEY, ())])
def test_a_private_push_into_a_public_repository_is_refused(
    hub: Hub, push: Push, key: str, options: tuple[str, ...]
) -> None:
    hub.commit(key, files={".gitattributes": b""})
    done = push("--private", *options, *(("--space", SPACE) if key == KEY else ()))

    assert done.returncode == 2
    assert f"“{key.removeprefix('spaces/')}” is public" in done.stderr and f"/{key}/settings" in done.stderr
    assert list(hub.repositories[key].references) == ["main"] and not hub.repositories[key].titles


def test_a_refused_licence_is_named_and_no_repository_made(hub: Hub, push: Push) -> None:
    done = push("--license", "my-own")
    assert done.returncode == 2
    assert "Its licence is “my-own”" in done.stderr
    assert not hub.repositories

"""What was published can be listed, named, fetched and pushed again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from model.bundle import load_bundle
from model.errors import SettingsError
from model.hub.pull import check_new_directory
from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import HURRY, Client, Ended
from tests.fake_hub.pushing import REPOSITORY, Push, other_version, published, result
from tests.fake_hub.server import Hub, corrupted
from tests.fake_hub.writing import TOKEN
from tests.support.serving import EXAMPLES
from train.publish.push import Release, bundle_files

_RUN = HURRY + "import sys\nfrom train.__main__ import main\nsys.exit(main(sys.argv[1:]))"
Run = Callable[..., Ended]


@pytest.fixture
def run(client: Client) -> Run:
    """A command of `train`, which ends without a traceback and shows the token to nobody."""

    def run_(*arguments: str, token: str = TOKEN) -> Ended:
        done = client.run(_RUN, arguments, HF_TOKEN=token)
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done

    return run_


def test_versions_are_listed_with_their_metrics_the_newest_first(
    hub: Hub, push: Push, run: Run, tmp_path: Path
) -> None:
    first = result(push("--tag", "v1"))
    second = result(push("--commit-message", "Better flags\n\nTwice as many images.", bundle=other_version(tmp_path)))
    hub.commit(REPOSITORY, files=published(hub), branch="dev")

    listed = json.loads(run("versions", REPOSITORY, "--json").stdout)
    assert listed["repository"] == REPOSITORY
    dev, newest, oldest = listed["versions"]
    assert (dev["names"], dev["version"]) == (["dev"], None)
    assert (newest["commit"], newest["version"], newest["names"]) == (second["commit"], second["version"], ["main"])
    assert newest["title"] == "Better flags"
    assert (oldest["commit"], oldest["version"], oldest["names"]) == (first["commit"], first["version"], ["v1"])
    stored = json.loads((EMBEDDED / "metrics.json").read_text(encoding="utf-8"))
    assert {name: oldest["metrics"][name] for name in ("accuracy", "macro_f1", "n", "split")} == {
        name: stored[name] for name in ("accuracy", "macro_f1", "n", "split")
    }
    assert oldest["date"] < newest["date"]

    shown = run("versions", REPOSITORY, "--limit", "2")
    # A version's tag may have been deleted since; its commit stays.
    assert f"pull {REPOSITORY}@{listed['versions'][0]['commit']} --out" in shown.stderr
    table = shown.stdout.splitlines()
    assert len(table) == 3 and "Better flags" in table[2] and second["commit"][:12] in table[2]
    assert f"{stored['accuracy']:.4f}" in table[2]


def test_versions_of_what_is_not_there_are_an_error_in_one_line(hub: Hub, run: Run) -> None:
    for name, sentence in (
        ("somebody/nothing", "There is no repository"),
        ("nothing", "is not a Hub repository"),
        ("https://huggingface.co/spaces/somebody/show", "is the address of a Space"),
    ):
        done = run("versions", name)
        assert done.returncode == 2 and sentence in done.stderr


def test_a_version_without_usable_metrics_is_listed_all_the_same(hub: Hub, run: Run) -> None:
    hub.commit(REPOSITORY, files={"metrics.json": b"[1"})
    (version,) = json.loads(run("versions", REPOSITORY, "--json").stdout)["versions"]
    assert (version["names"], version["metrics"]) == (["main"], {})


def test_a_pulled_version_is_the_bundle_that_was_pushed_and_can_be_pushed_again(
    hub: Hub, push: Push, run: Run, tmp_path: Path
) -> None:
    first = result(push("--tag", "v1"))
    result(push(bundle=other_version(tmp_path)))
    out = tmp_path / "copies" / "old"
    done = run("pull", f"{REPOSITORY}@v1", "--out", str(out), "--json")

    assert json.loads(done.stdout.splitlines()[-1]) == {
        "repository": REPOSITORY,
        "commit": first["commit"],
        "out": str(out),
    }
    assert f"python app.py --model {out}" in done.stderr
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == set(
        hub.repositories[REPOSITORY].commits[first["commit"]]
    ) - {".gitattributes"}
    assert [path.name for path in out.parent.iterdir()] == ["old"]
    assert load_bundle(out).labels == load_bundle(EMBEDDED).labels
    assert bundle_files(out)[1] == first["version"]

    again = result(push(bundle=out))
    assert again["version"] == first["version"] and published(hub)["config.json"] == (out / "config.json").read_bytes()
    refused = run("pull", REPOSITORY, "--out", str(out))
    assert refused.returncode == 2 and "is not empty, and nothing is overwritten" in refused.stderr


def test_a_model_that_is_on_the_hub_is_evaluated_without_advice_to_push_it(hub: Hub, run: Run, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, EMBEDDED)
    for label in ("Brazil", "Canada"):
        (tmp_path / "data" / label).mkdir(parents=True)
        shutil.copy(EXAMPLES / "images" / f"{label.lower()}.jpg", tmp_path / "data" / label)
    done = run("evaluate", f"hf://{REPOSITORY}", str(tmp_path / "data"), "--out", str(tmp_path / "report"))
    assert done.returncode == 0 and " push " not in done.stderr


def test_an_uploaded_bundle_whose_card_was_edited_is_pulled_without_it(hub: Hub, run: Run, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, EMBEDDED, {"README.md": b"# By hand\n"})
    assert run("pull", REPOSITORY, "--out", str(tmp_path / "copy")).returncode == 0
    assert not (tmp_path / "copy" / "README.md").exists() and load_bundle(tmp_path / "copy")


@pytest.mark.parametrize("moment", [r"GET .*labels\.fr", r"GET /[0-9a-f]{64}/model\.weights"])
def test_a_pull_that_fails_leaves_nothing(moment: str, hub: Hub, run: Run, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, EMBEDDED)
    hub.fail(moment, body=corrupted)
    done = run("pull", REPOSITORY, "--out", str(tmp_path / "here" / "copy"))
    assert done.returncode == 2 and "arrived damaged" in done.stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_a_manifest_that_leaves_the_directory_is_refused(hub: Hub, run: Run, tmp_path: Path) -> None:
    entries: dict[str, dict[str, str]] = {"config.json": {}, "labels.txt": {}, "model.tflite": {}, "../outside": {}}
    files = dict.fromkeys([*entries, "README.md"], b"x")
    hub.commit(REPOSITORY, files={**files, "manifest.json": json.dumps({"files": entries}).encode()})
    done = run("pull", REPOSITORY, "--out", str(tmp_path / "here" / "copy"))
    assert done.returncode == 2 and "names a file that no bundle has" in done.stderr
    assert list((tmp_path / "here").iterdir()) == []


def test_another_programs_model_is_not_pulled(hub: Hub, run: Run, tmp_path: Path) -> None:
    hub.commit(REPOSITORY, files={"model.onnx": b"x"})
    done = run("pull", REPOSITORY, "--out", str(tmp_path / "copy"))
    assert done.returncode == 2 and "holds an ONNX model" in done.stderr and not (tmp_path / "copy").exists()


def test_only_a_new_or_empty_directory_is_written(tmp_path: Path) -> None:
    check_new_directory(tmp_path / "a" / "b")
    check_new_directory(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    for path, words in ((tmp_path, "is not empty"), (tmp_path / "file", "is a file")):
        with pytest.raises(SettingsError, match=words):
            check_new_directory(path)


def test_a_commit_gets_the_message_and_the_tag_that_were_given(hub: Hub, push: Push, tmp_path: Path) -> None:
    shown = result(push("--commit-message", "Flags of 2026\n\nMore to come.", "--tag", "v1.0"))
    repository = hub.repositories[REPOSITORY]
    assert repository.titles[shown["commit"]] == "Flags of 2026"
    assert repository.descriptions[shown["commit"]] == f"More to come.\n\nPublish {shown['version']}"
    assert repository.references["v1.0"] == repository.references[shown["version"]] == shown["commit"]
    assert (shown["tag"], shown["url"]) == ("v1.0", f"{hub.url}/{REPOSITORY}")
    assert result(push("--tag", "v1.0"))["changed"] == []
    assert result(push("--tag", "also"))["commit"] == repository.references["also"]

    for tag, sentence in (("v1.0", "stands for commit"), ("main", "has a branch “main”")):
        done = push("--tag", tag, bundle=other_version(tmp_path / tag))
        assert done.returncode == 2 and sentence in done.stderr
    assert repository.references["main"] == shown["commit"]


@pytest.mark.parametrize("tag", ["", " ", "a b", "a..b", "-x", "x.lock", "a:b", "ü"])
def test_what_cannot_be_a_tag_is_refused_before_anything_is_asked(tag: str) -> None:
    with pytest.raises(SettingsError, match="--tag should be"):
        Release(tag=tag)


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(SettingsError, match="--commit-message should be"):
        Release(message=" \n")


def test_a_tag_does_not_go_with_a_pull_request(hub: Hub, push: Push) -> None:
    done = push("--create-pr", "--tag", "v1")
    assert done.returncode == 2 and "--tag needs a permanent commit" in done.stderr and not hub.log

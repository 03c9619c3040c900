"""Publishing while somebody else does: nothing is overwritten, and nobody sees half of either."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.pushing import COMMIT, CREATE, REPOSITORY, Push, other_version, published, titles
from tests.fake_hub.server import Hub
from train.publish.push import bundle_files

pytestmark = pytest.mark.usefixtures("bare_hub")


def test_of_two_pushes_at_once_one_wins_and_the_other_changes_nothing(
    hub: Hub, command: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b""})
    both = threading.Barrier(2)
    hub.fail(COMMIT, times=2, then=lambda: both.wait(60))  # both have seen the same commit
    mine, theirs = EMBEDDED, other_version(tmp_path)
    ended = _at_once([command(bundle=mine), command(bundle=theirs)])

    assert sorted(status for status, _, _ in ended) == [0, 2]
    won, lost = sorted(ended)
    assert "Somebody else has changed “somebody/flags”" in lost[2] and "Nothing was overwritten" in lost[2]
    winner = mine if won is ended[0] else theirs
    shown = json.loads(won[1].splitlines()[-1])
    assert titles(hub) == [f"Publish {shown['version']}"]
    assert hub.repositories[REPOSITORY].references["main"] == shown["commit"]
    for name, content in bundle_files(winner)[0].items():
        assert published(hub)[name] == (content if isinstance(content, bytes) else content.read_bytes())


def test_two_pushes_of_the_same_bundle_at_once_make_one_commit(
    hub: Hub, command: Callable[..., dict[str, Any]]
) -> None:
    both = threading.Barrier(2)
    hub.fail(CREATE, times=2, then=lambda: both.wait(60))  # both have found nothing
    ended = _at_once([command(), command()])

    assert [status for status, _, _ in ended] == [0, 0]
    assert len({json.loads(out.splitlines()[-1])["commit"] for _, out, _ in ended}) == 1
    assert len(titles(hub)) == 1


@pytest.mark.parametrize("status", [None, 409])  # the Hub says 412; 409 would do as well
def test_a_change_between_looking_and_committing_is_not_overwritten(status: int | None, hub: Hub, push: Push) -> None:
    hub.commit(REPOSITORY, files={".gitattributes": b""})
    theirs = {"theirs.txt": b"first"}
    hub.fail(COMMIT, times=1, status=status, then=lambda: hub.commit(REPOSITORY, files=theirs))
    done = push()

    assert done.returncode == 2
    assert "Somebody else has changed “somebody/flags”" in done.stderr
    assert published(hub) == {"theirs.txt": b"first"}


def _at_once(commands: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    processes = [subprocess.Popen(**c, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for c in commands]
    try:
        shown = [process.communicate(timeout=90) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [(process.returncode, out, err) for process, (out, err) in zip(processes, shown, strict=True)]

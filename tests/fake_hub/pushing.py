"""What the tests of pushing share: `vistazo push` in a process of its own, and what it left on the Hub."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import HURRY, Client, Ended, Running
from tests.fake_hub.server import Hub, Repository
from tests.fake_hub.writing import TOKEN
from tests.support.serving import ROOT, environment

REPOSITORY, SPACE = "somebody/flags", "somebody/show"
OPTIONS = ("--space", SPACE)
COMMIT = r"POST /api/models/somebody/flags/commit/"
LOOK = r"GET /api/models/somebody/flags\?"
UPLOAD = r"PUT /(upload|part)/"
CREATE = r"POST /api/repos/create"
TAG = r"POST /api/models/somebody/flags/tag/"
SPACE_COMMIT = r"POST /api/spaces/somebody/show/commit/"
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
    r"GET /api/spaces/somebody/show\?": OPTIONS,
    SPACE_COMMIT: OPTIONS,
    r"GET /api/spaces/somebody/show/variables": OPTIONS,
    VARIABLE: OPTIONS,
}
_PUSH = (
    HURRY
    + """
import sys
from model.hub import http
from train.publish import target
target.CALL_SECONDS, target.SLOWEST_BYTES_PER_SECOND = {call_seconds}, 20_000_000
target.MAX_PAUSE = 1.0
http.REQUEST_SECONDS = target.STORING_SECONDS = {request_seconds}
{prelude}
from train.__main__ import main
sys.exit(main(["push", "--json", *sys.argv[1:]]))
"""
)
# In seconds: for one call with all its attempts, and for one response; `SHORT` is enough for a time that has to pass.
CALL_SECONDS, REQUEST_SECONDS, SHORT = 15.0, 2.0, 1.0
Push = Callable[..., Ended]
StartPush = Callable[..., Running]


@pytest.fixture
def command(hub: Hub, client: Client, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What `Popen` takes for a push in a process that reads its settings itself."""

    def command_(*options: str, bundle: Path = EMBEDDED, **more: str) -> dict[str, Any]:
        code = _PUSH.format(call_seconds=CALL_SECONDS, request_seconds=REQUEST_SECONDS, prelude="")
        return {
            "args": [sys.executable, "-c", code, str(bundle), REPOSITORY, *options],
            "cwd": ROOT,
            "env": environment(tmp_path, **hub.environment(client.home, HF_TOKEN=TOKEN, **more)),
            "text": True,
        }

    return command_


@pytest.fixture
def start_push(client: Client) -> StartPush:
    """Start a push that can be killed."""

    def start_(
        *options: str,
        bundle: Path = EMBEDDED,
        token: str = TOKEN,
        call_seconds: float = CALL_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        prelude: str = "",
    ) -> Running:
        code = _PUSH.format(call_seconds=call_seconds, request_seconds=request_seconds, prelude=prelude)
        return client.start(code, [str(bundle), REPOSITORY, *options], HF_TOKEN=token)

    return start_


@pytest.fixture
def push(start_push: StartPush, hub: Hub) -> Push:
    """Push, and check what holds whatever happens: it ends, without a traceback, and shows the token to nobody."""

    def push_(*options: str, **more: Any) -> Ended:
        done = start_push(*options, **more).wait()
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert not hub.cdn_tokens
        return done

    return push_


def result(done: Ended) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def titles(hub: Hub) -> list[str]:
    """What `vistazo push` committed, oldest first."""
    repository = hub.repositories.get(REPOSITORY, Repository())
    return [title for title in repository.titles.values() if title.startswith("Publish")]


def published(hub: Hub, branch: str = "main") -> dict[str, bytes]:
    repository = hub.repositories[REPOSITORY]
    return repository.commits[repository.references[branch]]


def other_version(folder: Path) -> Path:
    """The embedded bundle with another threshold: every serving file but the network has a new content."""
    bundle = Path(shutil.copytree(EMBEDDED, folder / "other"))
    config = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
    config["vistazo"]["unknown_threshold"] = 0.123
    (bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")
    from train.export.bundle import write_manifest  # here: it takes seconds

    write_manifest(bundle)
    return bundle

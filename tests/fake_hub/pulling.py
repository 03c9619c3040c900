"""What the tests of pulling share: a pull in a process of its own, with the real client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model.bundle import load_bundle
from model.hub.resolve import EMBEDDED
from tests.fake_hub.client import HURRY, Client, Running
from tests.fake_hub.server import Hub
from tests.fake_hub.writing import TOKEN
from tests.support.serving import ROOT, environment

REPOSITORY = "somebody/flags"
NEEDED = [
    "config.json",
    "labels.es.txt",
    "labels.fr.txt",
    "labels.txt",
    "manifest.json",
    "metrics.json",
    "model.tflite",
    "statistics.npz",
]
NETWORK = r"GET /[0-9a-f]{64}/model\.tflite"
INFO = r"GET /api/models/"
NO_COPY = "There is no usable copy on this machine."

_PULL = (
    HURRY
    + """
import json, sys, time
from model.hub import contents, download, http
contents.CONTENTS_SECONDS = download.DOWNLOAD_SECONDS = {seconds}
http.REQUEST_SECONDS = {seconds} / 2
download.SLOWEST_BYTES_PER_SECOND = 20_000_000
{prelude}
from model.errors import HubUnreachableError, VistazoError
from model.hub.resolve import find_model
http.configure_client()
retries = []
begin = time.monotonic()
try:
    source = find_model(sys.argv[1], retries.append)
    result = dict(directory=str(source.directory), title=source.title, commit=source.commit, note=source.note)
except VistazoError as error:
    result = dict(error=str(error), temporary=isinstance(error, HubUnreachableError))
print(json.dumps(result | dict(retries=retries, seconds=time.monotonic() - begin)))
"""
)
# For the contents, and for the files; `SHORT` is enough for a time that has to pass.
SECONDS, SHORT = 6.0, 1.0
# A prelude: no server listens there.
DOWN = "import huggingface_hub; huggingface_hub.constants.ENDPOINT = 'http://127.0.0.1:9'"

Pull = Callable[..., "Pulled"]
StartPull = Callable[..., Running]


@dataclass(frozen=True)
class Pulled:
    """What came of one pull."""

    retries: list[str]
    seconds: float
    directory: Path | None = None
    title: str | None = None
    commit: str | None = None
    note: str | None = None
    error: str | None = None
    temporary: bool = False


@pytest.fixture
def commit(hub: Hub) -> str:
    return hub.commit(REPOSITORY, EMBEDDED)


@pytest.fixture
def start_pull(client: Client) -> StartPull:
    """Start a pull that can be killed."""

    def start_(name: str = REPOSITORY, prelude: str = "", seconds: float = SECONDS, **more: str) -> Running:
        return client.start(_PULL.format(prelude=prelude, seconds=seconds), [name], **more)

    return start_


@pytest.fixture
def pull(start_pull: StartPull) -> Pull:
    """Pull, and check what holds whatever happens: it ends, quietly, and shows the token to nobody."""

    def pull_(*arguments: Any, **more: Any) -> Pulled:
        ended = start_pull(*arguments, **more).wait()
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
        assert TOKEN not in ended.stdout + ended.stderr
        result: dict[str, Any] = json.loads(ended.stdout)
        if "directory" in result:
            result["directory"] = Path(result["directory"])
        pulled = Pulled(**result)
        assert pulled.error or load_bundle(pulled.directory or Path()).labels
        return pulled

    return pull_


def pull_command(name: str, home: Path, hub: Hub, temporary: Path, **more: str) -> dict[str, Any]:
    """What `Popen` takes for a pull in a process that reads its settings itself."""
    return {
        "args": [sys.executable, "-c", _PULL.format(prelude="", seconds=SECONDS), name],
        "cwd": ROOT,
        "env": environment(temporary, **hub.environment(home, **more)),
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }


def of_embedded(name: str) -> bytes:
    return (EMBEDDED / name).read_bytes()

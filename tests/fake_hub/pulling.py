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
from tests.fake_hub.client import HURRY, Client
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
]
NETWORK = r"GET /[0-9a-f]{64}/model\.tflite"
INFO = r"GET /api/models/"
NO_COPY = "There is no usable copy on this machine."

_PULL = (
    HURRY
    + """
import json, sys, time
from model.hub import download, http
download.ASK_SECONDS = download.DOWNLOAD_SECONDS = {patience}
http.REQUEST_SECONDS = {patience} / 2
download.SLOWEST_BYTES_PER_SECOND = 20_000_000
{prelude}
from model.errors import HubUnreachableError, VistazoError
from model.hub.resolve import find_model
trouble = []
begin = time.monotonic()
try:
    source = find_model(sys.argv[1], trouble.append)
    told = dict(directory=str(source.directory), title=source.title, commit=source.commit, note=source.note)
except VistazoError as error:
    told = dict(error=str(error), later=isinstance(error, HubUnreachableError))
print(json.dumps(told | dict(trouble=trouble, seconds=time.monotonic() - begin)))
"""
)
# Seconds for asking, and for fetching; where they have to pass, `SOON` is enough.
PATIENCE, SOON = 6.0, 1.0


@dataclass(frozen=True)
class Pulled:
    """What came of one pull."""

    directory: Path | None
    title: str | None
    commit: str | None
    note: str | None
    error: str | None
    later: bool
    trouble: list[str]
    seconds: float


@pytest.fixture
def commit(hub: Hub) -> str:
    return hub.commit(REPOSITORY, EMBEDDED)


@pytest.fixture
def start(hub: Hub, client: Client, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Begin a pull, in a process that can be killed and that reads its settings itself."""

    def start_(name: str, code: str = _PULL.format(prelude="", patience=PATIENCE), **more: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-c", code, name],
            cwd=ROOT,
            env=environment(tmp_path, **hub.environment(client.home, **more)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start_


@pytest.fixture
def pull(start: Callable[..., subprocess.Popen[str]], client: Client) -> Callable[..., Pulled]:
    """Pull, and check what holds whatever happens: it ends, quietly, and keeps the token for itself."""

    def pull_(name: str = REPOSITORY, prelude: str = "", patience: float = PATIENCE, **more: str) -> Pulled:
        code = _PULL.format(prelude=prelude, patience=patience)
        if set(more) <= {"HF_TOKEN"}:
            ended = client.run(code, [name], **more)
            status, out, err = ended.returncode, ended.stdout, ended.stderr
        else:
            process = start(name, code, **more)
            try:
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
            status = process.returncode
        assert status == 0, err
        assert "Traceback" not in err
        assert TOKEN not in out + err
        told: dict[str, Any] = json.loads(out)
        pulled = Pulled(
            Path(told["directory"]) if "directory" in told else None,
            told.get("title"),
            told.get("commit"),
            told.get("note"),
            told.get("error"),
            told.get("later", False),
            told["trouble"],
            told["seconds"],
        )
        assert pulled.error or load_bundle(pulled.directory or Path()).labels
        return pulled

    return pull_


Pull = Callable[..., Pulled]


def of_embedded(name: str) -> bytes:
    return (EMBEDDED / name).read_bytes()

"""Run code with the real Hub client in processes that start quickly.

The client reads its settings when it is imported, so every call needs a process of its own, and its
import costs more than most calls. One process imports it once, with the address of the tests' Hub
and an empty cache, and forks for each call; what a call changes ends with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.fake_hub.server import Hub, Origins
from tests.support.serving import ROOT, environment

_HERE = "tests.fake_hub.client"
# Pauses between two attempts, the client's and ours, are so many times shorter; deadlines stay as they are.
HURRY = "import time; _sleep = time.sleep; time.sleep = lambda seconds: _sleep(seconds / 20)\n"


@dataclass(frozen=True)
class Ended:
    """A call that has ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Running:
    """A call that has not ended yet."""

    process: int
    statuses: IO[bytes]
    out: Path
    err: Path
    status: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.process, number)

    def wait(self, seconds: float = 60) -> Ended:
        """Wait until it has ended; AssertionError when it does not."""
        in_time = bool(select.select([self.statuses], [], [], seconds)[0])
        if not in_time:
            self.kill()
        self.status = int(self.statuses.readline())
        err = self.err.read_text(encoding="utf-8")
        assert in_time, f"it did not end in {seconds} s: {err}"
        return Ended(self.status, self.out.read_text(encoding="utf-8"), err)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)


class Client:
    """The process that forks, for as long as the `with` statement lasts."""

    def __init__(self, origins: Origins, folder: Path) -> None:
        self.home = folder / "home"  # HF_HOME
        self._folder = folder
        self._last: Running | None = None
        self._environment = environment(folder, HF_ENDPOINT=origins.url, HF_HOME=str(self.home), HF_HUB_OFFLINE="0")

    def __enter__(self) -> Client:
        self._process = subprocess.Popen(
            [sys.executable, "-m", _HERE],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # `select` must see whatever has not been read
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def forget(self) -> None:
        """Empty the cache."""
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self, code: str, arguments: Sequence[str], **more: str) -> Running:
        """Start code with `sys.argv[1:]` = arguments and `more` variables; one call at a time."""
        out, err = self._folder / "out", self._folder / "err"
        asked = {"code": code, "arguments": list(arguments), "variables": more, "out": str(out), "err": str(err)}
        assert self._process.stdin and self._process.stdout
        if self._last and self._last.status is None:  # a test failed before it had ended
            self._last.kill()
            self._process.stdout.readline()
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._last = Running(int(self._process.stdout.readline()), self._process.stdout, out, err)
        return self._last

    def run(self, code: str, arguments: Sequence[str], **more: str) -> Ended:
        """Start code, and wait until it has ended."""
        return self.start(code, arguments, **more).wait()


@pytest.fixture(scope="session")
def origins() -> Iterator[Origins]:
    with Origins() as both:
        yield both


@pytest.fixture(scope="session")
def forking_client(origins: Origins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client(origins, tmp_path_factory.mktemp("client")) as started:
        yield started


@pytest.fixture
def client(forking_client: Client) -> Client:
    """Quick processes with an empty cache."""
    forking_client.forget()
    return forking_client


@pytest.fixture
def hub(origins: Origins) -> Iterator[Hub]:
    """A Hub with nothing on it."""
    with Hub(origins) as server:
        yield server


def _serve() -> None:
    # Everything that a call needs; the client itself imports most of its own modules when they are first used.
    import ssl

    import huggingface_hub._commit_api
    import huggingface_hub.hf_api
    import huggingface_hub.lfs
    import huggingface_hub.repocard  # noqa: F401
    from huggingface_hub import snapshot_download  # noqa: F401

    import model.hub.resolve  # noqa: F401
    import train.__main__
    import train.publish.push
    import train.publish.space  # noqa: F401
    from model.hub.http import configure_client

    configure_client()
    # Each process would read all authorities' certificates, and none of our addresses is https.
    ssl.SSLContext.load_verify_locations = lambda *_, **__: None  # type: ignore[method-assign]
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(asked: dict[str, object]) -> None:
    import traceback

    status = 1
    try:
        for number, path in ((1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.environ.update(asked["variables"])  # type: ignore[call-overload]
        sys.argv = ["-c", *asked["arguments"]]  # type: ignore[misc]
        exec(str(asked["code"]), {"__name__": "__main__"})
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()

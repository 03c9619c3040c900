"""A Hub on loopback that the unmodified `huggingface_hub` client reads from and writes to, with faults on demand.

    with Hub() as hub:
        commit = hub.commit("user/flags", directory)
        hub.fail(r"GET .*model\\.tflite", status=500, times=3)
        ...                                     # run a process with hub.environment(folder)
        assert hub.requests(r"GET .*/resolve/")

As on the real one, large files come from another origin (the CDN) under their SHA-256, small ones
from a second path of the same origin under their git blob id, and a resolved file names the commit
that it belongs to. `private` repositories answer only to `TOKEN`.

Where the protocol leaves a choice, `hub.dialect` makes the other one:

    pages      one file on a page of the tree
    no list    the information about a repository lists no files
    no ids     … files without sizes and identities
    lower      names of headers in lower case
    weak       weak ETags
    absolute   redirections with scheme and host
    direct     small files without a redirection
    chunked    bodies of unannounced length
    gzip       compressed bodies for clients that accept them
    whole      all of a file, also where a range of it was requested
    xet        large files that could also be had from Xet
    remarks    warnings about every card
    bare       a new Space has no variables, whatever was requested
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fake_hub.reading import CdnHandler, HubHandler
from tests.fake_hub.writing import LARGE

# Together they make every choice.
DIALECTS = [
    {"lower", "weak", "absolute", "chunked"},
    {"direct", "gzip", "no ids"},
    {"no list", "pages"},
    {"xet", "bare"},
]


@dataclass
class Repository:
    """Its commits, each a whole set of files, and the branches and tags that point to them."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    private: bool = False
    tags: set[str] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)  # a Space's hardware, sleep and visibility


@dataclass
class Fault:
    """What is done to requests whose "METHOD path" contains `match`, as often as `times` says.

    Attributes:
        match: A regular expression.
        times: How many requests it meets.
        status: The response's instead of the file's, when given.
        code: X-Error-Code that goes with it.
        headers: More headers that go with it.
        stall: Seconds of silence before the response.
        reset: Close the connection without a response.
        body: Changes the pieces of the file that is sent: see `truncated`, `corrupted`, `dripping`.
        then: Called before the response.
        lose: Do what was requested, and close the connection without a response.
    """

    match: str
    times: float = float("inf")
    status: int | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: float = 0
    reset: bool = False
    body: Callable[[bytes], Any] | None = None
    then: Callable[[], object] | None = None
    lose: bool = False


class Origins:
    """The two ports, Hub and CDN, at which one `Hub` after the other is served; use it in a `with` statement."""

    def __enter__(self) -> Origins:
        self.hub: Hub | None = None
        self._servers = []
        for handler in (HubHandler, CdnHandler):
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads, server.block_on_close = True, False
            server.origins = self  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self._servers.append(server)
        self.url, self.cdn_url = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class Hub:
    """The server; use it in a `with` statement.

    Args:
        origins: Where to serve; None for ports of its own.
    """

    def __init__(self, origins: Origins | None = None) -> None:
        self.repositories: dict[str, Repository] = {}
        self.log: list[str] = []  # "METHOD path" of every request to the Hub
        self.cdn_log: list[str] = []
        self.cdn_tokens: list[str] = []  # Authorization headers that reached the CDN; none should
        self.uploads: dict[str, bytes] = {}  # SHA-256 → content of large files
        self.parts: dict[tuple[str, int], bytes] = {}
        self.dialect: set[str] = set()
        self.moved: dict[str, str] = {}  # former name of a repository → its name
        self.writing = threading.RLock()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._number = itertools.count()
        self._origins, self._own_origins = origins or Origins(), origins is None

    def __enter__(self) -> Hub:
        if self._own_origins:
            self._origins.__enter__()
        self.url, self.cdn_url = self._origins.url, self._origins.cdn_url
        self._origins.hub = self
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._origins.hub = None
        if self._own_origins:
            self._origins.__exit__()

    def environment(self, folder: Path, **more: str) -> dict[str, Any]:
        """The variables that send a process's Hub client here, with its cache in `folder`."""
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "0", **more}

    def commit(
        self,
        name: str,
        directory: Path | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        branch: str = "main",
        private: bool = False,
    ) -> str:
        """Store a directory, or these files, as a new commit of a branch, and return its hash."""
        found = (
            {p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()} if directory else {}
        )
        content = {path: file.read_bytes() for path, file in found.items()} | dict(files or {})
        commit = hashlib.sha1(f"{name} {next(self._number)}".encode()).hexdigest()
        repository = self.repositories.setdefault(name, Repository(private=private))
        repository.commits[commit] = content
        repository.references[branch] = commit
        return commit

    def fail(self, match: str, **fault: Any) -> None:
        """Do something to some of the requests; see `Fault`."""
        with self._lock:
            self._faults.append(Fault(match, **fault))

    def recover(self) -> None:
        """Forget all faults and all requests."""
        with self._lock:
            self._faults.clear()
            self.log.clear()
            self.cdn_log.clear()

    def requests(self, match: str) -> list[str]:
        """Return the requests, to Hub and CDN, whose "METHOD path" contains a regular expression."""
        return [request for request in [*self.log, *self.cdn_log] if re.search(match, request)]

    def sleep(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        self._closing.wait(seconds)

    def fault_of(self, request: str) -> Fault | None:
        """Return the fault that meets this request, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and re.search(fault.match, request):
                    fault.times -= 1
                    return fault
        return None

    def large_file(self, digest: str) -> bytes | None:
        """Return the content with this SHA-256."""
        if digest in self.uploads:
            return self.uploads[digest]
        for repository in list(self.repositories.values()):
            for files in list(repository.commits.values()):
                for content in files.values():
                    if len(content) >= LARGE and hashlib.sha256(content).hexdigest() == digest:
                        return content
        return None


def truncated(content: bytes) -> list[bytes]:
    """The first half of a body, and then nothing."""
    return [content[: len(content) // 2]]


def corrupted(content: bytes) -> list[bytes]:
    """A body of the right size with one bit flipped."""
    middle = len(content) // 2
    return [content[:middle], bytes([content[middle] ^ 1]), content[middle + 1 :]]


def dripping(content: bytes) -> Any:
    """A body that comes a byte at a time, for ever so long."""
    for index in range(len(content)):
        time.sleep(0.2)
        yield content[index : index + 1]


def halting(content: bytes) -> Any:
    """The first half of a body, and then silence."""
    yield content[: len(content) // 2]
    time.sleep(20)

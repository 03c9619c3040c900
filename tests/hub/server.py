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
    no list    what is told about a repository has no files
    no ids     … files without sizes and identities
    lower      names of headers in lower case
    weak       weak ETags
    absolute   redirections with scheme and host
    direct     small files at once, without a redirection
    chunked    bodies of unannounced length
    gzip       compressed bodies for clients that take them
    whole      all of a file, also where a part of it was asked for
    xet        large files that could also be had from Xet
    bare       a new Space has no variables, whatever was asked for
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.hub.writing import LARGE, READ_TOKEN, TOKEN, Writing

_MODEL = re.compile(r"/api/(?:models/)?((?:(?<=api/)spaces/)?[^/]+/[^/]+)(?:/revision/([^/]+))?")
_RESOLVE = re.compile(r"/((?:spaces/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_SMALL = re.compile(r"/api/resolve-cache/models/((?:spaces/)?[^/]+/[^/]+)/([0-9a-f]{40})/(.+)")
_SHORT_PIECE = 8192
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
    variables: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What is done to requests whose "METHOD path" contains `match`, as often as `times` says.

    Attributes:
        match: A regular expression.
        times: How many requests it meets.
        status: Answered instead of the file, when given.
        code: X-Error-Code that goes with it.
        headers: More headers that go with it.
        stall: Seconds of silence before anything is answered.
        reset: Close the connection without an answer.
        body: Changes the pieces of the file that is sent: see `truncated`, `corrupted`, `dripping`.
        then: Called when the request is met, before it is answered.
        lose: Do what was asked for, and close the connection without an answer.
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


class Doors:
    """The two ports, Hub and CDN, at which one `Hub` after the other can be had; use it in a `with` statement."""

    def __enter__(self) -> Doors:
        self.hub: Hub | None = None
        self._servers = []
        for handler in (_HubHandler, _CdnHandler):
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads, server.block_on_close = True, False
            server.doors = self  # type: ignore[attr-defined]
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
        doors: Where to serve; None for ports of its own.
    """

    def __init__(self, doors: Doors | None = None) -> None:
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
        self._doors, self._own_doors = doors or Doors(), doors is None

    def __enter__(self) -> Hub:
        if self._own_doors:
            self._doors.__enter__()
        self.url, self.cdn_url = self._doors.url, self._doors.cdn_url
        self._doors.hub = self
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._doors.hub = None
        if self._own_doors:
            self._doors.__exit__()

    def environment(self, folder: Path, **more: str) -> dict[str, str]:
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


class _Handler(Writing, BaseHTTPRequestHandler):
    """What both origins share: faults, and answers with or without a body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement
    losing = False
    content = b""  # what the client sent
    server: Any
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._meet()

    def do_GET(self) -> None:
        self._meet()

    def do_POST(self) -> None:
        self._meet()

    def do_PUT(self) -> None:
        self._meet()

    def note(self, request: str) -> None:
        raise NotImplementedError

    def answer(self, path: str, fault: Fault | None) -> None:
        raise NotImplementedError

    def _meet(self) -> None:
        if self.server.doors.hub is None:
            self.close_connection = True
            return
        self.hub = self.server.doors.hub
        request = f"{self.command} {self.path}"
        self.note(request)
        self.losing = False
        self.content = self.body()
        fault = self.hub.fault_of(request)
        try:
            if fault:
                if fault.then:
                    fault.then()
                self.hub.sleep(fault.stall)
            if fault and fault.reset:
                self.close_connection = True
            elif fault and fault.status:
                self.error(fault.status, fault.code, fault.headers)
            else:
                self.losing = bool(fault and fault.lose)
                self.answer(urlsplit(self.path).path, fault)
        except OSError:  # the client has gone
            self.close_connection = True

    def error(self, status: int, code: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        named = {"X-Error-Code": code} if code else {}
        self.send(status, b'{"error": "as asked for"}', {**named, **(headers or {})})

    def send(
        self, status: int, content: bytes, headers: Mapping[str, str], body: Callable[[bytes], Any] | None = None
    ) -> None:
        if self.losing:
            self.close_connection = True
            return
        dialect = self.hub.dialect
        headers = {"Content-Length": str(len(content)), **headers}
        if "gzip" in dialect and status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content)
            headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(content))}
        chunked = "chunked" in dialect and body is None and self.command != "HEAD"
        if chunked:
            del headers["Content-Length"]
            headers["Transfer-Encoding"] = "chunked"
        if "weak" in dialect:
            headers = {name: f"W/{value}" if "etag" in name.lower() else value for name, value in headers.items()}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.lower() if "lower" in dialect else name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if chunked:
            for piece in filter(None, _pieces(content)):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        sent = 0
        for piece in (body or _pieces)(content):
            self.wfile.write(piece)
            self.wfile.flush()
            sent += len(piece)
        if sent != len(content):
            self.close_connection = True

    def send_file(self, content: bytes, headers: Mapping[str, str], fault: Fault | None) -> None:
        body = fault.body if fault else None
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not asked or "whole" in self.hub.dialect:
            return self.send(200, content, headers, body)
        start = int(asked[1])
        part = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self.send(206, content[start:], {**headers, **part}, body)


class _HubHandler(_Handler):
    def note(self, request: str) -> None:
        self.hub.log.append(request)

    def answer(self, path: str, fault: Fault | None) -> None:
        for former, name in self.hub.moved.items():
            if f"/{former}" in self.path:
                return self.send(307, b"", {"Location": self.path.replace(former, name)})
        if self.write(self.command, path, self.content):
            return None
        for pattern, answer in ((_MODEL, self._info), (_SMALL, self._small), (_RESOLVE, self._resolve)):
            found = pattern.fullmatch(path)
            if found:
                return answer(fault, *(group and unquote(group) for group in found.groups()))
        self.error(404)

    def _find(self, name: str, revision: str | None) -> tuple[str, dict[str, bytes]] | None:
        """Return commit and files, or answer why there are none."""
        repository = self.hub.repositories.get(name)
        known = self.headers.get("Authorization") in (f"Bearer {TOKEN}", f"Bearer {READ_TOKEN}")
        if not repository or (repository.private and not known):
            self.error(404 if known else 401, "RepoNotFound")  # as the real one: who may not read it is not told
            return None
        commit = repository.references.get(revision or "main", revision or "main")
        if commit not in repository.commits:
            self.error(404, "RevisionNotFound")
            return None
        return commit, repository.commits[commit]

    def _info(self, fault: Fault | None, name: str, revision: str | None) -> None:
        found = self._find(name, revision)
        if found:
            commit, files = found
            ids = "no ids" not in self.hub.dialect
            siblings = [{"rfilename": path, **(_listed(files[path]) if ids else {})} for path in sorted(files)]
            answer = {"id": name, "sha": commit, "private": self.hub.repositories[name].private}
            if "no list" not in self.hub.dialect:
                answer["siblings"] = siblings
            self.send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, fault and fault.body)

    def _resolve(self, fault: Fault | None, name: str, revision: str, path: str) -> None:
        found = self._find(name, revision)
        if not found:
            return
        commit, files = found
        if path not in files:
            return self.error(404, "EntryNotFound", {"X-Repo-Commit": commit})
        content = files[path]
        headers = {"X-Repo-Commit": commit}
        if len(content) < LARGE:
            headers |= {"ETag": f'"{_blob_id(content)}"'}
            if "direct" in self.hub.dialect:
                return self.send_file(content, headers, fault)
            origin = self.hub.url if "absolute" in self.hub.dialect else ""
            headers |= {"Location": f"{origin}/api/resolve-cache/models/{name}/{commit}/{path}"}
            return self.send(307, b"", headers)
        digest = hashlib.sha256(content).hexdigest()
        headers |= {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(len(content))}
        if "xet" in self.hub.dialect:
            headers |= {
                "X-Xet-Hash": digest,
                "Link": f'<{self.hub.url}/api/models/{name}/xet-read-token/{commit}>; rel="xet-auth"',
            }
        self.send(302, b"", {**headers, "Location": f"{self.hub.cdn_url}/{digest}/{Path(path).name}"})

    def _small(self, fault: Fault | None, name: str, commit: str, path: str) -> None:
        found = self._find(name, commit)
        if found:
            content = found[1][path]
            self.send_file(content, {"ETag": f'"{_blob_id(content)}"', "X-Repo-Commit": commit}, fault)


class _CdnHandler(_Handler):
    def note(self, request: str) -> None:
        self.hub.cdn_log.append(request)
        if self.headers.get("Authorization"):
            self.hub.cdn_tokens.append(self.headers["Authorization"])

    def answer(self, path: str, fault: Fault | None) -> None:
        if self.command == "PUT":
            return self._store(path)
        digest = path.strip("/").partition("/")[0]
        content = self.hub.large_file(digest)
        if content is None:
            return self.error(404)
        self.send_file(content, {"ETag": f'"{digest}"'}, fault)

    def _store(self, path: str) -> None:
        _, kind, oid, *number = path.split("/")
        if kind == "part":
            self.hub.parts[oid, int(number[0])] = self.content
        elif hashlib.sha256(self.content).hexdigest() != oid:
            return self.error(422)
        else:
            self.hub.uploads[oid] = self.content
        self.send(200, b"", {"ETag": f'"{hashlib.md5(self.content).hexdigest()}"'})


def _pieces(content: bytes) -> list[bytes]:
    return [content[start : start + _SHORT_PIECE] for start in range(0, len(content), _SHORT_PIECE)]


def _listed(content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"size": len(content), "blobId": _blob_id(content)}
    if len(content) >= LARGE:
        entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 132}
    return entry


def _blob_id(content: bytes) -> str:
    """The id that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

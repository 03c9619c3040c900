"""How both origins of the test Hub respond: faults first, then files and information about repositories."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.fake_hub.writing import LARGE, READ_TOKEN, TOKEN, Writing, blob_id

if TYPE_CHECKING:
    from tests.fake_hub.server import Fault, Hub

_MODEL = re.compile(r"/api/(?:models/)?((?:(?<=api/)spaces/)?[^/]+/[^/]+)(?:/revision/([^/]+))?")
_RESOLVE = re.compile(r"/((?:spaces/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_SMALL = re.compile(r"/api/resolve-cache/models/((?:spaces/)?[^/]+/[^/]+)/([0-9a-f]{40})/(.+)")
_SHORT_PIECE = 8192


class _Handler(Writing, BaseHTTPRequestHandler):
    """What both origins share: faults, and responses with or without a body."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement
    losing = False
    changed: Callable[[bytes], Any] | None = None
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
        if self.server.origins.hub is None:
            self.close_connection = True
            return
        self.hub = self.server.origins.hub
        request = f"{self.command} {self.path}"
        self.note(request)
        self.losing = False
        self.content = self.body()
        fault = self.hub.fault_of(request)
        self.changed = fault.body if fault else None
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


class HubHandler(_Handler):
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
        """Return commit and files, or respond with an error."""
        repository = self.hub.repositories.get(name)
        known = self.headers.get("Authorization") in (f"Bearer {TOKEN}", f"Bearer {READ_TOKEN}")
        if not repository or (repository.private and not known):
            self.error(404 if known else 401, "RepoNotFound")  # as the real one: it does not say that there is one
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
            siblings = [{"rfilename": path, **(listed(files[path]) if ids else {})} for path in sorted(files)]
            answer = {"id": name, "sha": commit, "private": self.hub.repositories[name].private}
            if "no list" not in self.hub.dialect:
                answer["siblings"] = siblings
            self.send(
                200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, fault.body if fault else None
            )

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
            headers |= {"ETag": f'"{blob_id(content)}"'}
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
            self.send_file(content, {"ETag": f'"{blob_id(content)}"', "X-Repo-Commit": commit}, fault)


class CdnHandler(_Handler):
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


def listed(content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"size": len(content), "blobId": blob_id(content)}
    if len(content) >= LARGE:
        entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 132}
    return entry

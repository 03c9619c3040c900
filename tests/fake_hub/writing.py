"""The half of the test Hub that a push talks to: repositories, uploads, commits, tags, pull requests, Spaces.

A `Fault` whose `then` changes the Hub, or one with `lose=True` (the work is done, the response is not
sent), stands for everything that happens between a request and its response.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_a_token_that_only_the_tests_know"
READ_TOKEN = "hf_a_token_that_may_only_read"
# Larger files are stored by SHA-256 (LFS); from this size on in parts.
LARGE, PART = 100_000, 1_000_000
# Those of the real Hub that tests name.
LICENCES = ("mit", "apache-2.0", "cc-by-4.0")
_NAME = r"(models|spaces|datasets)/([^/]+/[^/]+)"


def blob_id(content: bytes) -> str:
    """The id that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(path: str, content: bytes) -> dict[str, Any]:
    """What the tree says about a file."""
    listed: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
    if len(content) >= LARGE:
        listed["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 132}
    return listed


def _one_folder(entries: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """Return the files of one folder, and its folders."""
    found: dict[str, dict[str, Any]] = {}
    for one in entries:
        if one["path"].startswith(prefix):
            child, _, more = one["path"].removeprefix(prefix).partition("/")
            path = prefix + child
            found[child] = {"type": "directory", "path": path, "size": 0, "oid": blob_id(b"")} if more else one
    return list(found.values())


class Writing:
    """The write endpoints, for the handler in `server`; `self.hub` holds what is stored."""

    hub: Any
    headers: Any
    rfile: Any
    path: str
    changed: Callable[[bytes], Any] | None  # what a fault does to the body of the answer
    error: Callable[..., None]
    send: Callable[..., None]

    def body(self) -> bytes:
        """Read what the client sent, of known length or in chunks."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def write(self, method: str, path: str, body: bytes) -> bool:
        """Respond to a request that changes something, or asks what a push needs to know; False when it is none."""
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                answer(self, body, *(group and unquote(group) for group in found.groups()))
                return True
        return False

    def json(self, content: Any, status: int = 200) -> None:
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json"}, self.changed)

    def may_write(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token == TOKEN:
            return True
        self.error(403 if token == READ_TOKEN else 401)
        return False

    def stored(self, kind: str, name: str) -> Any:
        repository = self.hub.repositories.get(name if kind == "models" else f"{kind}/{name}")
        known = self.headers.get("Authorization", "").removeprefix("Bearer ") in (TOKEN, READ_TOKEN)
        if repository is None or (repository.private and not known):
            self.error(404, "RepoNotFound")
            return None
        return repository

    def _whoami(self, _: bytes) -> None:
        if self.headers.get("Authorization") in (f"Bearer {TOKEN}", f"Bearer {READ_TOKEN}"):
            role = "write" if self.headers["Authorization"].endswith(TOKEN) else "read"
            return self.json(
                {"type": "user", "id": "1", "name": "somebody", "orgs": [], "auth": {"accessToken": {"role": role}}}
            )
        return self.error(401)

    def _create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'somebody'}/{asked['name']}"
        if not self.may_write():
            return None
        kind = f"{asked.get('type') or 'model'}s"
        key = name if kind == "models" else f"{kind}/{name}"
        url = f"{self.hub.url}/{key}"
        if key in self.hub.repositories:
            return self.json({"error": "You already created this repo", "url": url}, 409)
        start = {".gitattributes": b"*.tflite filter=lfs diff=lfs merge=lfs -text\n"}
        self.hub.commit(key, files=start, private=asked.get("visibility") == "private")
        for variable in [] if "bare" in self.hub.dialect else asked.get("variables") or []:
            self.hub.repositories[key].variables[variable["key"]] = variable["value"]
        for secret in asked.get("secrets") or []:
            self.hub.repositories[key].secrets[secret["key"]] = secret["value"]
        given = {name: asked[name] for name in ("hardware", "sleepTimeSeconds", "visibility") if asked.get(name)}
        self.hub.repositories[key].settings.update(given)
        return self.json({"url": url})

    def _validate(self, body: bytes) -> None:
        import yaml

        asked = json.loads(body)
        try:
            front = re.match(r"---\n(.*?)\n---", asked["content"], re.S)
            metadata = yaml.safe_load(front[1] if front else "") or {}
        except yaml.YAMLError as error:
            return self.json({"errors": [{"message": str(error)}], "warnings": []}, 400)
        if metadata.get("license", "mit") not in LICENCES:
            return self.json({"errors": [{"message": '"license" must be one of them'}], "warnings": []}, 400)
        remarks = [{"message": "the <b>metadata</b> could be better"}] if "remarks" in self.hub.dialect else []
        return self.json({"errors": [], "warnings": remarks})

    def _tree(self, _: bytes, kind: str, name: str, revision: str, folder: str | None = None) -> None:
        repository = self.stored(kind, name)
        if not repository:
            return None
        commit = repository.references.get(revision, revision)
        if commit not in repository.commits:
            return self.error(404, "RevisionNotFound")
        query = parse_qs(urlsplit(self.path).query)
        entries = [entry(path, content) for path, content in sorted(repository.commits[commit].items())]
        if query.get("recursive", ["false"]) == ["false"]:
            entries = _one_folder(entries, f"{folder}/" if folder else "")
        start = int(query.get("cursor", ["0"])[0])
        size = 1 if "pages" in self.hub.dialect else 1000
        page, more = entries[start : start + size], len(entries) > start + size
        headers = {"Content-Type": "application/json"}
        if more:
            url = f"{self.hub.url}{urlsplit(self.path).path}?recursive=true&cursor={start + size}"
            headers["Link"] = f'<{url}>; rel="next"'
        return self.send(200, json.dumps(page).encode(), headers)

    def _paths_info(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self.stored(kind, name)
        if repository:
            files = repository.commits[repository.references.get(revision, revision)]
            self.json([entry(path, files[path]) for path in parse_qs(body.decode()).get("paths", []) if path in files])

    def _refs(self, _: bytes, kind: str, name: str) -> None:
        repository = self.stored(kind, name)
        if not repository:
            return
        answer: dict[str, list[Any]] = {"branches": [], "tags": [], "converts": [], "pullRequests": []}
        for reference, commit in repository.references.items():
            listed, full = "branches", f"refs/heads/{reference}"
            if reference.startswith("refs/pr/"):
                listed, full = "pullRequests", reference
            elif reference in repository.tags:
                listed, full = "tags", f"refs/tags/{reference}"
            answer[listed].append({"name": reference, "ref": full, "targetCommit": commit})
        self.json(answer)

    def _commits(self, _: bytes, kind: str, name: str, revision: str) -> None:
        repository = self.stored(kind, name)
        if not repository:
            return
        commit, listed = repository.references.get(revision, revision), []
        while commit:
            listed.append(
                {
                    "id": commit,
                    "title": repository.titles.get(commit, "by hand"),
                    "message": repository.descriptions.get(commit, ""),
                    "date": f"2026-11-{list(repository.commits).index(commit) + 1:02}T00:00:00.000Z",
                    "authors": [{"user": "somebody"}],
                }
            )
            commit = repository.parents.get(commit)
        self.json(listed)

    def _branch(self, body: bytes, kind: str, name: str, branch: str) -> None:
        repository = self.may_write() and self.stored(kind, name)
        if not repository:
            return None
        if branch in repository.references:
            return self.json({"error": "exists"}, 409)
        start = json.loads(body or b"{}").get("startingPoint") or "main"
        repository.references[branch] = repository.references.get(start, start)
        return self.json({})

    def _tag(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self.may_write() and self.stored(kind, name)
        if not repository:
            return None
        tag, commit = json.loads(body)["tag"], repository.references.get(revision, revision)
        if commit not in repository.commits:
            return self.error(404, "RevisionNotFound")
        if tag in repository.references:
            return self.json({"error": "exists"}, 409)
        repository.references[tag] = commit
        repository.tags.add(tag)
        return self.json({})

    def _preupload(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self.may_write() and self.stored(kind, name)
        if not repository:
            return None
        commit = repository.references.get(revision)
        if commit is None:
            return self.error(404, "RevisionNotFound")
        files, answer = repository.commits[commit], []
        for file in json.loads(body)["files"]:
            content = files.get(file["path"])
            known = entry(file["path"], content) if content is not None else None
            oid = None if known is None else known.get("lfs", known)["oid"]
            mode = "lfs" if file["size"] >= LARGE else "regular"
            answer.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return self.json({"files": answer})

    def _batch(self, body: bytes, kind: str | None, name: str) -> None:
        if not (self.may_write() and self.stored(kind or "models", name)):
            return
        objects = []
        for asked in json.loads(body)["objects"]:
            oid, size = asked["oid"], asked["size"]
            listed: dict[str, Any] = {"oid": oid, "size": size}
            if oid not in self.hub.uploads:
                header = {}
                href = f"{self.hub.cdn_url}/upload/{oid}"
                if size > PART:
                    header = {"chunk_size": str(PART)}
                    count = -(-size // PART)
                    header |= {f"{n:05}": f"{self.hub.cdn_url}/part/{oid}/{n}" for n in range(1, count + 1)}
                    href = f"{self.hub.url}/complete/{oid}"
                listed["actions"] = {
                    "upload": {"href": href, "header": header},
                    "verify": {"href": f"{self.hub.url}/verify"},
                }
            objects.append(listed)
        transfer = "multipart" if any(o["size"] > PART for o in objects) else "basic"
        self.json({"transfer": transfer, "objects": objects})

    def _complete(self, body: bytes, oid: str) -> None:
        parts = json.loads(body)["parts"]
        content = b"".join(self.hub.parts[oid, part["partNumber"]] for part in parts)
        if hashlib.sha256(content).hexdigest() != oid:
            return self.error(422)
        self.hub.uploads[oid] = content
        return self.json({})

    def _verify(self, body: bytes) -> None:
        asked = json.loads(body)
        content = self.hub.uploads.get(asked["oid"])
        if content is None or len(content) != asked["size"]:
            return self.error(404)
        return self.json({})

    def _commit(self, body: bytes, kind: str, name: str, revision: str) -> None:
        with self.hub.writing:
            self._commit_alone(body, kind, name, revision)

    def _commit_alone(self, body: bytes, kind: str, name: str, revision: str) -> None:
        repository = self.may_write() and self.stored(kind, name)
        if not repository:
            return None
        lines = [json.loads(line) for line in body.splitlines() if line]
        header = next(line["value"] for line in lines if line["key"] == "header")
        head = repository.references.get(revision)
        if head is None:
            return self.error(404, "RevisionNotFound")
        as_request = "create_pr=1" in self.path
        if header.get("parentCommit", head) != head and not as_request:
            return self.json({"error": "A commit has happened since. Please refresh and try again."}, 412)
        files = dict(repository.commits[head])
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.hub.uploads:
                    return self.json({"error": "LFS object is missing"}, 400)
                files[value["path"]] = self.hub.uploads[value["oid"]]
            elif line["key"] == "deletedFile":
                files.pop(value["path"], None)
        request = sum(reference.startswith("refs/pr/") for reference in repository.references) + 1
        branch = f"refs/pr/{request}" if as_request else revision
        key = name if kind == "models" else f"{kind}/{name}"
        commit = self.hub.commit(key, files=files, branch=branch)
        repository.parents[commit], repository.titles[commit] = head, header["summary"]
        repository.descriptions[commit] = header.get("description") or ""
        answer = {"success": True, "commitOid": commit, "commitUrl": f"{self.hub.url}/{key}/commit/{commit}"}
        if as_request:
            answer["pullRequestUrl"] = f"{self.hub.url}/{key}/discussions/{request}"
        return self.json(answer)

    def _variables(self, body: bytes, name: str) -> None:
        repository = self.may_write() and self.stored("spaces", name)
        if not repository:
            return
        if body:
            asked = json.loads(body)
            repository.variables[asked["key"]] = asked["value"]
        self.json({key: {"key": key, "value": value} for key, value in repository.variables.items()})

    def _secret(self, body: bytes, name: str) -> None:
        repository = self.may_write() and self.stored("spaces", name)
        if repository:
            asked = json.loads(body)
            repository.secrets[asked["key"]] = asked["value"]
            self.json({})

    def _runtime(self, body: bytes, name: str, _: str) -> None:
        repository = self.may_write() and self.stored("spaces", name)
        if repository:
            asked = json.loads(body)
            renamed = {"flavor": "hardware", "seconds": "sleepTimeSeconds"}
            repository.settings.update({renamed.get(key, key): value for key, value in asked.items()})
            hardware = {"current": None, "requested": repository.settings.get("hardware", "cpu-basic")}
            self.json({"stage": "BUILDING", "hardware": hardware})


_ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", r"/api/whoami-v2", Writing._whoami),
    ("POST", r"/api/repos/create", Writing._create),
    ("POST", r"/api/validate-yaml", Writing._validate),
    ("GET", rf"/api/{_NAME}/tree/([^/]+)(?:/(.+))?", Writing._tree),
    ("POST", rf"/api/{_NAME}/paths-info/([^/]+)", Writing._paths_info),
    ("GET", rf"/api/{_NAME}/refs", Writing._refs),
    ("GET", rf"/api/{_NAME}/commits/([^/]+)", Writing._commits),
    ("POST", rf"/api/{_NAME}/branch/([^/]+)", Writing._branch),
    ("POST", rf"/api/{_NAME}/tag/([^/]+)", Writing._tag),
    ("POST", rf"/api/{_NAME}/preupload/([^/]+)", Writing._preupload),
    ("POST", r"/(?:(spaces|datasets)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", Writing._batch),
    ("POST", r"/complete/([0-9a-f]{64})", Writing._complete),
    ("POST", r"/verify", Writing._verify),
    ("POST", rf"/api/{_NAME}/commit/([^/]+)", Writing._commit),
    ("GET", r"/api/spaces/([^/]+/[^/]+)/variables", Writing._variables),
    ("POST", r"/api/spaces/([^/]+/[^/]+)/variables", Writing._variables),
    ("POST", r"/api/spaces/([^/]+/[^/]+)/secrets", Writing._secret),
    ("POST", r"/api/spaces/([^/]+/[^/]+)/(hardware|sleeptime)", Writing._runtime),
]

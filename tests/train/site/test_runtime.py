"""The libraries of a site come from npm or a CDN, and only with the hashes that are written down."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.support.serving import loopback_server
from train.site import runtime
from train.site.runtime import RuntimeFetchError, runtime_files

CONTENTS = {
    "/@litertjs/core@2.5.3/dist/index.js": b'import { x } from "@litertjs/wasm-utils";\n//# sourceMappingURL=x.map',
    "/@litertjs/core@2.5.3/wasm/litert.wasm": b"\0asm" + bytes(5000),
}


class Cdn(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = CONTENTS.get(self.path)
        self.send_response(200 if content else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(autouse=True)
def without_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.which", lambda name: None)


def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, wrong: bool = False) -> None:
    """Let two files of the test's own CDN be what a site needs; `wrong` damages one hash."""
    names = {"litert.js": "dist/index.js", "litert.wasm": "wasm/litert.wasm"}
    files = {
        name: {
            "package": "@litertjs/core",
            "path": path,
            "sha256": hashlib.sha256(CONTENTS[f"/@litertjs/core@2.5.3/{path}"]).hexdigest(),
        }
        for name, path in names.items()
    }
    if wrong:
        files["litert.wasm"]["sha256"] = "0" * 64
    path = tmp_path / "runtime.json"
    path.write_text(json.dumps({"cdn": f"http://{host}", "files": files}), encoding="utf-8")
    monkeypatch.setattr(runtime, "RUNTIME", path)


def test_without_npm_the_files_come_from_the_cdn_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with loopback_server(Cdn) as host:
        listed(monkeypatch, tmp_path, host)
        first = runtime_files()
    second = runtime_files()  # the server is gone

    assert first == second and first.keys() == {"litert.js", "litert.bin"}
    program = first["litert.js"].read_bytes()
    assert b'from "./wasm-utils.js"' in program and b"sourceMappingURL" not in program
    assert first["litert.bin"].read_bytes().startswith(b"\x1f\x8b")


def test_a_file_with_another_hash_is_refused_and_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with loopback_server(Cdn) as host:
        listed(monkeypatch, tmp_path, host, wrong=True)
        with pytest.raises(RuntimeFetchError, match=r"litert\.wasm .* not the file that was expected"):
            runtime_files()

    assert list((tmp_path / "cache" / "vistazo" / "site").iterdir()) == []


def test_a_cdn_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed(monkeypatch, tmp_path, "127.0.0.1:1")

    with pytest.raises(RuntimeFetchError, match="Check the network, or install npm"):
        runtime_files()


def test_the_lock_file_has_a_hash_for_every_package_and_names_no_server() -> None:
    lock = json.loads((runtime.STATIC / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    used = {entry["package"] for entry in json.loads(runtime.RUNTIME.read_text(encoding="utf-8"))["files"].values()}

    assert {f"node_modules/{name}" for name in used} <= packages.keys()
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in packages.values())

"""The JavaScript libraries that a site runs on: fetched once for each user, checked against hashes, never in git.

npm installs them from `static/package-lock.json`; where there is no npm, they come from a public CDN. Either way each
file has to have the SHA-256 in `static/runtime.json`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.errors import VistazoError

STATIC = Path(__file__).resolve().parents[2] / "static"
RUNTIME = STATIC / "runtime.json"
_NPM_FILES = ("package.json", "package-lock.json")
_NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund")
_TIMEOUT_SECONDS = 300
_LONGEST_SILENCE_SECONDS = 30
_MAX_FILE_BYTES = 32 * 2**20
# Browsers find no package by its name alone; a site has files only.
_IMPORT = b'from "@litertjs/wasm-utils"', b'from "./wasm-utils.js"'


class RuntimeFetchError(VistazoError):
    """The libraries of a site cannot be fetched, or are not those that were expected."""


def runtime_files() -> dict[str, Path]:
    """Return the files of a site's folder `runtime`, by name; they are fetched where this user has none yet.

    Raises:
        RuntimeFetchError: They cannot be fetched, or one has another hash.
    """
    listed = json.loads(RUNTIME.read_text(encoding="utf-8"))
    folder = _cache() / hashlib.sha256(RUNTIME.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder.parent) as temporary:
            made = Path(temporary) / "runtime"
            made.mkdir()
            contents = _fetched(listed, Path(temporary))
            for name, content in contents.items():
                site_name, site_content = _as_served(name, content)
                (made / site_name).write_bytes(site_content)
            if not folder.is_dir():  # another process may have been faster
                made.rename(folder)
    return {path.name: path for path in sorted(folder.iterdir())}


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "vistazo" / "site"


def _as_served(name: str, content: bytes) -> tuple[str, bytes]:
    """Return a file's name and content in the site: programs are compressed, since not every server does that."""
    if name.endswith(".wasm"):
        return f"{name.removesuffix('.wasm')}.bin", gzip.compress(content, 9, mtime=0)
    if name == "litert.js":
        content = b"// Changed by Vistazo: the address of the import.\n" + content.replace(*_IMPORT)
    lines = content.splitlines(keepends=True)
    return name, b"".join(line for line in lines if not line.startswith(b"//# sourceMappingURL="))


def _fetched(listed: Mapping[str, Any], temporary: Path) -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm:
        packages = _installed(npm, temporary)
        paths = {name: packages / entry["package"] / entry["path"] for name, entry in listed["files"].items()}
        contents = {name: path.read_bytes() if path.is_file() else b"" for name, path in paths.items()}
    else:
        versions = _versions()
        contents = {
            name: _from_cdn(f"{listed['cdn']}/{entry['package']}@{versions[entry['package']]}/{entry['path']}")
            for name, entry in listed["files"].items()
        }
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != listed["files"][name]["sha256"]:
            raise RuntimeFetchError(
                f"{name} of the site's libraries is not the file that was expected. Nothing was written. Try again "
                "later, or from another network."
            )
    return contents


def _installed(npm: str, temporary: Path) -> Path:
    project = temporary / "npm"
    project.mkdir()
    for name in _NPM_FILES:
        shutil.copyfile(STATIC / name, project / name)
    try:
        result = subprocess.run(
            [npm, "ci", *_NPM_OPTIONS], cwd=project, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeFetchError(
            f"npm does not end ({type(error).__name__}). Check the network and try again."
        ) from error
    if result.returncode:
        told = [line for line in result.stderr.splitlines() if "npm error" in line and "log" not in line]
        reason = told[0].removeprefix("npm error").strip() if told else f"exit status {result.returncode}"
        raise RuntimeFetchError(
            f"npm could not fetch the site's libraries ({reason[:200]}). Check the network and try again."
        )
    return project / "node_modules"


def _versions() -> dict[str, str]:
    lock = json.loads((STATIC / "package-lock.json").read_text(encoding="utf-8"))
    return {path.removeprefix("node_modules/"): entry["version"] for path, entry in lock["packages"].items() if path}


def _from_cdn(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_LONGEST_SILENCE_SECONDS) as response:
            content: bytes = response.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise RuntimeFetchError(
            f"{address} cannot be fetched ({getattr(error, 'reason', error)}). Check the network, or install npm, and "
            "try again."
        ) from error
    return content

"""What is installed is what was looked at: one version of each package, the hashes of its files, none known as bad."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.serving import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Readable file → its lock file, which scripts/lock writes.
LOCKS = {
    ROOT / "requirements.txt": ROOT / "requirements.lock",
    ROOT / "train/requirements.txt": ROOT / "train/requirements.lock",
}
LOCKED = re.compile(r"([A-Za-z0-9._-]+)==(\S+)(?: ; (.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
# Linux on the Python that a Space has, and on the oldest that is supported.
PLATFORMS = [
    {"python_version": "3.12", "python_full_version": "3.12.12", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"python_version": "3.11", "python_full_version": "3.11.0", "sys_platform": "linux", "platform_machine": "x86_64"},
]


@dataclass(frozen=True)
class Pin:
    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]


def pins(lock: Path) -> dict[str, list[Pin]]:
    """Read a lock file, in which nothing else may stand but comments."""
    found: dict[str, list[Pin]] = {}
    for line in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        package, *hashes = re.split(r"\s+(?=--hash)", line.strip())
        match = LOCKED.fullmatch(package)
        assert match, f"{lock.name}: “{package}” is not pinned to a version"
        assert hashes and all(HASH.fullmatch(entry) for entry in hashes), f"{lock.name}: {package} has no hash"
        marker = Marker(match[3]) if match[3] else None
        found.setdefault(canonicalize_name(match[1]), []).append(Pin(Version(match[2]), marker, tuple(hashes)))
    return found


def requirements(path: Path) -> list[Requirement]:
    """Read a readable file and those that it includes."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += requirements(path.parent / text[3:].strip())
        elif text:
            found.append(Requirement(text))
    return found


def installed_by(lock: Path, platform: dict[str, str]) -> dict[str, Version]:
    """What pip would install on a platform: at most one version of each package."""
    chosen = {}
    for name, entries in pins(lock).items():
        fitting = [pin for pin in entries if pin.marker is None or pin.marker.evaluate(platform)]
        assert len(fitting) <= 1, f"{lock.name} has {name} twice"
        if fitting:
            chosen[name] = fitting[0].version
    return chosen


def own_lines(path: Path) -> set[str]:
    """Return the requirements of a readable file as they stand there, without those of the files that it includes."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line and not line.startswith("-r ")}


def test_the_requirements_files_have_the_lines_of_pyproject() -> None:
    groups = PROJECT["dependency-groups"]

    assert own_lines(ROOT / "requirements.txt") == set(PROJECT["project"]["dependencies"])
    assert own_lines(ROOT / "train/requirements.txt") == set(PROJECT["project"]["optional-dependencies"]["train"])
    assert own_lines(ROOT / "tests/requirements.txt") == {*groups["test"], *groups["check"]}
    assert own_lines(ROOT / "scripts/requirements.txt") == set(groups["lock"])


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_every_package_and_program_is_built(target: str) -> None:
    build = PROJECT["tool"]["hatch"]["build"]
    built = build["targets"].get(target, build)["only-include"]

    assert [name for name in built if not (ROOT / name).exists()] == []
    code = {path.relative_to(ROOT).parts[0] for path in (*ROOT.glob("*.py"), *ROOT.glob("*/__init__.py"))}
    assert code - set(built) == {"examples", "tests"}  # of the examples only the images and clips that the app shows


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform["python_version"])
@pytest.mark.parametrize("readable", LOCKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_requirement_is_locked_at_a_version_that_it_allows(readable: Path, platform: dict[str, str]) -> None:
    versions = installed_by(LOCKS[readable], platform)

    wanted = requirements(readable)
    assert wanted
    for requirement in wanted:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is in {readable.name} and not in its lock: run scripts/lock"
        assert version in requirement.specifier, f"{requirement} is locked at {version}: run scripts/lock"


@pytest.mark.parametrize("lock", LOCKS.values(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lock_files_name_no_index_and_no_other_source(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted|(?m:^-)|@", text)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform["python_version"])
def test_what_was_trained_with_is_what_serves(platform: dict[str, str]) -> None:
    serving, training = (installed_by(lock, platform) for lock in LOCKS.values())

    assert serving.items() <= training.items()


def test_a_line_without_a_hash_or_a_version_is_noticed(tmp_path: Path) -> None:
    for text in ("pillow==12.3.0\n", "pillow>=12 \\\n    --hash=sha256:" + "0" * 64 + "\n", "--index-url x\n"):
        (tmp_path / "x.lock").write_text(text, encoding="utf-8")
        with pytest.raises(AssertionError):
            pins(tmp_path / "x.lock")


@pytest.mark.nightly
def test_no_locked_package_has_a_known_vulnerability() -> None:
    """Asks the package index, and is left out where that does not answer."""
    options = ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off", "--timeout", "30"]
    result = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, "--requirement", str(LOCKS[ROOT / "train/requirements.txt"])],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    if not result.stdout.startswith("{"):
        unanswered = re.search(r"(ServiceError|ConnectionError|HTTPError|Timeout|service).*", result.stderr)
        assert unanswered, result.stderr[-2000:]
        pytest.skip(f"the index does not say here which versions are vulnerable: {unanswered[0][:200]}")
    packages = json.loads(result.stdout)["dependencies"]

    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        pytest.skip(f"the index knows none of the packages here: {packages[0]['skip_reason'][:200]}")
    assert len(audited) > 0.9 * len(packages)
    bad = {f"{p['name']} {p['version']}": [v["id"] for v in p["vulns"]] for p in audited if p["vulns"]}
    assert bad == {}

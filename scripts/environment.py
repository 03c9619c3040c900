"""Make a virtual environment and install into it what it does not have yet; needs nothing but Python.

python scripts/environment.py DIRECTORY REQUIREMENTS
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

_OLDEST = (3, 11)
_NO_VENV = 3  # the exit status that asks scripts/environment.sh for the system's package


def main(directory: Path, requirements: Path) -> int:
    """Bring an environment up to date; returns the exit status: 0, 2 for the user's mistake, 3 without `venv`."""
    if sys.version_info < _OLDEST:
        print(f"error: Python 3.11 or newer is needed. Received: {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    program = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not _has_pip(program):
        print(f"Making a virtual environment in {directory} …", file=sys.stderr, flush=True)
        try:
            venv.create(directory, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError):  # Debian and Ubuntu ship Python without ensurepip
            return _NO_VENV
    # Asking pip takes seconds: it is asked again only when a requirements file has changed since.
    wanted = hashlib.sha256("\n".join(_lines(requirements)).encode()).hexdigest()
    done = directory / f"installed-{requirements.parent.name or 'serving'}"
    if done.is_file() and done.read_text(encoding="ascii") == wanted:
        return 0
    print(
        f"Installing the packages of {requirements} into {directory}; the first time this takes minutes …",
        file=sys.stderr,
        flush=True,
    )
    status = _install(program, requirements)
    if status == 0:
        done.write_text(wanted, encoding="ascii")
    return status


def _has_pip(program: Path) -> bool:
    """Return whether an environment is whole: its Python starts, and has pip."""
    found = program.exists() and any(program.parents[1].glob("[Ll]ib*/**/site-packages/pip"))
    return found and subprocess.run([program, "-c", ""], check=False, capture_output=True).returncode == 0


def _lines(requirements: Path) -> Iterator[str]:
    """Yield the lines of a requirements file and of those that it includes."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        included = re.match(r"-r\s+(\S+)", line)
        if included:
            yield from _lines(requirements.parent / included[1])
        elif line.strip() and not line.startswith("#"):
            yield line.strip()


def _install(program: Path, requirements: Path) -> int:
    """Run pip, and say which package it is at; returns its exit status."""
    command = [str(program), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    start = time.monotonic()
    said: list[str] = []
    with subprocess.Popen(
        [*command, "-r", str(requirements)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if step := _step(line):
                print(f"  {time.monotonic() - start:4.0f} s  {step}", file=sys.stderr, flush=True)
    if process.returncode:
        print("".join(said[-20:]), end="", file=sys.stderr)
        print("error: the packages could not be installed; pip's last lines are above.", file=sys.stderr)
        return 2
    return 0


def _step(line: str) -> str | None:
    """Return what a line of pip's says it does, in short; None for other lines."""
    if loading := re.match(r"\s*Downloading (\w[\w.]*-\d[\d.]*\d)", line):
        return f"downloading {loading[1]}"
    if line.startswith("Building wheels"):
        return "building"
    if line.startswith("Installing collected packages:"):
        return f"installing {line.count(',') + 1} packages, which takes a while …"
    return None


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

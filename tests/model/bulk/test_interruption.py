"""`vistazo predict --out` that is killed continues where it stopped, and ends with the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.many_files import tables, write_images
from tests.support.serving import ROOT

# A run that the system kills as soon as its first part is done.
KILLED_AFTER_ONE_PART = """
import os, signal, sys
from model.__main__ import main
from model.bulk.run_lock import RunLock

RunLock.check = lambda lock: os.kill(os.getpid(), signal.SIGKILL)
main(sys.argv[1:])
"""


def arguments(images: Path, out: Path) -> list[str]:
    return ["predict", str(images), "--out", str(out), "--part-size", "5"]


def test_a_run_that_was_killed_continues_and_has_the_same_bytes_as_one_that_was_not(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in", 20)
    command = [sys.executable, "-c", KILLED_AFTER_ONE_PART, *arguments(images, tmp_path / "killed")]
    killed = subprocess.run(command, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "killed" / "predictions").iterdir()] == ["00001.csv"]

    for name in ("killed", "whole"):
        command = [sys.executable, "-m", "model", *arguments(images, tmp_path / name)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert not list((tmp_path / "killed" / "locks").iterdir())

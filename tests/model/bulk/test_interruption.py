"""`vistazo predict --out` that is killed continues where it stopped, and ends with the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.many_files import tables, write_images
from tests.support.serving import ROOT


def start(images: Path, out: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "vistazo.py", "predict", str(images), "--out", str(out), "--part-size", "5"]
    return subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_a_run_that_was_killed_continues_and_has_the_same_bytes_as_one_that_was_not(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in", 100)
    killed = start(images, tmp_path / "killed")
    until = time.monotonic() + 60
    while not list((tmp_path / "killed" / "predictions").glob("*.csv")) and time.monotonic() < until:
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    done = len(list((tmp_path / "killed" / "predictions").glob("*.csv")))
    assert 1 <= done < 20

    for name in ("killed", "whole"):
        with start(images, tmp_path / name) as process:
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert not list((tmp_path / "killed" / "locks").iterdir())

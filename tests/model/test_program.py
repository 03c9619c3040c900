"""What programs do at their edge: no remarks of native libraries, and a clean end on SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.serving import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is changed there")

NOISE = (
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795809291.237203   15666 cudart_stub.cc:31] Could not find cuda drivers on your machine.",
    "2026-11-27 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] optimized",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.",
)
WANTED = ("INFO: 3 images", "F0000 00:00:1.2 1 x.cc:1] fatal", "terminate called after throwing")


def run(main: str) -> subprocess.CompletedProcess[str]:
    code = f"import os, sys\nfrom model.program import run_as_program\n{main}\nsys.exit(run_as_program(main))"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_remarks_of_native_libraries_are_left_out_and_everything_else_is_passed_on() -> None:
    lines = "\n".join([NOISE[0], WANTED[0], *NOISE[1:], *WANTED[1:]]) + "\n"
    done = run(f"def main():\n    os.write(2, {lines.encode()!r})\n    print('mine', file=sys.stderr)\n    return 3")

    assert done.returncode == 3
    assert sorted(done.stderr.splitlines()) == sorted([*WANTED, "mine"])


def test_a_library_that_prints_much_while_nothing_else_can_run_is_not_waited_for() -> None:
    done = run(
        "import ctypes\n"
        "def main():\n"
        "    ctypes.PyDLL(None).write(2, b'x' * 10_000_000, 10_000_000)\n"  # PyDLL holds the interpreter's lock
        "    return 0"
    )
    assert done.returncode == 0


def test_a_traceback_is_printed_in_full() -> None:
    done = run("def main():\n    raise ValueError('a bug')")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback") and done.stderr.endswith("ValueError: a bug\n")


def test_sigterm_cleans_up_and_ends_child_processes(tmp_path: Path) -> None:
    code = (
        "import pathlib, subprocess, sys\n"
        "from model.program import run_as_program\n"
        "half, started = map(pathlib.Path, sys.argv[1:])\n"
        "child = f'import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(600)'\n"
        "def main():\n"
        "    try:\n"
        "        half.touch()\n"
        "        subprocess.run([sys.executable, '-c', child])\n"
        "    finally:\n"
        "        half.unlink()\n"
        "sys.exit(run_as_program(main))"
    )
    half, started = tmp_path / "half made", tmp_path / "started"
    command = [sys.executable, "-c", code, str(half), str(started)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    while not started.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)

    process.communicate(timeout=60)  # until the child, which holds the pipe as well, is gone
    assert process.returncode == 143
    assert not half.exists()

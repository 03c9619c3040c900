"""What was freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.serving import ROOT

PROGRAM = """
import threading
from pathlib import Path
from interface.server.memory import give_back, keep_few_arenas

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def work(kept):
    pieces = [bytes(50_000) for _ in range(800)]  # below the size that is mapped on its own
    kept.append(bytes(1000))

keep_few_arenas()
before, kept = resident(), []
for _ in range(6):
    threads = [threading.Thread(target=work, args=(kept,)) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
give_back()
print((resident() - before) // 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_threads_that_came_and_went_leave_little() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(result.stdout) < 20

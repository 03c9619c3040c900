"""Freed memory stays in the process while training, where the C library allows it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Takes and frees 200 MiB many times, as training steps do, and prints the page faults that this cost.
CHURN = """
import resource, numpy
from train.trainer.memory import keep_freed_memory
if {keep}: assert keep_freed_memory()
def churn():
    for _ in range(20):
        pieces = [numpy.ones(1 << 22, numpy.uint8) for _ in range(50)]
churn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*, keep: bool) -> int:
    command = [sys.executable, "-c", CHURN.format(keep=keep)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_memory_taken_again_costs_hardly_any_page_faults() -> None:
    assert page_faults(keep=True) < page_faults(keep=False) / 10

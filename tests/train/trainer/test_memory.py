"""Freed memory stays in the process while training, where the C library allows it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.support.serving import ROOT

# Allocates and frees 100 MiB many times, as training steps do, and prints the page faults that this cost: as glibc does
# it, then with freed memory kept.
CHURN = """
import resource, sys, types, numpy
sys.modules["keras"] = types.ModuleType("keras")  # its import takes ten seconds, and nothing of it is called
from train.trainer.memory import keep_freed_memory
def churn():
    for _ in range(5):
        pieces = [numpy.ones(1 << 22, numpy.uint8) for _ in range(25)]
for keep in (False, True):
    if keep:
        assert keep_freed_memory()
    churn()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    churn()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_memory_allocated_again_costs_few_page_faults() -> None:
    done = subprocess.run([sys.executable, "-c", CHURN], cwd=ROOT, check=True, capture_output=True, text=True)

    usual, kept = map(int, done.stdout.split())
    assert kept < usual / 10

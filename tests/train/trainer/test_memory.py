"""Freed memory stays in the process while training, where the C library allows it."""

from __future__ import annotations

import platform
import subprocess
import sys
from types import SimpleNamespace

import keras
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from model.system_memory import SystemMemory
from tests.support.serving import ROOT
from train.network.architectures import build
from train.settings import Settings
from train.trainer.memory import refuse_small_memory

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


@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize("accelerator", [False, True])
def test_too_little_memory_is_said_on_every_backend_unless_an_accelerator_has_its_own(
    backend: str, accelerator: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def devices(kind: str | None = None) -> list[str]:
        if kind and not accelerator:
            raise RuntimeError("Unknown backend: 'gpu' requested")  # as JAX does
        return ["gpu:0" if accelerator else "cpu:0"]

    network = build(Settings(size=16), InputSpec(16, 16), 2)
    monkeypatch.setattr("train.trainer.memory.system_memory", lambda: SystemMemory(10 * 2**20, 2**30))
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(keras.distribution, "list_devices", devices)
    torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: accelerator))
    monkeypatch.setitem(sys.modules, "torch", torch)

    if accelerator:
        refuse_small_memory(network, 512)
        return
    with pytest.raises(SettingsError, match="Give a smaller --batch-size or --size"):
        refuse_small_memory(network, 512)

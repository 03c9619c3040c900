"""Memory while a network is trained: keep what was freed, and say at once when there is too little."""

from __future__ import annotations

import ctypes

import keras
import numpy as np

from model.errors import SettingsError
from model.system_memory import system_memory

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Stop glibc from giving freed memory back to the system after every step.

    A training step frees and takes again the same hundreds of megabytes. By default each large
    piece is unmapped and comes back as zeroed pages, one page fault per 4 KiB: in a long run on
    two busy cores 165,000 faults a second, and 38 % of the time in the kernel instead of 6 %. On
    an idle machine `benchmarks/training_step.py` shows 1.08 times the images a second.

    Returns:
        Whether the C library took the settings; False where it is not glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**30), (_M_TOP_PAD, 2**26))
    return all(mallopt(name, value) == 1 for name, value in settings)


def refuse_small_memory(model: keras.Model, batch_size: int) -> None:
    """Raise `SettingsError` when a training step cannot fit into this machine's memory.

    A step keeps the output of every layer for the gradients; the estimate leaves out what only lives
    for a moment, so that it errs on the side of trying.
    """
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers if hasattr(layer.output, "shape"))
    needed = 4 * (batch_size * outputs + 4 * model.count_params())
    memory = system_memory()
    if memory is not None and needed > memory.free and not keras.distribution.list_devices("gpu"):
        raise SettingsError(
            f"A training step needs about {needed / 2**30:.0f} GiB of memory, "
            f"and {memory.free / 2**30:.1f} GiB are free. Give a smaller --batch-size or --size."
        )

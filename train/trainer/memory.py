"""Memory of a training: keep freed memory in the process, and refuse at once when there is too little."""

from __future__ import annotations

import ctypes

import keras
import numpy as np

from model.errors import SettingsError
from model.system_memory import system_memory

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Stop glibc from returning freed memory to the system after every step.

    A training step frees and allocates the same hundreds of megabytes again. By default glibc unmaps each large block,
    and the new one costs a page fault per 4 KiB. `benchmarks/training_step.py` measures the difference;
    docs/lab-notebook.md has results.

    Returns:
        Whether the C library accepted the settings; False when it is not glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**30), (_M_TOP_PAD, 2**26))
    return all(mallopt(name, value) == 1 for name, value in settings)


def refuse_small_memory(model: keras.Model, batch_size: int) -> None:
    """Raise `SettingsError` when a training step cannot fit into this machine's memory.

    A step keeps the output of every layer for the gradients. Temporary arrays are not counted, so the estimate is low.
    """
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers if hasattr(layer.output, "shape"))
    needed = 4 * (batch_size * outputs + 4 * model.count_params())
    memory = system_memory()
    if memory is not None and needed > memory.free and not _has_accelerator():
        raise SettingsError(
            f"A training step needs about {needed / 2**30:.0f} GiB of memory, "
            f"and {memory.free / 2**30:.1f} GiB are free. Give a smaller --batch-size or --size."
        )


def _has_accelerator() -> bool:
    """Return whether Keras computes on something else than the processor."""
    if keras.backend.backend() == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return not keras.distribution.list_devices()[0].startswith("cpu")

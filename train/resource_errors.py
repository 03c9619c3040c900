"""Recognise that memory or disk ran out, whichever library noticed it, and say what is needed."""

from __future__ import annotations

import errno

from model.errors import FULL_DISK, SettingsError

# TensorFlow's ResourceExhaustedError, JAX's XlaRuntimeError, PyTorch's OutOfMemoryError: named, not imported. PyTorch's
# allocator for the processor raises errors of no kind of its own.
_KINDS = ("ResourceExhaustedError", "OutOfMemoryError")
_FULL = "No space left on device"
_WORDS = ("RESOURCE_EXHAUSTED", "can't allocate memory", "Cannot allocate memory")


def shortage(error: BaseException) -> SettingsError | None:
    """Return what to tell the user when an error means that memory or disk ran out; None for any other error.

    Args:
        error: What was raised, by whichever library.
    """
    if _is_full_disk(error):
        name = getattr(error, "filename", None)
        return SettingsError(
            f"The disk is full{f', at “{name}”' if name else ''}. Make room, and run the same command again; "
            "TMPDIR and --out may point to a larger disk."
        )
    if _is_short_of_memory(error):
        return SettingsError(
            "There is too little memory for a training step. Give a smaller --batch-size or --size, or end other "
            "programs, and run the same command again."
        )
    return None


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return True
    return _FULL in str(error)  # h5py and TensorFlow's converter only word the reason


def _is_short_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _KINDS:
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _WORDS)

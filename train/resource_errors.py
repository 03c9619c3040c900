"""Errors that mean a full disk or too little memory, whichever library raised them, as a sentence for the user."""

from __future__ import annotations

import errno

from model.errors import FULL_DISK, SettingsError

# Named, not imported: TensorFlow's ResourceExhaustedError, PyTorch's OutOfMemoryError on a GPU.
_MEMORY_ERRORS = ("ResourceExhaustedError", "OutOfMemoryError")
# Some libraries give neither a type nor a code: TensorFlow's converter reports a full disk, JAX and PyTorch's CPU
# allocator too little memory, only in the text of an error of a general type.
_FULL_DISK_TEXT = "No space left on device"
_MEMORY_TEXTS = ("RESOURCE_EXHAUSTED", "can't allocate memory", "Cannot allocate memory")


def resource_error(error: BaseException) -> SettingsError | None:
    """Return the sentence for an error that means a full disk or too little memory; None for any other error.

    Args:
        error: What any library raised.
    """
    if _is_full_disk(error):
        name = getattr(error, "filename", None)
        return SettingsError(
            f"The disk is full{f', at “{name}”' if name else ''}. Free some space and run the same command again; "
            "TMPDIR and --out may point to a larger disk."
        )
    if is_out_of_memory(error):
        return SettingsError(
            "There is too little memory for a training step. Give a smaller --batch-size or --size, or end other "
            "programs, and run the same command again."
        )
    return None


def _is_full_disk(error: BaseException) -> bool:
    return (isinstance(error, OSError) and error.errno in FULL_DISK) or _FULL_DISK_TEXT in str(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether any library raised this error for too little memory."""
    if isinstance(error, MemoryError) or type(error).__name__ in _MEMORY_ERRORS:
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _MEMORY_TEXTS)

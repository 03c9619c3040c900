"""Read the arrays of an old PyTorch file without PyTorch, and without running anything that the file says."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import as_strided

from model.errors import SettingsError

# What an old file begins with: a magic number, then the version of the protocol.
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
_MAX_BYTES = 2**30


@dataclass(frozen=True)
class _Storage:
    """A block of numbers that the file holds after its pickles."""

    key: str
    dtype: np.dtype
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A view of a block: where it starts, its shape, and its strides in numbers."""

    storage: _Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that makes ordered dictionaries and descriptions of tensors, and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _TYPES:
            return name
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, name, key, _, count = pid[:5]
        if kind != "storage" or name not in _TYPES or not isinstance(count, int) or count < 0:
            raise pickle.UnpicklingError("a block of numbers is not described as usual")
        return _Storage(str(key), np.dtype(_TYPES[name]), count)


def read_torch_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the named arrays of a file that `torch.save` wrote before PyTorch 1.6.

    Args:
        path: The file; at most 1 GiB.

    Returns:
        Name → array, as the file has them.

    Raises:
        SettingsError: The file cannot be read, is damaged, or holds anything else than arrays.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is larger than 1 GiB")
        with path.open("rb") as file:
            return _read(file)
    except Exception as error:  # a damaged pickle raises nearly anything
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"“{path.name}” cannot be read as a file of PyTorch weights: {reason}. Install its package again."
        ) from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    header = [_ArraysOnly(file).load() for _ in range(3)]  # magic number, protocol, facts about the machine
    if header[:2] != [_MAGIC, _PROTOCOL]:
        raise ValueError("it does not begin as one")
    tensors, keys = _ArraysOnly(file).load(), _ArraysOnly(file).load()
    if not isinstance(tensors, dict) or not isinstance(keys, list):
        raise ValueError("it holds no named arrays")
    storages = {t.storage.key: t.storage for t in tensors.values() if isinstance(t, _Tensor)}
    blocks = {key: _block(file, storages[key]) for key in keys if key in storages}
    return {
        str(name): as_strided(
            blocks[t.storage.key][t.start :], t.shape, [stride * t.storage.dtype.itemsize for stride in t.strides]
        ).copy()
        for name, t in tensors.items()
        if isinstance(t, _Tensor)
    }


def _block(file: BinaryIO, storage: _Storage) -> np.ndarray:
    (count,) = np.frombuffer(file.read(8), "<i8")
    content = file.read(int(count) * storage.dtype.itemsize)
    if count != storage.count or len(content) != count * storage.dtype.itemsize:
        raise ValueError("it ends too early")
    return np.frombuffer(content, storage.dtype)


def _tensor(storage: _Storage, start: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    """Stand in for PyTorch's function of the same arguments; every tensor lies within its block."""
    whole = all(isinstance(number, int) and number >= 0 for number in (start, *shape, *strides))
    if not isinstance(storage, _Storage) or not whole or len(shape) != len(strides):
        raise pickle.UnpicklingError("a tensor is not described as usual")
    last = start + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if 0 in shape or last >= storage.count:
        raise pickle.UnpicklingError("a tensor does not lie within its block of numbers")
    return _Tensor(storage, start, tuple(shape), tuple(strides))

"""Old PyTorch files are read as data: arrays come out, and nothing that a file names is run."""

from __future__ import annotations

import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from model.errors import SettingsError
from train.network.torch_arrays import read_torch_arrays

MAGIC = 0x1950A86A20F9469CFC6C
ROWS = np.arange(12, dtype=np.float32)


class Storage:
    """A block of numbers, which the pickle only points to."""

    def __init__(self, key: str, values: np.ndarray, count: int | None = None) -> None:
        self.key, self.values = key, values
        self.count = len(values) if count is None else count


class Tensor:
    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Writer(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, Storage):
            return "storage", sys.modules["torch"].FloatStorage, obj.key, "cpu", obj.count, None
        return None


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that a pickle can refer to; PyTorch is not installed."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    kind = type("FloatStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2(*_: Any) -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    monkeypatch.setattr(torch, "FloatStorage", kind, raising=False)
    monkeypatch.setattr(utils, "_rebuild_tensor_v2", _rebuild_tensor_v2, raising=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def write(path: Path, content: Any, *storages: Storage) -> Path:
    with path.open("wb") as file:
        for item in (MAGIC, 1001, {"little_endian": True}, content, [storage.key for storage in storages]):
            Writer(file, protocol=2).dump(item)
        for storage in storages:
            file.write(len(storage.values).to_bytes(8, "little") + storage.values.astype("<f4").tobytes())
    return path


def test_arrays_come_out_by_name_with_their_shape_and_strides(tmp_path: Path) -> None:
    storage = Storage("7", ROWS)
    content = OrderedDict(
        rows=Tensor(storage, 0, (3, 4), (4, 1), False, OrderedDict()),
        columns=Tensor(storage, 2, (2, 3), (1, 2), False, OrderedDict()),
    )

    arrays = read_torch_arrays(write(tmp_path / "weights.pth", content, storage))

    np.testing.assert_array_equal(arrays["rows"], ROWS.reshape(3, 4))
    np.testing.assert_array_equal(arrays["columns"], [[2, 4, 6], [3, 5, 7]])


class Intruder:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.trace),)


def test_nothing_else_that_a_file_names_is_run(tmp_path: Path) -> None:
    path = write(tmp_path / "weights.pth", OrderedDict(rows=Intruder(tmp_path / "trace")))
    with pytest.raises(SettingsError, match="mkdir"):
        read_torch_arrays(path)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("start", "shape", "strides"),
    [(0, (4, 4), (4, 1)), (5, (8,), (1,)), (0, (2,), (-1,)), (0, (2, 2), (1,)), (0, (0,), (1,)), (-1, (2,), (1,))],
)
def test_a_tensor_that_leaves_its_block_is_refused(
    start: int, shape: tuple[int, ...], strides: tuple[int, ...], tmp_path: Path
) -> None:
    storage = Storage("7", ROWS)
    path = write(tmp_path / "w.pth", OrderedDict(a=Tensor(storage, start, shape, strides, False, None)), storage)
    with pytest.raises(SettingsError, match=r"“w.pth” cannot be read as a file of PyTorch weights"):
        read_torch_arrays(path)


def test_a_file_that_is_cut_short_or_no_such_file_is_refused(tmp_path: Path) -> None:
    storage = Storage("7", ROWS)
    path = write(tmp_path / "w.pth", OrderedDict(a=Tensor(storage, 0, (12,), (1,), False, None)), storage)
    whole = path.read_bytes()
    for content in (b"", b"no pickle", pickle.dumps(5), whole[:-4], whole[:40]):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match="Install its package again"):
            read_torch_arrays(path)
    with pytest.raises(SettingsError, match="No such file"):
        read_torch_arrays(tmp_path / "missing.pth")

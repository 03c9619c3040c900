"""A full disk or too little memory is one sentence with what to do, and no finished epoch is lost."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from model.system_memory import SystemMemory
from tests.support.fitting import QUICK
from tests.support.images import COLOURS, hashes, write_class
from tests.support.training import TINY
from train.__main__ import main
from train.resource_errors import resource_error
from train.trainer.checkpoint import has_progress, progress_directory


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/x"),
            "The disk is full, at “/data/x”. Free some space",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full. Free some space"),
        (OSError("Can't write data (file write failed: errno = 28, No space left on device)"), "The disk is full"),
        (ResourceExhaustedError("/tmp/x/saved_model; No space left on device"), "The disk is full"),
        (MemoryError(), "too little memory .* smaller --batch-size"),
        (ResourceExhaustedError("OOM when allocating tensor"), "too little memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes"), "too little memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            "too little memory",
        ),
    ],
)
def test_a_full_disk_or_memory_is_recognised_whichever_library_reports_it(error: Exception, sentence: str) -> None:
    assert re.search(sentence, str(resource_error(error)))


@pytest.mark.parametrize(
    "error",
    [ValueError("no space left for a title"), OSError(errno.EACCES, "denied"), RuntimeError("memory of an error")],
)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    assert resource_error(error) is None


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for label, colour in list(COLOURS.items())[:2]:
        write_class(tmp_path / "data" / label, colour, 6)
    return tmp_path / "data"


def test_a_disk_that_is_full_after_an_epoch_keeps_the_epochs_before_it(
    weights_only: None, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, saved = tmp_path / "bundle", list[int]()
    savez = np.savez

    def full_at_the_third(file: BinaryIO, **arrays: Any) -> None:
        saved.append(file.write(b"half of it"))
        if len(saved) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.seek(0)
        savez(file, **arrays)

    command = ["fit", str(data), "--out", str(bundle), *QUICK, *TINY, "--epochs", "4"]
    with monkeypatch.context() as patch:
        patch.setattr("train.trainer.checkpoint.np.savez", full_at_the_third)
        assert main(command) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[-2] == "The same command with --resume goes on after the last epoch."
    assert error[-1].startswith("error: The disk is full. Free some space")
    assert not bundle.exists()
    assert [path.name for path in progress_directory(bundle).iterdir()] == ["state.npz"]

    assert main([*command, "--resume"]) == 0

    assert "Resuming after epoch 2 of 4" in capsys.readouterr().err
    assert not has_progress(bundle)


def test_a_disk_that_is_full_while_the_bundle_is_written_leaves_the_old_one_and_the_epochs(
    weights_only: None,
    data: Path,
    copied_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.weights.h5")

    before = hashes(copied_bundle)
    monkeypatch.setattr("train.fit.write_model", full)

    assert main(["fit", str(data), "--out", str(copied_bundle), "--overwrite", *QUICK, *TINY]) == 2

    assert "error: The disk is full, at “model.weights.h5”." in capsys.readouterr().err
    assert hashes(copied_bundle) == before
    assert sorted(path.name for path in copied_bundle.parent.iterdir()) == [".copied.training", "copied", "data"]


def test_too_little_memory_is_said_before_anything_is_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("train.trainer.memory.system_memory", lambda: SystemMemory(10 * 2**20, 2**30))

    assert main(["fit", str(data), "--out", str(tmp_path / "bundle"), *QUICK, "--batch-size", "512"]) == 2

    assert "GiB of memory, and 0.0 GiB are free. Give a smaller" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]

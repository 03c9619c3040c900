"""A training that was killed goes on to where it would have come; one that was interrupted keeps its best."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from model.errors import SettingsError
from tests.conftest import QUICK
from tests.support.images import COLOURS, write_class
from train.__main__ import main
from train.trainer.checkpoint import Progress, ProgressFile, has_progress, progress_directory

ROOT = Path(__file__).parents[3]


def state(epoch: int = 3) -> Progress:
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7)]
    return Progress(epoch=epoch, best_loss=float("inf"), history=[{"loss": 0.5}], best=arrays, variables=arrays[:1])


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "bundle", {"epochs": 5})
    assert file.load() is None

    file.save(state(3))
    file.save(state(4))

    loaded = ProgressFile(tmp_path / "bundle", {"epochs": 5}).load()
    assert loaded is not None
    assert (loaded.epoch, loaded.best_loss, loaded.history) == (4, float("inf"), [{"loss": 0.5}])
    np.testing.assert_array_equal(loaded.best[0], state().best[0])
    assert [len(loaded.best), len(loaded.variables), len(loaded.optimizer)] == [2, 1, 0]
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_progress_of_other_settings_is_refused_with_their_names(tmp_path: Path) -> None:
    ProgressFile(tmp_path / "bundle", {"epochs": 5, "seed": 1}).save(state())

    with pytest.raises(SettingsError, match=r"other epochs, size\. Give the same"):
        ProgressFile(tmp_path / "bundle", {"epochs": 6, "seed": 1, "size": 32}).load()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and nothing", b"not a zip"])
def test_damaged_progress_is_said_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = ProgressFile(tmp_path / "bundle", {})
    file.save(state())
    (file.directory / "state.npz").write_bytes(content)

    with pytest.raises(SettingsError, match="--no-resume"):
        file.load()


def test_a_disk_that_is_full_at_the_first_epoch_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)

    with pytest.raises(OSError, match="No space"):
        ProgressFile(tmp_path / "bundle", {}).save(state())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume")
    for label, colour in list(COLOURS.items())[:3]:
        write_class(folder / label, colour, 8)
    return folder


OPTIONS = [
    *QUICK,
    "--epochs",
    "6",
    "--progressive-resize",
    "0.5",
    "--ema-decay",
    "0.8",
    "--mixup-cutmix-prob",
    "0.5",
    "--checkpoint",
    "last",
]


def weights(bundle: Path) -> list[np.ndarray]:
    return keras.saving.load_model(bundle).get_weights()


def started(data: Path, bundle: Path, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "train", "fit", str(data), "--out", str(bundle), *OPTIONS, *options]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=interruptible()
    )


def interruptible() -> dict[str, str]:
    return os.environ | {"PYTHONUNBUFFERED": "1"}


def wait_for_epoch(bundle: Path, epoch: int, process: subprocess.Popen) -> None:
    """Wait until the progress of an epoch is on disk."""
    deadline = time.monotonic() + 180
    path = progress_directory(bundle) / "state.npz"
    while time.monotonic() < deadline and process.poll() is None:
        if path.is_file():
            with np.load(path) as stored:
                if json.loads(str(stored["json"]))["epoch"] >= epoch:
                    return
        time.sleep(0.02)
    pytest.fail(f"epoch {epoch} never came: {process.communicate()}")


def test_a_killed_training_goes_on_to_the_same_result(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main(["fit", str(data), "--out", str(whole), *OPTIONS]) == 0
    process = started(data, broken)
    wait_for_epoch(broken, 2, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not broken.exists()
    assert has_progress(broken)

    assert main(["fit", str(data), "--out", str(broken), *OPTIONS]) == 2
    assert "Add --resume to go on with it, or --no-resume" in capsys.readouterr().err
    assert main(["fit", str(data), "--out", str(broken), *OPTIONS, "--epochs", "9", "--resume"]) == 2
    assert "had other epochs" in capsys.readouterr().err
    assert main(["fit", str(data), "--out", str(broken), *OPTIONS, "--resume"]) == 0

    assert "Going on after epoch" in capsys.readouterr().err
    for one, other in zip(weights(whole), weights(broken), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)
    assert not has_progress(broken)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken", "whole"]


def test_ctrl_c_writes_the_best_so_far_and_keeps_what_is_needed_to_go_on(data: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    process = started(data, bundle, "--epochs", "5000")
    try:
        wait_for_epoch(bundle, 2, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
    finally:
        process.kill()

    assert process.returncode == 0, err
    assert "Stopped by Ctrl-C. Keeping the best so far, that of epoch" in err
    assert json.loads(out.splitlines()[-1])["n"] > 0
    assert (bundle / "model.tflite").is_file()
    assert has_progress(bundle)

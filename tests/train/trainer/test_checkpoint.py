"""A killed training resumes to the same result; an interrupted one keeps its best weights."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from model.errors import SettingsError
from tests.support.fitting import QUICK
from tests.support.images import COLOURS, write_class
from tests.support.serving import ROOT
from tests.support.training import TINY
from train.__main__ import main
from train.trainer.checkpoint import (
    Progress,
    ProgressFile,
    has_progress,
    progress_directory,
    refuse_other_settings,
)


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

    with pytest.raises(SettingsError, match=r"differs in: epochs, size\. Give the same options"):
        ProgressFile(tmp_path / "bundle", {"epochs": 6, "seed": 1, "size": 32}).load()


def test_other_settings_are_refused_before_there_is_data(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    refuse_other_settings(out, {"epochs": 6})  # nothing was interrupted
    ProgressFile(out, {"epochs": 5, "hidden": (1, 2), "training images": "fingerprint"}).save(state())

    refuse_other_settings(out, {"epochs": 5, "hidden": (1, 2)})
    with pytest.raises(SettingsError, match=r"differs in: epochs\. Give the same options"):
        refuse_other_settings(out, {"epochs": 6, "hidden": (1, 2)})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and nothing", b"not a zip"])
def test_damaged_progress_is_an_error_of_one_sentence(tmp_path: Path, content: bytes) -> None:
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
        write_class(folder / label, colour, 5)
    return folder


OPTIONS = [
    *QUICK,
    *TINY,
    "--epochs",
    "5",
    "--ema-decay",
    "0.8",
    "--mixup-cutmix-prob",
    "0.5",
    "--checkpoint",
    "last",
]
# In two phases, of three and two epochs.
SMALL_OPTIONS = [*OPTIONS, "--architecture", "small", "--size", "32", "--progressive-resize", "0.5"]


class PowerCut(BaseException):
    """Ends a training at once, as a kill does: nothing catches it."""


def weights(bundle: Path) -> list[np.ndarray]:
    return keras.saving.load_model(bundle).get_weights()


def after_epoch(epoch: int, action: Callable[[], None]) -> Callable[[ProgressFile, Progress], None]:
    """Return a `ProgressFile.save` that does something once an epoch is saved."""
    save = ProgressFile.save

    def saved(self: ProgressFile, progress: Progress) -> None:
        save(self, progress)
        if progress.epoch == epoch:
            action()

    return saved


def cut() -> None:
    raise PowerCut


@pytest.mark.parametrize(
    ("options", "epoch"),
    [
        (OPTIONS, 2),
        pytest.param(SMALL_OPTIONS, 2, marks=pytest.mark.nightly),
        pytest.param(SMALL_OPTIONS, 4, marks=pytest.mark.nightly),
    ],
)
def test_a_killed_training_resumes_to_the_same_result(
    options: list[str],
    epoch: int,
    weights_only: None,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    command = ["fit", str(data), "--out", str(broken), *options]
    assert main(["fit", str(data), "--out", str(whole), *options]) == 0
    with monkeypatch.context() as patched, pytest.raises(PowerCut):
        patched.setattr(ProgressFile, "save", after_epoch(epoch, cut))
        main(command)
    assert not broken.exists()
    assert has_progress(broken)

    assert main(command) == 2
    assert "Add --resume to continue it, or --no-resume" in capsys.readouterr().err
    assert main([*command, "--epochs", "9", "--resume"]) == 2
    assert "differs in: epochs" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0

    assert f"Resuming after epoch {epoch}" in capsys.readouterr().err
    for one, other in zip(weights(whole), weights(broken), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)
    assert not has_progress(broken)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken", "whole"]


def test_ctrl_c_writes_the_best_so_far_and_keeps_what_is_needed_to_resume(
    weights_only: None,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = tmp_path / "bundle"
    monkeypatch.setattr(ProgressFile, "save", after_epoch(2, lambda: signal.raise_signal(signal.SIGINT)))

    assert main(["fit", str(data), "--out", str(bundle), "--json", *OPTIONS, "--epochs", "5000"]) == 0

    captured = capsys.readouterr()
    assert "Stopped by Ctrl-C. Keeping the best so far, that of epoch" in captured.err
    assert json.loads(captured.out.splitlines()[-1])["n"] > 0
    assert (bundle / "model.weights.h5").is_file()
    assert has_progress(bundle)


@pytest.mark.nightly
def test_a_training_that_the_system_kills_leaves_progress_that_can_be_read(data: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    command = [sys.executable, "-m", "train", "fit", str(data), "--out", str(bundle), *OPTIONS, "--epochs", "5000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not has_progress(bundle) and process.poll() is None:
            time.sleep(0.02)
        process.kill()

    with np.load(progress_directory(bundle) / "state.npz") as stored:
        assert json.loads(str(stored["json"]))["epoch"] >= 1
    assert not bundle.exists()

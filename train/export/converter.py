"""Convert a trained network for serving, whichever Keras backend it was trained in."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from model.errors import SettingsError

# Only TensorFlow can write LiteRT files, and a process has one Keras backend for good.
_CONVERTER = "tensorflow"
_MODEL, _CALIBRATION, _NETWORK = "model.keras", "calibration.npy", "network.tflite"
_MOST_IMAGES = 500  # about; `train.export.litert` takes fewer of them
_APART = "import sys; from train.export.converter import convert_here; convert_here(sys.argv[1])"


def check_converter() -> None:
    """Raise `SettingsError` when a network trained in this backend could not be converted in the end."""
    if keras.backend.backend() != _CONVERTER and importlib.util.find_spec(_CONVERTER) is None:
        raise SettingsError(
            f"Training can run on {keras.backend.backend()}, but only TensorFlow can write the file that is served. "
            "Install it beside: pip install tensorflow."
        )


def served_network(model: keras.Model, calibration: np.ndarray | None = None) -> bytes:
    """Convert a network, in a process of its own where Keras runs on another backend than TensorFlow.

    Args:
        model: A network as `train.network.architectures.build` returns it.
        calibration: See `train.export.litert.to_litert`.

    Returns:
        The content of the LiteRT file.

    Raises:
        SettingsError: TensorFlow could not convert it.
    """
    if keras.backend.backend() == _CONVERTER:
        from train.export.litert import to_litert

        return to_litert(model, calibration)
    with tempfile.TemporaryDirectory(prefix="vistazo-") as directory:
        keras.saving.save_model(model, Path(directory) / _MODEL)
        if calibration is not None:
            every = max(1, len(calibration) // _MOST_IMAGES)
            np.save(Path(directory) / _CALIBRATION, calibration[::every])
        return _convert_apart(Path(directory))


def convert_here(directory: str) -> None:
    """Convert the network that `served_network` left in a directory; runs in the process that has TensorFlow."""
    from train.export.litert import to_litert

    model = keras.saving.load_model(Path(directory) / _MODEL, compile=False)
    stored = Path(directory) / _CALIBRATION
    network = to_litert(model, np.load(stored, allow_pickle=False) if stored.is_file() else None)
    (Path(directory) / _NETWORK).write_bytes(network)


def _convert_apart(directory: Path) -> bytes:
    root = str(Path(__file__).parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        "KERAS_BACKEND": _CONVERTER,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",  # the accelerator's memory belongs to the backend that trained
    }
    command = [sys.executable, "-c", _APART, str(directory)]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return (directory / _NETWORK).read_bytes()
    reason = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
    raise SettingsError(
        f"TensorFlow could not convert the network for serving: {reason}. Check that it can be imported with "
        "KERAS_BACKEND=tensorflow; the finished epochs are kept, and the same command with --resume goes on."
    )

"""Convert a trained network for serving, whichever Keras backend it was trained in."""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from pathlib import Path

import keras
import numpy as np

from model.errors import SettingsError
from train.export.tensorflow_process import tensorflow_command, tensorflow_environment

_CONVERTER = "tensorflow"
_MODEL, _CALIBRATION, _NETWORK = "model.keras", "calibration.npy", "network.tflite"
_LARGE = 1_000_000  # parameters, 4 MB
_MAX_IMAGES = 500  # about; `train.export.litert` uses fewer of them


def check_converter() -> None:
    """Raise `SettingsError` when a network trained in this backend could not be converted after training."""
    if keras.backend.backend() != _CONVERTER and importlib.util.find_spec(_CONVERTER) is None:
        raise SettingsError(
            f"Training can run on {keras.backend.backend()}, but only TensorFlow can write the file that is served. "
            "Install it as well: pip install tensorflow."
        )


def served_network(model: keras.Model, references: keras.Model, calibration: np.ndarray | None = None) -> bytes:
    """Convert a network to LiteRT, in another process where Keras runs on another backend than TensorFlow.

    Args:
        model: A network as `train.network.architectures.build` returns it.
        references: From the same input to the features that recognise images of something else.
        calibration: Images for 8-bit quantization; see `train.export.litert.to_litert`.

    Returns:
        The content of the LiteRT file.

    Raises:
        SettingsError: TensorFlow could not convert it.
    """
    if keras.backend.backend() == _CONVERTER:
        from train.export.litert import to_litert

        return to_litert(model, references, calibration, half=_is_large(model))
    with tempfile.TemporaryDirectory(prefix="vistazo-") as directory:
        # One file for both, which share most of their layers.
        both = keras.Model(model.inputs, [model.output, references.output])
        keras.saving.save_model(both, Path(directory) / _MODEL)
        if calibration is not None:
            every = max(1, len(calibration) // _MAX_IMAGES)
            np.save(Path(directory) / _CALIBRATION, calibration[::every])
        return _convert_in_process(Path(directory))


def convert_here(directory: str) -> None:
    """Convert the network that `served_network` saved in a directory; runs in the process with TensorFlow."""
    from train.export.litert import to_litert

    both = keras.saving.load_model(Path(directory) / _MODEL, compile=False)
    model, references = (keras.Model(both.inputs, output) for output in both.outputs)
    stored = Path(directory) / _CALIBRATION
    calibration = np.load(stored, allow_pickle=False) if stored.is_file() else None
    network = to_litert(model, references, calibration, half=_is_large(model))
    (Path(directory) / _NETWORK).write_bytes(network)


def _is_large(model: keras.Model) -> bool:
    """Return whether a network's file is worth halving: half as many bytes to push, to pull and to open a page with."""
    return bool(model.count_params() >= _LARGE)


def _convert_in_process(directory: Path) -> bytes:
    done = subprocess.run(
        tensorflow_command(convert_here, directory),
        env=tensorflow_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return (directory / _NETWORK).read_bytes()
    reason = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
    raise SettingsError(
        f"TensorFlow could not convert the network for serving: {reason}. Check that it can be imported with "
        "KERAS_BACKEND=tensorflow. The finished epochs are kept: continue with the same command and --resume."
    )

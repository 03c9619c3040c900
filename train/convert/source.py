"""Find the files of an older Keras model on disk."""

from __future__ import annotations

from pathlib import Path

from model.errors import ModelNotFoundError, OtherModelError
from model.other_models import KERAS_SUFFIXES, LITERT_SUFFIX, Place, convertible_files, identify_model
from train.data.data_set import listed

WEIGHTS_SUFFIXES = (".h5", ".hdf5")
_FORMS = (
    "Give a .keras, .h5 or .tflite file, an architecture.json with its weights in the same directory, or a directory "
    "with one of these, or with config.json and model.weights.h5"
)


def find_source(legacy: Path, weights: Path | None = None) -> tuple[Path, Path | None]:
    """Find the files of an older model.

    Args:
        legacy: A .keras, .h5 or .tflite file; an architecture in JSON; or a directory that holds one model.
        weights: The weights of an architecture in JSON; found in its directory when not given.

    Returns:
        The file of the architecture; the file of the weights, None where the first file holds both.

    Raises:
        ModelNotFoundError: There is no model, or more than one.
    """
    if weights and not weights.is_file():
        raise ModelNotFoundError(f"There is no file “{weights}” with weights. Check --weights.")
    if legacy.is_dir():
        return _in_directory(legacy, weights)
    if not legacy.is_file():
        raise ModelNotFoundError(f"There is no file or directory “{legacy}”. {_FORMS}.")
    suffix = legacy.suffix.lower()
    if suffix == ".json":
        return legacy, weights or _weights_of(legacy)
    if suffix not in (*KERAS_SUFFIXES, LITERT_SUFFIX):
        other = identify_model(Place(str(legacy.parent)), [legacy.name], {})
        if other is not None:
            raise OtherModelError(f"“{legacy}” is {other.what}: {other.advice}.")
        raise ModelNotFoundError(f"“{legacy}” is not a model that can be converted. {_FORMS}.")
    architecture = legacy.parent / "architecture.json"
    if suffix in WEIGHTS_SUFFIXES and legacy.name.endswith(".weights.h5") and architecture.is_file():
        return architecture, legacy
    return legacy, None


def _in_directory(directory: Path, weights: Path | None) -> tuple[Path, Path | None]:
    if (directory / "config.json").is_file() and (directory / "model.weights.h5").is_file():
        return directory / "config.json", directory / "model.weights.h5"
    files = sorted(path for path in directory.iterdir() if path.is_file())
    models = [directory / name for name in convertible_files([path.name for path in files])]
    stored = [path for path in models if path.suffix.lower() in WEIGHTS_SUFFIXES]
    architecture = directory / "architecture.json"
    if architecture.is_file() and stored == models and (weights or len(stored) == 1):
        return architecture, weights or stored[0]
    if len(models) == 1:
        return models[0], None
    if models:
        raise ModelNotFoundError(
            f"“{directory}” contains several models ({listed([path.name for path in models], 5)}). Name one of them."
        )
    other = identify_model(Place(str(directory)), [path.name for path in files], {})
    if other is not None:
        raise OtherModelError(f"“{directory}” holds {other.what}: {other.advice}.")
    raise ModelNotFoundError(f"“{directory}” contains no model that can be converted. {_FORMS}.")


def _weights_of(architecture: Path) -> Path:
    candidates = sorted(path for path in architecture.parent.iterdir() if path.suffix.lower() in WEIGHTS_SUFFIXES)
    alike = [path for path in candidates if path.name.startswith(architecture.stem)]
    chosen = alike if len(alike) == 1 else candidates
    if len(chosen) == 1:
        return chosen[0]
    found = f"several files ({listed([path.name for path in candidates], 5)})" if candidates else "no file"
    raise ModelNotFoundError(
        f"“{architecture}” needs its weights; its directory has {found} that may hold them. Give --weights FILE."
    )

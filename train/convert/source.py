"""Find the files of an older Keras model on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelNotFoundError
from train.data.loading import listed

_WEIGHTS_SUFFIXES = (".h5", ".hdf5")
_FORMS = (
    "Give a .keras or .h5 file, an architecture.json with its weights in the same directory, or a directory with one "
    "of these, or with config.json and model.weights.h5"
)


@dataclass(frozen=True)
class Source:
    """The files of an older model.

    Attributes:
        model: The architecture.
        weights: The weights, where they are in a file of their own.
    """

    model: Path
    weights: Path | None = None


def find_source(legacy: Path, weights: Path | None = None) -> Source:
    """Find the files of an older model.

    Args:
        legacy: A .keras or .h5 file; an architecture in JSON; or a directory that holds one model.
        weights: The weights of an architecture in JSON; found in its directory when not given.

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
        return Source(legacy, weights or _weights_of(legacy))
    if suffix not in (".keras", *_WEIGHTS_SUFFIXES):
        raise ModelNotFoundError(
            f"“{legacy}” cannot be converted: its format is not supported, and a pickle or a SavedModel may contain "
            f"code. {_FORMS}."
        )
    architecture = legacy.parent / "architecture.json"
    if suffix in _WEIGHTS_SUFFIXES and legacy.name.endswith(".weights.h5") and architecture.is_file():
        return Source(architecture, legacy)
    return Source(legacy)


def _in_directory(directory: Path, weights: Path | None) -> Source:
    if (directory / "config.json").is_file() and (directory / "model.weights.h5").is_file():
        return Source(directory / "config.json", directory / "model.weights.h5")
    files = sorted(path for path in directory.iterdir() if path.is_file())
    whole = [path for path in files if path.suffix.lower() == ".keras"]
    stored = [path for path in files if path.suffix.lower() in _WEIGHTS_SUFFIXES]
    architecture = directory / "architecture.json"
    if architecture.is_file() and not whole and (weights or len(stored) == 1):
        return Source(architecture, weights or stored[0])
    models = whole or stored
    if len(models) == 1:
        return Source(models[0])
    if models:
        raise ModelNotFoundError(
            f"“{directory}” contains several models ({listed([path.name for path in models], 5)}). Name one of them."
        )
    saved = (
        " It contains a SavedModel, which may contain code: save that model as .keras with the program that wrote it."
    )
    raise ModelNotFoundError(
        f"“{directory}” contains no Keras model.{saved if (directory / 'saved_model.pb').is_file() else ''} {_FORMS}."
    )


def _weights_of(architecture: Path) -> Path:
    candidates = sorted(path for path in architecture.parent.iterdir() if path.suffix.lower() in _WEIGHTS_SUFFIXES)
    alike = [path for path in candidates if path.name.startswith(architecture.stem)]
    chosen = alike if len(alike) == 1 else candidates
    if len(chosen) == 1:
        return chosen[0]
    found = f"several files ({listed([path.name for path in candidates], 5)})" if candidates else "no file"
    raise ModelNotFoundError(
        f"“{architecture}” needs its weights; its directory has {found} that may hold them. Give --weights FILE."
    )

"""Unpack an older model and its labels, and nothing else, from a zip as Teachable Machine's is downloaded."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from model.bundle import MAX_JSON_BYTES, MAX_NETWORK_BYTES
from model.errors import ModelNotFoundError, OtherModelError
from model.other_models import LABEL_FILES, Place, convertible_files, identify_model
from train.data.data_set import listed

_BESIDE = ("config.json", "architecture.json", *LABEL_FILES)
_MAX_ENTRIES = 10_000
# What Teachable Machine writes for browsers.
_FOR_BROWSERS = {"model.json", "weights.bin"}


def unpack_model(archive: Path, to: Path) -> None:
    """Unpack the files of an older model, those of one folder, into another.

    Args:
        archive: A zip.
        to: An empty folder.

    Raises:
        ModelNotFoundError: It is not a zip file, is damaged, or holds no older model or several, or large files.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in _wanted(archive, opened.infolist()):
                name = PurePosixPath(entry.filename).name
                limit = MAX_JSON_BYTES if name in _BESIDE else MAX_NETWORK_BYTES
                if entry.file_size > limit:
                    raise ModelNotFoundError(
                        f"“{name}” in “{archive}” has {entry.file_size:,} bytes; the limit is {limit:,}."
                    )
                with opened.open(entry) as source, (to / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise ModelNotFoundError(
            f"“{archive}” is damaged, encrypted or no zip. Fetch it again, or unpack it and name the model's file."
        ) from error


def _wanted(archive: Path, entries: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Return the entries of the model and of what belongs to it."""
    files = {entry.filename: entry for entry in entries[:_MAX_ENTRIES] if not entry.is_dir()}
    names = [name for name in files if "__MACOSX" not in PurePosixPath(name).parts]
    models = convertible_files(names)
    if not models:
        inside = [PurePosixPath(name).name for name in names]
        if set(inside) >= _FOR_BROWSERS:
            raise OtherModelError(
                f"“{archive}” holds a model for TensorFlow.js. Export it from Teachable Machine as “Tensorflow”, "
                "“Keras”."
            )
        other = identify_model(Place(str(archive)), inside, {})
        if other is not None:
            raise OtherModelError(f"“{archive}” holds {other.what}: {other.advice}.")
        raise ModelNotFoundError(
            f"“{archive}” holds no .keras, .h5 or .tflite file. Unpack it, and name the model's file or directory."
        )
    folders = {PurePosixPath(name).parent for name in models}
    if len(folders) > 1:
        raise ModelNotFoundError(
            f"“{archive}” contains several models ({listed(models, 5)}). Unpack it, and name one of them."
        )
    (folder,) = folders
    beside = [name for name in names if PurePosixPath(name).parent == folder]
    return [files[name] for name in beside if name in models or PurePosixPath(name).name in _BESIDE]

"""Find and read the labels of an older model: text, NumPy or JSON, never a pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model.errors import BundleError, DataError
from model.labels import MAX_LABELS_BYTES, check_translations, shown
from model.other_models import LABEL_FILES, LITERT_SUFFIX

_AS_TEXT = "Write labels.txt instead, one label a line in the order of the network's outputs, and give --labels FILE."


def find_labels(directory: Path) -> Path | None:
    """Return the file in a directory that contains the labels, or None."""
    found = next((directory / name for name in LABEL_FILES if (directory / name).is_file()), None)
    config = directory / "config.json"
    if found or not config.is_file() or config.stat().st_size > MAX_LABELS_BYTES:
        return found
    return config if b'"id2label"' in config.read_bytes() else None


def read_labels(path: Path) -> tuple[str, ...]:
    """Read labels in class order.

    Args:
        path: .txt, one label a line; .npy, an array of text, such as a saved `LabelEncoder.classes_`; or .json: a list,
            label → index, index → label, or a config.json of the Hub with id2label; or .tflite with labels in it.

    Returns:
        At least two different, valid labels.

    Raises:
        DataError: The file cannot be read without executing it, or contains no such labels.
    """
    readers: dict[str, Callable[[Path], Sequence[Any]]] = {
        ".txt": _text,
        ".npy": _numpy,
        ".json": _json,
        LITERT_SUFFIX: _inside,
    }
    if not path.is_file():
        raise DataError(f"There is no file “{path}” with labels. {_AS_TEXT}")
    if path.stat().st_size > MAX_LABELS_BYTES and path.suffix.lower() != LITERT_SUFFIX:
        raise DataError(f"“{path}” is larger than {MAX_LABELS_BYTES // 2**20} MiB, too large for labels. {_AS_TEXT}")
    if path.suffix.lower() not in readers:
        raise DataError(
            f"“{path}” should be .txt, .npy or .json; any other file, such as a pickle, may contain code and is not "
            f"opened. {_AS_TEXT}"
        )
    labels = tuple(str(label).strip() for label in readers[path.suffix.lower()](path))
    if len(labels) < 2:
        raise DataError(f"“{path}” contains {len(labels)} labels; a classifier needs at least two. {_AS_TEXT}")
    try:
        check_translations(labels, labels, str(path))
    except BundleError as error:  # empty, doubled, too long, or with invisible characters
        raise DataError(str(error)) from error
    return labels


def has_labels_inside(path: Path) -> bool:
    """Return whether a LiteRT file has a zip with text behind it, as TensorFlow's tools for metadata append it."""
    return path.suffix.lower() == LITERT_SUFFIX and zipfile.is_zipfile(path)


def without_numbers(labels: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return labels without the numbers that Teachable Machine writes before them; None where they have none.

    Args:
        labels: The labels in class order, such as ("0 cat", "1 dog"). Every one begins with its index.
    """
    split = [label.partition(" ") for label in labels]
    if any(number != str(index) or not name.strip() for index, (number, _, name) in enumerate(split)):
        return None
    names = tuple(name.strip() for _, _, name in split)
    return names if len(set(names)) == len(names) else None


def _text(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise DataError(f"“{path}” is not UTF-8 text. Save it as UTF-8.") from error
    return [line for line in lines if line.strip()]


def _inside(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            texts = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".txt")]
            if len(texts) != 1 or texts[0].file_size > MAX_LABELS_BYTES:
                raise DataError(f"“{path}” has not one file with labels inside but {len(texts)}. {_AS_TEXT}")
            content = archive.read(texts[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise DataError(f"“{path}” has no labels inside that can be read. {_AS_TEXT}") from error
    return [line for line in content.splitlines() if line.strip()]


def _numpy(path: Path) -> list[Any]:
    from numpy.lib import format as npy

    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        with path.open("rb") as file:
            shape, _, dtype = headers[npy.read_magic(file)](file)
            if dtype.hasobject:
                raise DataError(f"“{path}” contains Python objects, which may be code and are not opened. {_AS_TEXT}")
            if len(shape) != 1 or dtype.kind not in "Uiu":
                raise DataError(f"“{path}” should contain a list of text. {_AS_TEXT}")
            if shape[0] * dtype.itemsize > path.stat().st_size:
                raise ValueError("the header promises more than the file holds, and NumPy would allocate it")
            file.seek(0)
            content = npy.read_array(file, allow_pickle=False)
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise DataError(f"“{path}” is damaged or is not a NumPy file. {_AS_TEXT}") from error
    return list(content.tolist())


def _json(path: Path) -> Sequence[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"“{path}” is not valid JSON. {_AS_TEXT}") from error
    if isinstance(content, dict) and isinstance(content.get("id2label"), dict):
        content = content["id2label"]
    if isinstance(content, list) and all(isinstance(label, str) for label in content):
        return content
    if isinstance(content, dict):
        by_index = {str(value): key for key, value in content.items() if type(value) is int} or content
        labels = [by_index.get(str(index)) for index in range(len(content))]
        if labels and all(isinstance(label, str) for label in labels):
            return labels
    raise DataError(
        f"“{path}” should be a list of labels, or have an index from 0 for each label. Received: "
        f"{shown(content)}. {_AS_TEXT}"
    )

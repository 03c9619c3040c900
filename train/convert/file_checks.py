"""Check files of older Keras versions before Keras opens them: sizes, names and links that would do harm.

This runs in the process with limits that `train/convert/pipeline.py` starts, before Keras is imported. The extracted
bytes are limited, and nothing is written outside the given directory.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.bundle import MAX_JSON_BYTES
from model.errors import BundleError

if TYPE_CHECKING:
    import h5py

# The weights of VGG16 with its dense layers, a large network for one image classifier, have 0.55 GB.
MAX_WEIGHTS_BYTES = 2**30
# Keras stores the files in its archive uncompressed, and trained weights hardly compress.
MAX_RATIO = 20
_SMALL = 4 * 2**20
_KERAS_FILES = {"metadata.json", "config.json", "model.weights.h5"}
_MAX_OBJECTS = 100_000
_MAX_DEPTH = 40


def unpack(path: Path, to: Path) -> tuple[dict[str, Any], Path]:
    """Extract the configuration and the weights of a .keras file.

    Args:
        path: The archive.
        to: Directory for the weights.

    Returns:
        The configuration, and the path of the weights.

    Raises:
        BundleError: It is not such an archive, or a malicious one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
            _check_entries(path, entries)
            config = parsed(archive.read("config.json"), path)
            with archive.open("model.weights.h5") as source, (to / "model.weights.h5").open("wb") as target:
                shutil.copyfileobj(source, target, 2**20)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise BundleError(
            f"“{path.name}” is damaged or is not a .keras file: it cannot be unpacked. Save or fetch it again."
        ) from error
    return config, to / "model.weights.h5"


def parsed(content: bytes, path: Path) -> dict[str, Any]:
    """Parse a JSON object of limited size; raises `BundleError` for anything else."""
    if len(content) > MAX_JSON_BYTES:
        raise BundleError(
            f"The architecture in “{path.name}” has {len(content):,} bytes; the limit is {MAX_JSON_BYTES:,}."
        )
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"The architecture in “{path.name}” is not valid JSON. Save or fetch it again.") from error
    if not isinstance(found, dict):
        raise BundleError(f"The architecture in “{path.name}” should be a JSON object. Save or fetch it again.")
    return found


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file; raises `BundleError` for anything else."""
    with path.open("rb") as file:
        return parsed(file.read(MAX_JSON_BYTES + 1), path)


def check_hdf5(path: Path) -> dict[str, Any] | None:
    """Check that an HDF5 file contains only plain numbers, all of its own, that do not unpack into far more bytes.

    Args:
        path: The file.

    Returns:
        The architecture stored with the weights; None where there are only weights.

    Raises:
        BundleError: It is not an HDF5 file, links to other files, or unpacks into far more bytes than it has.
    """
    import h5py

    _check_total(path, path.stat().st_size)
    try:
        with h5py.File(path, "r") as file:
            _check_total(path, sum(_bytes_of(item, path) for item in _datasets(file, path)))
            config = file.attrs.get("model_config")
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise BundleError(f"“{path.name}” is damaged or is not an HDF5 file. Save or fetch it again.") from error
    if config is None:
        return None
    # Bytes that h5py could not decode are restored, and refused as invalid JSON.
    return parsed(config if isinstance(config, bytes) else str(config).encode(errors="surrogateescape"), path)


def is_legacy_layout(path: Path) -> bool:
    """Tell whether weights are stored in the order of layers (Keras 1 and 2) rather than by their paths."""
    import h5py

    with h5py.File(path, "r") as file:
        return "layer_names" in file.attrs or "layer_names0" in file.attrs or "model_weights" in file


def _check_entries(path: Path, entries: dict[str, zipfile.ZipInfo]) -> None:
    strange = sorted(set(entries) - _KERAS_FILES)
    if strange:
        raise BundleError(
            f"“{path.name}” contains “{ascii(strange[0])[1:61]}”, which no plain Keras model has; it was not opened. "
            "Save the model again with model.save(…)."
        )
    missing = sorted({"config.json", "model.weights.h5"} - set(entries))
    if missing:
        raise BundleError(f"“{path.name}” is not a .keras file: it lacks {missing[0]}. Save or fetch it again.")
    _check_total(path, sum(entry.file_size for entry in entries.values()))
    if entries["config.json"].file_size > MAX_JSON_BYTES:
        raise BundleError(f"The architecture in “{path.name}” is larger than {MAX_JSON_BYTES:,} bytes, the limit.")


def _datasets(file: h5py.File, path: Path) -> Iterator[h5py.Dataset]:
    """Yield every dataset once, following no soft or external link."""
    import h5py

    waiting: list[tuple[h5py.Group, int]] = [(file, 0)]
    seen: set[int] = set()
    while waiting:
        group, depth = waiting.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise BundleError(
                    f"“{path.name}” contains a link to another place or file, which is not followed. Do not use it."
                )
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen or depth > _MAX_DEPTH or len(seen) > _MAX_OBJECTS:
                raise BundleError(f"“{path.name}” does not have the structure of a Keras file. Do not use it.")
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                yield item


def _bytes_of(item: h5py.Dataset, path: Path) -> int:
    if item.external or item.is_virtual:
        raise BundleError(f"“{path.name}” refers to data in other files, which is not read. Do not use it.")
    if item.dtype.kind not in "fiubS":
        raise BundleError(f"“{path.name}” contains other data than numbers. Do not use it.")
    _check_ratio(path, item.nbytes, item.id.get_storage_size())
    return int(item.nbytes)


def _check_total(path: Path, size: int) -> None:
    if size > MAX_WEIGHTS_BYTES:
        raise BundleError(
            f"“{path.name}” contains {size / 1e6:,.0f} MB; the limit is {MAX_WEIGHTS_BYTES / 1e6:,.0f} MB. "
            "Save the model without its optimizer (include_optimizer=False), or use a smaller network."
        )
    _check_ratio(path, size, path.stat().st_size)


def _check_ratio(path: Path, size: int, stored: int) -> None:
    if size > _SMALL and size > MAX_RATIO * stored:
        raise BundleError(
            f"“{path.name}” has {path.stat().st_size / 1e6:,.1f} MB and would unpack into {size / 1e6:,.0f} MB, which "
            "trained weights never do; it was not opened. Do not use it."
        )

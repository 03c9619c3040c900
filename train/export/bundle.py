"""Write a bundle: the directory that `model/bundle.py` reads and validates.

All files are written to a temporary directory beside the target, which is renamed at the end: a reader sees a complete
bundle or none.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.bundle import CONFIG, FORMAT_VERSION, LABELS, MANIFEST, NETWORK, sha256_of
from model.errors import SettingsError
from model.preprocessing import InputSpec
from model.statistics import STATISTICS
from train.metrics.calibration import Calibration

if TYPE_CHECKING:
    import keras

_RECORDED_PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "opencv-python-headless", "ai-edge-litert")

_IN_USE_SECONDS = 24 * 3600


def refuse_other(target: Path, is_one: Callable[[Path], bool], what: str) -> None:
    """Raise `SettingsError` unless a directory is new, empty, or holds what is to be written there again.

    Args:
        target: The directory.
        is_one: Whether a directory holds such a thing.
        what: What that is, for the message: “a bundle”.
    """
    if target.exists() and not (target.is_dir() and (is_one(target) or not any(target.iterdir()))):
        raise SettingsError(f"“{target}” exists and is not {what}. Give --out a new directory.")


def check_target(target: Path) -> None:
    """Raise `SettingsError` when a bundle cannot be written to `target`; call it before training."""
    refuse_other(target, is_bundle, "a bundle")
    strange = _files_of_others(target)
    if strange:
        raise SettingsError(
            f"“{target}” contains “{strange[0]}”, which is not a file of the bundle and would be lost. "
            "Give --out a new directory."
        )
    parent = next(p for p in target.absolute().parents if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise SettingsError(f"“{target}” cannot be created in “{parent}”. Give --out another directory.")


@contextlib.contextmanager
def new_bundle(target: Path) -> Iterator[Path]:
    """Yield a temporary directory beside `target`, which replaces the target when no error was raised."""
    check_target(target)
    target = target.resolve()  # of a symbolic link, the directory that it points to is replaced
    target.parent.mkdir(parents=True, exist_ok=True)
    # Named before it is made, so that an interrupt at any moment removes it.
    partial = target.parent / f".{target.name}.{secrets.token_hex(4)}.partial"
    try:
        partial.mkdir(mode=0o755)
        yield partial
        _sync(partial)
        if target.exists():
            # A directory cannot be replaced atomically: the old bundle is moved aside until the new one is in place.
            old = partial.with_suffix(".old")
            target.rename(old)
            try:
                partial.rename(target)
            except BaseException:
                old.rename(target)
                raise
            # The new bundle is in place, also where a file of the old one is in use and cannot be removed yet.
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.rename(target)
        _remove_leftovers(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_model(
    directory: Path,
    model: keras.Model | None,
    network: bytes,
    *,
    labels: Sequence[str],
    spec: InputSpec,
    calibration: Calibration,
    settings: dict[str, Any],
    fingerprint: str,
) -> None:
    """Write the model's files: Keras's directory format where there is a Keras model, the LiteRT file and the labels.

    Args:
        directory: The directory of the bundle.
        model: The network, not compiled, so that no optimizer state is stored; None where there is only a LiteRT file.
        network: The content of the LiteRT file of the same network.
        labels: The labels in class order.
        spec: Input size, colour mode and resize rule.
        calibration: Temperature, thresholds and statistics.
        settings: The effective settings of the run, or of the conversion; plain values, among them "multi_label".
        fingerprint: Short hash of the training data.
    """
    packages = list(_RECORDED_PACKAGES)
    config: dict[str, Any] = {}
    if model is not None:
        packages.append(_save_for_keras(directory, model))
        config = json.loads((directory / CONFIG).read_text(encoding="utf-8"))
    config["id2label"] = {str(index): label for index, label in enumerate(labels)}
    config["label2id"] = {label: index for index, label in enumerate(labels)}
    config["vistazo"] = {
        "format_version": FORMAT_VERSION,
        "input": asdict(spec),
        "multi_label": settings["multi_label"],
        **({} if calibration.thresholds is None else {"thresholds": list(calibration.thresholds)}),
        "temperature": round(calibration.temperature, 6),
        "unknown_threshold": calibration.unknown_threshold,
        **({} if calibration.statistics is None else {"none_of_these": asdict(calibration.statistics.rule)}),
        "settings": settings,
        "dataset_fingerprint": fingerprint,
        "versions": {name: version(name) for name in dict.fromkeys(packages)},
    }
    write_json(directory / CONFIG, config)
    (directory / LABELS).write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    (directory / NETWORK).write_bytes(network)
    if calibration.statistics is not None:
        references = calibration.statistics.references.astype(np.float16)
        np.savez(directory / STATISTICS, features=references)  # not compressed: it cannot swell when it is read


def _save_for_keras(directory: Path, model: keras.Model) -> str:
    """Write Keras's directory format, and return the name of the backend."""
    import keras  # here, because `vistazo evaluate` writes metrics without Keras

    try:
        keras.saving.save_model(model, directory, zipped=False)
    except UnboundLocalError as error:
        # Keras 3.15 raises this in its own clean-up; the cause, such as Ctrl-C or a full disk, is the error to report.
        raise error.__context__ or error from None
    return str(keras.backend.backend())


def write_manifest(directory: Path) -> None:
    """Write the manifest with name, size and SHA-256 of every file; call it last."""
    files = {}
    for path in sorted(p for p in directory.rglob("*") if p.is_file() and p.name != MANIFEST):
        files[path.relative_to(directory).as_posix()] = {"sha256": sha256_of(path), "size": path.stat().st_size}
    write_json(directory / MANIFEST, {"format_version": FORMAT_VERSION, "files": files})


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object with one line per key, which people can read and compare."""
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def is_bundle(directory: Path) -> bool:
    """Return whether a directory holds a bundle."""
    return (directory / MANIFEST).is_file() and (directory / CONFIG).is_file()


def refuse_in_bundle(out: Path) -> None:
    """Raise `SettingsError` when what is written to `out` would lie in a bundle, which would then count as damaged."""
    target = out.resolve()
    bundle = next((folder for folder in (target, *target.parents) if is_bundle(folder)), None)
    if bundle:
        raise SettingsError(
            f"--out should lie outside the bundle “{bundle}”, which would be damaged. Received: {out}. Give another "
            "directory."
        )


def _remove_leftovers(target: Path) -> None:
    """Remove what killed runs left beside a bundle; what is newer than a day may be in use by another run."""
    left = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.(partial|old)")
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            if left.fullmatch(path.name) and time.time() - path.stat().st_mtime > _IN_USE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _files_of_others(directory: Path) -> list[str]:
    """Return the files in a bundle's directory that its manifest does not list."""
    if not directory.is_dir() or not is_bundle(directory):
        return []
    try:
        listed = set(json.loads((directory / MANIFEST).read_text(encoding="utf-8"))["files"]) | {MANIFEST}
    except (ValueError, KeyError, TypeError, RecursionError):  # not a manifest of ours
        return [MANIFEST]
    files = (p.relative_to(directory).as_posix() for p in sorted(directory.rglob("*")) if not p.is_dir())
    return [name for name in files if name not in listed]


def _sync(directory: Path) -> None:
    """Flush the files to disk, so that after a crash the renamed directory contains no empty files."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())

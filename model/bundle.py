"""Read and validate a bundle: the directory that training writes and serving loads.

`train/bundle.py` is its counterpart and writes it. The contract between the two, file by file, is
in ARCHITECTURE.md. A bundle may come from somebody else's repository, so nothing in it is
executed, every size is bounded before reading, and every checksum is compared first.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import BundleError, ModelNotFoundError
from model.preprocessing import COLOUR_MODES, RESIZE_RULES, InputSpec

FORMAT_VERSION = 1
CONFIG = "config.json"
LABELS = "labels.txt"
NETWORK = "model.tflite"
METRICS = "metrics.json"
MANIFEST = "manifest.json"
CARD = "README.md"

# What the app needs of a bundle; the rest is for Keras and for people.
SERVING_FILES = (CONFIG, LABELS, NETWORK, MANIFEST)

MAX_JSON_BYTES = 16 * 2**20
MAX_NETWORK_BYTES = 2 * 2**30
MAX_LABELS = 50_000
MAX_LABEL_LENGTH = 120
_INPUT_SIDE = range(8, 2049)
_MAX_NAME_BYTES = 255


@dataclass(frozen=True)
class Bundle:
    """A validated bundle.

    Attributes:
        directory: Where it lies.
        labels: The labels in class order.
        input: What the network takes.
        multi_label: Whether several labels may be true at once (sigmoid instead of softmax).
        temperature: What the logits are divided by, so that probabilities are calibrated.
        unknown_threshold: Top probability under which the answer is "none of these", 0 to 1.
        settings: The effective training settings, as stored.
        metrics: Content of metrics.json, or an empty mapping when it is not there.
    """

    directory: Path
    labels: tuple[str, ...]
    input: InputSpec
    multi_label: bool
    temperature: float
    unknown_threshold: float | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Path:
        """Path of the LiteRT file."""
        return self.directory / NETWORK


def load_bundle(directory: Path) -> Bundle:
    """Read a bundle and check that it is whole and consistent.

    Args:
        directory: The bundle's directory.

    Returns:
        The validated bundle.

    Raises:
        ModelNotFoundError: There is no such directory.
        BundleError: A file is missing, damaged or contradicts another one.
    """
    if not directory.is_dir():
        raise ModelNotFoundError(f"There is no directory “{directory}”. Give a bundle written by `train fit`.")
    for name in SERVING_FILES:
        if not (directory / name).is_file():
            raise BundleError(_missing(directory, name))
    _verify_manifest(directory)
    config = _read_object(directory / CONFIG)
    labels = _labels_from_config(config, directory / CONFIG)
    _compare_labels(labels, directory / LABELS)
    stored = config.get("vistazo")
    if not isinstance(stored, dict):
        raise BundleError(f"“{directory / CONFIG}” has no “vistazo” object. Write the bundle again with `train fit`.")
    if stored.get("format_version") != FORMAT_VERSION:
        raise BundleError(
            f"The bundle “{directory}” has format version {_shown(stored.get('format_version'))}; this program reads "
            f"version {FORMAT_VERSION}. Use the matching version of Vistazo or train the bundle again."
        )
    multi_label = stored.get("multi_label", False)
    if not isinstance(multi_label, bool):
        raise BundleError(
            f"“{directory / CONFIG}”: multi_label should be true or false, received {_shown(multi_label)}."
        )
    metrics_file = directory / METRICS
    return Bundle(
        directory=directory,
        labels=labels,
        input=_input_spec(stored, directory / CONFIG),
        multi_label=multi_label,
        temperature=_number(stored, "temperature", directory / CONFIG, low=1e-3, high=1e3, default=1.0),
        unknown_threshold=(
            None
            if stored.get("unknown_threshold") is None
            else _number(stored, "unknown_threshold", directory / CONFIG, low=0, high=1, default=0)
        ),
        settings=stored["settings"] if isinstance(stored.get("settings"), dict) else {},
        metrics=_read_object(metrics_file) if metrics_file.is_file() else {},
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clean_label(text: str) -> str:
    """Return a label without control and direction-changing characters, cut to `MAX_LABEL_LENGTH`."""
    kept = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return kept.strip()[:MAX_LABEL_LENGTH].strip()


def _missing(directory: Path, name: str) -> str:
    if name == NETWORK and (directory / "model.weights.h5").is_file():
        return (
            f"“{directory}” holds a Keras model but no {NETWORK}, which is what is served. "
            "Train it with `train fit`, which writes both."
        )
    return f"“{directory}” is not a complete bundle: {name} is missing. Write it again with `train fit`."


def _verify_manifest(directory: Path) -> None:
    manifest = _read_object(directory / MANIFEST)
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise BundleError(f"“{directory / MANIFEST}” lists no files. Fetch or write the bundle again.")
    for name in SERVING_FILES:
        if name != MANIFEST and name not in files:
            raise BundleError(f"“{directory / MANIFEST}” does not list {name}. Fetch or write the bundle again.")
    for name, entry in files.items():
        if not _is_inside(name):
            raise BundleError(
                f"“{directory / MANIFEST}” names a file that no bundle has: {_shown(name)}. Do not use this bundle."
            )
        path = directory / name
        if not path.is_file():
            continue  # only the files that serving needs have to be there, and those were checked
        size = entry.get("size") if isinstance(entry, dict) else None
        if path.stat().st_size > MAX_NETWORK_BYTES:
            raise BundleError(
                f"“{path}” is larger than {MAX_NETWORK_BYTES // 2**30} GiB, the limit for a bundle's file."
            )
        if path.stat().st_size != size or sha256_of(path) != entry.get("sha256"):
            raise BundleError(f"“{path}” is damaged: it does not match the manifest. Fetch or write the bundle again.")


def _is_inside(name: str) -> bool:
    """Say whether a name from a manifest is a relative path, spelt in the one way that training spells it."""
    path = Path(name)
    usual = not path.is_absolute() and ".." not in path.parts and path.as_posix() == name
    return usual and name.isprintable() and len(name.encode()) <= _MAX_NAME_BYTES


def _shown(value: object) -> str:
    """Return the beginning of a value from a stranger's file, for a message."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # lists in lists in lists; numbers of thousands of digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:39] + "…"


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object of bounded size."""
    if path.stat().st_size > MAX_JSON_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_JSON_BYTES // 2**20} MiB, too large for what it should hold.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, 5,000-digit numbers, 100,000 brackets
        raise BundleError(f"“{path}” is not valid JSON. Fetch or write the bundle again.") from error
    if not isinstance(content, dict):
        raise BundleError(f"“{path}” should hold a JSON object, received {type(content).__name__}.")
    return content


def _labels_from_config(config: dict[str, Any], path: Path) -> tuple[str, ...]:
    id2label = config.get("id2label")
    if not isinstance(id2label, dict) or len(id2label) < 2:
        raise BundleError(f"“{path}” has no id2label with at least two labels. Write the bundle again.")
    if len(id2label) > MAX_LABELS:
        raise BundleError(f"“{path}” has {len(id2label):,} labels; the limit is {MAX_LABELS:,}.")
    labels = []
    for index in range(len(id2label)):
        label = id2label.get(str(index))
        if not isinstance(label, str) or not label or label != clean_label(label):
            raise BundleError(
                f"“{path}”: id2label entry {index} should be 1 to {MAX_LABEL_LENGTH} printable characters, "
                f"received {_shown(label)}."
            )
        labels.append(label)
    if len(set(labels)) != len(labels):
        raise BundleError(f"“{path}”: id2label names a label twice. Each class needs its own.")
    return tuple(labels)


def _compare_labels(labels: tuple[str, ...], path: Path) -> None:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_JSON_BYTES // 2**20} MiB, too large for a list of labels.")
    try:
        listed = tuple(path.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise BundleError(f"“{path}” is not UTF-8 text. Fetch or write the bundle again.") from error
    if listed != labels:
        raise BundleError(
            f"“{path}” ({len(listed)} labels) and id2label in {CONFIG} ({len(labels)} labels) disagree. "
            "Fetch or write the bundle again."
        )


def _input_spec(stored: dict[str, Any], path: Path) -> InputSpec:
    given = stored.get("input")
    if not isinstance(given, dict):
        raise BundleError(f"“{path}”: the “vistazo” object has no “input”. Write the bundle again.")
    for side in ("width", "height"):
        if not isinstance(given.get(side), int) or given[side] not in _INPUT_SIDE:
            raise BundleError(
                f"“{path}”: input {side} should be {_INPUT_SIDE[0]} to {_INPUT_SIDE[-1]} pixels, "
                f"received {_shown(given.get(side))}."
            )
    for name, allowed in (("colour_mode", COLOUR_MODES), ("resize_rule", RESIZE_RULES)):
        if given.get(name) not in allowed:
            raise BundleError(
                f"“{path}”: {name} should be one of {', '.join(allowed)}. Received {_shown(given.get(name))}."
            )
    return InputSpec(given["width"], given["height"], given["colour_mode"], given["resize_rule"])


def _number(stored: dict[str, Any], name: str, path: Path, *, low: float, high: float, default: float) -> float:
    value = stored.get(name, default)
    # The range is compared first: a whole number of hundreds of digits is not to become a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BundleError(f"“{path}”: {name} should be a number from {low} to {high}, received {_shown(value)}.")
    return float(value)

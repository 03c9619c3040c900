"""Read and validate a bundle: the directory that training writes and serving loads.

`train/export/bundle.py` writes it. ARCHITECTURE.md specifies each file. A bundle may come from an untrusted
repository: nothing in it is executed, each file's size is checked before the file is read, and each checksum before
the file is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import BundleError, ModelNotFoundError, OtherModelError
from model.labels import check_labels_file, labels_from_config, read_translations, shown
from model.other_models import Place, identify_model
from model.preprocessing import COLOUR_MODES, RESIZE_RULES, InputSpec
from model.presentation import Presentation, read_presentation
from model.statistics import STATISTICS, Statistics, read_statistics

FORMAT_VERSION = 2
_READABLE_VERSIONS = (1, 2)  # version 1 had no statistics
CONFIG = "config.json"
LABELS = "labels.txt"
NETWORK = "model.tflite"
METRICS = "metrics.json"
TOP_5 = "top5_accuracy"
EXACT_MATCH = "exact_match"
MANIFEST = "manifest.json"
CARD = "README.md"

# What serving needs; the other files are for Keras and for people.
SERVING_FILES = (CONFIG, LABELS, NETWORK, MANIFEST)
# What it uses as well, where a bundle has it.
OPTIONAL_FILES = (STATISTICS, METRICS)

MAX_JSON_BYTES = 16 * 2**20
MAX_NETWORK_BYTES = 2 * 2**30
_INPUT_SIDE = range(8, 2049)
_MAX_NAME_BYTES = 255
_MAX_DIGITS = 300
_TOP_5_FROM = 6  # labels
# Files of a directory without a bundle that are looked at, to say what it holds.
_MAX_LISTED = 1000


@dataclass(frozen=True)
class Bundle:
    """A validated bundle.

    Attributes:
        directory: Where it is.
        labels: The labels in class order; programs get these in any language.
        input: What the network takes.
        multi_label: Whether several labels may be true at once (sigmoid instead of softmax).
        temperature: What the logits are divided by to calibrate the probabilities, above 0.
        unknown_threshold: Top probability under which the prediction is "none of these", 0 to 1; None: under none.
        thresholds: With several labels an image, the probability from which each label counts, 0 to 1; else None.
        settings: The settings of the training run.
        dataset_fingerprint: Short hash of the training images; empty where the bundle has none.
        metrics: Content of metrics.json; empty where there is no such file.
        statistics: What recognises images of something else; None in bundles of format version 1.
        translations: Language in lower case → translated labels in class order.
        presentation: Title, description and example images; empty in older bundles.
    """

    directory: Path
    labels: tuple[str, ...]
    input: InputSpec
    multi_label: bool
    temperature: float
    unknown_threshold: float | None
    thresholds: tuple[float, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    dataset_fingerprint: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    statistics: Statistics | None = None
    translations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    presentation: Presentation = field(default_factory=Presentation)

    @property
    def network(self) -> Path:
        """Path of the LiteRT file."""
        return self.directory / NETWORK

    def shown_metrics(self, metrics: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the metrics that tell a reader something, by the names that say what they are.

        Of fewer than six labels, five are nearly all. Where an image may have several labels, the accuracy is that of
        all of them at once: the exact match.

        Args:
            metrics: By default those of the bundle.
        """
        known = self.metrics if metrics is None else metrics
        shown = {name: value for name, value in known.items() if name != TOP_5 or len(self.labels) >= _TOP_5_FROM}
        if self.multi_label and "accuracy" in shown:
            shown[EXACT_MATCH] = shown.pop("accuracy")
        return shown

    def labels_in(self, language: str | None) -> tuple[str, ...]:
        """Return the labels in a language, in class order.

        Args:
            language: A language tag (BCP 47) such as "es" or "es-MX", in any case, or None.

        Returns:
            The labels in that language, else in the language without its region, else `labels`.
        """
        tag = (language or "").lower().replace("_", "-")
        while tag and tag not in self.translations:
            tag = tag.rpartition("-")[0]
        return self.translations.get(tag, self.labels)

    def label_in(self, label: str, language: str | None) -> str:
        """Return one label in a language, as in `labels_in`; any other text is returned unchanged."""
        return self.labels_in(language)[self.labels.index(label)] if label in self.labels else label


def load_bundle(directory: Path) -> Bundle:
    """Read a bundle and check that it is complete and consistent.

    Args:
        directory: The bundle's directory.

    Returns:
        The validated bundle.

    Raises:
        ModelNotFoundError: There is no such directory.
        BundleError: A file is missing, damaged or contradicts another one.
    """
    if not directory.is_dir():
        raise ModelNotFoundError(f"There is no directory “{directory}”. Give a bundle written by `vistazo fit`.")
    for name in SERVING_FILES:
        if not (directory / name).is_file():
            raise _missing(directory, name)
    for name in damaged_files(directory):
        raise BundleError(
            f"“{directory / name}” is damaged: it does not match the manifest. Fetch or write the bundle again."
        )
    config = _read_object(directory / CONFIG)
    labels = labels_from_config(config, directory / CONFIG)
    check_labels_file(labels, directory / LABELS)
    stored = config.get("vistazo")
    if not isinstance(stored, dict):
        raise BundleError(f"“{directory / CONFIG}” has no “vistazo” object. Write the bundle again with `vistazo fit`.")
    if stored.get("format_version") not in _READABLE_VERSIONS or isinstance(stored["format_version"], bool):
        raise BundleError(
            f"The bundle “{directory}” has format version {shown(stored.get('format_version'))}; this program "
            f"reads versions {_READABLE_VERSIONS[0]} to {_READABLE_VERSIONS[-1]}. Use the matching version of Vistazo "
            "or train the bundle again."
        )
    multi_label = stored.get("multi_label", False)
    if not isinstance(multi_label, bool):
        raise BundleError(
            f"“{directory / CONFIG}”: multi_label should be true or false, received {shown(multi_label)}."
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
        thresholds=_thresholds(stored, len(labels), directory / CONFIG) if multi_label else None,
        settings=stored["settings"] if isinstance(stored.get("settings"), dict) else {},
        dataset_fingerprint=str(stored.get("dataset_fingerprint") or ""),
        metrics=_read_object(metrics_file) if metrics_file.is_file() else {},
        statistics=read_statistics(directory, stored, directory / CONFIG),
        translations=read_translations(directory, labels),
        presentation=read_presentation(stored, labels, directory / CONFIG),
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged_files(directory: Path) -> list[str]:
    """Return the names of the files in a bundle whose size or checksum differs from the manifest.

    Raises:
        BundleError: The manifest is invalid.
    """
    return [name for name, entry in _manifest(directory).items() if not _matches(directory / name, entry)]


def listed_files(directory: Path) -> tuple[str, ...]:
    """Return the names of the files that a bundle's manifest lists, whether they exist or not.

    Raises:
        BundleError: The manifest is invalid.
    """
    return tuple(_manifest(directory))


def listed_entries(directory: Path) -> Mapping[str, Any]:
    """Return the entries of a bundle's manifest, file name → entry; only the names have been checked.

    Raises:
        BundleError: The manifest is invalid.
    """
    return _manifest(directory)


def _missing(directory: Path, name: str) -> BundleError:
    if name == NETWORK or not (directory / MANIFEST).is_file():
        files = [path.name for path in sorted(directory.iterdir())[:_MAX_LISTED]]
        if other := identify_model(Place(str(directory)), files, _config_of(directory)):
            return OtherModelError(
                f"“{directory}” holds no bundle ({name} is missing) but {other.what}: {other.advice}."
            )
    return BundleError(f"“{directory}” is not a complete bundle: {name} is missing. Write it again with `vistazo fit`.")


def _config_of(directory: Path) -> dict[str, Any]:
    """Return the content of a config.json that anything may have written; empty where it cannot be read."""
    try:
        return _read_object(directory / CONFIG)
    except (BundleError, OSError):
        return {}


def _manifest(directory: Path) -> dict[str, Any]:
    """Read the manifest's entries and check that each file is inside the bundle."""
    files = _read_object(directory / MANIFEST).get("files")
    if not isinstance(files, dict):
        raise BundleError(f"“{directory / MANIFEST}” lists no files. Fetch or write the bundle again.")
    for name in SERVING_FILES:
        if name != MANIFEST and name not in files:
            raise BundleError(f"“{directory / MANIFEST}” does not list {name}. Fetch or write the bundle again.")
    for name in files:
        if not _is_inside(name):
            raise BundleError(
                f"“{directory / MANIFEST}” names a file that no bundle has: {shown(name)}. Do not use this bundle."
            )
    return files


def _matches(path: Path, entry: object) -> bool:
    """Return whether a file matches its entry; a file that is missing counts as matching."""
    if not path.is_file():
        return True
    size = path.stat().st_size
    if size > MAX_NETWORK_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_NETWORK_BYTES // 2**30} GiB, the limit for a bundle's file.")
    return isinstance(entry, dict) and entry.get("size") == size and entry.get("sha256") == sha256_of(path)


def _is_inside(name: str) -> bool:
    """Return whether a name from a manifest is a relative path in the normal form that training writes."""
    path = Path(name)
    usual = not path.is_absolute() and ".." not in path.parts and path.as_posix() == name
    return usual and name.isprintable() and len(name.encode()) <= _MAX_NAME_BYTES


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object of bounded size."""
    if path.stat().st_size > MAX_JSON_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_JSON_BYTES // 2**20} MiB, too large for what it should hold.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_int=_whole_number)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, numbers of 5,000 digits, 100,000 brackets
        raise BundleError(f"“{path}” is not valid JSON. Fetch or write the bundle again.") from error
    if not isinstance(content, dict):
        raise BundleError(f"“{path}” should hold a JSON object, received {type(content).__name__}.")
    return content


def _whole_number(text: str) -> int | float:
    """Return a whole number; one that no float can hold is infinite, as is 1e999: then no later sum overflows."""
    number = int(text)  # raises for thousands of digits
    return number if len(text) <= _MAX_DIGITS else float(text)


def _input_spec(stored: dict[str, Any], path: Path) -> InputSpec:
    given = stored.get("input")
    if not isinstance(given, dict):
        raise BundleError(f"“{path}”: the “vistazo” object has no “input”. Write the bundle again.")
    for side in ("width", "height"):
        if not isinstance(given.get(side), int) or given[side] not in _INPUT_SIDE:
            raise BundleError(
                f"“{path}”: input {side} should be {_INPUT_SIDE[0]} to {_INPUT_SIDE[-1]} pixels, "
                f"received {shown(given.get(side))}."
            )
    for name, allowed in (("colour_mode", COLOUR_MODES), ("resize_rule", RESIZE_RULES)):
        if given.get(name) not in allowed:
            raise BundleError(
                f"“{path}”: {name} should be one of {', '.join(allowed)}. Received {shown(given.get(name))}."
            )
    return InputSpec(given["width"], given["height"], given["colour_mode"], given["resize_rule"])


def _thresholds(stored: dict[str, Any], count: int, path: Path) -> tuple[float, ...]:
    found = stored.get("thresholds", [0.5] * count)
    right = isinstance(found, list) and len(found) == count
    if not right or not all(type(t) in (int, float) and 0 <= t <= 1 for t in found):
        raise BundleError(f"“{path}”: thresholds should be {count} numbers from 0 to 1, received {shown(found)}.")
    return tuple(float(threshold) for threshold in found)


def _number(stored: dict[str, Any], name: str, path: Path, *, low: float, high: float, default: float) -> float:
    value = stored.get(name, default)
    # The range is compared first, since an integer of hundreds of digits cannot become a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BundleError(f"“{path}”: {name} should be a number from {low} to {high}, received {shown(value)}.")
    return float(value)

"""What a model knows about its training images, to recognise images of something else: "none of these"."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from model.errors import BundleError
from model.labels import shown

STATISTICS = "statistics.npz"
FEATURES_ARRAY = "features"
NEIGHBOURS = 5
MAX_REFERENCES = 50_000
MAX_STATISTICS_BYTES = 256 * 2**20
_TINY = 1e-6
_LEAST = 1e-9  # for what numbers are divided by: the third power of a quotient is still a float
# A copy of a training image is nearer to it than this part of the usual distance: in networks that were trained from
# scratch on few images, all distances are small.
_SAME = 0.003
_ROUNDING = 5e-5  # an image may be 0.00002 from itself
# How fast the evidence shrinks with the distance beyond the limit. With 1, 2 and 3, of faces against photographs of
# something else 33, 12 and 4% kept a probability of 0.99; the log loss of images of the labels stayed the same.
_SHRINKING = 3


@dataclass(frozen=True)
class NoneRule:
    """When an image shows none of the labels, by its distance from the training images and its top probability.

    Both are turned into z-scores, among images of the labels that the network was not trained on: of the logarithm of
    the distance, and of the logit of the top probability.

    Attributes:
        max_distance: An image that is farther from the training images shows none of the labels, above 0.
        distance_centre: The usual logarithm of the distance.
        distance_spread: Its spread, above 0.
        probability_centre: The usual logit of the top probability.
        probability_spread: Its spread, above 0.
        min_score: An image whose z-score of the probability less that of the distance is lower shows none as well.
    """

    max_distance: float
    distance_centre: float
    distance_spread: float
    probability_centre: float
    probability_spread: float
    min_score: float

    def is_none(self, distance: float, top_probability: float) -> bool:
        """Return whether an image shows none of the labels.

        Args:
            distance: Its distance from the training images, as `Statistics.distance` returns it.
            top_probability: The probability of its most likely label, 0 to 1.
        """
        return distance > self.max_distance or self.score(distance, top_probability) < self.min_score

    def temperature_factor(self, distance: float) -> float:
        """Return what the temperature is multiplied by, 1 or more: far from all training images nothing is certain."""
        return max(1.0, distance / self.max_distance) ** _SHRINKING

    def score(self, distance: float, top_probability: float) -> float:
        """Return the z-score of the probability less that of the distance: high for images of the labels."""
        near = (log_distance(distance) - self.distance_centre) / self.distance_spread
        sure = (logit(top_probability) - self.probability_centre) / self.probability_spread
        return sure - near


@dataclass(frozen=True)
class Statistics:
    """Features of training images, and the rule that follows from them.

    Attributes:
        references: (n, channels), float32: features of length 1.
        rule: When an image shows none of the labels.
    """

    references: np.ndarray
    rule: NoneRule

    def distance(self, features: np.ndarray) -> float:
        """Return the distance of an image from the training images, 0 to 2.

        It is the mean cosine distance to the five nearest training images in the space of the network's
        features (Sun et al. 2022, “Out-of-distribution detection with deep nearest neighbors”).

        Args:
            features: (channels,), float32: the network's output “features” for the image.
        """
        return float(distances(features[np.newaxis], self.references)[0])

    def holds(self, features: np.ndarray) -> bool:
        """Return whether an image is one of the training images, or a copy of one; see `distance`.

        Where the network hardly tells images apart, that cannot be known, and the answer is no.
        """
        nearest = 1 - float(np.max(normalised(features[np.newaxis]) @ self.references.T))
        limit = _SAME * math.exp(self.rule.distance_centre)
        return limit > _ROUNDING and nearest < limit


def distances(features: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return the mean cosine distance of each row to its five nearest references, (n,), float32.

    Args:
        features: (n, channels), float.
        references: (m, channels), float, of length 1; m at least 1.
    """
    return nearest_distances(normalised(features) @ references.T)


def nearest_distances(similarities: np.ndarray) -> np.ndarray:
    """Return 1 less the mean of the five highest similarities of each row, (n,), float32, from cosines (n, m)."""
    nearest = np.sort(similarities, axis=1)[:, -NEIGHBOURS:]
    return (1 - nearest.mean(axis=1)).astype(np.float32)


def normalised(features: np.ndarray) -> np.ndarray:
    """Return rows, (n, channels), scaled to length 1, as float32."""
    rows = np.asarray(features, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY)


def log_distance(distance: float) -> float:
    """Return the natural logarithm of a distance, which is 0 or more."""
    return math.log(max(distance, _TINY))


def logit(probability: float) -> float:
    """Return the log odds of a probability, 0 to 1; finite at both ends."""
    inside = min(max(probability, _TINY), 1 - _TINY)
    return math.log(inside / (1 - inside))


def read_statistics(directory: Path, stored: Mapping[str, Any], config: Path) -> Statistics | None:
    """Read the statistics of a bundle, which are untrusted.

    Args:
        directory: The bundle's directory.
        stored: The “vistazo” object of its config.json.
        config: The path of that file, for messages.

    Returns:
        The statistics; None where the bundle has none, as bundles of format version 1.

    Raises:
        BundleError: They are damaged, or one of the two parts is missing.
    """
    path, rule = directory / STATISTICS, stored.get("none_of_these")
    if rule is None:
        return None
    names = tuple(NoneRule.__dataclass_fields__)
    given = [rule.get(name) if isinstance(rule, dict) else None for name in names]
    numbers = {name: float(value) for name, value in zip(names, given, strict=True) if _is_number(value)}
    positive = ("distance_spread", "probability_spread", "max_distance")
    if len(numbers) < len(names) or not all(numbers[name] >= _LEAST for name in positive):
        raise BundleError(
            f"“{config}”: none_of_these should hold the numbers {', '.join(names)}, received {shown(rule)}."
        )
    return Statistics(_read_references(path), NoneRule(**numbers))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _read_references(path: Path) -> np.ndarray:
    """Read the array of features; nothing is unpickled, and nothing takes more memory than the file has bytes."""
    try:
        if path.stat().st_size > MAX_STATISTICS_BYTES:
            raise BundleError(
                f"“{path}” is larger than {MAX_STATISTICS_BYTES // 2**20} MiB, too large for what it should hold."
            )
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise BundleError(f"“{path}” is compressed. Write the bundle again with `vistazo fit`.")
        with np.load(path, allow_pickle=False) as arrays:
            references = arrays[FEATURES_ARRAY]
    except BundleError:
        raise
    except Exception as error:  # of many types: an encrypted archive, a shape of 25 digits, too little memory
        raise BundleError(
            f"“{path}” is missing or cannot be read as arrays. Fetch or write the bundle again."
        ) from error
    usual = references.ndim == 2 and references.dtype.kind == "f" and 1 <= len(references) <= MAX_REFERENCES
    if not usual or not np.isfinite(references).all():
        raise BundleError(f"“{path}” should hold rows of finite numbers. Fetch or write the bundle again.")
    return normalised(references)

"""The features of training images in a bundle: read as untrusted data, and distances from them."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import BundleError
from model.statistics import STATISTICS, NoneRule, Statistics, distances, normalised, read_statistics

RULE = {
    "max_distance": 0.4,
    "distance_centre": -1.6,
    "distance_spread": 0.2,
    "probability_centre": 3.0,
    "probability_spread": 1.0,
    "min_score": -3.0,
}
STORED = {"none_of_these": RULE}
FEATURES = np.random.default_rng(2).normal(size=(20, 8)).astype(np.float16)


def read(directory: Path, stored: dict[str, Any] | None = None) -> Any:
    return read_statistics(directory, STORED if stored is None else stored, directory / "config.json")


def test_the_distance_is_that_of_the_five_nearest_images(tmp_path: Path) -> None:
    np.savez(tmp_path / STATISTICS, features=FEATURES)
    statistics = read(tmp_path)

    image = FEATURES[3].astype(np.float32) * 7  # the length says nothing
    cosines = sorted(normalised(FEATURES) @ (image / np.linalg.norm(image)))
    assert statistics.distance(image) == pytest.approx(1 - np.mean(cosines[-5:]), abs=1e-5)
    assert statistics.rule.max_distance == 0.4


@pytest.mark.parametrize(("usual", "said"), [(0.3, True), (0.03, False), (0.003, False)])
def test_a_copy_of_a_training_image_is_far_nearer_than_others_usually_are(usual: float, said: bool) -> None:
    rule = NoneRule(**RULE | {"distance_centre": math.log(usual)})
    statistics = Statistics(np.eye(3, dtype=np.float32), rule)
    distance = 0.0005

    cosine = 1 - distance
    assert statistics.holds(np.array([cosine, math.sqrt(1 - cosine**2), 0])) is said


def test_a_network_that_hardly_tells_images_apart_says_of_none_that_it_is_a_copy() -> None:
    rule = NoneRule(**RULE | {"distance_centre": math.log(0.003)})

    assert not Statistics(np.eye(3, dtype=np.float32), rule).holds(np.array([1.0, 0, 0]))


def test_fewer_than_five_images_are_enough_for_a_distance() -> None:
    references = normalised(FEATURES[:2])
    assert distances(FEATURES[:1], references)[0] == pytest.approx(1 - (references[0] @ references.T).mean(), abs=1e-5)


def test_a_bundle_without_the_rule_has_no_statistics(tmp_path: Path) -> None:
    assert read(tmp_path, {}) is None


@pytest.mark.parametrize(
    "rule",
    [
        5,
        [],
        {},
        RULE | {"max_distance": 0},
        RULE | {"max_distance": 1e-200},
        RULE | {"distance_spread": -1},
        RULE | {"min_score": "low"},
        RULE | {"min_score": True},
        RULE | {"min_score": float("nan")},
        RULE | {"min_score": 10**400},
        {name: value for name, value in RULE.items() if name != "min_score"},
    ],
)
def test_a_rule_that_is_not_six_numbers_is_refused(rule: object, tmp_path: Path) -> None:
    np.savez(tmp_path / STATISTICS, features=FEATURES)
    with pytest.raises(BundleError, match="none_of_these should hold the numbers"):
        read(tmp_path, {"none_of_these": rule})


@pytest.mark.parametrize(
    "features",
    [
        FEATURES[0],
        FEATURES.astype(int),
        FEATURES[:0],
        np.full((2, 8), np.nan),
        np.array([["a", "b"]]),
        np.array([[{"a": 1}]], object),
    ],
    ids=["one row", "whole numbers", "empty", "not numbers", "text", "pickled objects"],
)
def test_features_that_are_not_rows_of_numbers_are_refused(features: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / STATISTICS, features=features)
    with pytest.raises(BundleError, match=r"rows of finite numbers|cannot be read as arrays"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all"])
def test_a_file_that_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / STATISTICS).write_bytes(content)
    with pytest.raises(BundleError, match="cannot be read as arrays"):
        read(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is missing"):
        read(tmp_path)


def test_a_compressed_file_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / STATISTICS, features=np.zeros((1000, 1000), np.float16))
    with pytest.raises(BundleError, match="compressed"):
        read(tmp_path)


@pytest.mark.parametrize("rows", [b"40000", b"1" * 25])
def test_an_archive_that_claims_more_than_it_holds_is_refused(rows: bytes, tmp_path: Path) -> None:
    header = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    claim = b"{'descr': '<f2', 'fortran_order': False, 'shape': (" + rows + b", 1000000), }"
    with zipfile.ZipFile(tmp_path / STATISTICS, "w") as archive:
        archive.writestr("features.npy", header + claim.ljust(117) + b"\n" + bytes(100))
    with pytest.raises(BundleError, match="cannot be read as arrays"):
        read(tmp_path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / STATISTICS, features=FEATURES)
    content = bytearray((tmp_path / STATISTICS).read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag stands in both headers of a file
        content[content.index(signature) + flags] |= 1
    (tmp_path / STATISTICS).write_bytes(content)
    with pytest.raises(BundleError, match="cannot be read as arrays"):
        read(tmp_path)

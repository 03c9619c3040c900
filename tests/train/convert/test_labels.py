"""The labels of an older network: text, JSON and arrays of text; pickles are never loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import DataError
from train.convert.labels import find_labels, read_labels, without_numbers


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("labels.txt", "cat\ndog\n\n", ("cat", "dog")),
        ("labels.txt", "\ufeffché\r\n  ñandú \r\n", ("ché", "ñandú")),
        ("class_indices.json", '{"dog": 1, "cat": 0}', ("cat", "dog")),
        ("labels.json", '["cat", "dog"]', ("cat", "dog")),
        ("labels.json", '{"0": "cat", "1": "dog"}', ("cat", "dog")),
        ("config.json", '{"id2label": {"1": "dog", "0": "cat"}}', ("cat", "dog")),
    ],
)
def test_labels_as_text_and_json(name: str, content: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")

    assert read_labels(tmp_path / name) == expected


@pytest.mark.parametrize(("array", "expected"), [(["cat", "dog"], ("cat", "dog")), ([10, 20], ("10", "20"))])
def test_labels_of_a_label_encoder(array: list[Any], expected: tuple[str, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "label_encoder.npy", np.array(array))

    assert find_labels(tmp_path) == tmp_path / "label_encoder.npy"
    assert read_labels(tmp_path / "label_encoder.npy") == expected


class Touching:
    """What a pickle may do: run anything when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def test_a_pickle_among_the_labels_is_never_read(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    np.save(tmp_path / "label_encoder.npy", np.array(["cat", Touching(touched)], object), allow_pickle=True)

    with pytest.raises(DataError, match=r"contains Python objects.*Write labels\.txt instead"):
        read_labels(tmp_path / "label_encoder.npy")
    assert not touched.exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("labels.pkl", b"x", "is not opened"),
        ("labels.txt", b"one\n", "contains 1 labels"),
        ("labels.txt", b"a\nb\na\n", "lines 1 and 3 are the same"),
        ("labels.txt", b"\xff\xfea", "not UTF-8"),
        ("labels.txt", b"a\nb\x1b[31m\n", "line 2"),
        ("labels.npy", b"\x93NUMPY", "is damaged"),
        ("labels.npy", b"\x80\x04K\x01.", "is not a NumPy file"),  # a pickle
        ("labels.json", b"{", "not valid JSON"),
        ("labels.json", b'{"a": 0, "b": 2}', "have an index from 0"),
        ("missing.txt", None, "no file"),
    ],
)
def test_labels_that_cannot_be_used(name: str, content: bytes | None, sentence: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError, match=sentence):
        read_labels(tmp_path / name)


def test_an_array_that_promises_more_than_its_file_holds(tmp_path: Path) -> None:
    with (tmp_path / "labels.npy").open("wb") as file:
        header = {"descr": "<U1000", "fortran_order": False, "shape": (10**12,)}
        np.lib.format.write_array_header_1_0(file, header)

    with pytest.raises(DataError, match="is damaged"):
        read_labels(tmp_path / "labels.npy")


@pytest.mark.parametrize(
    ("labels", "bare"),
    [
        (("0 Class 1", "1 Class 2", "2 my dog"), ("Class 1", "Class 2", "my dog")),
        (("1 cat", "2 dog"), None),
        (("0 cat", "dog"), None),
        (("0", "1"), None),
        (("0 cat", "1 cat"), None),
    ],
)
def test_numbers_are_taken_off_where_every_label_has_its_own(labels: tuple[str, ...], bare: Any) -> None:
    assert without_numbers(labels) == bare

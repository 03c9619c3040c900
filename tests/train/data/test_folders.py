"""Natural order, labels that are equal, counts and the fingerprint."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import DataError
from tests.support.training import examples_of
from train.data.folders import (
    Example,
    check_classes,
    fingerprint,
    match_labels,
    natural_key,
    normalized_label,
)
from train.data.source import DataSource, read_data


@pytest.mark.parametrize(
    "in_order",
    [
        ["2", "10"],
        ["img", "img2", "img10"],
        ["Apple", "banana", "Cherry"],
        ["a1b2", "a1b10", "a2b1"],
        ["flag", "flag 2", "flag 10", "Flags"],
        ["9", "a"],
        ["01", "1", "2"],
        ["Cat", "cat"],
    ],
)
def test_names_are_in_natural_order(in_order: list[str]) -> None:
    backwards = in_order[::-1]

    assert sorted(backwards, key=natural_key) == in_order


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_names_can_be_ordered_and_the_order_depends_on_nothing_else(names: list[str]) -> None:
    backwards = names[::-1]

    assert sorted(names, key=natural_key) == sorted(backwards, key=natural_key)


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.sampled_from(["", "flag", "flag ", "Ä_"]))
def test_numbers_in_names_count_by_their_value(first: int, second: int, prefix: str) -> None:
    in_order = natural_key(f"{prefix}{first}") <= natural_key(f"{prefix}{second}")

    assert in_order == (first <= second)


@pytest.mark.parametrize(
    "folder", ["united_states", "United States", "UNITED-STATES", " united  states", "United_-States"]
)
def test_folder_names_match_labels_whatever_the_case_and_the_separators(folder: str) -> None:
    assert normalized_label(folder) == normalized_label("United States")


@pytest.mark.parametrize("folder", ["unitedstates", "united kingdom", "united states 2"])
def test_other_names_do_not_match(folder: str) -> None:
    assert normalized_label(folder) != normalized_label("United States")


def test_composed_and_decomposed_accents_are_the_normalized_label() -> None:
    assert normalized_label("Cura\u00e7ao") == normalized_label("Curac\u0327ao")


def test_folders_are_matched_to_labels_the_exact_spelling_first() -> None:
    labels = ["Cat", "cat", "big_dog", "United States"]

    assert match_labels(["cat", "Cat", "CAT", "big dog", "united_states", "wolf"], labels) == {
        "Cat": 0,
        "cat": 1,
        "CAT": 0,
        "big dog": 2,
        "united_states": 3,
    }


@given(st.text(max_size=60))
def test_the_compared_form_of_a_label_is_stable(text: str) -> None:
    assert normalized_label(normalized_label(text)) == normalized_label(text)
    assert normalized_label(text.replace(" ", "_")) == normalized_label(text.replace(" ", "-"))


def test_a_class_with_too_few_images_is_named(tmp_path: Path) -> None:
    examples = examples_of(tmp_path, {"a": 3, "b": 1})

    check_classes(examples, ["a", "b"], "training", 1)
    with pytest.raises(DataError, match="“b” has 1 readable image in the training split"):
        check_classes(examples, ["a", "b"], "training", 2)
    with pytest.raises(DataError, match="“c” has 0 readable images"):
        check_classes(examples, ["a", "b", "c"], "training", 1)


def test_the_fingerprint_changes_with_the_files_and_not_with_their_order_or_place(tmp_path: Path) -> None:
    examples = examples_of(tmp_path / "here", {"a": 3, "b": 3})
    shutil.copytree(tmp_path / "here", tmp_path / "there")

    copies = read_data(DataSource(tmp_path / "there")).examples

    assert fingerprint(examples) == fingerprint(copies[::-1])
    assert fingerprint(examples) != fingerprint(examples[1:])


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode")
def test_names_that_are_not_utf8_have_a_fingerprint(tmp_path: Path) -> None:
    examples = [Example(tmp_path / os.fsdecode(name), "cafe") for name in (b"caf\xe9.jpg", b"caf\xe8.jpg")]
    for example in examples:
        example.path.write_bytes(b"image")

    assert fingerprint(examples[:1]) != fingerprint(examples[1:])

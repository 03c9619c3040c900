"""Class folders are listed in natural order; the user's files are only read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import DataError
from tests.support.images import hashes, write_class, write_colours
from tests.support.training import examples_of, write_files
from train.data.folders import (
    check_classes,
    find_split_folders,
    fingerprint,
    list_examples,
    match_labels,
    natural_key,
    normalized_label,
)
from train.data.split import grouped, split


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


def test_a_folder_per_class_is_listed_in_natural_order(tmp_path: Path) -> None:
    write_files(tmp_path / "10", "b.png", "a10.png", "a2.png")
    write_files(tmp_path / "2", "x.png")
    write_files(tmp_path / "Zebra" / "sub folder", "deep.png")

    examples = list_examples(tmp_path)

    assert [(e.label, e.path.name) for e in examples] == [
        ("2", "x.png"),
        ("10", "a2.png"),
        ("10", "a10.png"),
        ("10", "b.png"),
        ("Zebra", "deep.png"),
    ]


def test_hidden_files_and_files_of_file_managers_are_not_listed(tmp_path: Path) -> None:
    write_files(tmp_path / "cat", "a.png", ".DS_Store", "Thumbs.db", "desktop.ini", "._a.png")
    write_files(tmp_path / "cat" / ".cache", "b.png")
    write_files(tmp_path / ".ipynb_checkpoints", "c.png")
    write_files(tmp_path, "notes.txt")

    assert [e.path.name for e in list_examples(tmp_path)] == ["a.png"]


@pytest.mark.parametrize("prepare", ["nothing", "an empty folder", "files only", "empty class folders"])
def test_folders_without_images_are_refused_in_one_sentence(prepare: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    if prepare == "an empty folder":
        data.mkdir()
    elif prepare == "files only":
        write_files(data, "a.png")
    elif prepare == "empty class folders":
        (data / "cat").mkdir(parents=True)
        (data / "dog").mkdir()

    with pytest.raises(DataError, match="data"):
        list_examples(data)


def test_two_folders_that_give_the_normalized_label_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "cat", "a.png")
    write_files(tmp_path / "cat\u200b", "b.png")

    with pytest.raises(DataError, match="or that of another folder"):
        list_examples(tmp_path)


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["train", "valid", "test"], {"train": "train", "validation": "valid", "test": "test"}),
        (["Training", "VAL"], {"train": "Training", "validation": "VAL"}),
        (["train", "validation", ".git"], {"train": "train", "validation": "validation"}),
        (["valid", "test", ".git"], {"validation": "valid", "test": "test"}),
        (["cat", "dog"], {}),
        (["test", "cat"], {}),
    ],
)
def test_split_folders_are_recognised(folders: list[str], expected: dict[str, str], tmp_path: Path) -> None:
    for folder in folders:
        write_files(tmp_path / folder / "a class", "a.png")

    assert {split: path.name for split, path in find_split_folders(tmp_path).items()} == expected


def test_a_class_called_train_is_a_class(tmp_path: Path) -> None:
    write_files(tmp_path / "train", "locomotive.png")
    write_files(tmp_path / "bus", "red.png")

    assert find_split_folders(tmp_path) == {}


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

    assert fingerprint(examples) == fingerprint(reversed(list_examples(tmp_path / "there")))
    assert fingerprint(examples) != fingerprint(examples[1:])


def test_listing_and_splitting_do_not_change_the_files(tmp_path: Path) -> None:
    data = write_colours(tmp_path / "data", per_class=4)
    write_class(data / "Zebra", (10, 10, 10), 4)
    before = hashes(data)

    find_split_folders(data)
    examples = list_examples(data)
    split(examples, grouped(examples), validation_share=0.2, test_share=0.2, seed=1)

    assert hashes(data) == before


def test_a_zip_file_in_place_of_a_folder_is_asked_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "images.ZIP").touch()

    for function in (find_split_folders, list_examples):
        with pytest.raises(DataError, match=r"is a file, not a data folder\. Unpack it, and give a folder"):
            function(tmp_path / "images.ZIP")


def test_links_are_followed_and_broken_links_are_listed(tmp_path: Path) -> None:
    write_files(tmp_path / "elsewhere", "1.JPG")
    root = tmp_path / "data"
    (root / "straße à l’été").mkdir(parents=True)
    (root / "straße à l’été" / "broken.png").symlink_to(tmp_path / "nowhere")
    (root / "whole folder").symlink_to(tmp_path / "elsewhere")

    assert [(e.label, e.path.name) for e in list_examples(root)] == [
        ("straße à l’été", "broken.png"),
        ("whole folder", "1.JPG"),
    ]

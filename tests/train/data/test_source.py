"""A data folder is understood however it is nested and named; what is not clear is refused; files are only read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import DataError
from tests.support.images import hashes, write_class, write_colours
from tests.support.training import list_examples, write_files
from train.data.data_set import DataSet, refusals
from train.data.folder_kinds import MASKS
from train.data.folders import normalized_label
from train.data.source import DataSource, read_data
from train.data.split import grouped, split
from train.data.tree import BESIDE, NO_LABEL, UNLABELLED_IMAGES, UNUSED


def data_set(root: Path, *folders: str, count: int = 2, labels: tuple[str, ...] = ()) -> DataSet:
    """Write so many files into each folder; a folder whose name ends with "/" stays empty."""
    for folder in folders:
        write_files(root / folder, *(f"{index}.png" for index in range(0 if folder.endswith("/") else count)))
    return read_data(DataSource(root), labels=labels)


def counts(data: DataSet) -> dict[str, dict[str, int]]:
    return {
        split: {label: sum(e.label == label for e in examples) for label in dict.fromkeys(e.label for e in examples)}
        for split, examples in data.splits.items()
    }


def refusal(root: Path, *folders: str) -> str:
    with pytest.raises(DataError) as caught:
        data_set(root, *folders)
    return str(caught.value)


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


def test_what_is_left_out_is_counted_in_one_line(tmp_path: Path) -> None:
    write_files(tmp_path / "cat", "a.png", "a.txt", "a.xml", ".DS_Store", "Thumbs.db", "._a.png")
    write_files(tmp_path / "dog", "b.png", "b.txt", "photo.HEIC")
    write_files(tmp_path / "__MACOSX" / "cat", "a.png")
    write_files(tmp_path, "README.md", "labels.es.txt", "beside.png")

    data = read_data(DataSource(tmp_path))

    assert [e.path.name for e in data.examples] == ["a.png", "b.png", "photo.HEIC"]
    assert data.summary() == (
        "2 classes, 3 images; left out: 2 files or folders of the system (Thumbs.db, __MACOSX), "
        "2 hidden files and folders, 1 image beside the class folders, 4 files that are not images (.md, .txt, .xml)."
    ).replace("2 files or folders", "2 files and folders")


def test_files_without_a_known_suffix_are_told_by_their_first_bytes(tmp_path: Path) -> None:
    write_class(tmp_path / "cat", (10, 20, 30), 2)
    (tmp_path / "cat" / "0.png").rename(tmp_path / "cat" / "scan")
    (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "1.png.backup")
    (tmp_path / "cat" / "notes").write_text("BMW, and other cars", encoding="utf-8")
    (tmp_path / "cat" / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")

    assert {e.path.name for e in list_examples(tmp_path)} == {"scan", "1.png.backup"}


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


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ("train valid test", {"train": "train", "validation": "valid", "test": "test"}),
        ("Training|VAL", {"train": "Training", "validation": "VAL"}),
        ("train|validation|.git", {"train": "train", "validation": "validation"}),
        ("valid|test|.git", {"validation": "valid", "test": "test"}),
        ("training_set|test_set", {"train": "training_set", "test": "test_set"}),
        ("train_images|test_images", {"train": "train_images", "test": "test_images"}),
        ("train|Validation Set", {"train": "train", "validation": "Validation Set"}),
        ("train|dev|eval", {"train": "train", "validation": "dev, eval"}),
        ("seg_train/seg_train|seg_test/seg_test", {"train": "seg_train", "test": "seg_test"}),
        ("entrenamiento|validación|prueba", {"train": "entrenamiento", "validation": "validación", "test": "prueba"}),
        ("Entraînement|Essai", {"train": "Entraînement", "test": "Essai"}),
        ("treino|validação|teste", {"train": "treino", "validation": "validação", "test": "teste"}),
        ("abc_train/abc_train|abc_test", {"train": "abc_train", "test": "abc_test"}),
        ("archive/dataset/train|archive/dataset/test", {"train": "train", "test": "test"}),
        ("archive", {}),
        ("train", {"train": "train"}),
    ],
)
def test_splits_are_recognised_by_name_however_they_are_nested(
    folders: str, expected: dict[str, str], tmp_path: Path
) -> None:
    paths = folders.split("|") if "|" in folders else folders.split(" ")

    data = data_set(tmp_path, *(f"{path}/{label}" for path in paths for label in ("cat", "dog")))

    assert data.origins == expected
    assert data.divided == bool(expected)
    assert all(found.keys() == {"cat", "dog"} for found in counts(data).values())


def test_splits_within_class_folders_are_recognised(tmp_path: Path) -> None:
    data = data_set(tmp_path, "cat/train", "cat/test", "dog/train", "dog/test")

    assert counts(data) == {"train": {"cat": 2, "dog": 2}, "test": {"cat": 2, "dog": 2}}


@pytest.mark.parametrize(
    "folders",
    [
        ["test/a class", "cat/a class"],
        ["train", "bus"],
        ["valid", "invalid"],
        ["bullet train", "test tube", "bus"],
        ["cat/left", "cat/right", "dog"],
        ["test", "control"],
        ["apple/red", "apple/green", "pear/yellow", "pear/brown"],
    ],
)
def test_classes_that_are_named_like_splits_or_have_folders_are_classes(folders: list[str], tmp_path: Path) -> None:
    data = data_set(tmp_path, *folders)

    assert not data.divided
    assert list(counts(data)["train"]) == sorted({folder.partition("/")[0] for folder in folders})


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        (["train", "test1"], "“test1” and “train” look like splits, but hold images rather than class folders"),
        (["train", "valid", "bus"], "hold images rather than class folders"),
        (["trainA", "trainB", "testA", "testB"], "hold images rather than class folders"),
        (["train", "test/cat", "test/dog"], "“train” looks like a split, but holds images"),
        (["train/images", "valid/images"], "holds no class folders, but images"),
        (["2020/cat", "2020/dog", "2021/cat", "2021/dog"], "hold the same folders (cat, dog)"),
        (["data/cat", "data/dog", "test/cat", "test/dog"], "none is named train"),
        (["train/cat", "train/dog", "bus"], "It is not clear"),
        (["cat", "dog", "test"], "not clear whether “test” holds images for the test"),
        (["dataset/train/cat", "dataset/test/cat", "docs"], "holds test, train folders and looks like the data folder"),
        (["images"], "holds no class folders, but images"),
    ],
)
def test_what_is_not_clear_is_refused_with_the_way_out(folders: list[str], words: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, *folders)

    assert words in message
    assert any(way in message for way in ("--label", "Rename", "Give"))


def test_boxes_and_tables_and_names_that_hold_classes_are_pointed_out(tmp_path: Path) -> None:
    write_files(
        tmp_path / "images" / "train", *(f"{label}.{index}.jpg" for label in ("cat", "dog") for index in "1234")
    )
    write_files(tmp_path / "images" / "test", "1.jpg")
    write_files(tmp_path / "labels" / "train", "cat.1.txt")
    write_files(tmp_path, "table.csv")

    message = refusal(tmp_path)

    assert f"--labels {tmp_path / 'table.csv'}" in message
    assert r"--label-from '^(.+?)[ ._-]*\(?\d+\)?\.[^.]+$' (cat, dog)" in message
    assert "files of boxes" in message


def test_one_folder_too_deep_is_taken_and_said(tmp_path: Path) -> None:
    write_files(tmp_path / "docs", "a.pdf")
    write_files(tmp_path, "preview.png")
    data = data_set(tmp_path, "dataset/cat", "dataset/dog", count=9)

    assert counts(data) == {"train": {"cat": 9, "dog": 9}}
    assert data.notes[0] == "Its folder “dataset” is taken for the data folder, since it holds the images."
    assert "1 image beside the class folders" in data.summary()


def test_a_folder_that_holds_the_class_folders_again_is_left_out(tmp_path: Path) -> None:
    data = data_set(tmp_path, "cats", "dogs", "dataset/cats", "dataset/dogs")

    assert counts(data) == {"train": {"cats": 2, "dogs": 2}}
    assert "4 images in folders that hold the class folders again (dataset)" in data.summary()


def test_images_without_a_label_beside_the_classes_are_left_out(tmp_path: Path) -> None:
    data = data_set(tmp_path / "some", "cats", "dogs", "unlabeled")

    assert counts(data) == {"train": {"cats": 2, "dogs": 2}}
    assert "2 images without a label (unlabeled)" in data.summary()
    bottles = {"labelled": 2, "unlabelled": 2}
    assert counts(data_set(tmp_path / "bottles", *bottles)) == {"train": bottles}


@pytest.mark.parametrize("name", ["HAM10000_images_part_{}", "images_00{}/images", "data batch {}", "Archive{}"])
def test_pieces_of_one_set_are_no_classes(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, "diagnoses.csv")

    message = refusal(tmp_path, name.format(1), name.format(2))

    assert "look like pieces of one data set rather than classes" in message
    assert f"--labels {tmp_path / 'diagnoses.csv'}" in message and "--label-from '^([^/]+)/'" in message


@pytest.mark.parametrize("name", ["{}", "class_{}", "Class {}", "00{}.albatross"])
def test_numbered_classes_are_classes(name: str, tmp_path: Path) -> None:
    assert counts(data_set(tmp_path, name.format(1), name.format(2))) == {
        "train": {name.format(1): 2, name.format(2): 2}
    }


def test_a_validation_folder_beside_the_class_folders_is_one(tmp_path: Path) -> None:
    data = data_set(tmp_path, "cat", "dog", "val/cat", "val/dog")

    assert counts(data) == {"train": {"cat": 2, "dog": 2}, "validation": {"cat": 2, "dog": 2}}
    assert data.summary().startswith("2 classes, 8 images: train 4 (class folders beside “val”), validation 4 (val)")


def test_a_split_without_class_folders_is_left_out_where_there_is_a_training_split(tmp_path: Path) -> None:
    data = data_set(tmp_path, "train/n01/images", "train/n02/images", "val/images", "test/images")

    assert counts(data) == {"train": {"n01": 2, "n02": 2}}
    assert "4 images in splits without class folders (test, val)" in data.summary()


def test_a_split_in_a_folder_of_its_own_name_without_class_folders_is_left_out(tmp_path: Path) -> None:
    data = data_set(tmp_path, "abc_train/abc_train/A", "abc_train/abc_train/B", "abc_test/abc_test")

    assert counts(data) == {"train": {"A": 2, "B": 2}}
    assert "2 images in splits without class folders (abc_test)" in data.summary()


def test_the_likeliest_of_several_tables_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, "sample_submission.csv", "test.csv", "train.csv")

    assert f"--labels {tmp_path / 'train.csv'}" in refusal(tmp_path, "train", "test")


def test_masks_beside_images_are_left_out(tmp_path: Path) -> None:
    data = data_set(tmp_path, *(f"{label}/{kind}" for label in ("Normal", "COVID") for kind in ("images", "masks")))

    assert counts(data) == {"train": {"COVID": 2, "Normal": 2}}
    assert "4 masks beside the images (masks)" in data.summary()


def test_folders_beside_the_splits_are_counted_and_named(tmp_path: Path) -> None:
    data = data_set(
        tmp_path, *(f"{s}/{c}" for s in ("train", "holdout", "seg_pred") for c in ("cat", "dog")), "test", "figures"
    )

    assert counts(data) == {"train": {"cat": 2, "dog": 2}}
    assert "6 images in folders that are not splits (figures, holdout)" in data.summary()
    assert "2 images in splits without class folders (test)" in data.summary()
    assert "4 images without a label (seg_pred)" in data.summary()
    assert data.notes == (
        "“holdout” holds the same class folders as train and is left out: rename to validation or test to use the "
        "images.",
    )


def test_names_that_differ_in_case_and_separators_only_are_one_class(tmp_path: Path) -> None:
    data = data_set(tmp_path, "train/ice cream", "train/ice_cream", "train/Cat", "valid/cat", "valid/ICE-CREAM")

    assert counts(data) == {"train": {"Cat": 2, "ice cream": 4}, "validation": {"Cat": 2, "ice cream": 2}}
    assert data.notes == (
        "“Cat” and “cat” are one class, “Cat”.",
        "“ice cream” and “ICE-CREAM” and “ice_cream” are one class, “ice cream”.",
    )
    assert list(refusals(data)) == []


def test_labels_of_a_model_keep_their_spelling_and_are_no_splits(tmp_path: Path) -> None:
    data = data_set(tmp_path, "Train/x", "Train/y", "bus", labels=("train", "bus", "Bus"))

    assert counts(data) == {"train": {"bus": 2, "train": 4}}


def test_bundles_and_reports_in_the_data_are_left_out(tmp_path: Path) -> None:
    for folder in ("model", "evaluation"):
        write_files(tmp_path / folder / "report", "index.html", "plot.png")
    write_files(tmp_path / "model", "manifest.json", "labels.txt")
    write_files(tmp_path / "evaluation", "metrics.json")

    data = data_set(tmp_path, "cat", "dog")

    assert counts(data) == {"train": {"cat": 2, "dog": 2}}
    assert "2 bundles and reports (evaluation, model)" in data.summary()
    assert "is a bundle or a report, not a data folder" in refusal(tmp_path / "model")


def test_folders_of_papers_are_left_out_and_empty_class_folders_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "annotations", "a.xml")
    write_files(tmp_path / "songs", "a.mp3")

    data = data_set(tmp_path, "cat", "dog", "bird/")

    assert "1 folder without images (annotations)" in data.summary()
    assert list(data.empty) == ["bird", "songs"]
    assert any("Class folders without an image" in sentence for sentence in refusals(data))


def test_a_name_that_gives_no_label_is_refused(tmp_path: Path) -> None:
    assert "gives no label" in refusal(tmp_path, "cat", "\u200b")


def test_listing_and_splitting_do_not_change_the_files(tmp_path: Path) -> None:
    data = write_colours(tmp_path / "data", per_class=4)
    write_class(data / "Zebra", (10, 10, 10), 4)
    before = hashes(data)

    examples = list_examples(data)
    split(examples, grouped(examples), validation_share=0.2, test_share=0.2, seed=1)

    assert hashes(data) == before


def test_an_archive_that_cannot_be_unpacked_here_is_asked_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "images.7Z").touch()

    with pytest.raises(DataError, match=r"is a file, not a data folder\. Unpack it, and give a folder"):
        read_data(DataSource(tmp_path / "images.7Z"))


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


NAMES = st.sampled_from(
    [
        "train",
        "val",
        "valid",
        "test1",
        "cat",
        "Cat",
        "dog",
        "images",
        "labels",
        "masks",
        "dev",
        "data",
        "unlabeled",
        "x",
    ]
)


@given(folders=st.sets(st.lists(NAMES, max_size=4).map("/".join), min_size=1, max_size=10))
def test_every_image_of_any_tree_is_listed_or_counted_unless_it_is_refused(
    folders: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for folder in folders:
        write_files(root / folder, "1.png", "2.png")
    try:
        data = read_data(DataSource(root))
    except DataError as error:
        assert str(error).endswith(".")
        return
    reasons = (BESIDE, NO_LABEL, UNUSED, UNLABELLED_IMAGES, MASKS)
    assert len(data.examples) + sum(map(data.left_out.count, reasons)) == 2 * len(folders)
    assert len({example.path for example in data.examples}) == len(data.examples)
    for examples in data.splits.values():
        assert not {"train", "test1"} <= {normalized_label(example.label) for example in examples}

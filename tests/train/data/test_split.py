"""The split is stratified and reproducible, and related images stay in one split."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import DataError
from tests.support.images import scene
from tests.support.training import examples_of, list_examples
from train.data.folders import Example
from train.data.near_duplicates import near_duplicates
from train.data.split import grouped, split


def splits_of(examples: list[Example], group_by: str = "", **options: float) -> list[list[Example]]:
    rows = split(examples, grouped(examples, group_by), **options)  # type: ignore[arg-type]
    return [[examples[row] for row in chosen] for chosen in rows]


def test_the_split_is_stratified_whole_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    examples = examples_of(tmp_path, {"a": 20, "b": 40, "c": 3})

    splits = splits_of(examples, validation_share=0.2, test_share=0.1, seed=7)

    assert sorted([e for images in splits for e in images], key=str) == sorted(examples, key=str)
    assert [Counter(e.label for e in images) for images in splits] == [
        {"a": 14, "b": 28, "c": 1},
        {"a": 4, "b": 8, "c": 1},
        {"a": 2, "b": 4, "c": 1},
    ]
    assert splits_of(examples, validation_share=0.2, test_share=0.1, seed=7) == splits
    assert splits_of(examples, validation_share=0.2, test_share=0.1, seed=8) != splits


def test_the_split_does_not_depend_on_the_order_of_the_classes_given(tmp_path: Path) -> None:
    examples = examples_of(tmp_path, {"a": 20, "b": 20})
    exchanged = [e for e in examples if e.label == "b"] + [e for e in examples if e.label == "a"]

    first, second = (splits_of(e, validation_share=0.2, test_share=0.2, seed=1) for e in (examples, exchanged))

    assert [set(images) for images in first] == [set(images) for images in second]


def test_a_split_that_is_not_asked_for_stays_empty(tmp_path: Path) -> None:
    train, validation, test = splits_of(
        examples_of(tmp_path, {"a": 4, "b": 4}), validation_share=0.25, test_share=0, seed=1
    )

    assert (len(train), len(validation), len(test)) == (6, 2, 0)


@pytest.mark.parametrize("seed", range(6))
def test_identical_files_stay_in_one_split_within_a_class_and_across_classes(seed: int, tmp_path: Path) -> None:
    examples_of(tmp_path, {"a": 8, "b": 8})
    for index in range(4):
        shutil.copy(tmp_path / "a" / f"{index}.png", tmp_path / "a" / f"copy of {index}.png")
        shutil.copy(tmp_path / "a" / f"{index}.png", tmp_path / "b" / f"stray {index}.png")

    splits = splits_of(list_examples(tmp_path), validation_share=0.3, test_share=0.3, seed=seed)

    contents = [{e.path.read_text(encoding="utf-8") for e in images} for images in splits]
    assert all(contents)
    assert not (contents[0] & contents[1] or contents[0] & contents[2] or contents[1] & contents[2])


@pytest.mark.parametrize(("count", "copies"), [(1, 0), (2, 0), (1, 5)])
def test_a_class_with_too_few_different_images_is_named(count: int, copies: int, tmp_path: Path) -> None:
    examples_of(tmp_path, {"many": 9, "few": count})
    for index in range(copies):
        shutil.copy(tmp_path / "few" / "0.png", tmp_path / "few" / f"copy {index}.png")

    with pytest.raises(DataError, match=f"“few” has {count} different readable image"):
        splits_of(list_examples(tmp_path), validation_share=0.1, test_share=0.1, seed=1)


def images_of(*kinds: tuple[str, int]) -> list[Example]:
    """Return so many images of each kind, whose labels are joined by “+”."""
    every = [labels.split("+") for labels, count in kinds for _ in range(count)]
    return [Example(Path(f"{row}.png"), first, tuple(others)) for row, (first, *others) in enumerate(every)]


@pytest.mark.parametrize("seed", range(4))
def test_each_of_several_labels_is_stratified_however_it_is_ordered(seed: int) -> None:
    rare = [f"rare {number}" for number in range(10)]
    examples = images_of(("common", 570), *((f"common+{label}", 3) for label in rare), ("zebra", 1), ("cat+zebra", 99))

    splits = split(examples, range(len(examples)), validation_share=0.15, test_share=0.15, seed=seed)

    counted = [Counter(label for row in rows for label in examples[row].labels) for rows in splits]
    assert all(counts[label] == 1 for counts in counted for label in rare)
    assert [counts["zebra"] for counts in counted] == [70, 15, 15]


def test_a_label_that_is_always_the_second_is_counted() -> None:
    examples = images_of(("common", 20), ("common+few", 2))

    with pytest.raises(DataError, match="“few” has 2 different readable images"):
        split(examples, range(len(examples)), validation_share=0.1, test_share=0.1, seed=1)


@pytest.mark.parametrize(
    ("test_share", "sentence"),
    [(0.1, "3 are needed .* into training, validation and test"), (0, "2 are needed .* into training and validation")],
)
def test_the_splits_that_are_asked_for_are_named(test_share: float, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=sentence):
        splits_of(examples_of(tmp_path, {"a": 9, "b": 1}), validation_share=0.1, test_share=test_share, seed=1)


@given(
    counts=st.lists(st.integers(3, 40), min_size=2, max_size=4),
    shares=st.tuples(st.floats(0.01, 0.8), st.floats(0.01, 0.8)).filter(lambda s: sum(s) <= 0.9),
)
def test_every_class_has_a_training_image_whatever_the_shares(
    counts: list[int], shares: tuple[float, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("split")
    examples = examples_of(root, {f"class {i}": count for i, count in enumerate(counts)})

    train, validation, test = splits_of(examples, validation_share=shares[0], test_share=shares[1], seed=1)

    for images in (train, validation, test):
        assert {e.label for e in images} == {e.label for e in examples}
    assert len(train) + len(validation) + len(test) == len(examples)


@pytest.mark.parametrize("seed", range(5))
def test_declared_groups_stay_in_one_split_even_across_classes(seed: int, tmp_path: Path) -> None:
    people = [f"p{number}" for number in range(12)]
    for label in ("bare", "sunglasses"):
        (tmp_path / label).mkdir()
        for person in people:
            for shot in range(10):
                (tmp_path / label / f"{person}_{shot}.png").write_text(f"{label}{person}{shot}", encoding="utf-8")

    splits = splits_of(list_examples(tmp_path), r"^(p\d+)_", validation_share=0.2, test_share=0.2, seed=seed)

    seen = [{example.path.name.split("_")[0] for example in images} for images in splits]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 12
    assert [len(people) for people in seen] in ([8, 2, 2], [7, 3, 2], [7, 2, 3])
    assert all({example.label for example in images} == {"bare", "sunglasses"} for images in splits)


def test_a_group_expression_without_brackets_takes_the_whole_match(tmp_path: Path) -> None:
    for name in ("an_1.png", "an_2.png", "bo_1.png"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    examples = [Example(path, "a") for path in sorted(tmp_path.iterdir())]

    first, second, third = grouped(examples, "^[a-z]+")

    assert first == second != third


def test_a_group_expression_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="matches none of the file names"):
        grouped(examples_of(tmp_path, {"a": 3}), "person")


def test_pairs_that_belong_together_stay_together(tmp_path: Path) -> None:
    examples = examples_of(tmp_path, {"a": 9})
    groups = grouped(examples, pairs=[(0, 3), (3, 7)])

    assert groups[0] == groups[3] == groups[7]
    assert len(set(groups)) == 7


def varied(image: np.ndarray) -> list[np.ndarray]:
    brighter = np.clip(image.astype(int) + 6, 0, 255).astype(np.uint8)
    coarser = image // 8 * 8 + 4
    return [image.copy(), brighter, coarser]


def test_images_saved_again_are_near_duplicates_and_others_are_not() -> None:
    rng = np.random.default_rng(1)
    different = [np.kron(rng.integers(0, 240, (6, 6, 3)), np.ones((16, 16, 1))).astype(np.uint8) for _ in range(12)]
    images = np.stack([*different, *varied(different[4])])

    assert sorted(near_duplicates(images)) == [
        (4, 12), (4, 13), (4, 14),
    ]  # fmt: skip


def test_the_same_drawing_in_other_colours_is_another_image() -> None:
    image = scene(96, 96, 3)

    assert list(near_duplicates(np.stack([image, 255 - image, image[..., ::-1]]))) == []


def pictures(count: int) -> list[np.ndarray]:
    """Images that differ from each other: a few large shapes of random colours."""
    rng = np.random.default_rng(4)
    return [
        cv2.resize(rng.integers(0, 190, (5, 5, 3)).astype(np.uint8), (120, 120), interpolation=cv2.INTER_CUBIC)
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image: image[:, ::-1], id="mirrored"),
        pytest.param(lambda image: np.clip(image * 1.3, 0, 255).astype(np.uint8), id="brighter"),
        pytest.param(lambda image: image[6:114, 6:114], id="cropped by a tenth"),
        pytest.param(lambda image: image[18:, :102], id="a corner cropped by 15%"),
    ],
)
def test_an_altered_copy_is_a_near_duplicate_and_other_images_are_not(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    images = pictures(12)
    altered = cv2.resize(np.ascontiguousarray(change(images[3])), (120, 120))

    assert list(near_duplicates(np.stack([*images, altered]))) == [(3, 12)]


def test_images_of_one_kind_are_not_copies_however_alike_they_are() -> None:
    (portrait,) = pictures(1)
    rng = np.random.default_rng(5)
    details = [cv2.resize(rng.integers(-40, 40, (4, 4, 3)).astype(np.float32), (120, 120)) for _ in range(12)]

    assert list(near_duplicates(np.stack([np.clip(portrait + d, 0, 255).astype(np.uint8) for d in details]))) == []

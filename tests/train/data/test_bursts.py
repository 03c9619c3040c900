"""Frames of one burst or clip are recognised, and the option that keeps clips together is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import DataError
from train.data.bursts import BEGINNING_PATTERN, GROUP_PATTERN, bursts, how_to_group, shared_beginnings
from train.data.folders import Example
from train.data.split import split


def frames(label: str, *names: str) -> list[Example]:
    return [Example(Path(label, name), label) for name in names]


def test_groups_of_several_images_are_described_the_largest_first() -> None:
    examples = frames("cat", *(f"{i}.jpg" for i in range(11))) + frames("dog", *(f"{i}.jpg" for i in range(7)))
    groups = [0] * 5 + [1] * 6 + [2] * 5 + [3] * 2

    assert bursts(examples, groups) == [
        "cat: 6 images, 5.jpg … 10.jpg",
        "cat: 5 images, 0.jpg … 4.jpg",
        "dog: 5 images, 0.jpg … 4.jpg",
    ]


def test_names_of_clips_give_the_expression_for_groups() -> None:
    clips = frames("cat", *(f"{clip}_frame{i:03}.jpg" for clip in ("kitchen", "garden 2") for i in range(9)))

    assert how_to_group(clips) == f"--group-by '{GROUP_PATTERN}'"
    assert "REGEX" in how_to_group(frames("cat", *(f"frame{i}.jpg" for i in range(9))))
    assert "REGEX" in how_to_group(frames("cat", *"abcdef"))


def test_names_that_begin_with_one_of_many_persons_give_the_expression_for_groups() -> None:
    persons = [f"{name}_{look}.jpg" for name in ("anna3", "bo", "carl", "dee") for look in ("left", "right", "up")]

    said = shared_beginnings(frames("open", *persons) + frames("sunglasses", *persons))

    assert said.startswith("File names share 4 beginnings (anna3, bo …).")
    assert f"--group-by '{BEGINNING_PATTERN}'" in said


@pytest.mark.parametrize(
    "names",
    [
        [f"{number:03}.jpg" for number in range(24)],
        [f"{number % 6} (copy {number}).jpg" for number in range(24)],
        [f"IMG_{number}.jpg" for number in range(24)],
        [f"{number:06x}z_large.jpg" for number in range(24)],
    ],
    ids=["numbers", "numbers and words", "camera", "random"],
)
def test_other_names_are_not_taken_for_those_of_persons(names: list[str]) -> None:
    assert shared_beginnings(frames("cat", *names) + frames("dog", *names)) == ""


def test_names_that_begin_with_the_label_are_not_taken_for_those_of_persons() -> None:
    labels = ("cat", "dog", "horse")

    assert (
        shared_beginnings([e for label in labels for e in frames(label, *(f"{label}_{i}.jpg" for i in range(9)))]) == ""
    )


def test_all_classes_that_are_one_clip_are_named_with_the_ways_out() -> None:
    examples = frames("cat", *(f"{i}.jpg" for i in range(9))) + frames("dog", *(f"{i}.jpg" for i in range(9)))
    groups = [0] * 9 + [1] * 9

    with pytest.raises(DataError) as caught:
        split(examples, groups, validation_share=0.2, test_share=0.2, seed=1)

    message = str(caught.value)
    for words in (
        "Classes are too small: “cat” has 1 different readable image (9 files)",
        "“dog” has 1",
        "other takes",
        "--no-near-duplicates",
    ):
        assert words in message

"""What a bundle says of itself is untrusted: right and bounded, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model.errors import BundleError
from model.presentation import (
    MAX_DESCRIPTION_LENGTH,
    MAX_EXAMPLE_BYTES,
    MAX_TITLE_LENGTH,
    default_description,
    default_title,
    example_files,
    is_presentable,
    read_presentation,
)

LABELS = ("cat", "dog", "no pet")
CAT = {"file": "examples/cat.jpg", "label": "cat"}


def read(folder: Path, **stored: Any) -> Any:
    return read_presentation(stored, LABELS, folder / "config.json")


def test_title_description_and_the_examples_that_are_there_are_read(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "cat.jpg").write_bytes(b"cat")
    missing = {"file": "examples/dog.jpg", "label": "dog"}

    found = read(tmp_path, title="Pets", description="Tells pets apart", examples=[CAT, missing])

    assert (found.title, found.description) == ("Pets", "Tells pets apart")
    assert [(example.path.name, example.label) for example in found.examples] == [("cat.jpg", "cat")]


def test_an_older_bundle_says_nothing(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.title, found.description, found.examples) == ("", "", ())


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"title": 5}, "title should be at most 80 printable characters, received 5"),
        ({"title": "x" * (MAX_TITLE_LENGTH + 1)}, "title should be"),
        ({"description": "tac \u202e dog"}, "description should be"),
        ({"description": "two\nlines"}, "description should be"),
        ({"examples": {}}, "examples should be a list of at most 8"),
        ({"examples": [CAT] * 9}, "examples should be a list of at most 8"),
        ({"examples": ["examples/cat.jpg"]}, "a file such as examples/cat.jpg"),
        ({"examples": [{**CAT, "file": "../../etc/passwd"}]}, "a file such as examples/cat.jpg"),
        ({"examples": [{**CAT, "file": "examples/../secret.jpg"}]}, "a file such as examples/cat.jpg"),
        ({"examples": [{**CAT, "label": ["cat"]}]}, "should have a label, received"),
    ],
)
def test_what_is_invalid_is_refused(stored: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=words):
        read(tmp_path, **stored)


def test_an_example_of_a_label_that_the_model_lacks_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "cat.jpg").write_bytes(b"image")

    assert read(tmp_path, examples=[{**CAT, "label": "bird"}]).examples == ()
    assert len(read(tmp_path, examples=[CAT]).examples) == 1


def test_an_example_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    with (tmp_path / "examples" / "cat.jpg").open("wb") as file:
        file.truncate(MAX_EXAMPLE_BYTES + 1)
    with pytest.raises(BundleError, match="larger than 1 MiB"):
        read(tmp_path, examples=[CAT])


def test_of_a_repository_no_more_files_count_as_examples_than_a_page_shows() -> None:
    names = [f"examples/cat-{number}.jpg" for number in range(20)]
    assert example_files([*names, "examples/cat.png", "examples/Cat.jpg", "report/cat.jpg"]) == sorted(names)[:8]


@pytest.mark.parametrize(
    ("labels", "title", "description"),
    [
        (["cat", "dog"], "Cat and dog", "Recognises cat and dog in photos and videos"),
        (["cat", "dog", "horse"], "Cat, dog and horse", "Recognises cat, dog and horse in photos and videos"),
        (["cat", "no cat"], "Cat", "Recognises cat in photos and videos"),
        (["none", "other"], "None and other", "Recognises none and other in photos and videos"),
        (
            list("abcdefgh"),
            "A, b, c and 5 more",
            "Recognises a, b, c, d, e and 3 more in photos and videos",
        ),
    ],
)
def test_a_model_is_named_after_its_labels(labels: list[str], title: str, description: str) -> None:
    assert (default_title(labels), default_description(labels)) == (title, description)


def test_the_longest_labels_make_texts_that_can_be_read_again() -> None:
    labels = [f"{number}" * 120 for number in range(9)]
    assert is_presentable(default_title(labels), MAX_TITLE_LENGTH)
    assert is_presentable(default_description(labels), MAX_DESCRIPTION_LENGTH)

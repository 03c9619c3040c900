"""Pictures are decoded once into a file that goes away; the unreadable ones are named and left alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from model.preprocessing import InputSpec, prepare, read_picture
from tests.pictures import hashes, write_colours
from train.dataset import Example, list_examples
from train.pictures import PictureStore, all_grey

SPEC = InputSpec(24, 24)


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    return list_examples(write_colours(tmp_path / "data", per_class=4))


def test_pictures_are_those_that_serving_prepares(examples: list[Example]) -> None:
    with PictureStore() as store:
        pictures, kept, unreadable = store.load(examples, SPEC, "reading")

        assert (kept, unreadable) == (examples, [])
        for picture, example in zip(pictures, examples, strict=True):
            np.testing.assert_array_equal(picture, prepare(read_picture(example.path), SPEC))


@pytest.mark.parametrize("bad", [[0], [3, 4], [11], [0, 5, 11], list(range(12))])
def test_unreadable_pictures_are_named_left_out_and_left_alone(bad: list[int], examples: list[Example]) -> None:
    for index in bad:
        examples[index].path.write_bytes(b"no picture")
    root = examples[0].path.parents[1]
    before = hashes(root)

    with PictureStore() as store:
        pictures, kept, unreadable = store.load(examples, SPEC, "reading")

        assert [file.path for file in unreadable] == [examples[index].path for index in bad]
        assert all("not a picture" in file.reason for file in unreadable)
        assert kept == [example for index, example in enumerate(examples) if index not in bad]
        for picture, example in zip(pictures, kept, strict=True):
            np.testing.assert_array_equal(picture, prepare(read_picture(example.path), SPEC))
    assert hashes(root) == before


def test_rows_can_be_chosen_in_any_order(examples: list[Example]) -> None:
    with PictureStore() as store:
        pictures, _, _ = store.load(examples, SPEC, "reading")

        np.testing.assert_array_equal(store.select(pictures, [7, 2, 2]), pictures[[7, 2, 2]])
        assert store.select(pictures, []).shape == (0, 24, 24, 3)


def test_no_examples_give_no_pictures() -> None:
    with PictureStore() as store:
        pictures, kept, unreadable = store.load([], SPEC, "reading")

    assert (pictures.shape, kept, unreadable) == ((0, 24, 24, 3), [], [])


def test_the_file_is_gone_afterwards_even_after_an_error(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))

    with pytest.raises(KeyboardInterrupt), PictureStore() as store:
        store.load(examples, SPEC, "reading")
        assert any((tmp_path / "scratch").rglob("*.u8"))
        raise KeyboardInterrupt

    assert list((tmp_path / "scratch").iterdir()) == []


def test_grey_is_seen_pixel_by_pixel() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 1), dtype=np.uint8).repeat(3, axis=-1)
    assert all_grey(grey)
    assert all_grey(grey[:0])

    for channel in range(3):
        touched = grey.copy()
        touched[299, 7, 7, channel] ^= 1
        assert not all_grey(touched)

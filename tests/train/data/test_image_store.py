"""Images are decoded once into a temporary file; unreadable files are reported and not changed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from model.errors import DataError
from model.preprocessing import InputSpec, prepare, read_image
from tests.support.images import hashes, write_colours
from tests.support.serving import ROOT
from tests.support.training import list_examples
from train.data.folders import Example
from train.data.image_store import ImageStore, all_grey

SPEC = InputSpec(24, 24)


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    return list_examples(write_colours(tmp_path / "data", per_class=4))


def test_images_are_those_that_serving_prepares(examples: list[Example]) -> None:
    with ImageStore() as store:
        images, kept, unreadable = store.load(examples, SPEC, "reading")

        assert (kept, unreadable) == (examples, [])
        for image, example in zip(images, examples, strict=True):
            np.testing.assert_array_equal(image, prepare(read_image(example.path), SPEC))


@pytest.mark.parametrize("bad", [[0], [3, 4], [11], [0, 5, 11], list(range(12))])
def test_unreadable_images_are_named_left_out_and_left_alone(bad: list[int], examples: list[Example]) -> None:
    for index in bad:
        examples[index].path.write_bytes(b"no image")
    root = examples[0].path.parents[1]
    before = hashes(root)

    with ImageStore() as store:
        images, kept, unreadable = store.load(examples, SPEC, "reading")

        assert [file.path for file in unreadable] == [examples[index].path for index in bad]
        assert all("not an image" in file.reason for file in unreadable)
        assert kept == [example for index, example in enumerate(examples) if index not in bad]
        for image, example in zip(images, kept, strict=True):
            np.testing.assert_array_equal(image, prepare(read_image(example.path), SPEC))
    assert hashes(root) == before


def test_rows_can_be_chosen_in_any_order(examples: list[Example]) -> None:
    with ImageStore() as store:
        images, _, _ = store.load(examples, SPEC, "reading")

        np.testing.assert_array_equal(store.select(images, [7, 2, 2]), images[[7, 2, 2]])
        assert store.select(images, []).shape == (0, 24, 24, 3)


def test_no_examples_give_no_images() -> None:
    with ImageStore() as store:
        images, kept, unreadable = store.load([], SPEC, "reading")

    assert (images.shape, kept, unreadable) == ((0, 24, 24, 3), [], [])


def test_the_file_is_gone_afterwards_even_after_an_error(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))

    with pytest.raises(KeyboardInterrupt), ImageStore() as store:
        store.load(examples, SPEC, "reading")
        assert len(list((tmp_path / "scratch").iterdir())) == 1
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


# Makes 96 MiB of images twice, goes through all of them in every way that training does, and prints by how much the
# process's peak memory grew (MiB): first when no more than 8 MiB of them may be resident, then without that limit.
GROWTH = """
import re
from pathlib import Path
import numpy as np
from train.data import image_store
from train.data.batches import LabelledImages, TrainingBatches
from train.data.near_duplicates import near_duplicates
from train.settings import Settings

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

targets = np.eye(2, dtype=np.float32)[np.arange(512) % 2]
for megabytes in (8, 10_000):
    image_store.MOST_RESIDENT_BYTES = megabytes * 2**20
    store = image_store.ImageStore()
    stored = store._new_array((512, 256, 256, 3))
    batches = TrainingBatches(LabelledImages(stored, targets), Settings(size=256), (256, 256), grey=False)
    batches[0], list(near_duplicates(stored[:1]))
    before = peak()
    for row in range(512):
        stored[row] = row % 256
    assert sorted({int(image[0, 0, 0]) for image in stored}) == list(range(256))
    for index in range(len(batches) // 4):
        batches[index]
    list(near_duplicates(stored[:256]))
    image_store.all_grey(stored)
    copy = store.select(stored, range(511, -1, -1))
    assert (copy[0] == 255).all() and (copy[511] == 0).all()
    print(peak() - before)
"""


@pytest.mark.nightly
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux how much memory was used")
def test_images_on_disk_take_no_more_memory_than_they_may_however_many_they_are() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], cwd=ROOT, check=True, capture_output=True, text=True)

    limited, unlimited = map(float, done.stdout.split())
    assert limited < 60 < 90 < unlimited


def test_images_chosen_from_the_file_are_ordinary_arrays(examples: list[Example]) -> None:
    with ImageStore() as store:
        images, _, _ = store.load(examples, SPEC, "reading")

        chosen = images[[3, 1]]
        assert type(chosen) is np.ndarray
        assert not np.may_share_memory(chosen, images)
        assert np.may_share_memory(images[2:5], images)
        assert int(images[0, 0, 0, 0]) == int(np.asarray(images)[0, 0, 0, 0])


def test_a_full_disk_is_said_before_the_first_image_is_decoded(
    examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    room = 12 * 24 * 24 * 3 * 1.5
    monkeypatch.setattr("train.data.image_store.shutil.disk_usage", lambda path: usage(room, 0, room))

    with ImageStore() as store:
        store.load(examples, SPEC, "reading")
        with pytest.raises(
            DataError, match=r"need .* GiB in .*, where .* GiB are free\. Free some space, or point TMPDIR"
        ):
            store.load(examples, SPEC, "reading", copies=2)


def test_a_disk_that_fills_up_meanwhile_is_an_error_and_no_crash(
    examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(DataError, match="Free some space"), ImageStore() as store:
        store.load(examples, SPEC, "reading")


def test_a_killed_process_leaves_no_images_behind(examples: list[Example], tmp_path: Path) -> None:
    """The folder stays, but what it held is gone."""
    program = """
import os, signal
from model.preprocessing import InputSpec
from pathlib import Path
from train.data.source import DataSource, read_data
from train.data.image_store import ImageStore
store = ImageStore()
images, _, _ = store.load(read_data(DataSource(Path("data"))).examples, InputSpec(24, 24), "reading")
os.kill(os.getpid(), signal.SIGKILL)
"""
    (tmp_path / "scratch").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "scratch"), "PYTHONPATH": str(ROOT)}

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=False)

    assert done.returncode == -signal.SIGKILL
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []

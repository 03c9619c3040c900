"""Read a data set from where its images and labels are: `read_data`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from model.errors import DataError
from model.folder_walk import Folder, LeftOut, scan
from train.data.class_folders import Spelling, examples_in
from train.data.data_set import SPLITS, DataSet
from train.data.folders import Example, all_labels
from train.data.image_files import may_be_image
from train.data.tree import count_other_files, remove_bundles, understand

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")


@dataclass(frozen=True)
class DataSource:
    """Where a data set is.

    Attributes:
        folder: Folder per class, or a folder with splits of that form.
    """

    folder: Path


def read_data(source: DataSource, *, multi_label: bool = False, labels: Iterable[str] = ()) -> DataSet:
    """List the images of a data set with their labels; no image is opened.

    Args:
        source: Where it is.
        multi_label: An image may have several labels: a folder named cat+dog holds images of both.
        labels: Known labels, such as those of a model: their spelling is kept, and folders of these names are classes.

    Raises:
        DataError: There is no such folder, or it is not clear what its images show.
    """
    require_source(source)
    labels = tuple(labels)
    left_out = LeftOut()
    tree = _tree(source.folder, left_out)
    layout = understand(tree, left_out, labels)
    count_other_files(tree, left_out, layout.top)
    spelling = Spelling(labels)
    splits = {
        split: examples_in(layout.splits[split], spelling, multi_label=multi_label)
        for split in SPLITS
        if split in layout.splits
    }
    notes = (*layout.notes, *spelling.notes())
    return DataSet(Path(layout.top.path), splits, layout.divided, left_out, notes, layout.origins, layout.empty)


def list_examples(root: Path, *, multi_label: bool = False) -> list[Example]:
    """Return the images of a folder per class, all splits together, in natural order of label and path."""
    return read_data(DataSource(root), multi_label=multi_label).examples


def with_split(data: DataSet, split: str, folder: Path, *, multi_label: bool = False) -> DataSet:
    """Return a data set whose validation or test images come from a folder of their own.

    Args:
        data: The other splits.
        split: "validation" or "test".
        folder: Folder per class, or a folder with a split of that name.
        multi_label: As for `read_data`.

    Raises:
        DataError: The folder has other splits only.
    """
    labels = all_labels(data.splits.get("train", ()))
    given = read_data(DataSource(folder), multi_label=multi_label, labels=labels)
    if given.divided and split not in given.splits:
        raise DataError(f"--{split} {folder} has no {split} split. Give a folder that holds one folder per class.")
    splits = {**data.splits, split: given.splits[split if given.divided else "train"]}
    return replace(data, splits=splits, divided=True, origins={**data.origins, split: str(folder)})


def require_source(source: DataSource) -> None:
    """Raise `DataError` where there is no data folder."""
    folder = source.folder
    if folder.is_file():
        advice = "Unpack it, and give" if folder.suffix.lower() in _ARCHIVES else "Give"
        raise DataError(f"“{folder}” is a file, not a data folder. {advice} a folder that holds one folder per class.")
    if not folder.is_dir():
        raise DataError(f"There is no data folder “{folder}”. Give a folder that holds one folder per class.")


def _tree(folder: Path, left_out: LeftOut) -> Folder:
    tree = scan(folder, may_be_image, left_out)
    remove_bundles(tree, left_out)
    return tree

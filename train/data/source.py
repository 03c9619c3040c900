"""Read a data set from where its images and labels are: `read_data`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.errors import DataError, SettingsError
from model.folder_walk import Folder, LeftOut, scan
from train.data.archive import is_archive, unpacked
from train.data.class_folders import Spelling, examples_in
from train.data.data_set import SPLITS, DataSet
from train.data.folder_kinds import count_other_files, remove_foreign
from train.data.folders import all_labels
from train.data.image_files import may_be_image
from train.data.labelled_files import examples_of_names, examples_of_tables, tables_named, tables_of_names
from train.data.remote import Origin
from train.data.tree import understand

# Tables that platforms put beside images: the ImageFolder of the Hub, and Roboflow.
_TABLES_OF_PLATFORMS = ("metadata.jsonl", "metadata.csv", "_classes.csv")
_ARCHIVES = (".gz", ".bz2", ".xz", ".7z", ".rar")


@dataclass(frozen=True)
class DataSource:
    """Where a data set is.

    Attributes:
        folder: Folder per class, or a folder with splits of that form; with labels of another origin, any folder. A
            zip or tar of one is unpacked into the user's cache.
        labels: A table with the labels of the images: CSV or JSON lines.
        label_column: The column of the labels in the table; found by its name when empty.
        label_from: Regular expression that finds the label in the name of a file.
        origin: Where it was fetched from; None where it lay on this machine.
    """

    folder: Path
    labels: Path | None = None
    label_column: str = ""
    label_from: str = ""
    origin: Origin | None = None

    def as_arguments(self) -> list[str]:
        """Return the words that name it on a command line, quoted for a shell: the folder, then options."""
        given = {"--labels": self.labels, "--label-column": self.label_column, "--label-from": self.label_from}
        options = [text for option, value in given.items() if value for text in (option, shlex.quote(str(value)))]
        return [shlex.quote(str(self.folder)), *options]


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
    return replace(_read(source, tuple(labels), multi_label=multi_label), arguments=source.as_arguments())


def _read(source: DataSource, labels: tuple[str, ...], *, multi_label: bool) -> DataSet:
    left_out = LeftOut()
    if is_archive(source.folder):
        source = replace(source, folder=unpacked(source.folder))
    tree = _tree(source.folder, left_out)
    if source.labels or source.label_from:
        tables = tables_named(source.labels, tree) if source.labels else []
        return _labelled(source, tree, tables, left_out, Spelling(labels), multi_label=multi_label)
    try:
        layout = understand(tree, left_out, labels)
    except DataError:
        tables = tables_of_names(_TABLES_OF_PLATFORMS, tree)
        if not tables:
            raise
        return _labelled(source, tree, tables, left_out, Spelling(labels), multi_label=multi_label)
    count_other_files(tree, left_out, layout.top)
    spelling = Spelling(labels)
    splits = {
        split: examples_in(layout.splits[split], spelling, multi_label=multi_label)
        for split in SPLITS
        if split in layout.splits
    }
    notes = (*layout.notes, *spelling.notes())
    return DataSet(Path(layout.top.path), splits, layout.divided, left_out, notes, layout.origins, layout.empty)


def _labelled(
    source: DataSource,
    tree: Folder,
    tables: Sequence[Path],
    left_out: LeftOut,
    spelling: Spelling,
    *,
    multi_label: bool,
) -> DataSet:
    """Return the data set whose labels come from tables, or from file names where there are none."""
    if tables:
        splits, notes = examples_of_tables(
            tables, tree, spelling, left_out, label_column=source.label_column, multi_label=multi_label
        )
    else:
        splits, notes = examples_of_names(source.label_from, tree, spelling, left_out)
    if not splits:
        raise DataError(f"No image in “{source.folder}” has a label; left out: {left_out}.")
    count_other_files(tree, left_out, tree, {str(path) for path in tables})
    divided = "" not in splits
    named = {split or "train": examples for split, examples in splits.items()}
    return DataSet(source.folder, named, divided, left_out, (*notes, *spelling.notes()))


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
    """Raise `DataError` where there is no data folder, `SettingsError` for options that contradict each other."""
    if source.labels and source.label_from:
        raise SettingsError("--labels and --label-from cannot be combined: give one of them.")
    if source.label_column and not source.labels:
        raise SettingsError("--label-column needs --labels, the table that has the column.")
    folder = source.folder
    if folder.is_file() and not is_archive(folder):
        advice = "Unpack it, and give" if folder.suffix.lower() in _ARCHIVES else "Give"
        raise DataError(f"“{folder}” is a file, not a data folder. {advice} a folder that holds one folder per class.")
    if not folder.exists():
        raise DataError(f"There is no data folder “{folder}”. Give a folder that holds one folder per class.")


def _tree(folder: Path, left_out: LeftOut) -> Folder:
    tree = scan(folder, may_be_image, left_out)
    remove_foreign(tree, left_out)
    return tree

"""Images whose labels come from a table or from their file names, rather than from folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model.errors import DataError, SettingsError
from model.folder_walk import Folder, LeftOut, Reason
from model.labels import shown
from train.data.class_folders import Spelling
from train.data.data_set import SPLITS
from train.data.file_index import FileIndex, split_of_path
from train.data.folders import Example, natural_key
from train.data.label_table import Row, Table, read_table
from train.data.split_names import UNLABELLED, split_of
from train.data.table_columns import Columns, columns_of, joined_labels, labels_of, split_in

NO_ROW = Reason("image without a row in the table", "images without a row in the table")
NO_FILE = Reason("row without a file", "rows without a file")
EMPTY_LABEL = Reason("row without a label", "rows without a label")
SAME_ROW = Reason("row that says the same again", "rows that say the same again")
NO_MATCH = Reason("image whose name does not match", "images whose names do not match")
UNLABELLED_ROW = Reason("image without a label", "images without a label")
_SHOWN = 3


@dataclass
class _Found:
    """What a table says of one image."""

    labels: list[str]
    split: str | None
    group: str
    place: str  # the file and line that say so


def examples_of_tables(
    paths: Sequence[Path], tree: Folder, spelling: Spelling, left_out: LeftOut, *, label_column: str, multi_label: bool
) -> tuple[dict[str, list[Example]], list[str]]:
    """Return the images that tables name, by split, and what is worth knowing, in sentences.

    Args:
        paths: The tables.
        tree: The data folder.
        spelling: The labels so far.
        left_out: Counts images without a row, and rows without a file or a label.
        label_column: The column of the labels; found by its name when empty.
        multi_label: An image may have several labels, in one row or in several.

    Raises:
        DataError: A table cannot be read, names no file of the data, or contradicts itself.
    """
    index = FileIndex(tree)
    found: dict[str, _Found] = {}
    notes = []
    for path in paths:
        table = read_table(path)
        beside = _relative(path.parent, Path(tree.path))
        columns = columns_of(table, partial(index.names_one, beside), label_column)
        several = None if multi_label else joined_labels(table, columns)
        if several:
            raise _several_labels(table, several, columns)
        _read_rows(table, columns, index, beside, found, left_out, multi_label=multi_label)
        notes += [*table.notes, *([columns.note] if columns.note else []), _about(table, columns)]
    left_out.add(NO_ROW, "", sum(file not in found for file in index))
    examples: dict[str, list[Example]] = {}
    for file in sorted(found, key=natural_key):
        says = found[file]
        if not says.labels:
            continue
        labels = list(dict.fromkeys(map(spelling.of, says.labels)))
        if not all(labels):
            raise DataError(f"{says.place}: {shown(says.labels[0])} gives no label. Write another.")
        example = Example(index.path(file), labels[0], tuple(labels[1:]), says.group)
        _place(example, says.split or split_of_path(file), examples, left_out)
    return _in_order(examples), notes


def examples_of_names(
    pattern: str, tree: Folder, spelling: Spelling, left_out: LeftOut
) -> tuple[dict[str, list[Example]], list[str]]:
    """Return the images whose file names a regular expression finds a label in, by split, and no notes.

    Args:
        pattern: The expression, whose first group (or whole match) is the label. One with “/” is matched with the path
            in the data folder, any other with the file name.
        tree: The data folder.
        spelling: The labels so far.
        left_out: Counts images that do not match.

    Raises:
        SettingsError: It is not a regular expression.
        DataError: It matches no file.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"--label-from should be a regular expression. {pattern}: {error}.") from None
    index = FileIndex(tree)
    examples: dict[str, list[Example]] = {}
    example_name = ""
    for path in sorted(index, key=natural_key):
        match = expression.search(path if "/" in pattern else path.rpartition("/")[2])
        text = (match[1] if match.re.groups else match[0]) if match else None
        label = spelling.of(text) if text else ""
        if not label:
            example_name = example_name or path
            left_out.add(NO_MATCH, path if left_out.count(NO_MATCH) < _SHOWN else "")
            continue
        # A folder that is the label is not a split as well.
        split = next(filter(None, (split_of(p) for p in path.split("/")[:-1] if spelling.of(p) != label)), None)
        _place(Example(index.path(path), label), split, examples, left_out)
    if not examples:
        raise DataError(
            f"--label-from {pattern} finds no label in the file names of “{tree.path}”, “{example_name}” for example."
        )
    return _in_order(examples), []


def _read_rows(
    table: Table,
    columns: Columns,
    index: FileIndex,
    beside: str,
    found: dict[str, _Found],
    left_out: LeftOut,
    *,
    multi_label: bool,
) -> None:
    """Add what the rows of a table say."""
    name = table.path.name
    missing = 0
    usual_split = split_of(table.path.stem) if not columns.split else None
    for row in table.rows:
        place = f"“{name}”, line {row.line}"
        split = split_in(row, columns)
        if split == "":
            raise DataError(
                f"{place}: “{row.text(columns.split)}” in the column “{columns.split}” is none of train, validation "
                "and test. Change it, or remove the column."
            )
        text = row.text(columns.file)
        paths = index.find(text, beside, split or usual_split)
        if len(paths) > 1:
            raise DataError(
                f"{place}: “{text}” may be {' or '.join(f'“{path}”' for path in paths[:3])}. Give the path in the data "
                "folder."
            )
        if not paths:
            missing += 1
            left_out.add(NO_FILE, f"{name} line {row.line}: {text[:60]}" if missing <= _SHOWN else "")
            continue
        labels = labels_of(row, columns, multi_label=multi_label)
        if len(labels) > 1 and not multi_label:
            raise _several_labels(table, row, columns)
        if not labels:
            left_out.add(EMPTY_LABEL, f"{name} line {row.line}" if left_out.count(EMPTY_LABEL) < _SHOWN else "")
            found.setdefault(paths[0], _Found([], UNLABELLED, "", place))
            continue
        says = _Found(labels, split, row.text(columns.group) if columns.group else "", place)
        _add(paths[0], says, found, left_out, multi_label=multi_label)
    if missing == len(table.rows):
        first = table.rows[0]
        raise DataError(
            f"None of the {missing:,} rows of “{table.path}” names an image in the data folder; line {first.line} has "
            f"“{first.text(columns.file)[:60]}” in the column “{columns.file}”. Give the folder that holds the images."
        )


def _add(path: str, says: _Found, found: dict[str, _Found], left_out: LeftOut, *, multi_label: bool) -> None:
    """Add what a row says of an image; rows that disagree are refused."""
    before = found.get(path)
    if before is None or not before.labels:
        found[path] = says
    elif before.split != says.split or (set(before.labels) != set(says.labels) and not multi_label):
        told = [f"“{one.split if before.split != says.split else ', '.join(one.labels)}”" for one in (before, says)]
        several = "" if before.split != says.split else ", or add --multi-label where both are right"
        raise DataError(
            f"{says.place} gives {told[1]} for “{path}”, and {before.place} {told[0]}. Remove one of the two{several}."
        )
    else:
        left_out.add(SAME_ROW, "", int(set(says.labels) <= set(before.labels)))
        before.labels += [label for label in says.labels if label not in before.labels]


def _place(example: Example, split: str | None, examples: dict[str, list[Example]], left_out: LeftOut) -> None:
    if split == UNLABELLED or not example.label:
        left_out.add(UNLABELLED_ROW)
    else:
        examples.setdefault(split or "", []).append(example)


def _in_order(examples: dict[str, list[Example]]) -> dict[str, list[Example]]:
    """Return the examples of each split in natural order of label; the key is "" where there are no splits."""
    if len(examples) > 1 and "" in examples:
        examples.setdefault("train", []).extend(examples.pop(""))
    return {
        split: sorted(examples[split], key=lambda example: natural_key(example.label))
        for split in ("", *SPLITS)
        if split in examples
    }


def _several_labels(table: Table, row: Row, columns: Columns) -> DataError:
    labels = ", ".join(labels_of(row, columns, multi_label=True))
    return DataError(
        f"“{table.path.name}”, line {row.line} gives several labels: {labels[:120]}. Add --multi-label for images that "
        "show several classes."
    )


def _about(table: Table, columns: Columns) -> str:
    labels = columns.labels[0] if len(columns.labels) == 1 else f"{len(columns.labels)} columns"
    more = [f"the split from “{columns.split}”"] if columns.split else []
    more += [f"groups from “{columns.group}”"] if columns.group else []
    return f"Labels come from “{labels}” of “{table.path}”{''.join(f', {words}' for words in more)}."


def _relative(folder: Path, root: Path) -> str:
    """Return a folder relative to the data folder, "" where it is that or lies outside."""
    inside = folder.resolve()
    if not inside.is_relative_to(root.resolve()):
        return ""
    relative = inside.relative_to(root.resolve()).as_posix()
    return "" if relative == "." else relative


def tables_named(name: Path, tree: Folder) -> list[Path]:
    """Return the tables that --labels names: that file, or the files of this name in the data folder.

    Raises:
        DataError: There is none.
    """
    for path in (name, Path(tree.path, name)):
        if path.is_file():
            return [path]
    found = tables_of_names([str(name)], tree)
    if not found:
        raise DataError(f"There is no table “{name}”, here or in “{tree.path}”. Check the path.")
    return found


def tables_of_names(names: Iterable[str], tree: Folder) -> list[Path]:
    """Return the files of a tree with one of some names, in order."""
    wanted = set(names)

    def all_files() -> Iterator[Path]:
        for folder in tree.walk():
            yield from (Path(folder.path, name) for name in folder.others if name in wanted)

    return list(all_files())

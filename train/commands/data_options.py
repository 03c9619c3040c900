"""The options that say where the images of a command and their labels are."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from train.data.remote import fetch_data, is_remote
from train.data.source import DataSource


def add_label_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for labels that are not the names of folders."""
    group = parser.add_argument_group("labels", "where they are not the names of folders")
    group.add_argument(
        "--labels",
        metavar="TABLE",
        type=Path,
        help="CSV or JSON lines with a row for each image; columns for the file, the label, the split and the group "
        "are found by their names; a bare name finds the tables of that name in the data",
    )
    group.add_argument("--label-column", metavar="NAME", default="", help="the column of the labels in the table")
    group.add_argument(
        "--label-from",
        metavar="REGEX",
        default="",
        help="regular expression for file names, whose first group is the label; with a / in it, for the path in DATA",
    )


def label_options(options: argparse.Namespace) -> list[str]:
    """Return the options for labels that were given, quoted for a shell."""
    return _given(options).as_arguments()[1:]


def add_data_argument(parser: argparse.ArgumentParser, what: str, name: str = "data", **more: bool) -> None:
    """Add DATA.

    Args:
        parser: The command's.
        what: What it is for the command.
        name: "data", or an option.
        more: `required` of an option.
    """
    help_text = f"{what}; a zip or tar of it, the https address of one, or hf://datasets/user/name[@revision]"
    parser.add_argument(name, metavar="DATA", help=help_text, **more)  # type: ignore[arg-type]


def source_of(options: argparse.Namespace) -> DataSource:
    """Return where the data is; what is elsewhere is fetched into a cache first."""
    source = _given(options)
    if not is_remote(options.data):
        return source
    data = fetch_data(options.data, options.label_column)
    source = replace(source, folder=data.path, origin=data.origin)
    if data.table is None or source.labels or source.label_from:
        return source
    return replace(source, labels=data.table, label_column="")


def _given(options: argparse.Namespace) -> DataSource:
    return DataSource(Path(options.data), options.labels, options.label_column, options.label_from)

"""The options that say where the images of a command and their labels are."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

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
    given = {"--labels": options.labels, "--label-column": options.label_column, "--label-from": options.label_from}
    return [text for option, value in given.items() if value for text in (option, shlex.quote(str(value)))]


def source_of(options: argparse.Namespace) -> DataSource:
    """Return where the data is."""
    return DataSource(options.data, options.labels, options.label_column, options.label_from)

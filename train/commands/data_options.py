"""The options that say where the images of a command and their labels are."""

from __future__ import annotations

import argparse

from train.data.source import DataSource


def source_of(options: argparse.Namespace) -> DataSource:
    """Return where the data is."""
    return DataSource(options.data)

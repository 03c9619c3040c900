"""Fetch the plots that a repository's report has: nice to look at, and nothing that anybody waits for.

They are no part of what serving needs, and may come from a stranger: the manifest, whose checksums
were compared already, says which there are, how large they are and what is in them.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model.bundle import listed_entries
from model.errors import BundleError, ModelNotFoundError
from model.hub.download import fetch_apart
from model.hub.resolve import ModelSource

MOST_PLOTS = 12
MAX_PLOT_BYTES = 2 * 2**20
# For each; when one has not arrived by then, the Hub is not asked for the next.
SECONDS = 20.0

_PLOT = re.compile(r"report/[A-Za-z0-9][\w-]{0,60}\.png", re.ASCII)


def fetch_plots(source: ModelSource) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each plot that arrives as the manifest says; the others are left out.

    Args:
        source: Where the model came from; only that of a repository has anything to fetch.
    """
    if source.repository is None or source.commit is None:
        return
    for path, size, digest in _listed(source.directory):
        with tempfile.TemporaryDirectory(prefix="vistazo-plot-") as folder:
            try:
                file = fetch_apart(source.repository, source.commit, path, size, Path(folder), SECONDS)
                content = file.read_bytes()
            except (ModelNotFoundError, OSError):
                return  # the Hub has trouble, or the disk is full: no reason to go on asking
        if hashlib.sha256(content).hexdigest() == digest:
            yield Path(path).stem, content


def _listed(directory: Path) -> list[tuple[str, int, str]]:
    """Return path, size and SHA-256 of the plots that a bundle's manifest lists."""
    try:
        entries = listed_entries(directory)
    except (BundleError, OSError):
        return []
    found = []
    for path, entry in sorted(entries.items()):
        size, digest = (entry.get("size"), entry.get("sha256")) if isinstance(entry, dict) else (None, None)
        if _PLOT.fullmatch(path) and type(size) is int and 0 < size <= MAX_PLOT_BYTES and isinstance(digest, str):
            found.append((path, size, digest))
    return found[:MOST_PLOTS]

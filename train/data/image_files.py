"""Tell by name, and by the first bytes where the name says nothing, which files are meant to be images."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from model.image_file import IMAGE_SUFFIXES

_OTHER_SUFFIXES = frozenset(
    [
        ".txt",
        ".xml",
        ".json",
        ".jsonl",
        ".csv",
        ".tsv",
        ".md",
        ".py",
        ".ipynb",
        ".html",
        ".yaml",
        ".yml",
        ".npy",
        ".npz",
    ]
)
_SIGNATURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|II\*\x00|MM\x00\*|\x00\x00\x00\x0cjP  |"
    rb"....ftyp(?:avif|avis|heic|heix|mif1|msf1)|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00",
    re.DOTALL,
)
# Class and number, as “dog.12.jpg”, or class and anything, as “dog_a7.jpg”.
_LABEL_PATTERNS = (r"^(.+?)[ ._-]*\(?\d+\)?\.[^.]+$", r"^([^\W\d_]+)[ ._-]")
_LOOKED_AT = 5000


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, with its dot."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  (a Path for each of very many files costs more)


def is_image_name(name: str) -> bool:
    """Return whether a name has the suffix of an image."""
    return suffix_of(name) in IMAGE_SUFFIXES


def may_be_image(name: str, path: str) -> bool:
    """Return whether a file is meant to be an image: by its suffix, else by its first bytes."""
    suffix = suffix_of(name)
    if suffix in IMAGE_SUFFIXES or suffix in _OTHER_SUFFIXES:
        return suffix in IMAGE_SUFFIXES
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return _SIGNATURE.match(file.read(32)) is not None
    except OSError:
        return False


def label_pattern(names: Sequence[str]) -> tuple[str, list[str]] | None:
    """Return a regular expression that finds classes in file names.

    Args:
        names: The names of some images.

    Returns:
        The expression and the classes that its group finds, in order; None where names do not seem to hold classes.
    """
    names = names[:_LOOKED_AT]
    for pattern in _LABEL_PATTERNS:
        found = [match[1] for name in names if (match := re.search(pattern, name))]
        classes = sorted(set(found))
        if (
            len(found) >= 0.9 * len(names)
            and 2 <= len(classes) <= len(found) / 2
            and all(re.search(r"[^\W\d_]", label) for label in classes)
        ):
            return pattern, classes
    return None

"""How a bundle presents its model: title, description and example images, which are untrusted.

`train/export/presentation.py` writes them. All three may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import BundleError
from model.labels import is_background_label, is_clean_text, shown

EXAMPLES = "examples"
MAX_EXAMPLES = 8
MAX_EXAMPLE_BYTES = 2**20
MAX_TITLE_LENGTH, MAX_DESCRIPTION_LENGTH = 80, 300  # characters

_EXAMPLE = re.compile(r"examples/[a-z0-9][a-z0-9-]{0,60}\.jpg", re.ASCII)
_NAMED_IN_TITLE, _NAMED_IN_DESCRIPTION = 4, 6  # labels


@dataclass(frozen=True)
class Example:
    """An example image of a bundle.

    Attributes:
        path: Where it is.
        label: What it shows, one of the bundle's labels.
    """

    path: Path
    label: str


@dataclass(frozen=True)
class Presentation:
    """How a bundle presents its model.

    Attributes:
        title: Its name for people; empty where it has none.
        description: One sentence of what it recognises; empty where it has none.
        examples: Images that it classifies rightly, `MAX_EXAMPLES` at most.
    """

    title: str = ""
    description: str = ""
    examples: tuple[Example, ...] = ()


def read_presentation(stored: Mapping[str, Any], labels: Sequence[str], path: Path) -> Presentation:
    """Read what a bundle says of itself; example images whose files are missing are left out.

    Args:
        stored: The “vistazo” object of config.json.
        labels: The labels in class order.
        path: Path of config.json.

    Raises:
        BundleError: A text, a file name or a label is invalid, or a file is too large.
    """
    listed = stored.get("examples", [])
    if not isinstance(listed, list) or len(listed) > MAX_EXAMPLES:
        raise BundleError(f"“{path}”: examples should be a list of at most {MAX_EXAMPLES}, received {shown(listed)}.")
    examples = [_example(entry, path) for entry in listed]
    return Presentation(
        _text(stored, "title", MAX_TITLE_LENGTH, path),
        _text(stored, "description", MAX_DESCRIPTION_LENGTH, path),
        # Of a label that was renamed since there is no example: the model is as good without.
        tuple(example for example in examples if example.path.is_file() and example.label in labels),
    )


def example_files(names: Iterable[str]) -> list[str]:
    """Return which of the files of a bundle are its example images: in order, `MAX_EXAMPLES` at most."""
    return sorted(filter(_EXAMPLE.fullmatch, names))[:MAX_EXAMPLES]


def is_presentable(text: str, longest: int) -> bool:
    """Return whether a text can be a title or a description of at most so many characters."""
    return is_clean_text(text) and len(text) <= longest


def known_labels(labels: Sequence[str]) -> list[str]:
    """Return the labels that name something: not “no flag”, unless there is nothing else."""
    return [label for label in labels if not is_background_label(label)] or list(labels)


def default_title(labels: Sequence[str]) -> str:
    """Return the title of a model that was given none: “Cat, dog and horse”."""
    title = _enumeration(known_labels(labels), _NAMED_IN_TITLE)
    return _cut(title[:1].upper() + title[1:], MAX_TITLE_LENGTH)


def default_description(labels: Sequence[str]) -> str:
    """Return the description of a model that was given none: “Recognises cat and dog in photos and videos”."""
    names = _cut(_enumeration(known_labels(labels), _NAMED_IN_DESCRIPTION), MAX_DESCRIPTION_LENGTH - 40)
    return f"Recognises {names} in photos and videos"


def readable(label: str) -> str:
    """Return a label as it reads in a sentence: “golden_retriever” is a golden retriever."""
    return label.replace("_", " ").strip() or label


def _enumeration(labels: Sequence[str], most: int) -> str:
    names = [readable(label) for label in labels]
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _text(stored: Mapping[str, Any], name: str, longest: int, path: Path) -> str:
    value = stored.get(name, "")
    if not isinstance(value, str) or (value and not is_presentable(value, longest)):
        raise BundleError(
            f"“{path}”: {name} should be at most {longest} printable characters, received {shown(value)}."
        )
    return value


def _example(entry: object, path: Path) -> Example:
    file, label = (entry.get("file"), entry.get("label")) if isinstance(entry, dict) else (None, None)
    if not isinstance(file, str) or not _EXAMPLE.fullmatch(file):
        raise BundleError(f"“{path}”: an example should be a file such as {EXAMPLES}/cat.jpg, received {shown(file)}.")
    if not isinstance(label, str):
        raise BundleError(f"“{path}”: {file} should have a label, received {shown(label)}.")
    image = path.parent / file
    if image.is_file() and image.stat().st_size > MAX_EXAMPLE_BYTES:
        raise BundleError(f"“{image}” is larger than {MAX_EXAMPLE_BYTES // 2**20} MiB, the limit for an example image.")
    return Example(image, str(label))

"""A README.md with metadata, as the Hub shows it: read, however damaged, and merged with what people wrote there."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from model.hub.address import parse_address

_WRITTEN, _OLDER = "of what `vistazo push` writes", "of what `train push` writes"  # of cards that are published
BEGIN = f"<!-- vistazo: begin {_WRITTEN}; changes in here are lost -->"
END = f"<!-- vistazo: end {_WRITTEN} -->"
NO_DATASET_NAME = "folders of images"
_SPACE_BADGE = re.compile(r"^\[!\[[^\]]*\]\([^)]*\)\]\(https://huggingface\.co/spaces/([\w.-]+/[\w.-]+)\)$", re.M)
_FRONT_MATTER = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n(?:(.*?)\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Card:
    """A README.md.

    Attributes:
        text: What follows the metadata.
        metadata: Empty where there is none, or none that can be used.
        problem: What is wrong with the metadata, for the middle of a sentence; None where nothing is.
    """

    text: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def read_card(published: str | None) -> Card:
    """Read a README.md that anybody may have written; nothing in it raises an error.

    Args:
        published: The file's content; None where there is no such file.
    """
    import yaml

    content = published or ""
    found = _FRONT_MATTER.match(content)
    if found is None:
        opened = content.lstrip("\ufeff \t\r\n").startswith(("---\n", "---\r\n"))
        return Card(content, problem="it has no end" if opened else None)
    text = content[found.end() :]
    try:
        metadata = yaml.safe_load(found[1] or "")
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: of dates that do not exist
        return Card(text, problem="it is not valid YAML")
    if metadata is None:
        return Card(text)
    if not isinstance(metadata, dict):
        return Card(text, problem=f"it is a {'list' if isinstance(metadata, list) else 'text'} instead of keys")
    if not all(isinstance(key, str) for key in metadata):
        return Card(text, problem="some of its keys are not words")
    return Card(text, {key: value for key, value in metadata.items() if value is not None})


def merge_card(card: str, published: str | None, ours: Collection[str] | None = None) -> str:
    """Merge a new card into the published one, keeping what people have written there.

    Args:
        card: The new card, with the generated block between its markers.
        published: The README.md on the Hub, if any.
        ours: Keys of the metadata that the new card always sets; None for all its keys.

    Returns:
        The published text with the generated block replaced between its markers, and the metadata of both cards: `ours`
        from the new card, tags, models, data sets and languages from both. Metadata that cannot be read are replaced.
    """
    if published is None:
        return card
    new, old = read_card(card), read_card(published)
    if ours is None:
        metadata = old.metadata | new.metadata
    else:
        metadata = new.metadata | {key: value for key, value in old.metadata.items() if key not in ours}
    for key in ("tags", "models", "datasets", "language"):
        theirs = old.metadata.get(key)
        if isinstance(theirs, list | str) and key in new.metadata:
            listed = [theirs] if isinstance(theirs, str) else map(str, theirs)
            metadata[key] = list(dict.fromkeys([*listed, *new.metadata[key]]))
    text = old.text.replace(_OLDER, _WRITTEN)
    if not text.strip():
        text = new.text
    elif BEGIN in text and END in text.partition(BEGIN)[2]:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        block = new.text.partition(BEGIN)[2].partition(END)[0]
        text = f"{before}{BEGIN}{block}{END}{after}"
    return f"---\n{yaml_of(metadata)}---\n{text}"


def told_by(published: str | None) -> tuple[str | None, str | None]:
    """Return the licence and the name of the data set in the metadata of a published card.

    A data set of the Hub is "datasets/user/name".
    """
    stated = read_card(published).metadata
    licence = stated.get("license")
    try:
        name = stated["model-index"][0]["results"][0]["dataset"]["name"]
    except (TypeError, KeyError, IndexError):
        name = None
    named = isinstance(name, str) and name != NO_DATASET_NAME
    if named and isinstance(stated.get("datasets"), list) and name in stated["datasets"]:
        name = f"datasets/{name}"
    return licence if isinstance(licence, str) else None, name if named else None


def hub_dataset(name: str | None) -> str | None:
    """Return "user/name" where a data set's name is its address on the Hub ("datasets/user/name"), else None."""
    address = parse_address(name) if name else None
    return address.repository if address and address.kind == "data set" else None


def told_space(published: str | None) -> str | None:
    """Return the Space to which the generated text of a published card leads."""
    block = read_card(published).text.partition(BEGIN)[2].partition(END)[0]
    found = _SPACE_BADGE.search(block)
    return found and found[1]


def yaml_of(metadata: dict[str, Any]) -> str:
    """Return metadata as YAML, for the lines between the two "---" of a README.md."""
    from huggingface_hub.utils import yaml_dump

    return yaml_dump(metadata, sort_keys=False, width=10_000)  # one line per value, for readers without a YAML parser


def plain(text: object) -> str:
    """Escape the special characters of Markdown and HTML in untrusted text."""
    return html.escape("".join(f"\\{c}" if c in "\\`*_[]|" else c for c in str(text)), quote=False)

"""Read and check the labels of a bundle, which are untrusted text, and their translations.

`id2label` in config.json is authoritative. `labels.txt` has the same labels, one on each line.
`labels.es.txt`, `labels.pt-br.txt` and so on are optional translations, in the same order; the language
tags are those of BCP 47.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.errors import BundleError

MAX_LABELS = 50_000
MAX_LABEL_LENGTH = 120
# In UTF-8 a character has at most 4 bytes, and the end of a line 2.
MAX_LABELS_BYTES = MAX_LABELS * (4 * MAX_LABEL_LENGTH + 2)
MAX_LANGUAGES = 50

_BACKGROUND = re.compile(r"(no|not|without)[\s_-].*|none.*|nothing|background|others?|negative|empty", re.IGNORECASE)
_TRANSLATION = re.compile(r"labels\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})\.txt")


def clean_label(text: str) -> str:
    """Return a label without control and bidirectional formatting characters, cut to `MAX_LABEL_LENGTH`."""
    return _cleaned(text)[:MAX_LABEL_LENGTH].strip()


def is_clean_text(text: object) -> bool:
    """Return whether something is text that is not empty and has no characters that could hide or reorder others."""
    return isinstance(text, str) and text != "" and text == _cleaned(text)


def as_shown(probability: float, digits: int = 0) -> float:
    """Return a probability, 0 to 1, as it is shown in percents: what is not quite certain is 99% at most.

    Args:
        probability: The probability.
        digits: How many digits of the percentage are shown after the point; with one of them it is 99.9% at most.
    """
    return probability if probability >= 1 else min(probability, 1 - 10.0 ** -(digits + 2))


def percent_text(probability: float, digits: int = 0) -> str:
    """Return a probability, 0 to 1, as a percentage; see `as_shown`."""
    return f"{as_shown(probability, digits):.{digits}%}"


def is_background_label(label: str) -> bool:
    """Return whether a label's name means that there is no object: “no flag”, “background”, “other”."""
    return _BACKGROUND.fullmatch(label.strip()) is not None


def language_of(name: str) -> str | None:
    """Return the language, in lower case, of a file of translated labels; None for any other file name."""
    found = _TRANSLATION.fullmatch(name)
    return found[1].lower() if found else None


def labels_from_config(config: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the labels in config.json, in class order.

    Args:
        config: Content of the file.
        path: Path of the file, for messages.

    Returns:
        2 to `MAX_LABELS` different labels.

    Raises:
        BundleError: There are too few or too many labels, two are equal, or one is empty, too long or contains
            control or bidirectional formatting characters.
    """
    id2label = config.get("id2label")
    if not isinstance(id2label, dict) or len(id2label) < 2:
        raise BundleError(f"“{path}” has no id2label with at least two labels. Write the bundle again.")
    if len(id2label) > MAX_LABELS:
        raise BundleError(f"“{path}” has {len(id2label):,} labels; the limit is {MAX_LABELS:,}.")
    labels = [id2label.get(str(index)) for index in range(len(id2label))]
    for index, label in enumerate(labels):
        if not _is_clean(label):
            raise BundleError(
                f"“{path}”: id2label entry {index} should be 1 to {MAX_LABEL_LENGTH} printable characters, "
                f"received {shown(label)}."
            )
    if len(set(labels)) != len(labels):
        raise BundleError(f"“{path}”: id2label has the same label twice. Give each class a label of its own.")
    return tuple(str(label) for label in labels)


def check_labels_file(labels: tuple[str, ...], path: Path) -> None:
    """Raise `BundleError` when labels.txt, at `path`, differs from `labels`."""
    listed = _lines(path)
    if listed != labels:
        raise BundleError(
            f"“{path}” ({len(listed)} labels) and id2label in config.json ({len(labels)} labels) disagree. "
            "Fetch or write the bundle again."
        )


def read_translations(directory: Path, labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Read the translated labels of a bundle.

    Args:
        directory: The bundle's directory.
        labels: The labels in class order.

    Returns:
        Language in lower case ("es", "pt-br") → translated labels in class order.

    Raises:
        BundleError: A file does not have one valid label for each class.
    """
    translations: dict[str, tuple[str, ...]] = {}
    for path in sorted(directory.glob("labels.*.txt")):
        language = language_of(path.name)
        if language is None or not path.is_file():
            continue
        if len(translations) == MAX_LANGUAGES:
            raise BundleError(f"“{directory}” has labels in more than {MAX_LANGUAGES} languages. Remove some.")
        names = _lines(path)
        check_translations(names, labels, str(path))
        translations[language] = names
    return translations


def check_translations(names: tuple[str, ...], labels: tuple[str, ...], origin: str) -> None:
    """Raise `BundleError` when the translations in `origin` are not one valid and unique name for each label."""
    if len(names) != len(labels):
        raise BundleError(f"“{origin}” has {len(names)} lines for {len(labels)} labels. Write one line for each label.")
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not _is_clean(name):
            raise BundleError(
                f"“{origin}”: line {line} should be 1 to {MAX_LABEL_LENGTH} printable characters, "
                f"received {shown(name)}."
            )
        if seen.setdefault(name, line) != line:
            raise BundleError(
                f"“{origin}”: lines {seen[name]} and {line} are the same. Give each class a name of its own."
            )


def shown(value: object) -> str:
    """Return the beginning of a value from an untrusted file, for a message."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # deeply nested lists; numbers of thousands of digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:39] + "…"


def _is_clean(label: object) -> bool:
    return is_clean_text(label) and len(str(label)) <= MAX_LABEL_LENGTH


def _cleaned(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}).strip()


def _lines(path: Path) -> tuple[str, ...]:
    if path.stat().st_size > MAX_LABELS_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_LABELS_BYTES // 2**20} MiB, too large for a list of labels.")
    try:
        return tuple(path.read_text(encoding="utf-8").removeprefix("\ufeff").splitlines())
    except ValueError as error:
        raise BundleError(f"“{path}” is not UTF-8 text. Fetch or write the bundle again.") from error

"""Labels as a stranger's text: which ones are accepted, and their names in other languages.

`id2label` in config.json is the truth. `labels.txt` repeats it, one label a line, and has to agree.
`labels.es.txt`, `labels.pt-br.txt` and so on are optional: the same classes in the same order, as
people who speak that language call them (language tags as in BCP 47).
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
# A line holds a label of at most 4 bytes a character and its end.
MAX_LABELS_BYTES = MAX_LABELS * (4 * MAX_LABEL_LENGTH + 2)
MAX_LANGUAGES = 50

_TRANSLATION = re.compile(r"labels\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})\.txt")


def clean_label(text: str) -> str:
    """Return a label without control and direction-changing characters, cut to `MAX_LABEL_LENGTH`."""
    kept = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    return kept.strip()[:MAX_LABEL_LENGTH].strip()


def language_of(name: str) -> str | None:
    """Return the language of a file of translated labels in lower case, or None for any other file's name."""
    found = _TRANSLATION.fullmatch(name)
    return found[1].lower() if found else None


def labels_from_config(config: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return the labels that config.json gives, in class order.

    Args:
        config: Its content.
        path: Where it lies, for messages.

    Raises:
        BundleError: There are too few or too many, or one of them is empty, doubled or deceives the eye.
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
        raise BundleError(f"“{path}”: id2label names a label twice. Each class needs its own.")
    return tuple(str(label) for label in labels)


def compare_labels(labels: tuple[str, ...], path: Path) -> None:
    """Raise `BundleError` when labels.txt at `path` does not list exactly `labels`."""
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
        Language in lower case ("es", "pt-br") → names in class order.

    Raises:
        BundleError: A file does not name every class once, in clean text.
    """
    translations: dict[str, tuple[str, ...]] = {}
    for path in sorted(directory.glob("labels.*.txt")):
        language = language_of(path.name)
        if language is None or not path.is_file():
            continue
        if len(translations) == MAX_LANGUAGES:
            raise BundleError(f"“{directory}” has labels in more than {MAX_LANGUAGES} languages. Remove some.")
        names = _lines(path)
        check_names(names, labels, str(path))
        translations[language] = names
    return translations


def check_names(names: tuple[str, ...], labels: tuple[str, ...], origin: str) -> None:
    """Raise `BundleError` when translated names, read from `origin`, are not one clean name for every label."""
    if len(names) != len(labels):
        raise BundleError(f"“{origin}” has {len(names)} lines for {len(labels)} labels. It needs one for each.")
    seen: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if not _is_clean(name):
            raise BundleError(
                f"“{origin}”: line {line} should be 1 to {MAX_LABEL_LENGTH} printable characters, "
                f"received {shown(name)}."
            )
        if seen.setdefault(name, line) != line:
            raise BundleError(f"“{origin}”: lines {seen[name]} and {line} are the same. Each class needs its own name.")


def shown(value: object) -> str:
    """Return the beginning of a value from a stranger's file, for a message."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # lists in lists in lists; numbers of thousands of digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:39] + "…"


def _is_clean(label: object) -> bool:
    return isinstance(label, str) and label != "" and label == clean_label(label)


def _lines(path: Path) -> tuple[str, ...]:
    if path.stat().st_size > MAX_LABELS_BYTES:
        raise BundleError(f"“{path}” is larger than {MAX_LABELS_BYTES // 2**20} MiB, too large for a list of labels.")
    try:
        return tuple(path.read_text(encoding="utf-8").removeprefix("\ufeff").splitlines())
    except ValueError as error:
        raise BundleError(f"“{path}” is not UTF-8 text. Fetch or write the bundle again.") from error

"""Translations of the labels, from the data folder into the bundle.

A data folder may hold `labels.es.txt`, `labels.fr.txt` and so on, with one line for each class folder: `dog = perro`.
In the bundle each of these files has one translation per line, in class order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from model.errors import BundleError, DataError
from model.labels import MAX_LABELS_BYTES, check_translations, language_of, shown
from train.data.folders import match_labels


def read_translations(folder: Path, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read the translations of the labels in a data folder.

    Args:
        folder: The data folder, which holds the files beside the class folders or beside train, valid and test.
        labels: The labels in class order.

    Returns:
        Language in lower case → translations in class order.

    Raises:
        DataError: A line is not "class folder = translation", or a class has none or two.
    """
    found = {}
    for path in sorted(folder.glob("labels.*.txt")):
        language = language_of(path.name)
        if language and path.is_file():
            found[language] = _read_file(path, labels)
    return found


def write_translations(directory: Path, translations: Mapping[str, Sequence[str]]) -> None:
    """Write the translations of the labels into a bundle's directory."""
    for language, translated in translations.items():
        content = "".join(f"{text}\n" for text in translated)
        (directory / f"labels.{language}.txt").write_text(content, encoding="utf-8")


def _read_file(path: Path, labels: Sequence[str]) -> tuple[str, ...]:
    if path.stat().st_size > 2 * MAX_LABELS_BYTES:
        raise DataError(f"“{path}” is too large for a list of translations. Remove it.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise DataError(f"“{path}” is not UTF-8 text. Save it as UTF-8.") from error
    translations: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        folder, equals, text = (piece.strip() for piece in line.rpartition("="))
        index = match_labels([folder], labels).get(folder) if equals else None
        if index is None:
            raise DataError(
                f"“{path}”, line {number}: should be “class folder = translation”. Received: {shown(line)}."
            )
        if translations.setdefault(index, text) != text:
            raise DataError(f"“{path}”, line {number}: “{labels[index]}” has a translation already. Remove one.")
    for index, label in enumerate(labels):
        if index not in translations:
            raise DataError(f"“{path}” has no translation of “{label}”. Add a line “{label} = …”.")
    translated = tuple(translations[index] for index in range(len(labels)))
    try:
        check_translations(translated, tuple(labels), str(path))
    except BundleError as error:  # empty, twice the same, too long, or with misleading characters
        raise DataError(str(error)) from error
    return translated

"""Take the names of the classes in other languages along: from the data folder into the bundle.

Beside the class folders may lie `labels.es.txt`, `labels.fr.txt` and so on, with one line for each
class folder: `dog = perro`. In the bundle they are one name a line, in class order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from model.errors import BundleError, DataError
from model.labels import MAX_LABELS_BYTES, check_translations, language_of, shown
from train.data.folders import match_labels


def read_names(folder: Path, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read the translated names that lie in a data folder.

    Args:
        folder: Holds the files, beside class folders or beside train, valid and test.
        labels: The labels in class order.

    Returns:
        Language in lower case → names in class order.

    Raises:
        DataError: A line is not "class folder = name", or a class has no name or two.
    """
    found = {}
    for path in sorted(folder.glob("labels.*.txt")):
        language = language_of(path.name)
        if language and path.is_file():
            found[language] = _names(path, labels)
    return found


def write_names(directory: Path, names: Mapping[str, Sequence[str]]) -> None:
    """Write translated names into a bundle's directory."""
    for language, translated in names.items():
        content = "".join(f"{name}\n" for name in translated)
        (directory / f"labels.{language}.txt").write_text(content, encoding="utf-8")


def _names(path: Path, labels: Sequence[str]) -> tuple[str, ...]:
    if path.stat().st_size > 2 * MAX_LABELS_BYTES:
        raise DataError(f"“{path}” is too large for a list of names. Remove it.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise DataError(f"“{path}” is not UTF-8 text. Save it as UTF-8.") from error
    names: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        folder, equals, name = (piece.strip() for piece in line.rpartition("="))
        index = match_labels([folder], labels).get(folder) if equals else None
        if index is None:
            raise DataError(
                f"“{path}”, line {number}: should be “class folder = name”, received {shown(line)}. Correct the line."
            )
        if names.setdefault(index, name) != name:
            raise DataError(f"“{path}”, line {number}: “{labels[index]}” has a name already. Remove one of them.")
    for index, label in enumerate(labels):
        if index not in names:
            raise DataError(f"“{path}” has no name for “{label}”. Add a line “{label} = …”.")
    translated = tuple(names[index] for index in range(len(labels)))
    try:
        check_translations(translated, tuple(labels), str(path))
    except BundleError as error:  # a name that is empty, doubled, too long or deceives the eye
        raise DataError(str(error)) from error
    return translated

"""Write the images of a data set in Parquet, as the Hub stores them, to files with a table of their labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from model.errors import DataError, SettingsError
from train.data.split_names import split_of

TABLE = "metadata.jsonl"
_LABELS = ("label", "labels", "class", "category", "target")
_SHARD = re.compile(r"[-_.]?\d*(-of-\d+)?$")
_BATCH = 64
_SIGNATURES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"RIFF": ".webp", b"BM": ".bmp"}


@dataclass(frozen=True)
class _Columns:
    image: str
    label: str
    names: Sequence[str]  # of the classes, where the labels are numbers


def write_images(folder: Path, files: Sequence[str], target: Path, label_column: str = "") -> None:
    """Write the images and the table.

    Args:
        folder: Where the Parquet files are.
        files: Their paths in it.
        target: An empty folder.
        label_column: The column of the labels; found by itself when empty.

    Raises:
        SettingsError: pyarrow is not installed.
        DataError: There are no images with labels in the files, or they are several data sets.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise SettingsError(
            "This data set is in Parquet, which needs the package pyarrow: pip install pyarrow (the extra hub-data)."
        ) from error
    splits = {name: split_of_file(name) for name in files}
    _refuse_several(files, splits)
    (target / "images").mkdir()
    number = 0
    with (target / TABLE).open("w", encoding="utf-8") as table:
        for name in files:
            try:
                with parquet.ParquetFile(folder / name) as opened:
                    columns = _columns(opened.schema_arrow, name, label_column)
                    for batch in opened.iter_batches(_BATCH, columns=[columns.image, columns.label]):
                        number = _write(batch.to_pylist(), columns, splits[name], target, table, number)
            except (ArrowException, OSError) as error:
                if isinstance(error, OSError) and error.errno:
                    raise
                raise DataError(f"“{name}” is damaged or not a Parquet file. Name another data set.") from error
    if not number:
        raise DataError("The data set holds no image with a label. Name another, or a --label-column.")


def split_of_file(name: str) -> str:
    """Return the split that a path such as "data/train-00000-of-00002.parquet" names; "" where it names none."""
    path = PurePosixPath(name)
    for part in (_SHARD.sub("", path.stem), *reversed(path.parent.parts)):
        if split := split_of(part):
            return split
    return ""


def _refuse_several(files: Sequence[str], splits: Mapping[str, str]) -> None:
    """Refuse files of several configurations, whose images would be mixed."""
    folders = {
        "/".join(part for part in PurePosixPath(name).parent.parts if part != "data" and not split_of(part))
        for name in files
    }
    if len(folders) > 1:
        raise DataError(
            f"The data set has several configurations ({', '.join(sorted(folders)[:5])}), which would be mixed. "
            "Fetch one, and give its folder."
        )
    if len(set(splits.values())) > 1 and "" in splits.values():
        odd = next(name for name, split in splits.items() if not split)
        raise DataError(f"“{odd}” is of no split that is known (train, validation, test). Name another data set.")


def _columns(schema: Any, name: str, label_column: str) -> _Columns:
    """Find the columns of the image and of the label by the features that the Hub stores, else by their names."""
    features: dict[str, Any] = {}
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        features = {}
    features = features if isinstance(features, dict) else {}
    listed = ", ".join(schema.names[:10])
    images = [
        column.name
        for column in schema
        if _kind(features.get(column.name)) == "Image"
        or (hasattr(column.type, "get_field_index") and column.type.get_field_index("bytes") >= 0)
    ]
    if len(images) != 1:
        raise DataError(f"“{name}” has {len(images) or 'no'} columns of images among {listed}; one is needed.")
    classes = [column for column in schema.names if _kind(features.get(column)) == "ClassLabel"]
    label = label_column
    if not label:
        found = classes or [column for column in _LABELS if column in schema.names]
        if len(found) != 1 and not (found and not classes):
            raise DataError(f"“{name}” has {len(found) or 'no'} columns of labels among {listed}. Give --label-column.")
        label = found[0]
    if label not in schema.names:
        raise DataError(f"“{name}” has no column “{label}”. Its columns are {listed}.")
    described = features.get(label)
    if isinstance(described, list):
        described = described[0] if described else None
    elif isinstance(described, dict) and isinstance(described.get("feature"), dict):
        described = described["feature"]
    names = described.get("names") if isinstance(described, dict) else None
    return _Columns(images[0], label, [str(text) for text in names] if isinstance(names, list) else ())


def _kind(feature: object) -> str:
    """Return the kind of a feature; of a list of features, that of its items."""
    if isinstance(feature, list):
        feature = feature[0] if feature else None
    if isinstance(feature, dict):
        inner = feature.get("feature")
        return _kind(inner) if isinstance(inner, dict) else str(feature.get("_type", ""))
    return ""


def _write(
    rows: Sequence[Mapping[str, Any]], columns: _Columns, split: str, target: Path, table: IO[str], number: int
) -> int:
    """Write the images of some rows; return the number of the next image."""
    for row in rows:
        image, labels = row[columns.image], list(_labels(row[columns.label], columns.names))
        content = image.get("bytes") if isinstance(image, dict) else image
        if not isinstance(content, bytes) or not labels:
            continue  # without its bytes, or of a split whose labels are kept secret
        stated = PurePosixPath(str(image.get("path") or "")).suffix.lower() if isinstance(image, dict) else ""
        suffix = next((s for start, s in _SIGNATURES.items() if content.startswith(start)), "")
        file = f"images/{number:08}{suffix or (stated if re.fullmatch(r'[.][a-z0-9]{1,5}', stated) else '.img')}"
        (target / file).write_bytes(content)
        entry = {"file_name": file, "label": labels[0] if len(labels) == 1 else labels}
        table.write(json.dumps(entry | ({"split": split} if split else {}), ensure_ascii=False) + "\n")
        number += 1
    return number


def _labels(value: Any, names: Sequence[str]) -> Iterator[str]:
    """Yield the names of a label or of several; nothing for -1, the Hub's mark of a label that is secret."""
    for item in value if isinstance(value, list) else [value]:
        if item is None or item == -1:
            continue
        is_index = names and isinstance(item, int) and 0 <= item < len(names)
        yield names[item] if is_index else str(item)

"""Find out which column of a table names the file, the labels, the split and the group, by name and by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.errors import DataError
from train.data.image_files import is_image_name
from train.data.label_table import Cell, Row, Table
from train.data.split_names import split_of, words_of

# Names of columns as `_plain` returns them, the clearest first; English, Spanish, French and Portuguese.
_NAMES = {
    "file": """filename filenames filepath filepaths file files path paths imagepath imagepaths imagefile imagefilename
        imagename image images img imgpath imgname imageid imgid photo picture archivo fichero nombrearchivo
        imagen imagenes ruta fichier nomfichier chemin arquivo nomearquivo imagem imagens caminho foto id name
        nombre nom nome""",
    "label": """label labels labelname classname classlabel class classes category categories categoryname target
        targets tag tags breed species diagnosis dx type etiqueta etiquetas clase clases categoria categorias
        especie raza etiquette etiquettes classe categorie espece race rotulo rotulos raca y labelid classid
        categoryid classindex""",
    "split": """split splits set subset dataset partition part phase usage tvt fold conjunto particion ensemble jeu
        particao""",
    "group": """group groups groupid patient patientid subject subjectid person personid individual individualid
        animalid film clip clipid video videoid session sessionid burst burstid sequence sequenceid seqid grupo
        groupe paciente pacienteid sujeto sujet""",
}
_FILE, _LABEL, _SPLIT, _GROUP = (names.split() for names in _NAMES.values())
_SEVERAL = frozenset(["labels", "classes", "categories", "tags", "targets", "etiquetas", "clases", "etiquettes"])
_FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True, "": False}
_SEPARATORS = re.compile(r"[|;,+]")


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Attributes:
        file: Names the file.
        labels: Names the label; several columns where each is a label, with 1 where the image has it.
        split: Names the split; "" where there is none.
        group: Names the group; "" where there is none.
        note: What was chosen where there was a choice, a sentence; else "".
    """

    file: str
    labels: tuple[str, ...]
    split: str = ""
    group: str = ""
    note: str = ""


def columns_of(table: Table, names_file: Callable[[str], bool], label_column: str = "") -> Columns:
    """Return what the columns of a table are.

    Args:
        table: The table.
        names_file: Whether a text names a file of the data set.
        label_column: The column of the labels; found by its name when empty.

    Raises:
        DataError: There is no column of files or labels, or there are several that may be.
    """
    file = _file_column(table, names_file)
    others = [name for name in table.columns if name != file]
    split = next((name for name in others if _is_split(table, name)), "")
    group = next((name for name in others if _plain(name) in _GROUP and name != split), "")
    if label_column:
        found = [name for name in table.columns if name == label_column] or [
            name for name in table.columns if _plain(name) == _plain(label_column)
        ]
        if not found:
            raise DataError(f"“{table.path}” has no column “{label_column}”. {_columns(table)}")
        return Columns(file, (found[0],), split, group)
    rest = [name for name in others if name not in (split, group)]
    named = sorted((name for name in rest if _plain(name) in _LABEL), key=lambda name: _LABEL.index(_plain(name)))
    words = [name for name in named if not _is_numeric(table, name)]
    if words:
        return Columns(file, (words[0],), split, group)
    flags = [name for name in rest if name not in named and _is_flag(table, name)]
    if not named and len(flags) > 1:
        return Columns(file, tuple(flags), split, group)
    if named:
        names = [name for name in rest if name not in named and _names_the_numbers(table, named[0], name)]
        note = f"“{named[0]}” of “{table.path.name}” holds numbers, “{names[0]}” their names." if names else ""
        return Columns(file, (names[0] if names else named[0],), split, group, note)
    if len(rest) == 1:
        return Columns(file, (rest[0],), split, group)
    raise DataError(
        f"“{table.path}” has no column whose name says that it holds labels. {_columns(table)} "
        "Name it with --label-column."
    )


def labels_of(row: Row, columns: Columns, *, multi_label: bool) -> list[str]:
    """Return the labels of a row; several only with `multi_label` or where columns or a list give several."""
    if len(columns.labels) > 1:
        return [name for name in columns.labels if _FLAGS[row.text(name).casefold()]]
    (column,) = columns.labels
    cell: Cell = row.cells.get(column, "")
    if isinstance(cell, tuple):
        return list(dict.fromkeys(cell))
    if cell.startswith("[") and cell.endswith("]"):
        cell = cell[1:-1].replace("'", "").replace('"', "")
        return list(dict.fromkeys(filter(None, (piece.strip() for piece in cell.split(",")))))
    if not multi_label:
        return [cell] if cell else []
    pieces = _SEPARATORS.split(cell)
    if len(pieces) == 1 and _plain(column) in _SEVERAL:
        pieces = cell.split()
    return list(dict.fromkeys(filter(None, (piece.strip() for piece in pieces))))


def split_in(row: Row, columns: Columns) -> str | None:
    """Return the split that a row names: None where it names none, "" where it names something else."""
    text = row.text(columns.split) if columns.split else ""
    if not text:
        return None
    if (flagged := _flagged_split(columns.split)) and text.casefold() in _FLAGS:
        return flagged if _FLAGS[text.casefold()] else "train"
    return split_of(text) or ""


def joined_labels(table: Table, columns: Columns) -> Row | None:
    """Return a row whose label joins labels of other rows with a bar or a semicolon; None where there is none."""
    if len(columns.labels) > 1:
        return None
    known = table.values(columns.labels[0])
    for row in table.rows:
        pieces = [piece.strip() for piece in re.split(r"[|;]", row.text(columns.labels[0]))]
        if len(pieces) > 1 and any(piece in known for piece in pieces):
            return row
    return None


def _file_column(table: Table, names_file: Callable[[str], bool]) -> str:
    named = sorted((name for name in table.columns if _plain(name) in _FILE), key=lambda c: _FILE.index(_plain(c)))
    sample = table.rows[:: max(1, len(table.rows) // 200)]
    for names in (named, [name for name in table.columns if name not in named]):
        fitting = [name for name in names if 2 * sum(names_file(row.text(name)) for row in sample) >= len(sample)]
        if fitting:
            return fitting[0]
    for name in [*named, *table.columns]:  # no file is there; the sentence about that names a row
        if any(is_image_name(row.text(name)) for row in sample) or name in named:
            return name
    raise DataError(f"“{table.path}” has no column that names the images in the data folder. {_columns(table)}")


def _is_split(table: Table, name: str) -> bool:
    values = table.values(name)
    if _flagged_split(name):
        return {value.casefold() for value in values} <= _FLAGS.keys()
    return _plain(name) in _SPLIT and any(split_of(value) for value in values)


def _flagged_split(name: str) -> str:
    """Return "validation" for a column such as “is_valid”, and "test" for “is_test”."""
    words = words_of(name)
    split = split_of(" ".join(words[1:])) if len(words) == 2 and words[0] == "is" else None
    return split if split in ("validation", "test") else ""


def _is_flag(table: Table, name: str) -> bool:
    return {value.casefold() for value in table.values(name)} <= _FLAGS.keys()


def _is_numeric(table: Table, name: str) -> bool:
    return all(re.fullmatch(r"-?\d+(\.0*)?", value) for value in table.values(name))


def _names_the_numbers(table: Table, numbers: str, names: str) -> bool:
    """Return whether a column has one word for each number of another column."""
    if _is_numeric(table, names):
        return False
    pairs = {(row.text(numbers), row.text(names)) for row in table.rows}
    return len(pairs) == len({number for number, _ in pairs}) == len({name for _, name in pairs}) < len(table.rows)


def _columns(table: Table) -> str:
    names: Sequence[str] = table.columns
    return f"Its columns: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


def _plain(name: str) -> str:
    return "".join(words_of(name))

"""Labels that are not folders: tables of many origins, and file names. Bad rows are named in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from model.errors import DataError, VistazoError
from tests.support.training import write_files
from train.data.data_set import DataSet
from train.data.source import DataSource, read_data

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
EXPECTED = {"a.jpg": "cat", "b.jpg": "dog", "c.jpg": "cat", "d.jpg": "dog"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path / "data" / "images", *NAMES)
    return tmp_path / "data"


def read(
    root: Path, content: str | bytes, *, name: str = "t.csv", multi_label: bool = False, column: str = ""
) -> DataSet:
    table = root.parent / name
    table.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_data(DataSource(root, table, column), multi_label=multi_label)


def labels(data: DataSet) -> dict[str, str]:
    return {example.path.name: "+".join(example.labels) for example in data.examples}


def refusal(root: Path, content: str | bytes, **options: object) -> str:
    with pytest.raises(VistazoError) as caught:
        read(root, content, **options)  # type: ignore[arg-type]
    return str(caught.value)


def csv_of(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


PLAIN = csv_of("file,label", *(f"{name},{label}" for name, label in EXPECTED.items()))
SPANISH = csv_of("archivo;etiqueta", "a.jpg;león", "b.jpg;dog", "c.jpg;león", "d.jpg;dog")
LION = {"a.jpg": "león", "b.jpg": "dog", "c.jpg": "león", "d.jpg": "dog"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLAIN, EXPECTED),
        (b"\xef\xbb\xbf" + PLAIN.encode(), EXPECTED),
        (PLAIN.replace("\n", "\r\n"), EXPECTED),
        (PLAIN.encode("utf-16"), EXPECTED),
        (PLAIN.encode("utf-16-le"), EXPECTED),
        (SPANISH.encode("cp1252"), LION),
        ("sep=;\n" + SPANISH, LION),
        (SPANISH.replace(";", "\t"), LION),
        (csv_of(",file,label", "0,a.jpg,cat", "1,b.jpg,dog", "2,c.jpg,cat", "3,d.jpg,dog"), EXPECTED),
        (csv_of("Unnamed: 0,image_id,breed", "0,a,cat", "1,b,dog", "2,c,cat", "3,d,dog"), EXPECTED),
        (csv_of("filename, cat, dog", "a.jpg, 1, 0", "b.jpg, 0, 1", "c.jpg, 1, 0", "d.jpg, 0, 1"), EXPECTED),
        (csv_of("class id,filepaths,labels", *(f"0,x\\y\\{n},{v}" for n, v in EXPECTED.items())), EXPECTED),
        (csv_of("path,class,species", "a.jpg,0,cat", "b.jpg,1,dog", "c.jpg,0,cat", "d.jpg,1,dog"), EXPECTED),
        (csv_of("x,what", *(f"/home/me/images/{n},{v}" for n, v in EXPECTED.items())), EXPECTED),
        (csv_of("a.jpg,cat", "b.jpg,dog", "c.jpg,cat", "d.jpg,dog"), EXPECTED),
        (csv_of("file,label", '"A.JPG","cat"', "", "b.jpg,dog,,", "c.jpg,cat", "c.jpg,cat", "d.jpg,dog"), EXPECTED),
        (
            csv_of("file,label", "a.jpg,0", "b.jpg,1", "c.jpg,0", "d.jpg,1"),
            {n: "01"[v == "dog"] for n, v in EXPECTED.items()},
        ),
    ],
)
def test_tables_of_many_origins_are_read(content: str | bytes, expected: dict[str, str], root: Path) -> None:
    assert labels(read(root, content)) == expected


def test_json_lines_are_read_as_the_hub_has_them(root: Path) -> None:
    rows = [{"file_name": f"images/{name}", "label": label, "width": 3} for name, label in EXPECTED.items()]
    (root / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    data = read_data(DataSource(root))

    assert labels(data) == EXPECTED
    assert str(root / "metadata.jsonl") in data.notes[0]
    assert "left out" not in data.summary()


def test_the_tables_of_a_platform_in_each_split_are_found(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        write_files(tmp_path / split, "1.jpg", "2.jpg")
        (tmp_path / split / "_classes.csv").write_text("filename,cat,dog\n1.jpg,1,0\n2.jpg,0,1\n", encoding="utf-8")

    for data in (read_data(DataSource(tmp_path)), read_data(DataSource(tmp_path, Path("_classes.csv")))):
        assert {split: [e.label for e in found] for split, found in data.splits.items()} == {
            "train": ["cat", "dog"],
            "validation": ["cat", "dog"],
        }


def test_splits_and_groups_come_from_columns(root: Path) -> None:
    data = read(
        root,
        csv_of(
            "file,label,data set,patient_id",
            "a.jpg,cat,Train,p1",
            "b.jpg,dog,train,p1",
            "c.jpg,cat,valid,p2",
            "d.jpg,dog,test,",
        ),
    )

    assert {split: [e.path.name for e in found] for split, found in data.splits.items()} == {
        "train": ["a.jpg", "b.jpg"],
        "validation": ["c.jpg"],
        "test": ["d.jpg"],
    }
    assert [example.group for example in data.examples] == ["p1", "p1", "p2", ""]
    assert "the split from “data set”, groups from “patient_id”" in data.notes[0]


def test_a_column_that_says_what_is_for_validation_is_understood(root: Path) -> None:
    data = read(
        root, csv_of("file,label,is_valid", "a.jpg,cat,False", "b.jpg,dog,False", "c.jpg,cat,True", "d.jpg,dog,True")
    )

    assert {split: len(found) for split, found in data.splits.items()} == {"train": 2, "validation": 2}


@pytest.mark.parametrize(
    "rows",
    [
        ["file,labels", "a.jpg,cat|dog", "b.jpg,dog"],
        ["file,labels", 'a.jpg,"cat, dog"', "b.jpg,dog"],
        ["file,tags", "a.jpg,cat dog", "b.jpg,dog"],
        ["file,labels", "a.jpg,\"['cat', 'dog']\"", "b.jpg,['dog']"],
        ["file,label", "a.jpg,cat", "a.jpg,dog", "b.jpg,dog"],
        ["file,cat,dog", "a.jpg,1,1", "b.jpg,0,1"],
    ],
)
def test_several_labels_of_an_image_are_read(rows: list[str], root: Path) -> None:
    assert labels(read(root, csv_of(*rows), multi_label=True)) == {"a.jpg": "cat+dog", "b.jpg": "dog"}


def test_rows_and_files_without_a_partner_are_counted_and_named(root: Path) -> None:
    data = read(root, csv_of("file,label", "a.jpg,cat", "b.jpg,dog", "gone.jpg,cat", "c.jpg,"))

    assert labels(data) == {"a.jpg": "cat", "b.jpg": "dog"}
    assert "1 row without a file (t.csv line 4: gone.jpg)" in data.summary()
    assert "1 row without a label (t.csv line 5)" in data.summary()
    assert "1 image without a row in the table" in data.summary()


def test_files_of_one_name_are_told_apart_by_split(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split in ("train", "test"):
        write_files(root / split, "1.jpg", "2.jpg")

    data = read(root, csv_of("id,label", "1,cat", "2,dog"), name="train.csv")

    assert {e.path.parent.name for e in data.examples} == {"train"}
    assert "may be “" in refusal(root, csv_of("id,label", "1,cat", "2,dog"))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (
            csv_of("file,label", "a.jpg,cat", "a.jpg,dog"),
            {},
            "line 3 gives “dog” for “images/a.jpg”, and “t.csv”, line 2 “cat”",
        ),
        (csv_of("file,label", "x.jpg,cat", "y.jpg,dog"), {}, "None of the 2 rows .* line 2 has “x.jpg”"),
        (csv_of("file,label", "a.jpg,cat,dog"), {}, "line 2: 3 values for 2 columns"),
        (csv_of("file,label", 'a.jpg,"cat', "b.jpg,dog"), {}, "Check the quotes"),
        (
            csv_of("file,label", "a.jpg,cat|dog", "b.jpg,dog"),
            {},
            "line 2 gives several labels: cat, dog. Add --multi-label",
        ),
        (csv_of("file,cat,dog", "a.jpg,1,1", "b.jpg,0,1"), {}, "line 2 gives several labels: cat, dog"),
        (csv_of("file,width,height", "a.jpg,300,200", "b.jpg,200,300"), {}, "--label-column"),
        (csv_of("file,label", "a.jpg,cat"), {"column": "breed"}, "no column “breed”. Its columns: file, label"),
        (csv_of("file,label,split", "a.jpg,cat,train", "b.jpg,dog,blue"), {}, "line 3: “blue” in the column “split”"),
        (csv_of("file,file", "a.jpg,cat"), {}, "the column “file” twice"),
        (csv_of("file,label"), {}, "has no rows"),
        ("", {}, "has no rows"),
        (b"PK\x03\x04rest", {}, "a workbook or a zip file"),
        (b"\xff\xd8\xff\xe0\0\0\0\0\0\0", {}, "is not text"),
        ('{"file_name": "a.jpg", "label": "cat"}\n{"file_name": \n', {}, "line 2: this is not a JSON object"),
        ("[1, 2]", {"name": "t.json"}, "should be a JSON object for one image"),
        ("[" * 100_000, {"name": "t.jsonl"}, "is not JSON: "),
    ],
)
def test_a_bad_table_gives_one_sentence_with_the_line(
    content: str | bytes, options: dict[str, str], words: str, root: Path
) -> None:
    message = refusal(root, content, **options)

    assert re.search(words, message), message
    assert "\n" not in message


def test_a_table_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(DataError, match=r"There is no table “gone\.csv”"):
        read_data(DataSource(root, Path("gone.csv")))


def test_a_table_names_files_of_the_data_only(root: Path) -> None:
    write_files(root.parent, "secret.jpg")

    assert "None of the 1 rows" in refusal(root, csv_of("file,label", "../secret.jpg,cat"))


def test_labels_are_found_in_file_names(tmp_path: Path) -> None:
    write_files(tmp_path / "train", "cat.0.jpg", "cat.1.jpg", "great dane_7.jpg", "Great_Dane_8.jpg")
    write_files(tmp_path / "test1", "1.jpg")

    data = read_data(DataSource(tmp_path, label_from=r"^([^\d]+)[._]\d+"))

    assert labels(data) == {
        "cat.0.jpg": "cat",
        "cat.1.jpg": "cat",
        "great dane_7.jpg": "great dane",
        "Great_Dane_8.jpg": "great dane",
    }
    assert data.divided
    assert list(data.splits) == ["train"]
    assert "1 image whose name does not match (test1/1.jpg)" in data.summary()


def test_an_expression_with_a_slash_is_matched_with_the_path(tmp_path: Path) -> None:
    write_files(tmp_path / "train" / "left", "1.jpg")
    write_files(tmp_path / "bus" / "left", "2.jpg")

    data = read_data(DataSource(tmp_path, label_from="^([^/]+)/"))

    assert labels(data) == {"1.jpg": "train", "2.jpg": "bus"}
    assert not data.divided


def test_expressions_that_cannot_be_used_are_refused(root: Path) -> None:
    for options, words in (
        ({"label_from": "("}, "should be a regular expression"),
        ({"label_from": "^zebra"}, "finds no label in the file names"),
        ({"label_from": "a", "labels": Path("t.csv")}, "cannot be combined"),
        ({"label_column": "a"}, "needs --labels"),
    ):
        with pytest.raises(VistazoError, match=words):
            read_data(DataSource(root, **options))  # type: ignore[arg-type]

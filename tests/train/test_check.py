"""`vistazo check` finds problems in a data folder, rates them, and changes nothing."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.command_names import command
from tests.support.images import hashes, squares, write_squares
from train.__main__ import main
from train.data.image_store import ImageStore
from train.data.loading import load_splits
from train.data.source import DataSource, read_data
from train.input_selection import first_input
from train.recipes.registry import load_recipe


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_squares(tmp_path / "data")


def check(data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    before = hashes(data)
    status = main(["check", str(data), "--json"])
    assert hashes(data) == before
    return status, {finding["kind"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_clean_data_passes_with_a_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(data)]) == 0
    assert "No problems found" in capsys.readouterr().out


def test_the_command_that_trains_has_the_options_of_the_check(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(data), "--multi-label"])
    assert f"fit {data} --multi-label --out my_bundle" in capsys.readouterr().err


def test_damaged_tiny_and_misnamed_files_are_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "cat" / "bad.png").write_bytes(b"no image")
    squares(7).resize((20, 60)).save(data / "cat" / "small.png")
    squares(8).save(data / "dog" / "really.jpg", "PNG")

    status, found = check(data, capsys)

    assert status == 1
    assert found["Files that cannot be read"]["items"][0].startswith("cat/bad.png: ")
    assert found["Tiny images"]["items"] == ["cat/small.png: 20 x 60"]
    assert found["Misnamed files"]["items"] == ["dog/really.jpg is PNG"]


def test_copies_are_sorted_by_where_they_are(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(data / "cat" / "1.png", data / "cat" / "again.png")
    shutil.copy(data / "cat" / "2.png", data / "dog" / "stray.png")
    squares(3).save(data / "cat" / "saved anew.jpg", quality=92)

    status, found = check(data, capsys)

    assert status == 1
    assert found["Copies across classes"]["items"] == ["cat/2.png = dog/stray.png"]
    assert found["Copies within a class"]["items"] == ["cat/1.png = cat/again.png"]
    assert found["Near duplicates within a class"]["items"] == ["cat/3.png = cat/saved anew.jpg"]
    assert not found["Copies within a class"]["serious"]


def test_what_looks_alike_is_one_group(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(data / "cat" / "1.png", data / "cat" / "again.png")
    squares(1).save(data / "cat" / "saved anew.jpg", quality=92)
    squares(1).save(data / "dog" / "stray.webp", quality=92)

    _, found = check(data, capsys)

    assert found["Copies within a class"]["files"] == ["cat/again.png"]
    (group,) = found["Near duplicates across classes"]["items"]
    assert group == "cat/1.png = cat/again.png = cat/saved anew.jpg = dog/stray.webp"
    assert len(found["Near duplicates across classes"]["files"]) == 4  # which label is right, only people see
    assert "Near duplicates within a class" not in found


def test_what_fit_keeps_in_one_split_is_what_check_names(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    squares(1).save(data / "cat" / "saved anew.jpg", quality=92)
    # At the network's size every other column is left, so that one image is half darker and half brighter.
    plain = 60 + np.array(squares(50).resize((447, 447))) // 2
    stripes = np.where(np.arange(447) % 2, 60, -60)[None, :, None]
    Image.fromarray(plain).save(data / "dog" / "plain.png")
    Image.fromarray((plain + stripes).astype(np.uint8)).save(data / "dog" / "striped.png")
    for copy in ("stray.png", "stray again.png"):
        shutil.copy(data / "cat" / "2.png", data / "dog" / copy)
    settings = load_recipe("best")

    with ImageStore() as store:
        load_splits(store, read_data(DataSource(data)), first_input(settings), settings)
    said = capsys.readouterr().err
    _, found = check(data, capsys)

    groups = [item for kind, finding in found.items() if "uplicates" in kind for item in finding["items"]]
    assert groups == ["cat/1.png = cat/saved anew.jpg"]
    assert "5 images have copies or near duplicates; these stay in one split." in said
    assert f" `{command('check', str(data))}` names them." in said
    assert found["Copies across classes"]["items"] == ["cat/2.png = dog/stray again.png = dog/stray.png"]
    assert "1 image with copies in another class, such as “2.png” (cat) and “stray again.png” (dog): one of" in said


def test_the_files_to_act_on_are_written_as_a_table(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "cat" / "bad.png").write_bytes(b"no image")
    shutil.copy(data / "dog" / "1.png", data / "dog" / "again.png")
    table = tmp_path / "act.csv"

    assert main(["check", str(data), "--csv", str(table)]) == 1

    assert f"Wrote {table}: 2 files to act on." in capsys.readouterr().out
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["problem"], row["serious"]) for row in rows] == [
        ("cat/bad.png", "Files that cannot be read", "yes"),
        ("dog/again.png", "Copies within a class", "no"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode")
def test_names_that_are_not_utf8_are_escaped(
    data: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    (data / "cat" / name).write_bytes(b"no image")

    for option in ("--csv", "--json"):
        main(["check", str(data), option, *([str(tmp_path / "act.csv")] if option == "--csv" else [])])
    *_, line = capsysbinary.readouterr().out.splitlines()

    assert json.loads(line)[0]["files"] == [f"cat/{name}"]
    assert "cat/caf\\udce9.png," in (tmp_path / "act.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("table", ["missing/act.csv", "."])
def test_a_table_that_cannot_be_written_is_refused_before_the_check(
    table: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("train.check.run_check", lambda *_, **__: pytest.fail("nothing should be read"))
    folder = tmp_path / "tables"
    folder.mkdir()

    assert main(["check", str(data), "--csv", str(folder / table)]) == 2
    assert "--csv should name a file in an existing directory" in capsys.readouterr().err


def test_a_table_in_the_data_folder_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(data), "--csv", str(data / "act.csv")]) == 2
    assert "--csv should lie outside the data folder" in capsys.readouterr().err


def test_copies_across_splits_are_serious(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    splits = tmp_path / "splits"
    shutil.copytree(data, splits / "train")
    for label in ("cat", "dog"):
        (splits / "test" / label).mkdir(parents=True)
        squares(900 + len(label + label[0])).save(splits / "test" / label / "new.png")
    shutil.copy(data / "dog" / "4.png", splits / "test" / "dog" / "known.png")

    status, found = check(splits, capsys)

    assert status == 1
    (pair,) = found["Copies across splits"]["items"]
    assert pair == "test/dog/known.png = train/dog/4.png"
    assert found["Copies across splits"]["files"] == ["train/dog/4.png"]


def test_imbalance_and_small_classes_are_found(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "rare").mkdir()
    squares(555).save(data / "rare" / "only.png")

    status, found = check(data, capsys)

    assert status == 1
    assert found["Imbalance"]["items"] == ["“cat” has 20 times as many images as “rare”"]
    assert found["Classes too small to be split"]["items"] == ["rare: 1"]


def test_a_handful_of_images_is_few_but_not_refused_since_fit_takes_it(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("cat", "dog"):
        for index in range(2, 20):
            (data / label / f"{index}.png").unlink()

    status, found = check(data, capsys)

    assert status == 0
    assert set(found) == {"Classes with few images"}


def test_a_class_whose_images_all_look_alike_is_refused_as_by_fit(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "clip").mkdir()
    for index in range(6):
        squares(555).save(data / "clip" / f"{index}.png")

    _, found = check(data, capsys)

    (refusal,) = found["What fit refuses"]["items"]
    assert "Class “clip” has 1 different readable image (6 files)" in refusal
    assert "other takes" in refusal and "--no-near-duplicates" in refusal


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda photo: photo.convert("L"), "cat: 100% are stored in grey, 0% of the others"),
        (lambda photo: photo.resize((216, 216)), "cat: 0.047 megapixels on average, the others 0.0052"),
        (lambda photo: photo.resize((54, 96)), "cat: 0.56 times as wide as high on average, the others 1.00"),
    ],
    ids=["grey", "large", "upright"],
)
def test_a_label_that_the_files_give_away_is_named(
    change: Callable[[Image.Image], Image.Image],
    sentence: str,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path in (data / "cat").iterdir():
        with Image.open(path) as photo:
            changed = change(photo)
        changed.save(path)

    status, found = check(data, capsys)

    assert status == 0
    assert found["Labels that the files give away"]["items"] == [sentence]


def test_the_size_of_an_image_is_that_of_the_file_and_not_what_it_is_decoded_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    for place, (label, size) in enumerate((("cat", (1600, 1200)), ("dog", (800, 600)))):
        (data / label).mkdir(parents=True)
        for index in range(10):
            squares(100 * place + index).resize(size).save(data / label / f"{index}.jpg")

    _, found = check(data, capsys)

    assert found["Labels that the files give away"]["items"] == ["cat: 1.9 megapixels on average, the others 0.48"]


def test_a_few_grey_images_are_counted_by_label(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/3.png"):
        with Image.open(data / name) as photo:
            grey = photo.convert("L")
        grey.save(data / name)

    _, found = check(data, capsys)

    finding = found["A few images of another colour mode"]
    assert finding["items"] == ["3 of 40 are stored in grey: cat 2, dog 1"]
    assert finding["files"] == ["cat/1.png", "cat/2.png", "dog/3.png"]
    assert "Labels that the files give away" not in found


def test_a_label_missing_from_a_split_is_found(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    splits = tmp_path / "splits"
    shutil.copytree(data, splits / "train")
    (splits / "valid" / "cat").mkdir(parents=True)
    squares(901).save(splits / "valid" / "cat" / "new.png")

    status, found = check(splits, capsys)

    assert status == 1
    assert found["Labels missing from a split"]["items"] == ["validation lacks dog"]


def test_a_folder_in_which_nothing_can_be_read_is_no_crash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "photo.HEIC").write_bytes(b"no image")
    (tmp_path / "data" / "b" / "gone.png").symlink_to(tmp_path / "nowhere")

    status, found = check(tmp_path / "data", capsys)

    assert status == 1
    assert [item.partition(":")[0] for item in found["Files that cannot be read"]["items"]] == [
        "a/photo.HEIC",
        "b/gone.png",
        "b/photo.HEIC",
    ]


def test_a_folder_that_is_not_there_is_a_mistake_of_the_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 2
    assert "There is no data folder" in capsys.readouterr().err

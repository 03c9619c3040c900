"""`vistazo compare` evaluates and times several bundles on the same images."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import keras
import pytest
from PIL import Image

from tests.support.fitting import Fitted
from tests.support.images import write_colours, write_stripes
from train.__main__ import main
from train.compare import COLUMNS, _median_milliseconds, parameters
from train.data.data_set import DataSet
from train.data.folders import Example
from train.data.source import DataSource, read_data


def test_one_row_per_bundle_and_a_plot(
    colour_fit: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, table = str(colour_fit.bundle), tmp_path / "table.csv"
    monkeypatch.setattr("train.compare._SIGNIFICANT", 2.0)  # as though they differed by more than chance

    assert main(["compare", bundle, bundle, "--data", str(colour_fit.data), "--out", str(table), "--json"]) == 0

    captured = capsys.readouterr()
    printed = [json.loads(line) for line in captured.out.splitlines()]
    assert captured.err.splitlines()[-1].startswith("Serve the best: ")
    assert captured.err.splitlines()[-1].endswith(f"--model {bundle}")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [tuple(row) for row in rows] == [COLUMNS, COLUMNS]
    assert [float(row["accuracy"]) for row in rows] == [row["accuracy"] for row in printed]
    assert rows[0]["accuracy"] == rows[1]["accuracy"]
    assert all(float(row["milliseconds_per_image"]) > 0 for row in rows)
    with Image.open(tmp_path / "table.png") as plot:
        assert plot.width > 400


def test_a_table_with_a_line_for_each_bundle_and_whether_they_differ_by_more_than_chance(
    colour_fit: Fitted,
    copied_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundles = [str(colour_fit.bundle), str(copied_bundle)]
    listings: list[DataSource] = []

    def read(data: DataSource, **how: Any) -> DataSet:
        listings.append(data)
        return read_data(data, **how)

    monkeypatch.setattr("train.evaluate.read_data", read)

    assert main(["compare", *bundles, "--data", str(colour_fit.data), "--out", str(tmp_path / "table.csv")]) == 0

    captured = capsys.readouterr()
    heading, first, second, verdict, written = captured.out.splitlines()
    assert heading.startswith("bundle") and [first.split()[0], second.split()[0]] == ["bundle", "copied"]
    assert "may be chance (McNemar's test on 36 images, p = 1)" in verdict
    assert written == f"Wrote {tmp_path / 'table.csv'} and {tmp_path / 'table.png'}."
    assert "Serve the best" not in captured.err
    assert captured.err.count("3 classes") == 1 and captured.err.count("Evaluating ") == 2
    assert len(listings) == 1


def test_each_model_is_timed_first_as_often_as_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one at an image is slower."""
    now, turns = 0.0, []

    class Timed:
        def __init__(self, name: str) -> None:
            self.name = name

        def classify(self, image: object) -> None:
            nonlocal now
            turns.append(self.name)
            now += 0.008 if len(turns) % 4 == 1 else 0.002

    monkeypatch.setattr("train.compare.read_image", lambda path: path)
    monkeypatch.setattr("train.compare.time.perf_counter", lambda: now)
    models: Any = [Timed("a"), Timed("b")]
    images = [Example(Path(f"{number}.png"), "cat") for number in range(2)]

    milliseconds = _median_milliseconds(models, DataSet(Path(), {"train": images}, divided=False))

    assert milliseconds == pytest.approx([2, 2])
    assert "".join(turns) == "ababbaba"


def test_models_that_do_not_have_the_same_labels_of_the_data_are_not_compared(
    colour_fit: Fitted, grey_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of them would be spared the images of a label that it lacks."""
    data = write_colours(tmp_path / "data", per_class=2)
    write_stripes(data, 2, 1)
    bundles = [str(colour_fit.bundle), str(grey_fit.bundle)]

    assert main(["compare", *bundles, "--data", str(data), "--out", str(tmp_path / "table.csv")]) == 2
    assert "lacks labels of the data that another model has: " in capsys.readouterr().err


def test_parameters_are_those_of_the_keras_model(colour_fit: Fitted) -> None:
    assert parameters(colour_fit.bundle) == keras.saving.load_model(colour_fit.bundle).count_params()


@pytest.mark.parametrize("out", ["table.txt", "missing/table.csv"])
def test_a_table_that_cannot_be_written_is_a_mistake_of_the_user(
    out: str, colour_fit: Fitted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", str(colour_fit.bundle), "--data", str(colour_fit.data), "--out", str(tmp_path / out)]

    assert main(arguments) == 2
    assert "--out should name a .csv file" in capsys.readouterr().err


def test_a_bundle_without_its_keras_weights_is_compared_without_their_number(
    copied_bundle: Path, colour_fit: Fitted, tmp_path: Path
) -> None:
    """The Hub gives what serving needs, and a name may look like a formula."""
    (copied_bundle / "model.weights.h5").unlink()
    assert parameters(copied_bundle) is None
    odd = copied_bundle.rename(tmp_path / "a$_{b}$")
    manifest = json.loads((odd / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["model.weights.h5"]
    (odd / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    assert main(["compare", str(odd), "--data", str(colour_fit.data), "--out", str(tmp_path / "table.csv")]) == 0

    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["parameters"] == ""
    assert (tmp_path / "table.png").is_file()

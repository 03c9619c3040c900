"""Every command predicts the same for a large JPEG, which can be decoded at a fraction of its size."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main as predict_command
from tests.support.fitting import Fitted
from train.__main__ import main
from vistazo import main as vistazo


def large_photo(path: Path) -> Path:
    """Write a JPEG with detail of every size: how it is decoded decides on the pixels that the network sees."""
    rng = np.random.default_rng(5)
    layers = [
        np.kron(rng.integers(0, 256, (900 // side, 1200 // side, 3)), np.ones((side, side, 1))) for side in (1, 10)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.mean(layers, axis=0).astype(np.uint8)).save(path, quality=90)
    return path


@pytest.mark.parametrize("fixture", ["colour_fit", pytest.param("grey_fit", marks=pytest.mark.nightly)])
def test_predict_explain_evaluate_and_parts_give_the_same_probability(
    fixture: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("train.explain.CHANNELS", 3)  # each is drawn alike, slowly
    fitted: Fitted = request.getfixturevalue(fixture)
    bundle, label = str(fitted.bundle), fitted.bundle.joinpath("labels.txt").read_text(encoding="utf-8").split("\n")[0]
    photo = large_photo(tmp_path / "data" / label / "photo.jpg")

    assert predict_command(["predict", str(photo), "--json", "--model", bundle]) == 0
    predicted = json.loads(capsys.readouterr().out)["predictions"][0]
    assert main(["explain", bundle, str(photo), "--out", str(tmp_path / "sheets"), "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert main(["evaluate", bundle, str(tmp_path / "data"), "--out", str(tmp_path / "evaluated")]) == 0
    assert "chance" not in capsys.readouterr().out, "of one label alone every answer would be the most common"
    with (tmp_path / "evaluated" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        (evaluated,) = csv.DictReader(file)
    assert vistazo(["predict", str(photo.parent), "--model", bundle, "--out", str(tmp_path / "parts")]) == 0
    (part,) = (tmp_path / "parts").rglob("*.csv")
    with part.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)

    assert explained["label"] == evaluated["predicted"] == predicted["label"]
    for found in (explained["probability"], evaluated[predicted["label"]], row["probability"]):
        assert float(found) == pytest.approx(predicted["probability"], abs=1e-5)

"""Names of the classes in other languages, from the data folder into the bundle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.bundle import load_bundle
from model.errors import DataError
from tests.conftest import Fitted, fit
from train.data.label_translations import read_names

LABELS = ("2 green", "10 red", "Blue")
SPANISH = "Blue = azul\n\n10 red = rojo\n2_Green = verde\n"


def test_names_are_put_into_class_order(tmp_path: Path) -> None:
    (tmp_path / "labels.es.txt").write_text(SPANISH, encoding="utf-8")
    (tmp_path / "labels.txt").write_text("something else", encoding="utf-8")

    assert read_names(tmp_path, LABELS) == {"es": ("verde", "rojo", "azul")}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Blue = azul\n", "no name for “2 green”"),
        (SPANISH + "Blue = celeste\n", "line 5: “Blue” has a name already"),
        (SPANISH + "Yellow = amarillo\n", "line 5: should be “class folder = name”"),
        (SPANISH + "azul\n", "line 5: should be"),
        (SPANISH.replace("rojo", ""), "line 2 should be 1 to"),
        (SPANISH.replace("rojo", "azul"), "lines 2 and 3 are the same"),
        (SPANISH.encode("utf-16"), "not UTF-8"),
    ],
)
def test_names_that_cannot_be_used(content: str | bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "labels.es.txt").write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(DataError, match=reason) as caught:
        read_names(tmp_path, LABELS)
    assert "labels.es.txt" in str(caught.value)


def test_a_fit_takes_them_along(colour_fit: Fitted, tmp_path: Path) -> None:
    data = Path(shutil.copytree(colour_fit.data, tmp_path / "data"))
    (data / "labels.es.txt").write_text(SPANISH, encoding="utf-8")

    fitted = fit(data, tmp_path / "bundle", "--epochs", "1")
    assert load_bundle(fitted.bundle).labels_in("es") == ("verde", "rojo", "azul")

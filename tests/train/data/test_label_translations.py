"""Translations of the labels, from the data folder into the bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.bundle import load_bundle
from model.errors import DataError
from tests.support.fitting import Fitted
from train.data.label_translations import read_translations

LABELS = ("2 green", "10 red", "Blue")
SPANISH = "Blue = azul\n\n10 red = rojo\n2_Green = verde\n"


def test_translations_are_put_into_class_order(tmp_path: Path) -> None:
    (tmp_path / "labels.es.txt").write_text(SPANISH, encoding="utf-8")
    (tmp_path / "labels.txt").write_text("something else", encoding="utf-8")

    assert read_translations(tmp_path, LABELS) == {"es": ("verde", "rojo", "azul")}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Blue = azul\n", "no translation of “2 green”"),
        (SPANISH + "Blue = celeste\n", "line 5: “Blue” has a translation already"),
        (SPANISH + "Yellow = amarillo\n", "line 5: should be “class folder = translation”"),
        (SPANISH + "azul\n", "line 5: should be"),
        (SPANISH.replace("rojo", ""), "line 2 should be 1 to"),
        (SPANISH.replace("rojo", "azul"), "lines 2 and 3 are the same"),
        (SPANISH.encode("utf-16"), "not UTF-8"),
    ],
)
def test_translations_that_cannot_be_used(content: str | bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "labels.es.txt").write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(DataError, match=reason) as caught:
        read_translations(tmp_path, LABELS)
    assert "labels.es.txt" in str(caught.value)


def test_the_bundle_of_a_fit_has_the_translations(plain_fit: Fitted) -> None:
    assert load_bundle(plain_fit.bundle).labels_in("es") == ("verde", "rojo", "azul")

"""A zip with an older model: only the model and its labels are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from model.errors import ModelNotFoundError
from train.convert.archive import unpack_model


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return path


@pytest.mark.parametrize("folder", ["", "export/", "../../", "/tmp/"])
def test_the_model_and_its_labels_are_unpacked_into_the_folder_and_nothing_else(folder: str, tmp_path: Path) -> None:
    names = [f"{folder}{name}" for name in ("keras_model.h5", "labels.txt", "run.py")]
    archive = zipped(tmp_path / "a.zip", *names, "__MACOSX/._keras_model.h5", "other/labels.txt")
    before = set(tmp_path.rglob("*"))
    (tmp_path / "to").mkdir()

    unpack_model(archive, tmp_path / "to")

    after = set(tmp_path.rglob("*")) - before - {tmp_path / "to"}
    assert after == {tmp_path / "to" / "keras_model.h5", tmp_path / "to" / "labels.txt"}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["model.json", "weights.bin", "metadata.json"], "a model for TensorFlow.js. Export it from Teachable Machine"),
        (["best.pt"], "PyTorch weights"),
        (["notes.txt"], "no .keras, .h5 or .tflite file. Unpack it"),
        (["a/x.h5", "b/x.h5"], "several models"),
    ],
)
def test_a_zip_of_something_else_is_named_for_what_it_is(names: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    with pytest.raises(ModelNotFoundError, match=sentence):
        unpack_model(zipped(tmp_path / "a.zip", *names), tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


def test_a_damaged_zip_and_a_bomb_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ModelNotFoundError, match="damaged, encrypted or no zip"):
        unpack_model(tmp_path / "damaged.zip", tmp_path / "to")
    monkeypatch.setattr("train.convert.archive.MAX_NETWORK_BYTES", 3)
    with pytest.raises(ModelNotFoundError, match="has 7 bytes; the limit is 3"):
        unpack_model(zipped(tmp_path / "a.zip", "model.h5"), tmp_path / "to")

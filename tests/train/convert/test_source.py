"""Which files of a directory are taken for the older model."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import ModelNotFoundError
from train.convert.source import find_source


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["a.keras", "labels.txt"], ("a.keras", None)),
        (["a.h5"], ("a.h5", None)),
        (["architecture.json", "w.h5", "labels.txt"], ("architecture.json", "w.h5")),
        (["config.json", "model.weights.h5", "x.keras"], ("config.json", "model.weights.h5")),
        (["a.keras", "b.keras"], "several models"),
        (["a.h5", "b.h5"], "several models"),
        (["saved_model.pb"], "SavedModel, which may contain code"),
        ([], "contains no model that can be converted"),
    ],
)
def test_the_model_in_a_directory(files: list[str], found: tuple[str, str | None] | str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).touch()

    if isinstance(found, str):
        with pytest.raises(ModelNotFoundError, match=found):
            find_source(tmp_path)
    else:
        model, weights = find_source(tmp_path)
        assert (model.name, weights and weights.name) == found


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.keras", "no file or directory"),
        ("alone.json", "needs its weights"),
        ("notes.txt", "not a model that can be converted"),
        ("model.pkl", "a pickle .*, which may contain code"),
        ("export.pkl", "a fastai model"),
        ("best.pt", "PyTorch weights .*my_images"),
        ("model.onnx", "an ONNX model .*ONNX Runtime"),
        ("saved_model.pb", "a SavedModel"),
        ("model.safetensors", "safetensors"),
    ],
)
def test_files_that_are_not_an_older_model_are_named_for_what_they_are(
    name: str, sentence: str, tmp_path: Path
) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).touch()

    with pytest.raises(ModelNotFoundError, match=rf"“.*{name}” .*{sentence}|{sentence}.*{name}"):
        find_source(tmp_path / name)

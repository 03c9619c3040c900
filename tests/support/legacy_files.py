"""Files as older Keras programs left them, and how they are refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from model.errors import VistazoError
from train.convert import worker

IMAGE = {"class_name": "InputLayer", "config": {"batch_shape": [None, 16, 16, 3], "name": "image"}}
DENSE = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "softmax"}}
FLATTEN = {"class_name": "Flatten", "config": {"name": "flatten"}}


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "old", "layers": [IMAGE, *layers]}}


def write_keras(path: Path, config: object, extra: dict[str, bytes] | None = None, weights: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.0.0"}')
        archive.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
        archive.writestr("model.weights.h5", weights)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def job(path: Path, **options: Any) -> worker.Job:
    usual: dict[str, Any] = {
        "weights": None,
        "labels": ("a", "b"),
        "scale": "0..1",
        "bgr": False,
        "size": None,
        "multi_label": False,
        "resize_rule": None,
        "memory": 2**32,
    }
    return worker.Job(model=str(path), out=str(path.parent / "out"), **(usual | options))


def refused(path: Path, work: Path, **options: Any) -> str:
    """Return the sentence with which a file is refused; it is refused before Keras sees it."""
    with pytest.raises(VistazoError) as error:
        worker.run(job(path, **options), work)
    assert "\n" not in str(error.value)
    return str(error.value)

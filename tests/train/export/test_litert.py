"""The served file equals the Keras network: logits, and the Grad-CAM map of its `explain` signature."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from model.bundle import load_bundle
from model.classifier import Classifier
from model.preprocessing import prepare, read_image
from tests.support.fitting import CORRUPT, Fitted, fit
from tests.support.grad_cam import grad_cam
from tests.support.images import scene


@pytest.fixture(scope="module", params=["colour_fit", "grey_fit", "mobilenet_fit"])
def bundle(request: pytest.FixtureRequest) -> Path:
    fitted: Fitted = request.getfixturevalue(request.param)
    return fitted.bundle


@pytest.fixture(scope="module")
def keras_model(bundle: Path) -> keras.Model:
    return keras.saving.load_model(bundle)


@pytest.fixture(scope="module")
def interpreter(bundle: Path) -> Interpreter:
    return Interpreter(str(bundle / "model.tflite"))


def test_the_file_has_the_two_signatures(interpreter: Interpreter) -> None:
    signatures = interpreter.get_signature_list()

    assert {name: sorted(parts["inputs"]) for name, parts in signatures.items()} == {
        "predict": ["image"],
        "explain": ["image", "label"],
    }
    assert sorted(signatures["explain"]["outputs"]) == ["logits", "map"]


@pytest.mark.parametrize("seed", range(3))
def test_grad_cam_of_every_label_equals_keras_s(
    seed: int, bundle: Path, keras_model: keras.Model, interpreter: Interpreter
) -> None:
    loaded = load_bundle(bundle)
    image = prepare(scene(60, 50, seed), loaded.input)
    explain = interpreter.get_signature_runner("explain")

    for label in range(len(loaded.labels)):
        served = explain(image=image[np.newaxis], label=np.int32(label))

        expected = grad_cam(keras_model, image, label)
        assert served["map"].shape == expected.shape
        np.testing.assert_allclose(served["map"], expected, atol=1e-3 * min(1, expected.max() + 1e-3))
        np.testing.assert_allclose(
            served["logits"], keras_model.predict_on_batch(image[np.newaxis]), atol=1e-3, rtol=1e-3
        )


def test_the_maps_say_something(bundle: Path, interpreter: Interpreter) -> None:
    """Otherwise the comparison above would show nothing."""
    loaded = load_bundle(bundle)
    explain = interpreter.get_signature_runner("explain")
    image = prepare(scene(60, 50), loaded.input)[np.newaxis]

    maps = [explain(image=image, label=np.int32(label))["map"] for label in range(len(loaded.labels))]

    assert max(m.max() for m in maps) > 1e-4
    assert any((maps[0] != other).any() for other in maps[1:])


def test_batches_of_any_size_are_answered(bundle: Path, keras_model: keras.Model, interpreter: Interpreter) -> None:
    spec = load_bundle(bundle).input
    predict = interpreter.get_signature_runner("predict")

    for size in (1, 3, 2):
        images = np.stack([prepare(scene(40, 40, seed), spec) for seed in range(size)])
        np.testing.assert_allclose(
            predict(image=images)["logits"], keras_model.predict_on_batch(images), atol=1e-3, rtol=1e-3
        )


@pytest.fixture(scope="module")
def quantized(colour_fit: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit(colour_fit.data, tmp_path_factory.mktemp("quantized") / "bundle", "--epochs", "8", "--quantize")


def test_a_quantized_network_is_a_fraction_of_the_size_and_takes_and_gives_the_same(
    quantized: Fitted, colour_fit: Fitted
) -> None:
    sizes = [(fitted.bundle / "model.tflite").stat().st_size for fitted in (quantized, colour_fit)]
    ways = [Interpreter(str(fitted.bundle / "model.tflite")) for fitted in (quantized, colour_fit)]
    ins_and_outs = [
        [
            {name: parts["dtype"] for name, parts in details.items()}
            for signature in ("predict", "explain")
            for details in (
                way.get_signature_runner(signature).get_input_details(),
                way.get_signature_runner(signature).get_output_details(),
            )
        ]
        for way in ways
    ]

    assert sizes[0] < 0.6 * sizes[1]
    assert ins_and_outs[0] == ins_and_outs[1]
    assert Classifier.load(quantized.bundle).bundle.settings["quantize"] is True


def test_it_answers_and_explains_nearly_as_the_float_network_does(quantized: Fitted) -> None:
    bundle = load_bundle(quantized.bundle)
    network = keras.saving.load_model(quantized.bundle)
    classifier = Classifier.load(quantized.bundle)
    files = [path for label in bundle.labels for path in sorted((quantized.data / label).glob("*.png"))]
    images = [prepare(read_image(path), bundle.input) for path in files if path.name != CORRUPT]

    expected = network.predict_on_batch(np.stack(images))
    served = np.stack([classifier.logits(image) for image in images])

    assert (served.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.95
    assert np.abs(served - expected).mean() < 0.05 * np.ptp(expected)
    for image, logits in zip(images[:3], expected, strict=False):
        label = int(logits.argmax())
        wanted, (_, given) = grad_cam(network, image, label), classifier.explain(image, label)
        assert np.abs(given - wanted[0]).mean() <= 0.15 * max(wanted.max(), 1e-3)

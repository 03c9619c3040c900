"""The served file equals the Keras network: logits, and the Grad-CAM map of its `explain` signature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from model.bundle import load_bundle
from model.classifier import Classifier
from model.preprocessing import prepare, read_image
from model.statistics import normalised
from tests.support.fitting import CORRUPT, Fitted
from tests.support.grad_cam import grad_cam
from tests.support.images import scene
from train.export.litert import to_litert
from train.network.architectures import pooled_units, reference_model


@pytest.fixture(
    scope="module", params=["colour_fit", "grey_fit", pytest.param("mobilenet_fit", marks=pytest.mark.nightly)]
)
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


def test_the_features_may_be_those_of_another_network() -> None:
    image = keras.layers.Input((8, 8, 3), dtype="uint8", name="image")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    other = keras.Model(image, pooled, name="recogniser")
    model = keras.Model(image, keras.layers.Dense(2, name="logits")(pooled))
    pixels = np.random.default_rng(3).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)

    network = to_litert(model, other, explain=False)

    outputs = Interpreter(model_content=network).get_signature_runner("predict")(image=pixels)
    np.testing.assert_allclose(outputs["features"], pixels.mean(axis=(1, 2)) / 255, atol=1e-4)
    np.testing.assert_allclose(outputs["logits"], model.predict_on_batch(pixels), atol=1e-4)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in (1, 2))])
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


def test_weights_of_half_the_size_give_nearly_the_same_outputs(bundle: Path) -> None:
    network, spec = keras.saving.load_model(bundle), load_bundle(bundle).input
    whole, half = (to_litert(network, reference_model(network), half=half) for half in (False, True))
    assert len(half) < 0.6 * len(whole)
    first, second = (Interpreter(model_content=content).get_signature_runner("predict") for content in (whole, half))

    for seed in range(3):
        image = prepare(scene(60, 50, seed), spec)[np.newaxis]
        expected, found = first(image=image), second(image=image)
        np.testing.assert_allclose(found["logits"], expected["logits"], atol=0.02, rtol=0.02)
        # Fifty layers of rounded weights add up; distances between features are measured by their angle.
        atol = 0.01 if len(network.layers) > 100 else 0.005
        np.testing.assert_allclose(found["features"], expected["features"], atol=atol)
        cosine = float((normalised(found["features"]) * normalised(expected["features"])).sum())
        assert cosine > 0.999


@pytest.mark.parametrize("half", [False, True])
def test_an_image_to_which_no_unit_responds_has_features_of_zeros(half: bool) -> None:
    image = keras.layers.Input((8, 8, 3), dtype="uint8", name="image")
    activation = keras.layers.Conv2D(4, 3, activation="relu", name="features")(keras.layers.Rescaling(1.0)(image))
    references = keras.Model(image, pooled_units(activation))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(activation)))
    network = to_litert(model, references, explain=False, half=half)

    outputs = Interpreter(model_content=network).get_signature_runner("predict")(image=np.zeros((1, 8, 8, 3), np.uint8))

    assert outputs["features"].tolist() == [[0, 0, 0, 0]]


@dataclass(frozen=True)
class Quantized:
    """A trained network, images of its training data, and the 8-bit file calibrated on them."""

    bundle: Path
    images: np.ndarray
    content: bytes


@pytest.fixture(scope="module")
def quantized(colour_fit: Fitted) -> Quantized:
    bundle = load_bundle(colour_fit.bundle)
    files = [path for label in bundle.labels for path in sorted((colour_fit.data / label).glob("*.png"))]
    images = np.stack([prepare(read_image(path), bundle.input) for path in files if path.name != CORRUPT])
    network = keras.saving.load_model(colour_fit.bundle)
    return Quantized(colour_fit.bundle, images, to_litert(network, reference_model(network), images))


def types_of(interpreter: Interpreter) -> list[dict[str, type]]:
    runners = [interpreter.get_signature_runner(name) for name in ("predict", "explain")]
    return [
        {name: tensor["dtype"] for name, tensor in details.items()}
        for runner in runners
        for details in (runner.get_input_details(), runner.get_output_details())
    ]


def test_a_quantized_network_is_a_fraction_of_the_size_with_the_same_inputs_and_outputs(quantized: Quantized) -> None:
    original = (quantized.bundle / "model.tflite").read_bytes()

    assert len(quantized.content) < 0.6 * len(original)
    assert types_of(Interpreter(model_content=quantized.content)) == types_of(Interpreter(model_content=original))


def test_a_quantized_network_predicts_and_explains_nearly_as_the_float_network(quantized: Quantized) -> None:
    model = keras.saving.load_model(quantized.bundle)
    interpreter = Interpreter(model_content=quantized.content)
    predict, explain = (interpreter.get_signature_runner(name) for name in ("predict", "explain"))

    expected = model.predict_on_batch(quantized.images)
    served = np.concatenate([predict(image=image[np.newaxis])["logits"] for image in quantized.images])

    assert (served.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.95
    assert np.abs(served - expected).mean() < 0.05 * np.ptp(expected)
    for image, logits in zip(quantized.images[:3], expected, strict=False):
        label = int(logits.argmax())
        wanted = grad_cam(model, image, label)
        given = explain(image=image[np.newaxis], label=np.int32(label))["map"]
        assert np.abs(given - wanted).mean() <= 0.15 * max(wanted.max(), 1e-3)


def test_a_fit_that_quantizes_serves_8_bit_weights_and_says_so(plain_fit: Fitted) -> None:
    classifier = Classifier.load(plain_fit.bundle)
    tensors = Interpreter(str(plain_fit.bundle / "model.tflite")).get_tensor_details()

    assert classifier.bundle.settings["quantize"] is True
    assert np.int8 in [tensor["dtype"] for tensor in tensors]

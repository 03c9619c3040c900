"""`python -m train convert`: an older Keras model becomes a bundle that answers as it did."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from model.bundle import load_bundle
from model.classifier import Classifier, probabilities_of
from model.errors import ModelNotFoundError, VistazoError
from model.grad_cam import explain
from model.preprocessing import InputSpec, prepare
from tests.support.images import scene
from tests.support.legacy_models import FORMS, alexnet, as_keras_2, backbone, lively, save, transfer
from train.convert import pipeline, worker
from train.convert.build import build, load_weights
from train.convert.flatten import SCALES, flat_network
from train.convert.graph import read_network
from train.convert.pipeline import find_source, run_convert

LABELS = ("ant", "bee", "cat")
Here = Callable[..., dict[str, Any]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Convert in this process, which pays for TensorFlow's start-up only once."""
    monkeypatch.setattr(pipeline, "_open_apart", worker.run)
    return run_convert


def as_before(model: keras.Model, prepared: np.ndarray, scale: str = "0..1", bgr: bool = False) -> np.ndarray:
    """What the older system did: scale the image with a line of its own, and call the model."""
    x = prepared.astype(np.float32)[None]
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
    return np.asarray(model.predict_on_batch(x[..., : model.inputs[0].shape[-1]]))[0]


def check_same(bundle: Path, model: keras.Model, scale: str = "0..1", bgr: bool = False) -> list[np.ndarray]:
    """Compare probabilities on images that neither side has seen; returns the older model's."""
    classifier = Classifier.load(bundle)
    answers = []
    for seed in range(4):
        image = scene(90, 70, seed)
        old = as_before(model, prepare(image, classifier.bundle.input), scale, bgr)
        expected = np.array([1 - old[0], old[0]]) if len(old) == 1 else old
        np.testing.assert_allclose(classifier.classify(image), expected, atol=1e-4)
        answers.append(expected)
    assert np.ptp(answers, axis=0).max() > 1e-3  # or the comparison would say nothing
    return answers


def check_flat(old: Path, model: keras.Model, scale: str = "0..1", bgr: bool = False) -> None:
    """Compare the network that is converted, which costs a tenth of converting it."""
    source = find_source(old)
    weights = str(source.weights) if source.weights else None
    job = worker.Job(str(source.model), weights, "", LABELS, scale, bgr, None, False, None, 2**32)
    with tempfile.TemporaryDirectory() as work:
        config, stored = worker._open(job, Path(work))
        network = read_network(config)
        loaded = build(network)
        load_weights(loaded, stored, Path(work))
    flat = flat_network(network, loaded, scale, bgr)
    assert [type(layer) for layer in flat.layers if isinstance(layer, keras.Model)] == []
    answers = []
    for seed in range(4):
        prepared = prepare(scene(90, 70, seed), InputSpec(flat.input_shape[2], flat.input_shape[1]))
        answers.append(as_before(model, prepared, scale, bgr))
        logits = flat.predict_on_batch(prepared[None])[0]
        np.testing.assert_allclose(probabilities_of(logits), answers[-1], atol=1e-4)
    assert np.ptp(answers, axis=0).max() > 1e-3


@pytest.mark.parametrize(
    ("form", "make", "scale"),
    [(form, transfer, "-1..1") for form in FORMS] + [(form, alexnet, "0..1") for form in FORMS[:2]],
)
def test_every_form_gives_the_same_probabilities(
    form: str, make: Callable[[], keras.Model], scale: str, tmp_path: Path, here: Here
) -> None:
    model = make()
    old = save(model, tmp_path / "old", form, LABELS)

    result = here(old, tmp_path / "bundle", scale=scale)

    assert load_bundle(tmp_path / "bundle").labels == LABELS
    assert result["explained"] and result["difference"] < 1e-4
    check_same(tmp_path / "bundle", model, scale)


@pytest.mark.parametrize("scale", SCALES)
def test_every_scaling_is_what_keras_does(scale: str, tmp_path: Path) -> None:
    model = alexnet()
    for layer in model.layers[:1]:  # pixels from 0 to 255 would saturate the softmax
        layer.set_weights(
            [layer.get_weights()[0] / (60 if scale in ("0..255", "caffe") else 1), layer.get_weights()[1]]
        )

    check_flat(save(model, tmp_path / "old", "keras", LABELS), model, scale)


def test_images_read_with_opencv(tmp_path: Path) -> None:
    model = alexnet()

    check_flat(save(model, tmp_path / "old", "keras", LABELS), model, bgr=True)


@pytest.mark.parametrize("frozen", [True, False])
def test_files_of_keras_2(frozen: bool, tmp_path: Path) -> None:
    """Options and call numbers that Keras 3 stumbles over; the optimizer's old ones are not looked at."""
    image = layers.Input((32, 32, 3))
    base, head = backbone(), keras.Sequential([layers.Flatten(), layers.Dense(3)], name="head")
    base.trainable = not frozen
    model = lively(keras.Model(image, layers.Activation("softmax")(head(base(image, training=False)))))
    old = save(model, tmp_path / "old", "h5", LABELS)
    as_keras_2(old)

    check_flat(old, model, "-1..1")


def test_a_grey_model_of_another_aspect_ratio(tmp_path: Path, here: Here) -> None:
    model = alexnet((60, 64, 1), outputs=2)

    here(save(model, tmp_path / "old", "keras", ("open", "sunglasses")), tmp_path / "bundle", scale="0..1")

    spec = load_bundle(tmp_path / "bundle").input
    assert (spec.width, spec.height, spec.colour_mode) == (64, 60, "grey")
    check_same(tmp_path / "bundle", model)


def test_one_sigmoid_becomes_two_labels(tmp_path: Path, here: Here) -> None:
    model = transfer(ending="sigmoid", outputs=1)

    here(save(model, tmp_path / "old", "keras", ("cat", "dog")), tmp_path / "bundle", scale="0..1")

    check_same(tmp_path / "bundle", model)
    classifier = Classifier.load(tmp_path / "bundle")
    for_and_against = [explain(classifier, scene(50, 50), label).heat for label in (0, 1)]
    assert (for_and_against[0] != for_and_against[1]).any()


def test_a_sigmoid_for_each_label(tmp_path: Path, here: Here) -> None:
    model = alexnet(ending="sigmoid")
    old = save(model, tmp_path / "old", "keras", LABELS)

    with pytest.raises(VistazoError, match="Add --multi-label"):
        here(old, tmp_path / "bundle", scale="0..1")
    here(old, tmp_path / "bundle", scale="0..1", multi_label=True)

    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.multi_label and bundle.thresholds == (0.5, 0.5, 0.5)
    check_same(tmp_path / "bundle", model)


def test_logits_stay_logits(tmp_path: Path) -> None:
    model = alexnet(ending=None)

    check_flat(save(model, tmp_path / "old", "keras", LABELS), keras.Sequential([model, layers.Softmax()]))


def test_the_layers_between_an_image_and_its_scaling(tmp_path: Path) -> None:
    """Augmentation, preprocess_input and a residual sum written as arithmetic, all inside the model."""
    image = layers.Input((32, 32, 3))
    augment = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.2)])
    x = keras.applications.resnet50.preprocess_input(augment(image)) / 500
    x = layers.Conv2D(6, 3, activation=layers.LeakyReLU(0.1), padding="same")(x)
    x = x + layers.Conv2D(6, 3, activation="swish", padding="same")(x)
    model = lively(keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(x))))

    check_flat(save(model, tmp_path / "old", "keras", LABELS), model, "0..255")


def ending_in(*activations: str) -> keras.Model:
    """A convolution and then dense layers with these activations."""
    dense = [layers.Dense(8, activation=activation) for activation in activations]
    front = [layers.Input((24, 24, 3)), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten()]
    ends = [layers.LeakyReLU(), layers.BatchNormalization(), layers.ELU(), layers.Dense(3, activation="softmax")]
    return lively(keras.Sequential([*front, *dense, *ends]))


def test_grad_cam_through_every_activation_is_exact(tmp_path: Path, here: Here) -> None:
    import tensorflow as tf

    model = ending_in("relu", "relu6", "tanh", "sigmoid", "elu", "silu", "softplus", "leaky_relu")
    assert here(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1")["explained"]

    network, classifier = keras.saving.load_model(tmp_path / "bundle"), Classifier.load(tmp_path / "bundle")
    prepared = prepare(scene(40, 40), classifier.bundle.input)
    both = keras.Model(network.inputs, [network.get_layer("features").output, network.outputs[0]])
    strongest = 0.0
    for label in range(3):
        with tf.GradientTape() as tape:
            features, logits = both(tf.constant(prepared[None]), training=False)
            chosen = logits[:, label]
        weights = tf.reduce_mean(tape.gradient(chosen, features), axis=(1, 2))
        expected = tf.nn.relu(tf.einsum("bhwc,bc->bhw", features, weights)).numpy()[0]
        strongest = max(strongest, float(expected.max()))
        np.testing.assert_allclose(classifier.explain(prepared, label)[1], expected, atol=1e-3 * strongest + 1e-9)
    assert strongest > 0


def test_a_head_whose_gradient_litert_lacks_is_converted_without_reasons(tmp_path: Path, here: Here) -> None:
    model = ending_in("gelu")

    result = here(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1")

    assert not result["explained"]
    check_same(tmp_path / "bundle", model)


def test_a_network_without_convolution_answers_and_cannot_explain(tmp_path: Path, here: Here) -> None:
    model = lively(
        keras.Sequential([layers.Input((16, 16, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    )
    result = here(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1")

    assert not result["explained"]
    check_same(tmp_path / "bundle", model)
    with pytest.raises(VistazoError, match="no “explain” signature"):
        Classifier.load(tmp_path / "bundle").explain(np.zeros((16, 16, 3), np.uint8), 0)


def test_a_model_for_images_of_any_size(tmp_path: Path, here: Here) -> None:
    base = [layers.Conv2D(6, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    model = lively(keras.Sequential([layers.Input((None, None, 3)), *base, layers.Dense(3, activation="softmax")]))

    here(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1", size=(40, 24))

    assert load_bundle(tmp_path / "bundle").input.width == 40
    check_same(tmp_path / "bundle", model)


def test_the_number_of_labels_must_fit(tmp_path: Path, here: Here) -> None:
    old = save(alexnet(), tmp_path / "old", "keras", ("a", "b"))

    with pytest.raises(VistazoError, match=r"tells 3 classes apart and there are 2 labels \(a, b\)"):
        here(old, tmp_path / "bundle", scale="0..1")
    assert not (tmp_path / "bundle").exists()


def test_weights_of_another_model(tmp_path: Path, here: Here) -> None:
    old = save(alexnet(), tmp_path / "old", "json and weights.h5", LABELS)
    save(transfer(), tmp_path / "other", "json and weights.h5", LABELS)

    with pytest.raises(VistazoError, match="do not fit the architecture"):
        here(old, tmp_path / "bundle", scale="0..1", weights=tmp_path / "other" / "model.weights.h5")


def test_a_bundle_that_lost_its_litert_file_is_made_anew(colour_bundle: Path, tmp_path: Path, here: Here) -> None:
    """What `model/bundle.py` recommends: scaling, labels, temperature and threshold are in its config.json."""
    lost = Path(shutil.copytree(colour_bundle, tmp_path / "lost"))
    (lost / "model.tflite").unlink()
    with pytest.raises(VistazoError, match=f"python -m train convert {lost} --out my_bundle"):
        load_bundle(lost)

    here(lost, tmp_path / "bundle")

    before, after = Classifier.load(colour_bundle), Classifier.load(tmp_path / "bundle")
    for name in ("labels", "input", "temperature", "unknown_threshold"):
        assert getattr(after.bundle, name) == getattr(before.bundle, name)
    for seed in range(3):
        image = scene(60, 50, seed)
        np.testing.assert_allclose(after.classify(image), before.classify(image), atol=1e-4)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["a.keras", "labels.txt"], ("a.keras", None)),
        (["a.h5"], ("a.h5", None)),
        (["architecture.json", "w.h5", "labels.txt"], ("architecture.json", "w.h5")),
        (["config.json", "model.weights.h5", "x.keras"], ("config.json", "model.weights.h5")),
        (["a.keras", "b.keras"], "several models"),
        (["a.h5", "b.h5"], "several models"),
        (["saved_model.pb"], "SavedModel, which may hold code"),
        ([], "holds no Keras model"),
    ],
)
def test_the_model_in_a_directory(files: list[str], found: tuple[str, str | None] | str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).touch()

    if isinstance(found, str):
        with pytest.raises(ModelNotFoundError, match=found):
            find_source(tmp_path)
    else:
        source = find_source(tmp_path)
        assert (source.model.name, source.weights and source.weights.name) == found


@pytest.mark.parametrize("name", ["missing.keras", "model.pkl", "model.onnx", "alone.json"])
def test_files_that_are_no_older_model(name: str, tmp_path: Path) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).touch()

    with pytest.raises(ModelNotFoundError, match=name):
        find_source(tmp_path / name)

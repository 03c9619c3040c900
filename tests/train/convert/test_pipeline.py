"""An older Keras model becomes a bundle with the same predictions; see test_command.py for the command."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import VistazoError
from model.grad_cam import explain
from model.preprocessing import prepare
from tests.support.conversion import LABELS, check_same, flattened
from tests.support.fitting import without_statistics
from tests.support.grad_cam import grad_cam
from tests.support.images import scene
from tests.support.legacy_files import job
from tests.support.legacy_models import FORMS, alexnet, as_keras_2, backbone, lively, save, teachable_machine, transfer
from train.convert import pipeline, worker, write
from train.convert.download import local_model
from train.convert.job import ConversionOptions
from train.convert.pipeline import run_convert
from train.convert.scales import SCALES
from train.network.architectures import FEATURES

Convert = Callable[..., dict[str, Any]]


@pytest.fixture
def convert(monkeypatch: pytest.MonkeyPatch) -> Convert:
    """Convert in this process, which pays for TensorFlow's start-up only once."""
    monkeypatch.setattr(pipeline, "convert_in_process", worker.convert)

    def convert_(old: Path, bundle: Path, **options: Any) -> dict[str, Any]:
        return run_convert(old, bundle, ConversionOptions(**options))

    return convert_


def without_convolution() -> keras.Model:
    return lively(
        keras.Sequential([layers.Input((16, 16, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    )


def of_any_size() -> keras.Model:
    base = [layers.Conv2D(6, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    return lively(keras.Sequential([layers.Input((None, None, 3)), *base, layers.Dense(3, activation="softmax")]))


def ending_in(*activations: str) -> keras.Model:
    """A convolution and then dense layers with these activations."""
    dense = [layers.Dense(8, activation=activation) for activation in activations]
    front = [layers.Input((24, 24, 3)), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten()]
    ends = [layers.LeakyReLU(), layers.BatchNormalization(), layers.ELU(), layers.Dense(3, activation="softmax")]
    return lively(keras.Sequential([*front, *dense, *ends]))


def with_mobilenetv3_head(composed: bool) -> keras.Model:
    """Convolutions behind the pooling; `composed`: with the activation in pieces, as Keras 2 built it."""

    def activated(x: keras.KerasTensor) -> keras.KerasTensor:
        if not composed:
            return layers.Activation("hard_silu")(x)
        return layers.Multiply()([x, layers.ReLU(6.0)(x + 3.0) * (1 / 6)])

    image = layers.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D(keepdims=True)(activated(layers.Conv2D(8, 3, strides=2)(image)))
    x = layers.Conv2D(3, 1)(layers.Dropout(0.2)(activated(layers.Conv2D(12, 1)(x))))
    return lively(keras.Model(image, layers.Softmax()(layers.Flatten()(x))))


@pytest.mark.nightly
def test_one_sigmoid_becomes_two_labels_with_an_explanation_each(tmp_path: Path, convert: Convert) -> None:
    model = transfer(ending="sigmoid", outputs=1)

    result = convert(save(model, tmp_path / "old", "keras", ("cat", "dog")), tmp_path / "bundle", scale="0..1")

    assert result["labels"] == 2 and result["explained"] and result["difference"] < 1e-4
    assert load_bundle(tmp_path / "bundle").labels == ("cat", "dog")
    check_same(tmp_path / "bundle", model)
    classifier = Classifier.load(tmp_path / "bundle")
    for_and_against = [explain(classifier, scene(50, 50), label).heat for label in (0, 1)]
    assert (for_and_against[0] != for_and_against[1]).any()


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("form", "make", "options", "explained"),
    [
        *((form, transfer, {"scale": "-1..1"}, True) for form in FORMS),
        *((form, alexnet, {"scale": "0..1"}, True) for form in FORMS[:2]),
        ("keras", lambda: alexnet((60, 64, 1)), {"scale": "0..1"}, True),
        ("keras", lambda: alexnet(ending="sigmoid"), {"scale": "0..1", "multi_label": True}, True),
        ("keras", of_any_size, {"scale": "0..1", "size": (40, 24)}, True),
        ("keras", without_convolution, {"scale": "0..1"}, False),
        ("keras", lambda: ending_in("gelu"), {"scale": "0..1"}, False),
    ],
)
def test_whole_conversions(
    form: str,
    make: Callable[[], keras.Model],
    options: dict[str, Any],
    explained: bool,
    tmp_path: Path,
    convert: Convert,
) -> None:
    model = make()

    result = convert(save(model, tmp_path / "old", form, LABELS), tmp_path / "bundle", **options)

    assert result["explained"] == explained and result["difference"] < 1e-4
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.labels == LABELS
    assert bundle.thresholds == ((0.5, 0.5, 0.5) if options.get("multi_label") else None)
    check_same(tmp_path / "bundle", model, options["scale"])
    if not explained:
        with pytest.raises(VistazoError, match="no “explain” signature"):
            Classifier.load(tmp_path / "bundle").explain(prepare(scene(40, 40), bundle.input), 0)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_probabilities(form: str, tmp_path: Path) -> None:
    model = transfer()

    flattened(save(model, tmp_path / "old", form, LABELS), scale="-1..1").check_same(model, "-1..1")


@pytest.mark.parametrize("scale", SCALES)
def test_every_scaling_is_that_of_keras(scale: str, tmp_path: Path) -> None:
    model = alexnet()
    for layer in model.layers[:1]:  # pixels from 0 to 255 would saturate the softmax
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel / (60 if scale in ("0..255", "caffe") else 1), bias])

    flattened(save(model, tmp_path / "old", "keras", LABELS), scale=scale).check_same(model, scale)


def test_images_read_with_opencv(tmp_path: Path) -> None:
    model = alexnet()

    flattened(save(model, tmp_path / "old", "keras", LABELS), bgr=True).check_same(model, bgr=True)


@pytest.mark.parametrize("frozen", [True, False])
def test_files_of_keras_2(frozen: bool, tmp_path: Path) -> None:
    """Keras 3 refuses their options and call numbers; their optimizer is ignored."""
    image = layers.Input((32, 32, 3))
    base, head = backbone(), keras.Sequential([layers.Flatten(), layers.Dense(3)], name="head")
    base.trainable = not frozen
    model = lively(keras.Model(image, layers.Activation("softmax")(head(base(image, training=False)))))
    old = save(model, tmp_path / "old", "h5", LABELS)
    as_keras_2(old)

    flattened(old, scale="-1..1").check_same(model, "-1..1")


def test_a_grey_model_of_another_aspect_ratio(tmp_path: Path) -> None:
    model = alexnet((60, 64, 1))

    found = flattened(save(model, tmp_path / "old", "keras", LABELS))

    spec = found.older.spec
    assert (spec.width, spec.height, spec.colour_mode) == (64, 60, "grey")
    found.check_same(model)


def test_a_sigmoid_for_each_label(tmp_path: Path) -> None:
    model = alexnet(ending="sigmoid")
    old = save(model, tmp_path / "old", "keras", LABELS)

    with pytest.raises(VistazoError, match="Add --multi-label"):
        flattened(old)
    flattened(old, multi_label=True).check_same(model)


def test_logits_stay_logits(tmp_path: Path) -> None:
    model = alexnet(ending=None)

    flattened(save(model, tmp_path / "old", "keras", LABELS)).check_same(keras.Sequential([model, layers.Softmax()]))


def test_the_layers_between_an_image_and_its_scaling(tmp_path: Path) -> None:
    """Augmentation, preprocess_input and a residual sum written as arithmetic, all inside the model."""
    image = layers.Input((32, 32, 3))
    augment = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.2)])
    x = keras.applications.resnet50.preprocess_input(augment(image)) / 500
    x = layers.Conv2D(6, 3, activation=layers.LeakyReLU(0.1), padding="same")(x)
    x = x + layers.Conv2D(6, 3, activation="swish", padding="same")(x)
    model = lively(keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(x))))

    flattened(save(model, tmp_path / "old", "keras", LABELS), scale="0..255").check_same(model, "0..255")


@pytest.mark.nightly  # test_litert.py has the usual ones
def test_grad_cam_through_every_activation_is_exact(tmp_path: Path, convert: Convert) -> None:
    kinds = ("relu", "relu6", "tanh", "sigmoid", "elu", "silu", "softplus", "leaky_relu", "hard_silu", "hard_sigmoid")
    model = ending_in(*kinds)
    assert convert(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1")["explained"]
    check_heat(tmp_path / "bundle")


@pytest.mark.parametrize("composed", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_grad_cam_through_the_head_of_mobilenetv3_is_exact(composed: bool, tmp_path: Path, convert: Convert) -> None:
    model = with_mobilenetv3_head(composed)
    assert convert(save(model, tmp_path / "old", "keras", LABELS), tmp_path / "bundle", scale="0..1")["explained"]
    check_heat(tmp_path / "bundle")


def check_heat(bundle: Path) -> None:
    """Compare a bundle's heat maps with those that Keras computes of the same network."""
    network, classifier = keras.saving.load_model(bundle), Classifier.load(bundle)
    assert classifier.explains
    prepared = prepare(scene(40, 40), classifier.bundle.input)
    strongest = 0.0
    for label in range(3):
        expected = grad_cam(network, prepared, label)[0]
        strongest = max(strongest, float(expected.max()))
        np.testing.assert_allclose(classifier.explain(prepared, label)[1], expected, atol=1e-3 * strongest + 1e-9)
    assert strongest > 0


def test_a_head_whose_gradient_litert_lacks_is_converted_without_explanations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = flattened(save(ending_in("gelu"), tmp_path / "old", "keras", LABELS))
    written: list[bytes] = []

    def to_litert(flat: keras.Model, *, explain: bool = True) -> bytes:
        if explain:
            raise RuntimeError("a gradient is missing")
        return b"without explanations"

    monkeypatch.setattr(write, "to_litert", to_litert)
    monkeypatch.setattr(write, "write_model", lambda out, flat, network, **more: written.append(network))

    why_not = write.write_converted(job(tmp_path / "old.keras"), found.flat, found.older.spec, {})
    assert why_not and "LiteRT has no gradient" in why_not
    assert written == [b"without explanations"]


def test_too_little_memory_is_not_taken_for_a_missing_gradient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = flattened(save(ending_in("gelu"), tmp_path / "old", "keras", LABELS))
    tried = []

    def to_litert(flat: keras.Model, *, explain: bool = True) -> bytes:
        tried.append(explain)
        raise MemoryError

    monkeypatch.setattr(write, "to_litert", to_litert)
    with pytest.raises(MemoryError):
        write.write_converted(job(tmp_path / "old.keras"), found.flat, found.older.spec, {})
    assert tried == [True]


def test_a_network_without_convolution_has_no_features_to_explain(tmp_path: Path) -> None:
    model = without_convolution()

    found = flattened(save(model, tmp_path / "old", "keras", LABELS))

    assert FEATURES not in [layer.name for layer in found.flat.layers]
    found.check_same(model)


def test_a_model_for_images_of_any_size(tmp_path: Path) -> None:
    model = of_any_size()

    found = flattened(save(model, tmp_path / "old", "keras", LABELS), size=(40, 24))

    assert (found.older.spec.width, found.older.spec.height) == (40, 24)
    found.check_same(model)


def test_the_number_of_labels_must_fit(tmp_path: Path, convert: Convert) -> None:
    old = save(alexnet(), tmp_path / "old", "keras", ("a", "b"))

    with pytest.raises(VistazoError, match=r"has 3 classes, and there are 2 labels \(a, b\)"):
        convert(old, tmp_path / "bundle", scale="0..1")
    assert not (tmp_path / "bundle").exists()


def test_weights_of_another_model(tmp_path: Path) -> None:
    old = save(alexnet(), tmp_path / "old", "json and weights.h5", LABELS)
    save(transfer(), tmp_path / "other", "json and weights.h5", LABELS)

    with pytest.raises(VistazoError, match="do not fit the architecture"):
        flattened(old, weights=tmp_path / "other" / "model.weights.h5")


def test_a_bundle_that_lost_its_litert_file_is_named_and_opened_with_what_its_config_says(
    copied_bundle: Path, colour_bundle: Path
) -> None:
    (copied_bundle / "model.tflite").unlink()
    with pytest.raises(VistazoError, match=f"python -m train convert {copied_bundle} --out my_bundle"):
        load_bundle(copied_bundle)

    found = flattened(copied_bundle, load_bundle(colour_bundle).labels, scale=None)

    assert found.older.spec == load_bundle(colour_bundle).input
    image = prepare(scene(60, 50), found.older.spec)[None]
    expected = keras.saving.load_model(colour_bundle).predict_on_batch(image)
    np.testing.assert_allclose(found.flat.predict_on_batch(image), expected, atol=1e-4)


@pytest.mark.nightly
def test_a_bundle_that_lost_its_litert_file_is_converted_again(
    colour_bundle: Path, tmp_path: Path, convert: Convert
) -> None:
    """As `model/bundle.py` recommends: scaling, labels, temperature and threshold are in its config.json."""
    lost = Path(shutil.copytree(colour_bundle, tmp_path / "lost"))
    (lost / "model.tflite").unlink()

    convert(lost, tmp_path / "bundle")

    # What recognises images of something else is lost: it was measured on the old file's output.
    whole = without_statistics(Path(shutil.copytree(colour_bundle, tmp_path / "whole")))
    before, after = Classifier.load(whole), Classifier.load(tmp_path / "bundle")
    for name in ("labels", "input", "temperature", "unknown_threshold"):
        assert getattr(after.bundle, name) == getattr(before.bundle, name)
    for seed in range(3):
        image = scene(60, 50, seed)
        np.testing.assert_allclose(after.classify(image), before.classify(image), atol=1e-4)


def test_teachable_machine_s_zip_is_recognised(
    convert: Convert, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = teachable_machine()
    model.save(tmp_path / "keras_model.h5")
    with zipfile.ZipFile(tmp_path / "converted_keras.zip", "w") as archive:
        archive.write(tmp_path / "keras_model.h5", "keras_model.h5")
        archive.writestr("labels.txt", "0 Class 1\n1 Class 2\n2 my dog\n")

    with local_model(str(tmp_path / "converted_keras.zip")) as old:
        convert(old, tmp_path / "bundle")

    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.labels == ("Class 1", "Class 2", "my dog") and bundle.input.resize_rule == "crop"
    check_same(tmp_path / "bundle", model, "-1..1")
    assert capsys.readouterr().err.count("This is an export of Teachable Machine") == 1


@pytest.mark.nightly
def test_what_is_stated_of_teachable_machine_s_model_counts(convert: Convert, tmp_path: Path) -> None:
    model = teachable_machine()

    convert(save(model, tmp_path / "old", "h5", LABELS), tmp_path / "stated", scale="0..1", resize_rule="pad")

    assert load_bundle(tmp_path / "stated").input.resize_rule == "pad"
    check_same(tmp_path / "stated", model, "0..1")

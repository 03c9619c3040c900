"""A LiteRT file of another program becomes a bundle with the same predictions, or is refused with the reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from model.bundle import load_bundle
from model.classifier import Classifier
from model.errors import BundleError, SettingsError, VistazoError
from model.preprocessing import prepare
from tests.support.conversion import check_same
from tests.support.images import scene
from tests.support.legacy_models import lively, teachable_machine
from tests.support.litert_files import export, run, small_network
from train.convert import pipeline, worker
from train.convert.download import local_model
from train.convert.job import ConversionOptions
from train.convert.litert_graph import Graph
from train.convert.pipeline import run_convert

LABELS = ("ant", "bee", "cat")
NUMBERED = ("0 ant", "1 bee", "2 my cat")

Converted = Callable[..., Path]


@pytest.fixture
def convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Converted:
    """Convert in this process, and return the bundle."""
    monkeypatch.setattr(pipeline, "convert_in_process", worker.convert)

    def convert_(file: Path, **options: object) -> Path:
        bundle = tmp_path / "bundle"
        run_convert(file, bundle, ConversionOptions(**options))  # type: ignore[arg-type]
        return bundle

    return convert_


def check_as_given_pixels(bundle: Path, file: Path, less: int = 0) -> None:
    """Compare a bundle with a file that takes whole numbers: its pixels, less a number."""
    classifier = Classifier.load(bundle)
    for seed in range(3):
        image = scene(90, 70, seed)
        expected = run(file, prepare(image, classifier.bundle.input).astype(np.int16) - less)
        np.testing.assert_allclose(classifier.classify(image), expected, atol=2 / 256)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_teachable_machine_s_exports_need_no_option(
    dtype: str, tmp_path: Path, convert: Converted, capsys: pytest.CaptureFixture[str]
) -> None:
    model = teachable_machine()
    file = export(model, tmp_path / "model.tflite", NUMBERED, dtype=dtype, values=(-1, 1))
    with zipfile.ZipFile(tmp_path / "converted_tflite.zip", "w") as archive:
        for name in ("model.tflite", "labels.txt"):
            archive.write(tmp_path / name, name)

    with local_model(str(tmp_path / "converted_tflite.zip")) as folder:
        bundle = convert(folder)

    assert "export of Teachable Machine" in capsys.readouterr().err
    stored = load_bundle(bundle)
    assert stored.labels == ("ant", "bee", "my cat") and stored.input.resize_rule == "crop"
    assert stored.settings["scale"] == "-1..1"
    if dtype == "float32":
        check_same(bundle, model, "-1..1")
    else:
        check_as_given_pixels(bundle, file)


@pytest.mark.parametrize(("scale", "bgr"), [("0..1", False), ("caffe", False), ("torch", False), ("0..255", True)])
def test_images_are_scaled_as_is_said(scale: str, bgr: bool, tmp_path: Path, convert: Converted) -> None:
    model = small_network()
    if scale in ("caffe", "0..255"):  # or every answer is sure
        model.layers[0].set_weights([weight / 128 for weight in model.layers[0].get_weights()])
    bundle = convert(export(model, tmp_path / "m.tflite", LABELS), scale=scale, bgr=bgr)

    check_same(bundle, model, scale, bgr)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (small_network(channels=1), {"scale": "-1..1"}),
        (small_network(ending=None), {"scale": "-1..1"}),
        (small_network(ending="sigmoid"), {"scale": "-1..1", "multi_label": True}),
        (small_network(ending="sigmoid", outputs=1), {"scale": "-1..1"}),
    ],
    ids=["grey", "logits", "several labels", "one sigmoid"],
)
def test_each_kind_of_classifier_keeps_its_probabilities(
    model: keras.Model, options: dict[str, object], tmp_path: Path, convert: Converted
) -> None:
    labels = LABELS if model.output_shape[1] == 3 else LABELS[:2]
    bundle = convert(export(model, tmp_path / "m.tflite", labels), **options)

    classifier = Classifier.load(bundle)
    image = scene(60, 40)
    prepared = prepare(image, classifier.bundle.input)[..., : model.input_shape[3]]
    expected = np.asarray(model.predict_on_batch(prepared[None] / np.float32(127.5) - 1))[0]
    if model.layers[-1].activation is keras.activations.linear:
        expected = np.exp(expected) / np.exp(expected).sum()
    expected = np.array([1 - expected[0], expected[0]]) if len(expected) == 1 else expected
    np.testing.assert_allclose(classifier.classify(image), expected, atol=1e-4)


def test_a_mean_of_networks_keeps_its_probabilities(tmp_path: Path, convert: Converted) -> None:
    image = layers.Input((24, 32, 3))
    member = small_network()
    model = keras.Model(image, layers.Average()([member(image), member(image[:, :, ::-1])]))

    check_same(convert(export(model, tmp_path / "m.tflite", LABELS), scale="0..1"), model)


@pytest.mark.parametrize(("dtype", "values", "less"), [("uint8", (0, 255), 0), ("int8", (-1, 1), 128)])
def test_a_network_of_8_bits_says_itself_how_images_are_scaled(
    dtype: str, values: tuple[float, float], less: int, tmp_path: Path, convert: Converted
) -> None:
    file = export(small_network(), tmp_path / "m.tflite", LABELS, dtype=dtype, values=values)

    check_as_given_pixels(convert(file), file, less)
    with pytest.raises(SettingsError, match=r"--scale 0..1 does not fit: .* stand for (0..255|-1..1)\. Leave it out"):
        convert(file, scale="0..1")


def test_a_network_of_8_bits_whose_numbers_stand_for_other_values_asks_for_the_scale(
    tmp_path: Path, convert: Converted
) -> None:
    file = export(small_network(), tmp_path / "m.tflite", LABELS, dtype="int8", values=(-2.1, 2.6))

    with pytest.raises(SettingsError, match="Say with --scale"):
        convert(file)
    assert load_bundle(convert(file, scale="torch")).settings["scale"] == "torch"


def test_labels_that_the_file_holds_are_found(tmp_path: Path, convert: Converted) -> None:
    file = export(small_network(), tmp_path / "m.tflite")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("labels.txt", "\n".join(LABELS))
    with file.open("ab") as whole:
        whole.write(zipped.getvalue())

    assert load_bundle(convert(file, scale="0..1")).labels == LABELS


def test_the_bundle_says_what_it_is_made_of_and_claims_nothing_of_keras(tmp_path: Path, convert: Converted) -> None:
    bundle = convert(export(small_network(), tmp_path / "m.tflite", LABELS), scale="0..1")

    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert "from the LiteRT file “m.tflite”" in card and "With LiteRT" in card
    assert not Classifier.load(bundle).explains
    assert "library_name" not in card and "With plain Keras" not in card
    assert sorted(p.name for p in bundle.iterdir()) == [
        "README.md",
        "config.json",
        "labels.txt",
        "manifest.json",
        "model.tflite",
    ]


def segmenting() -> keras.Model:
    return lively(keras.Sequential([layers.Input((24, 32, 3)), layers.Conv2D(8, 3)]))


def detecting() -> keras.Model:
    image = layers.Input((24, 32, 3))
    found = layers.Flatten()(image)
    return lively(keras.Model(image, [layers.Dense(4)(found), layers.Dense(3)(found)]))


def of_sounds() -> keras.Model:
    return lively(keras.Sequential([layers.Input((100,)), layers.Dense(3)]))


@pytest.mark.parametrize(
    ("model", "labels", "options", "error", "sentence"),
    [
        (segmenting(), LABELS, {"scale": "0..1"}, BundleError, "Received: 1 x 22 x 30 x 8 numbers"),
        (detecting(), LABELS, {"scale": "0..1"}, BundleError, "1 inputs and returns 2 outputs"),
        (of_sounds(), LABELS, {"scale": "0..1"}, BundleError, r"should be one image .* Received: 1 x 100, float32"),
        (small_network(), LABELS[:2], {"scale": "0..1"}, SettingsError, "has 3 classes, and there are 2 labels"),
        (small_network(), LABELS, {}, SettingsError, "Say with --scale"),
        (small_network(), LABELS, {"scale": "0..1", "size": (9, 9)}, SettingsError, "takes 32 x 24 pixels"),
        (small_network(), (), {"scale": "0..1"}, SettingsError, "no file with labels"),
        (small_network("sigmoid"), LABELS, {"scale": "0..1"}, SettingsError, "Add --multi-label"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    model: keras.Model,
    labels: tuple[str, ...],
    options: dict[str, object],
    error: type[VistazoError],
    sentence: str,
    tmp_path: Path,
    convert: Converted,
) -> None:
    file = export(model, tmp_path / "old" / "m.tflite", labels)
    with pytest.raises(error, match=sentence):
        convert(file, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_operators_that_litert_does_not_have_are_named(tmp_path: Path, convert: Converted) -> None:
    file = export(small_network(), tmp_path / "m.tflite", LABELS)
    graph = Graph(file.read_bytes())
    graph._model.operatorCodes[0].customCode = "edgetpu-custom-op"
    file.write_bytes(graph.content())

    with pytest.raises(BundleError, match=r"operators that LiteRT does not have \(edgetpu-custom-op\)"):
        convert(file, scale="0..1")


@pytest.mark.parametrize("kept", [8, 100, 1000])
def test_a_damaged_file_is_refused(kept: int, tmp_path: Path, convert: Converted) -> None:
    file = export(small_network(), tmp_path / "m.tflite", LABELS)
    file.write_bytes(file.read_bytes()[:kept])

    with pytest.raises(BundleError, match=r"damaged|cannot run"):
        convert(file, scale="0..1")

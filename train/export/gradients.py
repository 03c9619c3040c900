"""Activations whose gradient uses only operators that LiteRT has; it lacks ReluGrad, TanhGrad and the like."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

Slope = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def with_own_gradient(layer: keras.layers.Layer) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """Return a function that computes an activation layer, or None for any other layer.

    Args:
        layer: A layer of the network's head.
    """
    slope = _slope(layer)
    if slope is None:
        return None

    @tf.custom_gradient
    def activate(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        y = layer(x, training=False)
        return y, lambda gradient: gradient * slope(x, y)

    return activate


def _slope(layer: keras.layers.Layer) -> Slope | None:
    """Return the derivative of an activation, from its input x and output y."""
    if isinstance(layer, keras.layers.ReLU):
        return lambda x, y: _relu_slope(x, layer.threshold, layer.max_value, layer.negative_slope)
    if isinstance(layer, keras.layers.LeakyReLU):
        return lambda x, y: _relu_slope(x, 0, None, layer.negative_slope)
    if isinstance(layer, keras.layers.ELU):
        return lambda x, y: _where(x > 0, x) + _where(x <= 0, x) * (y + layer.alpha)
    if not isinstance(layer, keras.layers.Activation):
        return None
    slopes: dict[str, Slope] = {
        "relu": lambda x, y: _relu_slope(x, 0, None, 0),
        "relu6": lambda x, y: _relu_slope(x, 0, 6, 0),
        "leaky_relu": lambda x, y: _relu_slope(x, 0, None, 0.2),
        "elu": lambda x, y: _where(x > 0, x) + _where(x <= 0, x) * (y + 1),
        "tanh": lambda x, y: 1 - y * y,
        "sigmoid": lambda x, y: y * (1 - y),
        "softplus": lambda x, y: tf.sigmoid(x),
        "hard_sigmoid": lambda x, y: _between(x) / 6,
        "hard_silu": lambda x, y: _where(x >= 3, x) + _between(x) * (2 * x + 3) / 6,
        "silu": lambda x, y: tf.sigmoid(x) * (1 + x * (1 - tf.sigmoid(x))),
    }
    return slopes.get(layer.activation.__name__)


def _relu_slope(x: tf.Tensor, threshold: float, highest: float | None, negative: float) -> tf.Tensor:
    slope = _where(x > threshold, x) + negative * _where(x <= threshold, x)
    return slope if highest is None else slope * _where(x < highest, x)


def _between(x: tf.Tensor) -> tf.Tensor:
    """Return 1 where a hard sigmoid rises, else 0."""
    return _where(x > -3, x) * _where(x < 3, x)


def _where(condition: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    return tf.cast(condition, like.dtype)

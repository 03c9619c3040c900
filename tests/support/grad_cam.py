"""Grad-CAM by its definition, to compare what is served with."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


def grad_cam(model: keras.Model, image: np.ndarray, label: int) -> np.ndarray:
    """Grad-CAM as Selvaraju et al. define it: gradient through the whole network, channel means as weights, ReLU.

    Args:
        model: A network with the layers "features" and "logits".
        image: (height, width, 3), uint8 RGB, prepared.
        label: Index of the label to explain.

    Returns:
        (1, h, w), float32.
    """
    both = keras.Model(model.inputs, [model.get_layer("features").output, model.get_layer("logits").output])
    with tf.GradientTape() as tape:
        features, logits = both(tf.constant(image[np.newaxis]), training=False)
        chosen = logits[:, label]
    weights = tf.reduce_mean(tape.gradient(chosen, features), axis=(1, 2))
    return tf.nn.relu(tf.einsum("bhwc,bc->bhw", features, weights)).numpy()

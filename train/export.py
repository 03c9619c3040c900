"""Convert a Keras model to the LiteRT file that is served: the only step that needs TensorFlow.

The file has two signatures: `predict` (picture -> logits) and `explain` (picture, label -> logits,
Grad-CAM map).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import keras
import tensorflow as tf

from train.architectures import FEATURES, head_layers

# Converting needs constants: with resource variables the file would be tiny and answer NaN.
_RESOURCE_VARIABLES = False


def to_litert(model: keras.Model) -> bytes:
    """Convert a network.

    Args:
        model: A network as `train.architectures.build` returns it.

    Returns:
        The content of the LiteRT file, in float32.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    picture = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8, name="picture")
    label = tf.TensorSpec((), tf.int32, name="label")
    archive.add_endpoint("predict", _predict_function(model), input_signature=[picture])
    archive.add_endpoint("explain", _explain_function(model), input_signature=[picture, label])
    with tempfile.TemporaryDirectory(prefix="vistazo-") as directory:
        archive.write_out(directory, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=["predict", "explain"])
        converter.experimental_enable_resource_variables = _RESOURCE_VARIABLES
        return converter.convert()


def _predict_function(model: keras.Model) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    def predict(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": model(picture, training=False)}

    return predict


def _explain_function(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]:
    """Return Grad-CAM (Selvaraju et al. 2017) over the last convolutional activation.

    The gradient is taken through the head alone, whose operations LiteRT has; through the whole
    network it would need operators that LiteRT lacks.
    """
    backbone = keras.Model(model.inputs, model.get_layer(FEATURES).output)
    head = head_layers(model)

    def explain(picture: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        features = backbone(picture, training=False)  # (B, h, w, C)
        with tf.GradientTape() as tape:
            tape.watch(features)
            logits = features
            for layer in head:
                logits = _relu(logits) if isinstance(layer, keras.layers.ReLU) else layer(logits, training=False)
            chosen = tf.gather(logits, label, axis=1)  # (B,)
        gradient = tape.gradient(chosen, features)
        importance = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        activation = tf.nn.relu(tf.reduce_sum(importance * features, axis=-1))  # (B, h, w)
        return {"logits": logits, "map": activation}

    return explain


@tf.custom_gradient
def _relu(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """ReLU whose gradient is made of operators that LiteRT has: it has no ReluGrad."""
    return tf.nn.relu(x), lambda gradient: gradient * tf.cast(x > 0, x.dtype)

"""Convert a Keras model to the LiteRT file that is served; only this step needs TensorFlow.

The file has two signatures: `predict` (image -> logits, features) and `explain` (image, label -> logits,
Grad-CAM map).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from model.classifier import FEATURES_OUTPUT
from train.export.gradients import with_own_gradient
from train.network.architectures import FEATURES, head_layers

# The converter needs constants: with resource variables, the file would lack the weights and return NaN.
_RESOURCE_VARIABLES = False
# A few hundred are usual; the ranges converge early.
_CALIBRATION_IMAGES = 200


def to_litert(
    model: keras.Model,
    references: keras.Model | None = None,
    calibration: np.ndarray | None = None,
    *,
    explain: bool = True,
    half: bool = False,
) -> bytes:
    """Convert a network.

    Args:
        model: A network as `train.network.architectures.build` returns it.
        references: The network from images to the features that recognise images of something else, which the signature
            `predict` returns too where it is given.
        calibration: Images, (n, height, width, 3), uint8 RGB, prepared. With them, weights and
            activations become 8-bit integers (Jacob et al. 2018, “Quantization and training of neural
            networks for efficient integer-arithmetic-only inference”), in the ranges that the
            activations have on these images.
        explain: Whether the file gets the signature `explain`; a network without a layer "features" never gets it.
        half: Store weights as float16, half the size; computed with are float32 numbers as before.

    Returns:
        The content of the LiteRT file. Inputs and outputs are the same with and without quantization.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    if references is not None:
        archive.track(references)
    # LiteRT.js refuses a free batch.
    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.uint8, name="image")
    label = tf.TensorSpec((), tf.int32, name="label")
    archive.add_endpoint("predict", _predict_function(model, references), input_signature=[image])
    signatures = ["predict"]
    if explain and FEATURES in [layer.name for layer in model.layers]:
        signatures.append("explain")
        archive.add_endpoint("explain", _explain_function(model), input_signature=[image, label])
    with tempfile.TemporaryDirectory(prefix="vistazo-") as directory:
        archive.write_out(directory, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(directory, signature_keys=signatures)
        converter.experimental_enable_resource_variables = _RESOURCE_VARIABLES
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = partial(_calibration_inputs, calibration, signatures)
        elif half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return converter.convert()


def _calibration_inputs(images: np.ndarray, signatures: list[str]) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    chosen = np.linspace(0, len(images) - 1, min(len(images), _CALIBRATION_IMAGES)).round().astype(int)
    for number in chosen:
        yield "predict", {"image": images[number : number + 1]}
        if "explain" in signatures:
            yield "explain", {"image": images[number : number + 1], "label": np.array(0, np.int32)}


def _predict_function(
    model: keras.Model, references: keras.Model | None
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Return the network, with the features that recognise images of something else where they are wanted."""
    if references is None:
        return lambda image: {"logits": model(image, training=False)}
    if references.inputs[0] is not model.inputs[0]:
        return lambda image: {
            "logits": model(image, training=False),
            FEATURES_OUTPUT: references(image, training=False),
        }
    both = keras.Model(model.inputs, [model.output, references.output])  # what they share is computed once

    def predict(image: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, found = both(image, training=False)
        return {"logits": logits, FEATURES_OUTPUT: found}

    return predict


def _explain_function(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]:
    """Return Grad-CAM (Selvaraju et al. 2017) over the last convolutional activation.

    The gradient is taken through the head alone, whose operations LiteRT has; through the whole
    network it would need operators that LiteRT lacks.
    """
    backbone = keras.Model(model.inputs, model.get_layer(FEATURES).output)
    head = head_layers(model)
    # A layer's `input` may be that of the network from which it was taken; for this network's Keras has no public name.
    made = {id(node.operation): node for nodes in model._nodes_by_depth.values() for node in nodes}
    calls = [made[id(layer)] for layer in head]

    def explain(image: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        features = backbone(image, training=False)  # (B, h, w, C)
        with tf.GradientTape() as tape:
            tape.watch(features)
            found = {id(backbone.output): features}  # by the symbolic tensors of the network
            for layer, called in zip(head, calls, strict=True):
                inputs = [found[id(tensor)] for tensor in called.input_tensors]
                own = with_own_gradient(layer)
                given = inputs[0] if len(inputs) == 1 else inputs
                found[id(called.outputs[0])] = own(given) if own else layer(given, training=False)
            logits = found[id(model.output)]
            chosen = tf.gather(logits, label, axis=1)  # (B,)
        gradient = tape.gradient(chosen, features)
        importance = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        activation = tf.nn.relu(tf.reduce_sum(importance * features, axis=-1))  # (B, h, w)
        return {"logits": logits, "map": activation}

    return explain
